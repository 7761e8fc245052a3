"""Questions that the live tenant answers: their meaning as data, how they are read, and the programs that ask them.

`questions.live_question` reads a question; `shapes` (and `log.shapes`, of the system log) say what a step of the plan
asks; `writer.OfflineProgramWriter` composes the program of such a step.
"""

# The shapes here are part of `Meaning`, which must be whole before either is read from the other's end.
import holdfast.offline.meaning  # noqa: F401
