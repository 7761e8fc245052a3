"""How true the answers are: a bank of questions, what is true of each, and the comparison."""
