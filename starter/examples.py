"""Questions that any tenant can be asked, for those who do not know yet what to ask."""

from __future__ import annotations

EXAMPLES = (
    "Which active users have no phishing-resistant factor?",
    "Who is locked out?",
    "How many people are there in each department?",
    "Which active employees have not logged in for 90 days?",
    "Who has an administrator role?",
    "Which API tokens have not been used for 90 days, and who owns them?",
    "Who reset factors for others in the last 30 days?",
    "Which applications is nobody assigned to?",
)
