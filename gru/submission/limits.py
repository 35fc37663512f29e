"""How long and how large a submission may be, where nothing else is said.

Only numbers, so that the command line can show them before anything is loaded.
"""

from dataclasses import dataclass

TIME_LIMIT = 10.0
"""Seconds for one call into a submission, the import of its file included."""

CALLS_IN_ALL = 12
"""How many time limits all calls together may take, unless it is said otherwise."""

MEMORY_LIMIT = 512
"""Mebibytes of address space. Python with NumPy takes about 100, with parts of SciPy 200; a gigabyte is too much."""

MOST_TRIALS = 100_000
"""How often a file in another API is tried before it is said that nothing drives it. Functions that are given many
arrays take some ten thousand: shapes of these, times layouts of what is given and answered."""

TRIALS_A_SIGN = 16
"""How many of these are made between two signs that the search goes on: each has the time of a call."""

LEAST_MEMORY = 192
"""The fewest mebibytes with which a worker starts, with some to spare."""

MOST_MEMORY = 2**24
"""Mebibytes that can be asked for: 16 TiB, more than any machine has."""

START_LIMIT = 60.0
"""Seconds until Python has loaded NumPy; a machine that takes longer has other troubles."""

LARGEST_FILE = 16 * 2**20
"""Bytes of a file of a submission: more than any notebook with its pictures, less than a bomb."""


@dataclass(frozen=True)
class Limits:
    """How long and how large one submission may be.

    Attributes:
        time: Seconds for one call.
        whole: Seconds for all calls together.
        memory: Mebibytes of address space.
    """

    time: float
    whole: float
    memory: int
