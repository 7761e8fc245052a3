"""Random questions put together from phrases, each phrase with what it says of a thing in plain Python."""

from evaluation.compositions.questions import Composition, compositions

__all__ = ["Composition", "compositions"]
