"""The deterministic stories: they see contracts and the domain, never an engine."""
