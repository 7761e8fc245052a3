"""Questions of the system log.

`shapes.LogMeaning` is the union of what a step may ask of it, `questions.log_question` reads a question, and
`programs.COMPILERS` has a compiler for each shape.
"""
