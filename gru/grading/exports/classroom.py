"""The result of GitHub Classroom's graders, version 3: the JSON that a step's output `result` holds in base64.

Format: https://github.com/classroom-resources/autograding-grading-reporter.
"""

import json

from gru.grading.record import FAILED, Record

LONGEST_OUTPUT = 500


def results(record: Record) -> str:
    """The results of one student."""
    status = {"right": "pass", "wrong": "fail"}.get(record.verdict, "error")
    fault = "gru itself failed; this is no verdict" if record.verdict == FAILED else record.text
    document = {
        "version": 3,
        "status": status,
        "message": "" if status != "error" else fault or record.verdict,
        "max_score": record.maximum,
        "tests": [
            {
                "name": credit.check,
                "status": "pass" if credit.points == credit.maximum and credit.maximum else "fail",
                "message": credit.status.replace("_", " "),
                "score": credit.points,
                "test_code": f"gru check {record.submission} --only {credit.check}"[:LONGEST_OUTPUT],
                "filename": record.submission,
                "line_no": 0,
                "duration": round(record.seconds / max(len(record.credits), 1), 3),
                "output": credit.output[:LONGEST_OUTPUT],
            }
            for credit in record.credits
            if credit.visibility != "hidden"
        ],
    }
    return json.dumps(document, allow_nan=False) + "\n"
