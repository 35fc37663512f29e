"""What a generator of nonsense writes: every command ends by itself, with a message and a documented exit status.

A few in the default run, hundreds in `-m full`, thousands in `-m soak`. Never a traceback, and status 1 for a wrong
submission only.
"""

import json
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from click.testing import Result

from tests.commands import gru

ROOT = Path(__file__).parents[2]
SUBMISSIONS = sorted((ROOT / "examples" / "submissions").glob("*.py"))
RUBRIC = "name = 'week 5'\nrounding = 2\n\n[checks]\nequation-8 = 1\nequation-10 = 2.5\nstate = 1\n"

STATUSES = {"check": {0, 1, 2, 3}, "explain": {0, 2}, "grade": {0, 2}, "predict": {0, 2}, "train": {0, 1, 2}}
"""What docs/command-line.md says each may end with; 70, a fault of ours, is none of them."""

WORDS = [
    "",
    "-1",
    "0",
    "1",
    "10",
    "dzr",
    "nan",
    "inf",
    "1e400",
    "9" * 40,
    "lstm",
    "rnn",
    "gru",
    "torch",
    "\x1b[2J",
    "‮",
    "é",
]
WORDS += [
    "a" * 300,
    "/",
    ".",
    "--",
    "-",
    "quick",
    "1,2,3,1/ordinary/float64/0",
    "0:3",
    "=",
    "z=old",
    "\n",
    "%s",
    "{}",
    "*",
]
OPTIONS = ["--seed", "--effort", "--only", "--problem", "--layer", "--form", "--convention", "--json", "--report"]
OPTIONS += [
    "--time-limit",
    "--memory-limit",
    "--isolation",
    "--feedback",
    "--html",
    "--help",
    "--nothing-like-it",
    "-v",
]

PIECES = [
    b"\x00",
    b"\xff",
    b"(",
    b")",
    b"    ",
    b"\n",
    b"\t",
    b"self.",
    b"h",
    b"0",
    b"1e999",
    b"None",
    b"*",
    b"@",
]
PIECES += [
    b".T",
    b"-",
    b"raise ",
    b"yield ",
    b"lambda: ",
    b"while True: ",
    b"del ",
    b"import sys\n",
    b"[::-1]",
    "σ".encode(),
]

count = pytest.mark.parametrize(
    "seeds",
    [
        range(8),
        pytest.param(range(8, 60), marks=pytest.mark.full),
        pytest.param(range(60, 2060), marks=pytest.mark.soak),
    ],
    ids=["8", "60", "2000"],
)


def mutated(contents: bytes, draw: Random) -> bytes:
    """The contents with one to four changes: a piece put in, some bytes taken out or turned over, a line moved."""
    for _ in range(draw.randint(1, 4)):
        at, length = draw.randrange(len(contents) + 1), draw.choice([1, 1, 2, 8, 60])
        match draw.randrange(4):
            case 0:
                contents = contents[:at] + draw.choice(PIECES) + contents[at:]
            case 1:
                contents = contents[:at] + contents[at + length :]
            case 2:
                contents = (
                    contents[:at]
                    + bytes(b ^ (1 << draw.randrange(8)) for b in contents[at : at + 1])
                    + contents[at + 1 :]
                )
            case _:
                lines = contents.splitlines(keepends=True)
                draw.shuffle(lines) if draw.random() < 0.1 else lines.insert(
                    draw.randrange(len(lines) + 1), draw.choice(lines or [b""])
                )
                contents = b"".join(lines)
    return contents


def run(*arguments: str | Path) -> Result:
    """The command, as it ends; no exception reaches Python, and the status is one of those that are documented."""
    result = gru(*arguments)
    told = f"{arguments}\n{result.output[-3000:]}"
    assert "a mistake of gru" not in result.output, told
    assert result.exit_code in STATUSES[str(arguments[0])], told
    return result


@count
def test_mutated_submissions(seeds: range, tmp_path: Path) -> None:
    for seed in seeds:
        draw = Random(f"submission {seed}")
        path = tmp_path / f"cell_{seed}.py"
        path.write_bytes(mutated(draw.choice(SUBMISSIONS).read_bytes(), draw))
        result = run("check", path, "--effort", "quick", "--time-limit", "2", "--json", tmp_path / "found.json")
        if result.exit_code == 1:
            found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
            assert "wrong" in json.dumps(found), seed
            assert "wrong" in result.output, seed


@count
def test_options_of_check(seeds: range, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for seed in seeds:
        draw = Random(f"options {seed}")
        words = [draw.choice([draw.choice(OPTIONS), draw.choice(WORDS)]) for _ in range(draw.randint(1, 5))]
        run("check", SUBMISSIONS[0], "--effort", "quick", *(word for word in words if "\0" not in word))


@count
def test_topics_to_explain(seeds: range) -> None:
    for seed in seeds:
        draw = Random(f"topics {seed}")
        topic = "".join(draw.choice(["equation-", "dz", "10", "/", "-", "no-", "wn", "T", *WORDS]) for _ in range(3))
        run("explain", "--", topic)


@count
def test_mutated_rubrics(seeds: range, tmp_path: Path) -> None:
    course = tmp_path / "class"
    course.mkdir()
    rubric = tmp_path / "rubric.toml"
    for seed in seeds:
        draw = Random(f"rubric {seed}")
        rubric.write_bytes(mutated(RUBRIC.encode(), draw))
        (course / "alice.py").write_text("", encoding="utf-8")
        run("grade", course, "--out", tmp_path / f"out{seed}", "--rubric", rubric, "--jobs", "1")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A network that was trained for one epoch, as it is saved."""
    path = tmp_path_factory.mktemp("model") / "model.npz"
    run("train", "--epochs", "1", "--save", path)
    return path.read_bytes()


@count
def test_mutated_models(seeds: range, model: bytes, tmp_path: Path) -> None:
    for seed in seeds:
        draw = Random(f"model {seed}")
        path = tmp_path / "model.npz"
        path.write_bytes(mutated(model, draw))
        run("predict", path, str(draw.randrange(16)), str(draw.randrange(16)))


def test_a_generator_of_nonsense_is_seen_to_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """What these tests would say of a traceback."""

    def broken(*_: object, **__: object) -> Callable[[], None]:
        raise KeyError("h")

    monkeypatch.setattr("gru.cli.explain.explain.callback", broken)
    with pytest.raises(AssertionError, match="a mistake of gru"):
        run("explain", "10")
