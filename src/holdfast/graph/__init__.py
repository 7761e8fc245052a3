"""The graph snapshot: schema, loader, snapshots and the guard of generated queries."""
