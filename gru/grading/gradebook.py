"""The gradebook: an SQLite file with a row a student, each written in a transaction of its own.

Whatever kills a run, what was judged is there, and is whole. It knows records, and judges nothing.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self

from gru.grading.folder import FILE
from gru.grading.record import Record
from gru.submission.text import clean_text

LOCK = "gradebook.lock"

SCHEMA = 1
"""The version of the tables: kept in the file itself as `user_version`."""

TABLES = """
    CREATE TABLE IF NOT EXISTS records (
        student TEXT PRIMARY KEY,
        key TEXT NOT NULL,
        verdict TEXT NOT NULL,
        score REAL,
        maximum REAL NOT NULL,
        record TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""


COLUMNS = ("student", "key", "verdict", "score", "maximum", "record")

MOST_NAMED = 5
"""How many of the students are named whose rows are damaged."""

LEFT = "It is left as it is: put a copy in its place, or name another --out"


class GradebookError(Exception):
    """A gradebook that cannot be read or written, and why."""


class DamagedError(GradebookError):
    """A gradebook that does not hold what was written into it; the file is left as it is."""


class Gradebook(AbstractContextManager["Gradebook"]):
    """The records of a class, kept in a folder; used by several threads, one at a time.

    What is there already is read once before anything is written. Raises DamagedError where that is not
    what was written, and GradebookError wherever the file cannot be read or written.
    """

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        self.path = folder / FILE
        self._lock = Lock()
        if not create and not self.path.is_file():
            raise GradebookError(f"{folder} has no gradebook: there is no file {FILE} in it")
        if self.path.exists():
            _require_sound(self.path)
        with self._failures():
            self._connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            self._prepare()

    def _prepare(self) -> None:
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(TABLES)
        self._connection.execute(f"PRAGMA user_version = {SCHEMA}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._connection.close()

    def put(self, record: Record) -> None:
        """Write the record of a student, in place of an earlier one."""
        data = json.dumps(record.as_data(), allow_nan=False)
        row = (record.student, record.key, record.verdict, record.score, record.maximum, data)
        with self._failures(), self._lock:
            self._connection.execute("INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?)", row)

    def records(self) -> list[Record]:
        """All records, in the order of the students' names."""
        with self._failures(), self._lock:
            rows = self._connection.execute("SELECT record FROM records ORDER BY student").fetchall()
            return [_record(data) for (data,) in rows]

    def keys(self) -> dict[str, tuple[str, str]]:
        """What each student was judged by, and the verdict."""
        with self._failures(), self._lock:
            rows = self._connection.execute("SELECT student, key, verdict FROM records").fetchall()
            return {student: (key, verdict) for student, key, verdict in rows}

    def setting(self, name: str, default: Callable[[], str]) -> str:
        """The setting of this name; what `default` gives is kept where there is none yet."""
        with self._failures(), self._lock:
            row = self._connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
            if row is None:
                row = (default(),)
                self._connection.execute("INSERT INTO settings VALUES (?, ?)", (name, *row))
            return str(row[0])

    def keep_setting(self, name: str, value: str) -> None:
        """Keep a setting, in place of an earlier one."""
        with self._failures(), self._lock:
            self._connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, ValueError) as error:
            raise GradebookError(f"{self.path}: {error}") from error


def _require_sound(path: Path) -> None:
    """Raise DamagedError where the file, or a row of it, is not as it was written; nothing is written here."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            connection.text_factory = bytes
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, SCHEMA):
                raise GradebookError(f"{path} is of version {version}; this gru reads version {SCHEMA}")
            said = b"; ".join(row[0] for row in connection.execute("PRAGMA quick_check(3)"))
            rows = connection.execute(f"SELECT {', '.join(COLUMNS)} FROM records").fetchall() if version else []
    except (sqlite3.Error, UnicodeDecodeError) as error:
        # A message may hold a part of the file, which need not be text.
        raise DamagedError(f"{path} cannot be read: {clean_text(str(error))}. {LEFT}") from None
    damaged = [clean_text(bytes(row[0]).decode(errors="replace"), 80) for row in rows if not _is_sound(row)]
    if said != b"ok" or damaged:
        which = f"; not those of {', '.join(damaged[:MOST_NAMED])}" if damaged else ""
        which += f" and {len(damaged) - MOST_NAMED} more" if len(damaged) > MOST_NAMED else ""
        why = "" if said == b"ok" else f" ({clean_text(said.decode(errors='replace'), 120)})"
        sound = f"{len(rows) - len(damaged)} of {len(rows)} rows could be read"
        raise DamagedError(f"{path} is damaged{why}: {sound}{which}. {LEFT}")


def _is_sound(row: tuple[Any, ...]) -> bool:
    """Whether a row's record can be read, and says the same as the row's other columns."""
    try:
        *columns, data = (value.decode() if isinstance(value, bytes) else value for value in row)
        record = _record(data)
    except ValueError:
        return False
    return columns == [record.student, record.key, record.verdict, record.score, record.maximum]


def _record(data: str) -> Record:
    """The record in JSON. Raises ValueError where it is none."""
    try:
        return Record.of_data(json.loads(data))
    except (RecursionError, TypeError) as error:
        raise ValueError(f"a record that cannot be read: {error}") from None


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Keep every other run away from the folder as long as this lasts.

    The lock is SQLite's on an empty file: the system gives it back when a run is killed. Raises
    GradebookError where another run has it.
    """
    with closing(sqlite3.connect(folder / LOCK, isolation_level=None, timeout=0)) as connection:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise GradebookError(
                    f"another run is grading into {folder}; wait for it, or name another --out"
                ) from None
            raise GradebookError(f"{folder / LOCK}: {error}") from None
        yield
