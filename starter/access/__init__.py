"""Who may do what: callers and their roles, keys and tokens, sharing, and the record of what was done."""
