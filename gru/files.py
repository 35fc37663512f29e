"""Files that a person names: read whole, and only where they are regular files that have an end.

Standard library only.
"""

import errno
import os
import stat
from pathlib import Path

NOTEBOOK = ".ipynb"
"""How the name of a notebook ends."""

LARGEST = 64 * 2**20
"""Bytes of a file that is read whole: more than any rubric, roster or model of this project has."""


def read_whole(path: Path) -> bytes:
    """The bytes of a file. A pipe, a device or a folder is not waited for.

    Raises:
        OSError: Where it cannot be read, is no regular file, or is larger than `LARGEST`.
    """
    # Opening a pipe would wait for somebody who writes into it.
    with os.fdopen(
        os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb"
    ) as file:
        status = os.fstat(file.fileno())
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise OSError(errno.EFBIG, f"it is larger than {LARGEST // 2**20} MiB", str(path))
    return data
