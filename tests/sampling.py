"""A part of many like cases for `pytest`; the rest for `pytest -m full`."""

from collections.abc import Iterable
from typing import Any

import pytest


def one_in(every: int, cases: Iterable[Any]) -> list[Any]:
    """The cases as parameters, spread evenly: one in `every` runs always, the others are marked `full`.

    Args:
        every: 1 or more; the first case is always among those that run.
        cases: single values, or tuples where there are several arguments.
    """

    def parameter(position: int, case: Any) -> Any:
        values = case if isinstance(case, tuple) else (case,)
        return pytest.param(*values, marks=[pytest.mark.full] if position % every else [])

    return [parameter(position, case) for position, case in enumerate(cases)]
