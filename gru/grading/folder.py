"""The names of the files that are written for a student."""

import hashlib
import re

LONGEST = 200
"""Bytes of a student's name that are taken for a file's; the most that file systems take is 255."""


def file_name(student: str, ending: str) -> str:
    """A file's name for something of a student: the student's own, so far as it can be one."""
    name = re.sub(r"[/\\\x00]", "_", student)
    if name != student or len(name.encode()) > LONGEST or name.startswith("."):
        mark = hashlib.sha256(student.encode()).hexdigest()[:8]
        name = f"{name.encode()[:LONGEST].decode(errors='ignore').lstrip('.')}-{mark}"
    return f"{name}{ending}"
