"""The words the demo company is made of: names, places, departments and what people in them do."""

from __future__ import annotations

COMPANY = "Kelp & Tide"
DOMAIN = "kelptide.example"
CONTRACTOR_DOMAIN = "ext.kelptide.example"

FIRST_NAMES = (  # noqa: SIM905 - two hundred quoted names are harder to read
    "Aisha Akira Alba Alejandro Amara Amélie Anders Andrea Anjali Anna Antoine Arjun Astrid Aylin Beatriz Benjamin "
    "Björn Camila Carlos Catherine Chidi Chloé Claire Daniel David Diego Dmitri Elena Elif Emeka Emily Emma Erik Eva "
    "Fatima Felix Fiona Florian Gabriel Giulia Grace Hana Hannah Harold Haruto Helena Hugo Ibrahim Ingrid Isabel Ivan "
    "Jack Jakub James Jana Javier Jing João Johanna John Jonas Julia Kaito Karin Katarzyna Kenji Kwame Lars Laura Lea "
    "Leila Leon Lina Lucas Lucía Magnus Malik Marco Margaret Marie Marta Martin Mateo Matthew Mei Mia Miguel Milan "
    "Mina Mohammed Nadia Naomi Nia Niamh Nikolai Nils Noah Noor Olga Oliver Omar Oscar Pablo Patrick Paula Pedro Petra "
    "Priya Rachel Rafael Raj Rania Renata Robert Rosa Ryan Samira Samuel Sandra Santiago Sara Sean Sofía Sophie Stefan "
    "Sven Tariq Teresa Thomas Tomás Uma Valentina Vera Victor Wei William Xin Yara Yuki Yusuf Zainab Zofia"
).split()

LAST_NAMES = (  # noqa: SIM905
    "Adams Adeyemi Ahmed Alvarez Andersen Andersson Baker Barbosa Bauer Becker Bennett Bernard Bianchi Brown Campbell "
    "Carter Castro Chen Clark Cohen Collins Costa Cruz Davies Delgado Diaz Dubois Edwards Eriksson Evans Fernandes "
    "Ferrari Fischer Fournier Fujita Gallagher Gomez González Green Gupta Haddad Hall Hansen Hassan Hernández Hoffmann "
    "Horvat Hughes Ibarra Ito Ivanova Jackson Jansen Jensen Johansson Johnson Jones Joshi Kaplan Kaur Keller Khan Kim "
    "King Kobayashi Kovács Kowalska Kumar Larsen Laurent Lee Lewis Li Lima Lindqvist López Marino Martin Mbeki Mehta "
    "Mendoza Meyer Miller Molina Moore Morales Moreau Müller Murphy Nakamura Navarro Nguyen Nielsen Novák Nowak Okafor "
    "Okonkwo Oliveira Olsen Osei Park Parker Patel Pereira Petrov Popescu Quinn Ramírez Rao Reyes Ricci Rivera Roberts "
    "Rossi Roux Ruiz Russo Santos Sato Schmidt Schneider Schwarz Sharma Silva Singh Smith Sokolov Suzuki Svensson "
    "Takahashi Tanaka Taylor Torres Tran Turner Vargas Vega Virtanen Walker Wang Watanabe Weber Williams Wilson Wójcik "
    "Wright Wu Yamamoto Yang Yilmaz Young Zhang Zhou Zimmermann"
).split()

# City, state or region, country code, share of the company.
OFFICES = (
    ("San Francisco", "CA", "US", 20),
    ("Austin", "TX", "US", 14),
    ("New York", "NY", "US", 12),
    ("London", "England", "GB", 12),
    ("Dublin", "Leinster", "IE", 8),
    ("Berlin", "Berlin", "DE", 10),
    ("Lisbon", "Lisboa", "PT", 6),
    ("Bengaluru", "Karnataka", "IN", 10),
    ("Singapore", "Singapore", "SG", 5),
    ("São Paulo", "SP", "BR", 3),
)

# Department, division, share of the company.
DEPARTMENTS = (
    ("Engineering", "Technology", 22),
    ("Sales", "Commercial", 16),
    ("Support", "Commercial", 11),
    ("Operations", "Business", 9),
    ("Marketing", "Commercial", 8),
    ("Finance", "Business", 8),
    ("Product", "Technology", 6),
    ("IT", "Technology", 6),
    ("HR", "Business", 5),
    ("Facilities", "Business", 3),
    ("Security", "Technology", 3),
    ("Legal", "Business", 3),
)

TITLES = {
    "Engineering": ("Software Engineer", "Senior Software Engineer", "Staff Engineer", "Site Reliability Engineer"),
    "Sales": ("Account Executive", "Sales Engineer", "Sales Development Representative", "Account Manager"),
    "Support": ("Support Engineer", "Support Specialist", "Customer Success Associate"),
    "Operations": ("Operations Analyst", "Logistics Coordinator", "Program Coordinator"),
    "Marketing": ("Content Strategist", "Campaign Specialist", "Brand Designer"),
    "Finance": ("Financial Analyst", "Accountant", "Payroll Specialist", "Treasury Analyst"),
    "Product": ("Product Designer", "Product Owner", "UX Researcher"),
    "IT": ("Systems Administrator", "Help Desk Technician", "Network Engineer", "Identity Engineer"),
    "HR": ("Recruiter", "People Partner", "Benefits Specialist"),
    "Facilities": ("Facilities Coordinator", "Receptionist", "Building Technician"),
    "Security": ("Security Engineer", "Security Analyst", "Incident Responder"),
    "Legal": ("Counsel", "Paralegal", "Privacy Analyst"),
}

# Teams that exist at every size; larger companies get numbered squads beside them.
TEAMS = {
    "Engineering": ("Eng-Platform", "Eng-Data", "Eng-Mobile", "Eng-Web"),
    "Sales": ("Sales-EMEA", "Sales-Americas", "Sales-APAC"),
    "Support": ("Support-Tier1", "Support-Tier2"),
    "Marketing": ("Marketing-Web",),
    "Finance": ("Finance-Approvers", "Finance-Payroll"),
    "IT": ("IT-Helpdesk", "IT-Identity"),
    "Security": ("Security-Response",),
    "Product": ("Product-Design",),
    "HR": ("HR-Recruiting",),
}

CERTIFICATIONS = ("ISO 27001", "SOC 2", "PCI DSS", "GDPR", "First Aid")
SERVICE_NAMES = ("backup", "ci-runner", "crm-sync", "etl", "hr-feed", "monitoring", "payroll-export", "scanner")
