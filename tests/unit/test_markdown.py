from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from holdfast.markdown import as_text

_TEXTS = st.text(st.sampled_from("ab1 .)#*_`~<>[]()!|&:@\\-+=\n/é"), max_size=40)


def _shown(markdown: str) -> str:
    """The text of one plain paragraph; anything else is markup."""
    tokens = MarkdownIt("commonmark").parse(markdown)
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"], markdown
    children = tokens[1].children or []
    assert {child.type for child in children} <= {"text", "text_special"}, markdown
    return "".join(child.content for child in children)


@given(_TEXTS)
def test_words_are_shown_as_they_are_and_never_as_markup(words: str) -> None:
    line = " ".join(words.split())
    if line:
        assert _shown(as_text(words)) == line


@given(_TEXTS)
def test_words_that_follow_others_are_no_markup_either(words: str) -> None:
    line = " ".join(words.split())
    assert _shown(f"Said: {as_text(words)}") == f"Said: {line}".strip()


def test_what_is_too_long_is_cut_before_it_is_escaped() -> None:
    assert as_text("*" * 400, 3) == r"\*\*…"
