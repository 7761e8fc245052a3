"""What the tenant has beside people, groups, applications, devices and policies: one module a subject.

A module makes its records from the company, lazily and by its seed, and says as data where they are served.
"""
