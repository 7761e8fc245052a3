"""The Okta client: it can only read."""
