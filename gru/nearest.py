"""The name that was meant where another one was written.

It proposes, and never takes a name for another one.
"""

from collections.abc import Iterable

SHORTEST = 3
"""Of fewer letters every other name of as many is near."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a message on a name that is not known: a question, or nothing where no name is near.

    Args:
        name: What was written.
        known: The names that there are.
    """
    if len(name) < SHORTEST:
        return ""
    from difflib import get_close_matches

    folded = {each.casefold(): each for each in known}
    near = get_close_matches(name.casefold(), folded, 1)
    return f"did you mean {folded[near[0]]}? " if near else ""
