"""A planner, a writer and a formatter that need no model.

``planner`` reads a question (``reading``, ``grammar``) into what it means (``meaning``), says it in a sentence that
reads back to the same (``wording``), and lays it out as ``steps`` with ``columns``; ``writer`` compiles a step's
meaning to Cypher (``queries``); ``formatter`` writes the recipe of its table.
"""
