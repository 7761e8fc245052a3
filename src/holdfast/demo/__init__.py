"""The demo tenant: a company in Okta's shapes, served over HTTP."""
