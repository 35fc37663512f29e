"""`results.json` of PrairieLearn's external graders; at most a megabyte.

Format: https://prairielearn.readthedocs.io/en/latest/externalGrading/.
"""

import json

from gru.grading.record import FAILED, Record

LARGEST = 10**6
"""Bytes that PrairieLearn takes."""

LONGEST_OUTPUT = 2000


def results(record: Record) -> str:
    """The results of one student; ungradable where the submission was not examined, or `gru` itself failed."""
    if record.verdict in ("not_examined", FAILED) or record.score is None:
        told = record.text or "\n".join(record.notes)
        fault = "gru itself failed; this is no verdict" if record.verdict == FAILED else told
        return json.dumps({"gradable": False, "format_errors": [fault or record.verdict]}) + "\n"
    document = {
        "gradable": True,
        "score": record.score / record.maximum if record.score and record.maximum else 0.0,
        "message": "",
        "output": record.feedback[: LARGEST // 10],
        "tests": [
            {
                "name": credit.check,
                "description": credit.status.replace("_", " "),
                "points": credit.points,
                "max_points": credit.maximum,
                "message": "",
                "output": credit.output[:LONGEST_OUTPUT],
            }
            for credit in record.credits
            if credit.visibility != "hidden"
        ],
    }
    return json.dumps(document, allow_nan=False) + "\n"
