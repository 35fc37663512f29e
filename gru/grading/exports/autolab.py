"""What Autolab reads: the student's report, and on the last line the scores by problem.

Format: https://docs.autolabproject.com/instructors/autograders/.
"""

import json

from gru.grading.record import Record


def results(record: Record) -> str:
    """The output of a grader for one student; a problem's name is a check's."""
    scores = {} if record.score is None else {credit.check: credit.points for credit in record.credits}
    return f"{record.feedback.rstrip()}\n{json.dumps({'scores': scores}, allow_nan=False)}\n"
