"""Tools that a plan may call by name, for questions with rules of their own; `README.md` shows how one is added."""
