"""From the text of a question to what it means: words, phrases, refusals."""
