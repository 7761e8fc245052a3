"""The gateway: Holdfast over HTTP, for the page and for programs. Stateless; any number may run side by side."""
