"""What a machine of a cluster is sent for: it imports nothing from the folder in which its worker was started.

The work comes as bytes, so that none of it is imported before that folder is out of the way.
"""

import sys
from os import getcwd


def grade_abroad(work: bytes) -> dict[str, object]:
    """The record, as data, of a submission.

    Args:
        work: the arguments of `task.grade`, pickled by the grader's own machine.
    """
    sys.path[:] = [entry for entry in sys.path if entry not in ("", getcwd())]  # noqa: PTH109 (pathlib may lie in that folder)
    from pickle import loads

    from gru.grading.task import grade

    return grade(*loads(work)).as_data()
