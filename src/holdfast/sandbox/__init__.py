"""Where generated programs run: checks before, limits and walls while, and one door to the outside."""
