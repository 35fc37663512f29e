"""Text of a submission: whatever it says, what is kept of it is short, printable and on one line."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru.submission.text import LONGEST, clean_text, cleaned

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(text=st.text(), length=st.integers(1, 50))
def test_text_is_short_printable_and_on_one_line(text: str, length: int) -> None:
    cleaned = clean_text(text, length)
    assert len(cleaned) <= length
    assert cleaned.isprintable()
    assert clean_text(cleaned, length) == cleaned


@pytest.mark.parametrize("character", ["\u202e", "\u2066", "\x1b", "\x00", "\u200b", "\x9b"])
def test_nothing_that_turns_a_line_around_is_left(character: str) -> None:
    assert clean_text(f"a{character}b") == "ab"


def texts_in(data: Any) -> list[str]:
    """Every text in what JSON can hold, names among them."""
    if isinstance(data, dict):
        return [text for item in data.items() for part in item for text in texts_in(part)]
    if isinstance(data, list):
        return [text for part in data for text in texts_in(part)]
    return [data] if isinstance(data, str) else []


@given(data=JSON)
def test_no_text_in_what_is_cleaned_is_left_as_it_was(data: Any) -> None:
    for text in texts_in(cleaned(data)):
        assert text.isprintable()
        assert len(text) <= LONGEST


@given(data=JSON)
def test_cleaning_changes_nothing_but_texts(data: Any) -> None:
    if not texts_in(data):
        assert cleaned(data) == data
