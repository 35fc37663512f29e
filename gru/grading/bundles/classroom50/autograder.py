#!/usr/bin/env python3
"""The autograder of an assignment in Classroom 50: writes result.json and release-body.md into the current folder.

The exit status is 0 unless the infrastructure failed.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent

PACKAGE = ("-P", "-m")
"""How Python runs a package, and not a student's file of its name: the current folder is the checkout."""


def main() -> int:
    """Check the checkout, and write the results; the exit status."""
    python = os.environ.get("GRU_PYTHON") or installed()
    check = [python, *PACKAGE, "gru", "check", "--find", os.environ.get("SUBMISSION_DIR", ".")]
    reports = ["--rubric", str(HERE / "rubric.toml"), "--report", f"classroom50={Path.cwd() / 'result.json'}"]
    done = subprocess.run([*check, *reports], capture_output=True, text=True, check=False)
    print(done.stdout, done.stderr, sep="\n")
    Path("release-body.md").write_text(f"```text\n{done.stdout}```\n", encoding="utf-8")
    # 0 right, 1 wrong, 3 not examined: all of them are results.
    return 0 if done.returncode in (0, 1, 3) else 1


def installed() -> str:
    """A Python of its own with the wheel that lies here; what that needs comes from PyPI."""
    home = Path(tempfile.mkdtemp(prefix="gru-"))
    subprocess.run([sys.executable, *PACKAGE, "venv", str(home)], check=True)
    python = str(home / "bin" / "python")
    wheel = next(HERE.glob("*.whl"))
    subprocess.run([python, *PACKAGE, "pip", "install", "--quiet", f"{wheel}[notebook]"], check=True)
    return python


if __name__ == "__main__":
    sys.exit(main())
