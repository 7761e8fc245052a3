"""From the tenant's pages to the tables of a new graph."""
