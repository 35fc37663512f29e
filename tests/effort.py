"""How many problems the tests put to a cell: few in `pytest`, those of an examination in `-m full` and `-m soak`.

A test that needs a problem which few do not have asks for the effort itself.
"""

from gru.problem import Effort

_of_this_run: Effort = "quick"


def of_this_run() -> Effort:
    """The effort at which a test examines that is about one problem as much as about many."""
    return _of_this_run


def begin(*, is_full: bool) -> None:
    """Called once, by `conftest`, before a test runs."""
    global _of_this_run
    _of_this_run = "normal" if is_full else "quick"
