"""The file of a submission: read once, hashed, and made into the Python that is run. It runs nothing."""

import hashlib
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gru.files import NOTEBOOK
from gru.submission.contract import SubmissionFailure
from gru.submission.limits import LARGEST_FILE
from gru.submission.text import clean_text

if TYPE_CHECKING:
    from gru.submission.notebook import Module

LONGEST_LINE = 100
"""Characters of a line of a submission that are shown."""


class Source:
    """A file in Python, or a notebook, at `path`."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._contents: bytes | None = None
        self._module: Module | None = None

    def contents(self) -> bytes:
        """The bytes of the file, read once: those are run, whatever happens to the file. Raises SubmissionFailure."""
        if self._contents is None:
            self._contents = read_file(self.path)
        return self._contents

    def code(self) -> bytes:
        """The Python that is run: the file, or what the class of a notebook needs. Raises SubmissionFailure."""
        contents = self.contents()
        if not self.path.lower().endswith(NOTEBOOK):
            return contents
        if self._module is None:
            from gru.submission.notebook import module_of

            self._module = module_of(contents)
        return self._module.source.encode()

    @property
    def sha256(self) -> str | None:
        """The hash of the bytes that are run; None where there are none."""
        with suppress(SubmissionFailure):
            return hashlib.sha256(self.contents()).hexdigest()
        return None

    @property
    def notes(self) -> tuple[str, ...]:
        """What there is to know of a notebook, once its code was asked for."""
        return tuple(self._module.notes) if self._module else ()

    def placed(self, raised: dict[str, Any]) -> dict[str, Any]:
        """What was raised, with its line as it was read on this side, and the cell of a notebook that it stands in.

        Of what the worker says, only the file and the number of the line count.
        """
        code, number = self.code() if raised["file"] is None else self._beside(raised["file"]), raised["line"] or 0
        lines = re.split(rb"\r\n|\r|\n", code)
        if 0 < number <= len(lines):
            raised = raised | {"source": clean_text(lines[number - 1].decode(errors="replace"), LONGEST_LINE)}
        if self._module is None or raised["file"] is not None:
            return raised
        cell, line = self._module.place(raised["line"] or 0) or (None, None)
        return raised | {"cell": cell, "line": line}

    def _beside(self, file: str) -> bytes:
        """Another Python file in the folder of the submission; nothing where that cannot be read."""
        folder = Path(self.path).resolve().parent
        path = (folder / file).resolve()
        if path.suffix == ".py" and path.is_relative_to(folder):
            with suppress(SubmissionFailure, OSError):
                return read_file(str(path))
        return b""


def read_file(path: str) -> bytes:
    """The bytes of a submission. Raises SubmissionFailure where it is too large, or none that can be read."""
    check_file(path)
    try:
        with Path(path).open("rb") as file:
            return file.read(LARGEST_FILE)
    except OSError as error:
        raise SubmissionFailure("no_such_file", f"it cannot be read: {error.strerror}") from None


def check_file(path: str) -> None:
    """Raise SubmissionFailure where there is no regular file of a size that is read."""
    file = Path(path)
    if not file.exists():
        raise SubmissionFailure("no_such_file", "there is no such file")
    if file.is_dir():
        raise SubmissionFailure("no_such_file", "it is a folder; expected a Python file")
    if not file.is_file():
        raise SubmissionFailure("no_such_file", "it is no regular file; expected a Python file")
    if not os.access(file, os.R_OK):
        raise SubmissionFailure("no_such_file", "it may not be read")
    if file.stat().st_size > LARGEST_FILE:
        raise SubmissionFailure("no_such_file", f"it is larger than {LARGEST_FILE // 2**20} MiB, the most that is read")
