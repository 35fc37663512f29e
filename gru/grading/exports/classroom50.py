"""`result.json` of Classroom 50's autograders, schema `classroom50/result/v1`: points are whole numbers.

Format: https://github.com/foundation50/classroom50/wiki.
"""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime

from gru.grading.record import Credit, Record

SCHEMA = "classroom50/result/v1"

ABOUT = {
    "classroom": "CLASSROOM",
    "assignment": "ASSIGNMENT",
    "submission": "SUBMISSION_TAG",
    "commit": "COMMIT_URL",
    "release": "RELEASE_URL",
    "review": "REVIEW_URL",
}
"""What the runner of Classroom 50 tells of a submission, and in which variable of the environment."""

SCALES = (1, 2, 4, 5, 10, 20, 50, 100, 1000)
"""What points are multiplied by, where they are no whole numbers."""


def results(record: Record, environment: Mapping[str, str] | None = None) -> str:
    """The result of one student.

    Args:
        record: The student's.
        environment: Of the runner; by default this process's own. What it does not tell is `local`.
    """
    told = os.environ if environment is None else environment
    seen = [credit for credit in record.credits if credit.visibility != "hidden"]
    scale = _scale(record.credits)
    document = {
        "schema": SCHEMA,
        **{key: told.get(name) or "local" for key, name in ABOUT.items()},
        "usernames": [told.get("USERNAME") or record.id or record.student],
        "datetime": datetime.now(UTC).isoformat(timespec="seconds"),
        "score": sum(round(scale * credit.points) for credit in seen),
        "max-score": sum(round(scale * credit.maximum) for credit in seen),
        "tests": [
            {
                "test-name": credit.check,
                "passed": credit.points == credit.maximum and credit.maximum > 0,
                "score": round(scale * credit.points),
                "max-score": round(scale * credit.maximum),
            }
            for credit in seen
        ],
    }
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def _scale(credits: tuple[Credit, ...]) -> int:
    """The least factor that makes all points whole, so that none is lost in rounding."""
    numbers = [number for credit in credits for number in (credit.points, credit.maximum)]
    return next((s for s in SCALES if all(abs(s * n - round(s * n)) < 1e-9 * s for n in numbers)), SCALES[-1])
