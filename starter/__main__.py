"""`python -m starter`: the command line, for processes that start it themselves."""

from starter.cli import main

main()
