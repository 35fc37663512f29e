"""The names of the files that are written for a class."""

import hashlib

FILE = "gradebook.sqlite"
"""What the gradebook is called."""

LONGEST = 200
"""Bytes of a student's name that are taken for a file's; the most that file systems take is 255."""


def file_name(student: str, ending: str) -> str:
    """A file's name for something of a student: the student's own, so far as it can be one.

    It begins with no dot, which would hide it, and no dash, which a command would take for an option.
    """
    name = "".join("_" if c in "/\\" or not c.isprintable() else c for c in student)
    if name != student or len(name.encode()) > LONGEST or name.startswith((".", "-")):
        mark = hashlib.sha256(student.encode(errors="surrogatepass")).hexdigest()[:8]
        name = f"{name.encode()[:LONGEST].decode(errors='ignore').lstrip('.-')}-{mark}"
    return f"{name}{ending}"
