"""SQL over the rows of earlier steps: a guard, and a disposable process in which it runs."""
