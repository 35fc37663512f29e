"""`results.json` of Gradescope, and the three files of an autograder that writes it.

Format: https://gradescope-autograders.readthedocs.io/en/latest/specs/.
"""

import json

from gru import __version__
from gru.grading.record import FAILED, Credit, Record

SETUP = f"""\
#!/usr/bin/env bash
# Gradescope runs this once, when the autograder is built.
set -e
apt-get update && apt-get install -y python3 python3-venv libseccomp2
python3 -m venv /opt/gru
/opt/gru/bin/pip install "${{GRU_PACKAGE:-gru-gradcheck=={__version__}}}"
"""

RUN = """\
#!/usr/bin/env bash
# Gradescope runs this for each submission. The exit status of gru is no failure of the autograder.
root=${AUTOGRADER:-/autograder}
python=${GRU_PYTHON:-/opt/gru/bin/python}
mkdir -p "$root/results"
shopt -s nullglob
files=("$root"/submission/*.py)
[ -e "$root/submission/gru_cell.py" ] && files=("$root/submission/gru_cell.py")
"$python" -m gru check "${files[0]:-$root/submission/gru_cell.py}" \\
    --rubric "$root/source/rubric.toml" --report "gradescope=$root/results/results.json" || true
"""


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


def autograder(rubric: str) -> dict[str, str]:
    """The files of an autograder, by name: `rubric` is the text of a rubric."""
    return {"setup.sh": SETUP, "run_autograder": RUN, "rubric.toml": rubric}
