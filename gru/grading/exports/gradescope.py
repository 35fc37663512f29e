"""`results.json` of Gradescope.

Format: https://gradescope-autograders.readthedocs.io/en/latest/specs/.
"""

import json
import re

from gru.grading.record import FAILED, Credit, Record


def results(record: Record) -> str:
    """The results of one student."""
    what = "" if record.verdict in ("right", "wrong") else record.text or record.verdict
    if record.score is None:
        what = "\n".join([what, *record.notes]).strip()
    document = {
        "score": 0.0 if record.score is None else record.score,
        "execution_time": record.seconds,
        "output": "gru itself failed; this is no verdict. Please tell your teacher."
        if record.verdict == FAILED
        else _as_it_is(what),
        "output_format": "md",
        "test_output_format": "md",
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
        "output": _as_it_is(credit.output),
        "output_format": "md",
        "tags": [credit.status],
        "visibility": credit.visibility,
    }


def _as_it_is(text: str) -> str:
    """Markdown that shows the text in columns as they are, and in which nothing of it is markup."""
    if re.fullmatch(r"[\w ]*", text):
        return text
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}text\n{text.rstrip()}\n{fence}"
