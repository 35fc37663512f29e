"""What a machine of a cluster is sent for: it imports nothing from the folder in which its worker was started.

The work comes as bytes, so that none of it is imported before that folder is out of the way.
"""

import sys
from os import getcwd

# That folder may hold a `typing.py`: only what Python has loaded by then is imported here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_kept: "dict[int, dict[str, Any]]" = {}
"""By its id, what a thread keeps from one submission to the next."""


def grade_abroad(work: bytes) -> dict[str, object]:
    """The record, as data, of a submission.

    Args:
        work: the arguments of `task.grade`, pickled by the grader's own machine.
    """
    sys.path[:] = [entry for entry in sys.path if entry not in ("", getcwd())]  # noqa: PTH109 (pathlib may lie in that folder)
    from pickle import loads
    from threading import get_ident

    from gru.grading.task import grade
    from gru.submission.remembered import Memory
    from gru.submission.starter import AVAILABLE, Starter

    # The kernel ends what a thread has started with it; a later one of the same id starts it again.
    kept = _kept.setdefault(get_ident(), {})
    if not kept:
        kept |= {"memory": Memory(), "starter": Starter() if AVAILABLE else None}
    return grade(*loads(work), **kept).as_data()
