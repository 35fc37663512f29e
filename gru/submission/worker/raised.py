"""An exception of a submission as plain data: what was raised, and where in its own files.

Standard library only. It judges nothing, and believes no class that is not Python's own.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

MESSAGE_LENGTH = 300
"""How much of an exception's message, or of a dtype's name, is kept: enough to recognise it."""


def describe_exception(error: BaseException, file: str | None) -> dict[str, Any]:
    """An exception as plain data: its type, its message, the attribute that it lacked, and the last line in a file.

    That is `file`, or another in its folder or below, which is then named from there. Running out of memory has one
    name, whoever noticed it first.
    """
    kind = "MemoryError" if issubclass(type(error), MemoryError) else type_name(error)
    said = {"type": kind, "message": _message(error), "lacks": _lacked(error)}
    return {**said, **_place(sys.exc_info()[2], file)}


def _lacked(error: BaseException) -> str | None:
    """The name of the attribute that was not there, where that is what was raised."""
    try:
        name = error.name if issubclass(type(error), AttributeError) else None  # type: ignore[attr-defined]
    except BaseException:
        return None
    return str.__str__(name)[:MESSAGE_LENGTH] if issubclass(type(name), str) else None


def _place(traceback: TracebackType | None, file: str | None) -> dict[str, Any]:
    """The `line` and the `file` of the last frame in a file of the submission's own; None where it is `file` itself."""
    for tb in reversed(list(_walk(traceback))):
        other = tb.tb_frame.f_code.co_filename
        if file is not None and _is_own(other, file):
            return {"line": tb.tb_lineno, "file": None if other == file else os.path.relpath(other, _folder(file))}
    return {"line": None, "file": None}


def _is_own(other: str, file: str) -> bool:
    """Whether a file is the submission's: it lies with it, and neither in an environment nor with this module."""
    if other == file:
        return True
    installed = {"site-packages", "dist-packages"}.intersection(Path(other).parts)
    return other.startswith(_folder(file) + os.sep) and not installed and not other.startswith(_folder(__file__))


def _folder(file: str) -> str:
    return str(Path(file).absolute().parent)


def _walk(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def type_name(value: Any) -> str:
    """The name of the type, asked of `type` itself: a metaclass may answer anything."""
    return str(type.__dict__["__name__"].__get__(type(value)))[:MESSAGE_LENGTH]


def summary(error: BaseException) -> str:
    """An exception in one line: its type, and its own words."""
    return f"{type_name(error)}: {_message(error)}".rstrip(": ")


def _message(error: BaseException) -> str:
    """The exception's own words; its `__str__` may do anything."""
    try:
        return str.__str__(str(error)[:MESSAGE_LENGTH])
    except BaseException:
        return ""
