"""Seeds, from which problems are drawn: one that everybody knows, and others that nobody can know beforehand."""

KNOWN = 0
"""The seed where none is asked for. A file that was made for its problems can pass."""

RANDOM = "random"
"""What is written for a seed that is to be drawn."""

MOST_DIGITS = 20
"""Digits of a seed: more than anybody draws."""


def drawn() -> int:
    """A seed that nobody can know beforehand."""
    import secrets

    return secrets.randbelow(2**32)


def read(text: str) -> int:
    """The seed that a text names.

    Args:
        text: A whole number, 0 or more, or `random`, which draws one.

    Raises:
        ValueError: Where it is neither.
    """
    if text == RANDOM:
        return drawn()
    if not (text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS):
        raise ValueError(f"{text!r:.60} is no seed; expected a whole number, 0 or more, or {RANDOM}")
    return int(text)
