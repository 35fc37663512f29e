"""Text of a submission, made fit to be shown in the one place where it comes over the pipe.

A submission may say anything: steer the terminal, turn a line around, fill a disk. What has been through
`clean_text` does none of that, and has the type `CleanText`; no other text of a submission goes any further.
"""

from functools import lru_cache
from typing import Any, NewType

CleanText = NewType("CleanText", str)
"""Text of a submission that `clean_text` has been over."""

LONGEST = 300
"""Characters of one text that are kept: enough to recognise a message."""

WORD = 32
"""Texts up to so many characters, such as names, come again and again: what `clean_text` makes of them is cached."""


def clean_text(text: str, length: int = LONGEST) -> CleanText:
    """Text from a submission, fit to be shown: short, in one line, and without control or bidirectional characters.

    Args:
        text: What the submission said.
        length: How many characters are kept.

    >>> clean_text("a\\u202eb\\x1b[31mc\\nd")
    'ab[31mc d'
    """
    text = text[: 4 * length]
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " if c.isspace() else "" for c in text)
    text = text.strip()
    return CleanText(text if len(text) <= length else text[: length - 1] + "…")


def last_lines(data: bytes, count: int = 20, length: int = 200) -> tuple[CleanText, ...]:
    """The last lines of what a submission has printed, each fit to be shown: of long ones the beginning.

    >>> last_lines(b"loss 1\\r\\nloss \\xff\\n\\x1b[31mloss 3\\n", count=2)
    ('loss �', '[31mloss 3')
    """
    lines = data.decode(errors="replace").splitlines()[-count:]
    indents = (len(line[:length]) - len(line[:length].lstrip(" ")) for line in lines)
    return tuple(CleanText(" " * n + clean_text(line, length)) for n, line in zip(indents, lines, strict=True))


def cleaned(data: Any) -> Any:
    """The same data with every text in it cleaned, names among them; numbers and arrays stay as they are.

    Args:
        data: What JSON can hold, or an answer of `exercise` with arrays in it.

    Raises:
        RecursionError: Where it is nested too deeply.
    """
    if isinstance(data, str):
        return _clean_word(data) if len(data) <= WORD else clean_text(data)
    if isinstance(data, dict):
        return {cleaned(name): cleaned(value) for name, value in data.items()}
    return [cleaned(value) for value in data] if isinstance(data, list) else data


_clean_word = lru_cache(maxsize=1024)(clean_text)
