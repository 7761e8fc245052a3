"""The system log of the demo tenant: ninety days of events that agree with the company, kept in compact columns."""
