"""A gradebook that is damaged is told as such, and left as it is: no traceback, no row written, no row lost."""

import hashlib
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import Result

from gru.grading.folder import FILE
from gru.grading.gradebook import Gradebook
from gru.grading.record import Record, failure_of
from gru.grading.rubric import EQUAL_POINTS
from tests.commands import gru

STUDENTS = ("alice", "bob", "carol")


@pytest.fixture
def grades(tmp_path: Path) -> Path:
    """A gradebook of three students, and their hand-ins beside it."""
    folder = tmp_path / "grades"
    folder.mkdir()
    (tmp_path / "class").mkdir()
    with Gradebook(folder, create=True) as gradebook:
        for student in STUDENTS:
            (tmp_path / "class" / f"{student}.txt").write_text("nothing to examine")
            gradebook.put(failure_of(student, f"{student}.py", EQUAL_POINTS, "key", "a fault of the machine"))
    return folder


def both(grades: Path) -> list[Result]:
    """What `export` and `grade --resume` say of a gradebook."""
    resumed = ("grade", grades.parent / "class", "--out", grades, "--resume")
    return [gru("export", grades, "--format", "csv"), gru(*resumed)]


def edit(grades: Path, statement: str, *values: Any) -> None:
    with closing(sqlite3.connect(grades / FILE)) as connection, connection:
        connection.execute(statement, values)


def of_bob(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def edits(grades: Path) -> None:
        with closing(sqlite3.connect(grades / FILE)) as connection, connection:
            (text,) = connection.execute("SELECT record FROM records WHERE student = 'bob'").fetchone()
            data = json.loads(text)
            change(data)
            connection.execute("UPDATE records SET record = ? WHERE student = 'bob'", (json.dumps(data),))

    return edits


DAMAGE: dict[str, Callable[[Path], None]] = {
    "no JSON": lambda grades: edit(grades, "UPDATE records SET record = '{' WHERE student = 'bob'"),
    "a list": lambda grades: edit(grades, "UPDATE records SET record = '[]' WHERE student = 'bob'"),
    "deep": lambda grades: edit(grades, "UPDATE records SET record = ? WHERE student = 'bob'", "[" * 100_000),
    "bytes that are no text": lambda grades: edit(
        grades, "UPDATE records SET record = CAST(X'FF' AS TEXT) WHERE student = 'bob'"
    ),
    "a name that is no text": lambda grades: edit(
        grades, "UPDATE records SET student = CAST(X'1B5B324AFF' AS TEXT) WHERE student = 'bob'"
    ),
    "another student's": lambda grades: edit(grades, "UPDATE records SET student = 'dave' WHERE student = 'bob'"),
    "points in the column only": lambda grades: edit(grades, "UPDATE records SET score = 9 WHERE student = 'bob'"),
    "no credits": of_bob(lambda data: data.pop("credits")),
    "a field more": of_bob(lambda data: data.update(grade="A")),
    "credits that are texts": of_bob(lambda data: data.update(credits=["10 of 10"])),
    "points that are a text": of_bob(lambda data: data["credits"][0].update(points="9")),
    "NaN": of_bob(lambda data: data["credits"][0].update(points=float("nan"))),
    "infinity": of_bob(lambda data: data["credits"][0].update(maximum=float("inf"))),
    "half a character": of_bob(lambda data: data.update(feedback="\ud800")),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=list(DAMAGE))
def test_a_row_that_is_damaged_is_told_and_the_file_left_as_it_is(damage: Callable[[Path], None], grades: Path) -> None:
    damage(grades)
    before = (grades / FILE).read_bytes()
    for result in both(grades):
        assert result.exit_code == 70
        assert "is damaged: 2 of 3 rows could be read; not those of" in result.stderr
        assert "\x1b" not in result.stderr
    assert (grades / FILE).read_bytes() == before


def test_a_file_that_is_no_gradebook_is_told_and_left_as_it_is(grades: Path) -> None:
    (grades / FILE).write_bytes(b"points, by hand" * 100)
    for result in both(grades):
        assert result.exit_code == 70
        assert "cannot be read: file is not a database" in result.stderr
    assert (grades / FILE).read_bytes() == b"points, by hand" * 100


def test_a_sound_gradebook_is_read(grades: Path) -> None:
    with Gradebook(grades) as gradebook:
        assert [record.student for record in gradebook.records()] == list(STUDENTS)


def test_a_record_comes_back_as_it_was() -> None:
    record = failure_of("alice", "alice.py", EQUAL_POINTS, "key", "a fault")
    assert Record.of_data(json.loads(json.dumps(record.as_data()))) == record


def _flipped(grades: Path, random: Random) -> None:
    """Some bytes of the file are others."""
    data = bytearray((grades / FILE).read_bytes())
    for _ in range(random.choice((1, 3, 30))):
        data[random.randrange(len(data))] = random.randrange(256)
    (grades / FILE).write_bytes(data)


@pytest.mark.parametrize("seed", [*range(6), *(pytest.param(seed, marks=pytest.mark.full) for seed in range(6, 400))])
def test_flipped_bytes_end_in_no_traceback(seed: int, grades: Path) -> None:
    _flipped(grades, Random(seed))
    before = hashlib.sha256((grades / FILE).read_bytes()).digest()
    result = gru("export", grades, "--format", "csv")
    assert result.exit_code in (0, 70)
    if result.exit_code:
        assert hashlib.sha256((grades / FILE).read_bytes()).digest() == before
    gru("grade", grades.parent / "class", "--out", grades, "--resume")
