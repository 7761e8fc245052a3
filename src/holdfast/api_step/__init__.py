"""The host's side of steps that read the live tenant: calls under a budget, answers that are durable, then rows."""
