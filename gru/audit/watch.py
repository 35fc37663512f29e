"""What a teacher's tests give to a cell, and what they look at: written down by a right cell that they are run on.

The cell writes lines of JSON; nothing of them is run, and numbers in them are only put to cells of our own.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gru.audit.cells import Cell
from gru.calculus.functions import Array
from gru.layer import Form
from gru.submission.recording import api_of

MOST_USES = 40
"""Uses of a cell that are written down: enough to tell how the tests draw, where they draw again and again."""

MOST_NUMBERS = 20_000
"""Numbers in the arrays of one use that are written down; a use with more is left out."""

WATCHING = '''

class {cell}({cell}):
    """The same; it writes down what it is given, and what is looked at."""

    _file, _count, _names = {file!r}, [0], set()

    def __init__(self, input_size, hidden_size):
        self._inside, self._given = True, None
        super().__init__(input_size, hidden_size)
        self._inside = False

    def __getattribute__(self, name):
        get = super().__getattribute__
        if name in {shown!r} and not get("_inside") and name not in get("_names"):
            get("_names").add(name)
            get("_write")({{"looked_at": name}})
        return get(name)

    def _write(self, line):
        import json

        with open(self._file, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + chr(10))

    def forward(self, *arguments, **named):
        self._inside = True
        self._given = [np.array(a).tolist() for a in (*arguments, *named.values())]
        try:
            return super().forward(*arguments, **named)
        finally:
            self._inside = False

    def backward(self, *arguments, **named):
        self._inside = True
        given = [np.array(a).tolist() for a in (*arguments, *named.values())]
        size = sum(np.size(a) for a in (self._given or []) + given)
        if self._count[0] < {uses} and size <= {numbers}:
            self._count[0] += 1
            self._write({{"forward": self._given, "backward": given}})
        try:
            return super().backward(*arguments, **named)
        finally:
            self._inside = False
'''


@dataclass(frozen=True)
class Use:
    """One use of a cell: the arguments of `forward`, and then those of `backward`, by name."""

    forward: Mapping[str, Array]
    backward: Mapping[str, Array]

    @property
    def arrays(self) -> dict[str, Array]:
        """All arguments of both."""
        return {**self.forward, **self.backward}


@dataclass(frozen=True)
class Watched:
    """What was written down: each use, and the attributes that were looked at."""

    uses: tuple[Use, ...]
    looked_at: frozenset[str]


def watching(cell: Cell, form: Form, file: Path) -> str:
    """The source of a cell that writes down in `file` what is done with it."""
    shown = (*form.shown_forward, *form.shown_backward)
    return cell.source + WATCHING.format(
        cell=form.layer.cell, file=str(file), shown=frozenset(shown), uses=MOST_USES, numbers=MOST_NUMBERS
    )


def read(file: Path, form: Form) -> Watched:
    """What such a cell has written down. Lines that are none of its own are left out."""
    api = api_of(form)
    uses, looked_at = [], set()
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines() if file.exists() else []
    for line in lines:
        try:
            said: Any = json.loads(line)
            if "looked_at" in said:
                looked_at.add(str(said["looked_at"]))
            elif said["forward"] is not None:
                given = [_named(api[method], said[method]) for method in ("forward", "backward")]
                uses.append(Use(*given))
        except (ValueError, TypeError, KeyError):
            continue
    return Watched(tuple(use for use in uses if _fits(use, form)), frozenset(looked_at))


def _named(names: Sequence[str], arrays: Sequence[Any]) -> dict[str, Array]:
    return {name: np.asarray(array, float) for name, array in zip(names, arrays, strict=True)}


def _fits(use: Use, form: Form) -> bool:
    """Whether a cell can be put to this use again: every argument is a matrix."""
    return all(array.ndim == 2 and array.size for array in use.arrays.values())
