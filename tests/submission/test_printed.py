"""What a submission prints, and where it raises: told with its own words, and with a line of its own."""

import json
from pathlib import Path

import pytest

from gru.submission.text import last_lines
from tests.commands import gru

RIGHT = Path(__file__).parents[2].joinpath("examples", "submissions", "right.py").read_text(encoding="utf-8")
IN_FORWARD = "        self.x = x\n"
ONE_PROBLEM = ("--only", "interface", "--problem", "1,1,1,1/ordinary/float64/0")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def checked(folder: Path, line: str, *options: str) -> str:
    """What `gru check` says of a right cell whose `forward` runs this line too."""
    assert RIGHT.count(IN_FORWARD) == 1
    (folder / "cell.py").write_text(RIGHT.replace(IN_FORWARD, f"{IN_FORWARD}        {line}\n"), encoding="utf-8")
    return gru("check", folder / "cell.py", *ONE_PROBLEM, *options).output


def test_what_was_printed_is_shown_where_a_call_raised(folder: Path) -> None:
    output = checked(folder, r"""print("  x is\x1b[31m\n  here"); import sys; print("err", file=sys.stderr); 1 / 0""")
    _, printed = output.split("printed by the submission, ")
    assert printed.endswith("  |   x is[31m\n  |   here\n  | err\n")


def test_what_was_printed_is_kept_where_a_call_never_ends(folder: Path) -> None:
    output = checked(folder, "[print(n) for n in range(30)]; import time; time.sleep(60)", "--time-limit", "1")
    assert "timed out" in output
    assert output.endswith("the last 20 lines\n" + "".join(f"  | {n}\n" for n in range(10, 30)))


def test_what_was_printed_is_not_shown_unless_it_is_asked_for(folder: Path) -> None:
    document = folder / "results.json"
    assert "printed by" not in checked(folder, "print(1)", "--json", str(document))
    assert "printed" not in json.loads(document.read_text())["results"][0]
    output = checked(folder, "print(1)", "--show-output", "--json", str(document))
    assert output.endswith("  | 1\n")
    assert set(json.loads(document.read_text())["results"][0]["printed"]) == {"1"}


def test_the_line_of_another_file_of_the_submission_is_told(folder: Path) -> None:
    (folder / "parts").mkdir()
    (folder / "parts" / "gates.py").write_text("import numpy as np\n\ndef odd(x):\n    return np.reshape(x, (7, 7))\n")
    output = checked(folder, "from parts.gates import odd; odd(x)")
    assert "(step 1, line 4 of parts/gates.py) in `return np.reshape(x, (7, 7))`" in output


def test_a_line_is_read_of_no_file_but_those_of_the_submission(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A submission can compile code under any name."""
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "secret.py"
    elsewhere.write_text("secret = 1\n")
    (folder / "link.py").symlink_to(elsewhere)
    for name in (str(elsewhere), str(folder / "link.py"), str(folder / ".." / elsewhere.parent.name / "secret.py")):
        output = checked(folder, f"exec(compile('1 / 0', {name!r}, 'exec'))")
        assert "ZeroDivisionError" in output
        assert "secret = 1" not in output


def test_the_end_of_what_was_printed_is_kept_and_long_lines_are_cut() -> None:
    assert last_lines(b"") == ()
    assert last_lines(b"a\nb\r\nc", count=2) == ("b", "c")
    assert [len(line) for line in last_lines(b"x" * 1000 + b"\n" + b" " * 1000)] == [200, 200]
