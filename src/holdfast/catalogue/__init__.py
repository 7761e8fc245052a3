"""What can be read from an Okta tenant, as data: endpoints, event types, and what a program sees of them."""
