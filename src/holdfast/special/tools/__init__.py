"""One module for each tool; whatever defines `TOOL` here is known to plans."""
