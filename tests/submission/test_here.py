"""A submission in this process is judged as one in a process of its own: the same code serves both."""

import os
import signal
import threading
from pathlib import Path

import pytest

from gru.examiner import examine
from gru.report.data import document
from gru.report.result import Result
from gru.submission.here import SubmissionHere
from gru.submission.process import SubmissionProcess

EXAMPLES = Path(__file__).parents[2] / "examples"
RIGHT = (EXAMPLES / "submissions/right.py").read_text(encoding="utf-8")

FILES = {
    "right": RIGHT,
    "wrong": (EXAMPLES / "submissions/accumulates.py").read_text(encoding="utf-8"),
    "another API": (EXAMPLES / "other_apis/one_sample.py").read_text(encoding="utf-8"),
    "no Python": RIGHT.replace("def forward(", "def forward(("),
    "no class": "import numpy as np\n",
    "ends": "raise SystemExit(3)\n",
    "raises": RIGHT.replace("def backward(", "def backward(self, *arguments):\n        1 / 0\n\n    def _unused("),
}


DEAR = ("another API", "wrong")
"""Those that take more than a second."""


@pytest.mark.parametrize(
    "source",
    [pytest.param(source, id=name, marks=[pytest.mark.full] * (name in DEAR)) for name, source in FILES.items()],
)
def test_what_is_found_here_is_what_is_found_in_a_process(source: str, tmp_path: Path) -> None:
    file = tmp_path / "my_gru.py"
    file.write_text(source, encoding="utf-8")
    with SubmissionProcess(file) as apart:
        expected = document([Result("my_gru.py", None, examine(apart, effort="quick"), 0.0)])
    with SubmissionHere(file) as here:
        assert document([Result("my_gru.py", None, examine(here, effort="quick"), 0.0)]) == expected
        assert here.notes == apart.notes


NOT_IN_A_BROWSER = (
    (threading, "get_native_id"),
    *((os, name) for name in ("fork", "killpg", "setsid", "sched_getaffinity", "pidfd_open", "wait4", "openpty")),
    *((signal, name) for name in ("pthread_sigmask", "pthread_kill", "sigwait", "setitimer", "alarm")),
)
"""What Python has on a system with processes and threads, and not in Pyodide."""


def test_nothing_is_needed_that_a_browser_has_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in NOT_IN_A_BROWSER:
        monkeypatch.delattr(module, name, raising=False)
    file = tmp_path / "my_gru.py"
    file.write_text(RIGHT, encoding="utf-8")
    with SubmissionHere(file) as here:
        assert examine(here, effort="quick").verdict == "right"
