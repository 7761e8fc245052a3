"""A planner and writers that need no model."""
