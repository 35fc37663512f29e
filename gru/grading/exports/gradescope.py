"""`results.json` of Gradescope.

Format: https://gradescope-autograders.readthedocs.io/en/latest/specs/.
"""

import json

from gru.grading.record import FAILED, Credit, Record


def results(record: Record) -> str:
    """The results of one student."""
    what = "" if record.verdict in ("right", "wrong") else record.text or record.verdict
    document = {
        "score": 0.0 if record.score is None else record.score,
        "execution_time": record.seconds,
        "output": "gru itself failed; this is no verdict. Please tell your teacher."
        if record.verdict == FAILED
        else what,
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": record.visibility,
        "stdout_visibility": "hidden",
        "tests": [_test(number, credit) for number, credit in enumerate(record.credits, 1)],
    }
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def _test(number: int, credit: Credit) -> dict[str, object]:
    return {
        "score": credit.points,
        "max_score": credit.maximum,
        "status": "passed" if credit.points == credit.maximum and credit.maximum else "failed",
        "name": credit.check,
        "number": str(number),
        "output": credit.output,
        "output_format": "text",
        "tags": [credit.status],
        "visibility": credit.visibility,
    }
