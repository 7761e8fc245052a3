"""Presentations: declarative recipes for answers, checked against the columns and applied by code to every row."""

from holdfast.presentation.recipe import Presentation

__all__ = ["Presentation"]
