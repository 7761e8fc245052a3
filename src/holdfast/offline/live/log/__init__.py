"""Questions of the system log: their words, their meaning, and the programs that answer them."""
