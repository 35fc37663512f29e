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
from typing import Self

from gru.grading.record import Record

FILE = "gradebook.sqlite"
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


class GradebookError(Exception):
    """A gradebook that cannot be read or written, and why."""


class Gradebook(AbstractContextManager["Gradebook"]):
    """The records of a class, kept in a folder; used by several threads, one at a time.

    Raises GradebookError wherever the file cannot be read or written.
    """

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        self.path = folder / FILE
        self._lock = Lock()
        if not create and not self.path.is_file():
            raise GradebookError(f"{folder} has no gradebook: there is no file {FILE} in it")
        with self._failures():
            self._connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            self._prepare()

    def _prepare(self) -> None:
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, SCHEMA):
            raise GradebookError(f"{self.path} is of version {version}; this gru reads version {SCHEMA}")
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
            return [Record.of_data(json.loads(data)) for (data,) in rows]

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

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, json.JSONDecodeError, KeyError, TypeError) as error:
            raise GradebookError(f"{self.path}: {error}") from error


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
