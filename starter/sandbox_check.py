"""Whether generated programs can run here, and behind which wall."""

from __future__ import annotations

from holdfast.errors import HoldfastError
from holdfast.sandbox.wall import Wall, find_interpreter, wall_of_this_machine
from starter.checks import Check


def sandbox() -> Check:
    """Tries every layer with a process; takes a tenth of a second."""
    try:
        return behind(wall_of_this_machine(find_interpreter()))
    except HoldfastError as error:
        return Check("Sandbox", "bad", str(error))


def behind(wall: Wall) -> Check:
    """What is said of a wall: a layer that this machine does not have is worth knowing, and stops nothing."""
    return Check("Sandbox", "ok" if wall.is_whole else "note", wall.describe())
