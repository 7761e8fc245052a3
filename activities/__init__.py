"""Adapters of ten lines between Temporal and the engines."""
