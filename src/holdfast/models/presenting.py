"""From a model's short recipe to a presentation: what the columns ask for code adds, what may harm it refuses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import polars as pl
from pydantic import ValidationError

from holdfast.complaints import complaints_of
from holdfast.errors import PresentationRejected
from holdfast.models.short_recipe import ShortRecipe, Show
from holdfast.models.untrusted import in_one_line, shown
from holdfast.presentation import Presentation
from holdfast.presentation.cells import is_list, is_time, item_type
from holdfast.presentation.fitting import Schemas, check
from holdfast.presentation.headings import readable
from holdfast.presentation.markers import markers
from holdfast.presentation.recipe import (
    Choose,
    DateText,
    FillEmpty,
    ListText,
    Operation,
    Round,
    Shown,
    Unknown,
    Words,
)
from holdfast.presentation.templates import places

# What a reader's program would fetch, run or open: a tenant's text may have asked the model for it.
_ACTIVE = re.compile(r"!\[|\][(\[:]|<[a-z/!?]|://|\bwww\.|\b(?:data|mailto|javascript):\S", re.IGNORECASE)
# All that may be typed into a cell: that it is empty. Anything else would read like a value of the tenant's.
_SAYS_EMPTY = re.compile(
    r"\W*(?:(?:no|not|none|never|nobody|nothing|empty|missing|unset|unassigned|unknown|n/a)\b(?:\W+\w+){0,3}\W*)?",
    re.IGNORECASE,
)


def presentation_of(recipe: ShortRecipe, schemas: Schemas, caution: str) -> Presentation:
    """The presentation that the recipe means; it fits the columns. `caution` ends its words.

    Raises PresentationRejected with every reason.
    """
    if active := [text for text in _words_of(recipe) if _ACTIVE.search(text)]:
        raise PresentationRejected(f"Words of an answer hold no links, pictures or tags: {'; '.join(active)}.")
    if others := [show.if_empty for show in recipe.columns if not _SAYS_EMPTY.fullmatch(show.if_empty or "")]:
        raise PresentationRejected(
            f"if_empty says in up to four words that a cell is empty, like never, none or not set; {others} do not."
        )
    if lent := [show.column for show in recipe.columns if _is_the_name_of_another(show, recipe)]:
        raise PresentationRejected(f"These columns stand under the name of another one that is shown: {lent}.")
    try:
        made = _made(recipe, _columns_to_show(recipe, schemas), caution)
    except ValidationError as error:
        raise PresentationRejected(f"This is no presentation: {complaints_of(error)}.") from error
    check(made, schemas)
    return made


def _is_the_name_of_another(show: Show, recipe: ShortRecipe) -> bool:
    heading = (show.heading or "").casefold()
    others = {other.column for other in recipe.columns} - {show.column}
    return bool(heading) and any(heading in {name.casefold(), readable(name).casefold()} for name in others)


def _columns_to_show(recipe: ShortRecipe, schemas: Schemas) -> pl.Schema:
    """The columns before their cells are worded; none where the recipe does not fit, which its check will tell."""
    rows = Presentation(source=recipe.source, operations=recipe.row_operations(), summary="")
    try:
        return check(rows, schemas)
    except PresentationRejected:
        return pl.Schema()


def _made(recipe: ShortRecipe, columns: pl.Schema, caution: str) -> Presentation:
    marked = markers(columns)
    worded = [step for show in recipe.columns for step in _worded(show, columns, marked.get(show.column) or show.known)]
    choice = tuple(Shown(column=show.column, heading=_heading(show, columns)) for show in recipe.columns)
    named = {place.column for text in _templates(recipe) for place in places(text)}
    hidden = tuple(name for name in columns if name in named - {show.column for show in recipe.columns})
    return Presentation(
        source=recipe.source,
        operations=(*recipe.row_operations(), *worded, Choose(columns=choice, hidden=hidden)),
        display_type="markdown" if recipe.text else "table",
        summary=f"{shown(recipe.summary)}{caution}",
        markdown=f"{shown(recipe.text)}{caution}" if recipe.text else "",
        when_empty=f"{shown(recipe.when_empty or 'Nothing matches.')}{caution}",
    )


def _worded(show: Show, columns: pl.Schema, marker: str | None) -> Iterator[Operation]:
    """What makes a column's cells readable, in an order in which each fits what the one before left."""
    name, dtype = show.column, columns.get(show.column, pl.Null())
    if show.zone or (is_list(dtype) and is_time(item_type(dtype))):
        yield DateText(column=name, zone=show.zone or "UTC", precision=show.precision)
    if show.decimals is not None:
        yield Round(column=name, decimals=show.decimals)
    if is_list(dtype) and not item_type(dtype).is_nested():
        yield ListText(column=name, limit=show.at_most)
    if marker:
        yield Unknown(column=name, known=marker)
    elif dtype == pl.Boolean:
        yield Words(column=name)
    if show.if_empty:
        yield FillEmpty(column=name, word=show.if_empty)


def _heading(show: Show, columns: pl.Schema) -> str:
    """A heading that says the zone of its times; a day has none."""
    heading = in_one_line(show.heading or readable(show.column))
    kind = item_type(columns.get(show.column, pl.Null()))
    return f"{heading} ({show.zone or 'UTC'})" if isinstance(kind, pl.Datetime) else heading


def _templates(recipe: ShortRecipe) -> Iterable[str]:
    return (recipe.summary, recipe.text or "", recipe.when_empty or "")


def _words_of(recipe: ShortRecipe) -> Iterator[str]:
    yield from _templates(recipe)
    for show in recipe.columns:
        yield from (show.heading or "", show.if_empty or "")
