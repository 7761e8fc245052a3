"""Presentations: declarative recipes for answers, checked against the columns and applied by code to every row."""

from holdfast.presentation.recipe import Presentation
from holdfast.presentation.table import apply

__all__ = ["Presentation", "apply"]
