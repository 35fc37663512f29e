"""The frames on the pipes between the examining process and a worker, for both sides.

Standard library and NumPy only. A frame is two lengths, a
small JSON header and raw little-endian arrays. Nothing is ever unpickled, and nothing is allocated
that the reader did not itself expect.
"""

import json
import math
import struct
from collections.abc import Callable, Collection, Iterable
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeVar

import numpy as np

R = TypeVar("R", bound=str)

Read = Callable[[int], bytes]
"""Reads exactly so many bytes. Raises EOFError where there are not so many."""

LENGTHS = struct.Struct("<IQ")
"""How a frame begins: the bytes of its header, the bytes of its arrays."""

MAX_HEADER = 2**18
"""The longest header, in bytes. An answer's largest, a hundred descriptions of 300 characters, is below."""

DTYPES: dict[str, np.dtype[Any]] = {"f4": np.dtype("<f4"), "f8": np.dtype("<f8")}
"""What an array on the pipe can be."""

DESCRIBED = ("absent", "none", "array", "sequence", "part", "unreadable", "other")
"""What can be there in place of an array that was asked for: nothing; None; an array of another shape or dtype; a list
or a tuple; one of another number of blocks; what cannot be read; anything else."""

_DOUBLE = DTYPES["f8"]
"""What nearly all arrays are, where this machine's own are little-endian: these go over as they are."""

_KINDS = {dtype.itemsize: kind for kind, dtype in DTYPES.items()}

USES: dict[str, tuple[str, ...]] = {
    "forward": ("kept", "forward"),
    "forward_later": ("kept", "forward"),
    "backward": ("kept", "forward", "gradients"),
    "backward_later": ("kept", "forward", "gradients"),
    "arguments": ("arguments",),
}
"""The parts of an answer about one use, in their order, and the groups of names that each holds values of."""

CALLS = ("import", "forward", "backward", "split_params")
"""What a worker can be doing for a submission, beside making a cell: that is told by the name of the class."""

COUNTS = ("forward", "backward", "calls")
"""What is counted of a job that asks for it: `counting.Counting.found`."""


class ProtocolError(Exception):
    """The other side sent something that is no frame, or not the frame that was expected."""


def pack(header: dict[str, Any], arrays: Iterable[Any] = ()) -> bytes:
    """A frame of this header and these arrays of float32 or float64."""
    text = json.dumps(header).encode("ascii")
    data = [a.tobytes() if a.dtype is _DOUBLE else np.asarray(a, DTYPES[kind_of(a)]).tobytes() for a in arrays]
    return b"".join((LENGTHS.pack(len(text), sum(map(len, data))), text, *data))


def kind_of(array: Any) -> str:
    """The key of an array's dtype in `DTYPES`."""
    return _KINDS[array.dtype.itemsize]


def header_in(data: bytes) -> dict[str, Any]:
    """The header in these bytes. Raises ProtocolError."""
    try:
        header = json.loads(data.decode("ascii"))
    except (ValueError, RecursionError) as error:
        raise ProtocolError("a header that is not JSON") from error
    if type(header) is not dict or type(header.get("kind")) is not str:
        raise ProtocolError("a header that names no kind of frame")
    return header


def read_header(read: Read, parse: Callable[[bytes], dict[str, Any]] = header_in) -> tuple[dict[str, Any], int]:
    """The header of the next frame, and how many bytes of arrays come after it; `parse` makes it of its bytes.

    Raises ProtocolError, and EOFError where there is no further frame.
    """
    header, arrays_length = read_head(read)
    return parse(header), arrays_length


def read_head(read: Read) -> tuple[bytes, int]:
    """As `read_header`, with the header as the bytes that it came in."""
    header_length, arrays_length = LENGTHS.unpack(read(LENGTHS.size))
    if header_length > MAX_HEADER:
        raise ProtocolError(f"a header of {header_length} bytes; at most {MAX_HEADER} are allowed")
    return read(header_length), arrays_length


def read_arrays(read: Read, length: int, expected: Iterable[tuple[str, tuple[int, ...]]]) -> list[Any]:
    """The arrays of the frame whose header was read, of these dtypes and shapes.

    They are parts of one buffer, and this machine's own. Raises ProtocolError where the frame's own `length` is
    another, before anything is allocated.
    """
    shapes = [(kind, shape, math.prod(shape)) for kind, shape in expected]
    total = sum(DTYPES[kind].itemsize * count for kind, _, count in shapes)
    if total != length:
        raise ProtocolError(f"{length} bytes of arrays; expected {total}")
    data, arrays, begin = bytearray(read(total) if total else b""), [], 0
    for kind, alike in groupby(shapes, key=itemgetter(0)):
        group, dtype = list(alike), DTYPES[kind]
        numbers = np.frombuffer(data, dtype, sum(count for _, _, count in group), begin)
        begin += numbers.nbytes
        # Behind an odd number of four-byte numbers, eight-byte numbers are not aligned.
        numbers, place = numbers.astype(dtype.type, copy=not numbers.flags.aligned), 0
        for _, shape, count in group:
            arrays.append(numbers[place : place + count].reshape(shape))
            place += count
    return arrays


def pack_answer(id: str, answer: dict[str, Any]) -> bytes:
    """The frame of an answer of `exercise`: what is an array becomes its dtype, and follows behind.

    Where all values of a part are arrays of one dtype, as nearly always, that dtype stands for them.
    """
    arrays: list[Any] = []

    def plain(shown: dict[str, Any] | None) -> dict[str, Any] | str | None:
        if shown is None:
            return None
        here = [value for value in shown.values() if type(value) is not dict]
        arrays.extend(here)
        sizes = {array.itemsize for array in here}
        if len(here) == len(shown) and len(sizes) == 1:
            return _KINDS[sizes.pop()]
        return {name: value if isinstance(value, dict) else kind_of(value) for name, value in shown.items()}

    uses = [{part: plain(use[part]) for part in USES} for use in answer["uses"]]
    values = {"uses": uses, "again": plain(answer["again"]), "split": plain(answer["split"])}
    return pack({"kind": "answer", "id": id, **answer, **values}, arrays)


def read_answer(read: Read, header: dict[str, Any], length: int, job: dict[str, Any]) -> dict[str, Any]:
    """The answer of `exercise` to `job` in the frame of this header. Raises ProtocolError.

    Every name, dtype and shape is expected from the job; nothing of the answer is taken over that
    was not asked for.
    """
    slots = _Slots(job)
    answer: dict[str, Any] = {
        "uses": slots.uses(header.get("uses")),
        "again": None if header.get("again") is None else slots.shown(header["again"], "gradients"),
        "split": slots.shown(header.get("split"), "split", may_be_empty=True, steps=False),
        "counted": read_counts(header.get("counted"), job),
        "left": slots.left(header.get("left")),
        "left_out": _names(header.get("left_out"), job["api"]["optional"]),
        "raised": _raised(header.get("raised"), job),
    }
    parts = [part for part in USES if slots.steps > 1 or not part.endswith("later")]
    complete = len(answer["uses"]) == job["uses"] and all(use[part] for use in answer["uses"] for part in parts)
    if answer["raised"] is None and not complete:
        raise ProtocolError("an answer that lacks a use, or a part of one")
    slots.fill(read_arrays(read, length, slots.expected))
    return answer


def most_in_answer(job: dict[str, Any]) -> int:
    """The bytes of all arrays of an answer to `job` that shows everything, in double precision."""
    numbers = {group: sum(map(math.prod, shapes.values())) for group, shapes in job["shapes"].items()}
    in_a_use = sum(numbers[group] for part in USES.values() for group in part)
    at_a_step = job["uses"] * in_a_use + numbers["gradients"]
    return int(DTYPES["f8"].itemsize * (job["sizes"][3] * at_a_step + numbers["split"]))


class _Slots:
    """The places in an answer that an array belongs in, in the order in which the arrays come."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.job = job
        self.steps = job["sizes"][3]
        self.expected: list[tuple[str, tuple[int, ...]]] = []
        self._places: list[tuple[dict[str, Any], str]] = []
        self._known: dict[tuple[str, ...], dict[str, tuple[int, ...]]] = {}

    def uses(self, uses: Any) -> list[dict[str, Any]]:
        if type(uses) is not list or len(uses) > self.job["uses"]:
            raise ProtocolError("an answer with another number of uses")
        return [self._use(use) for use in uses]

    def _use(self, use: Any) -> dict[str, Any]:
        if type(use) is not dict:
            raise ProtocolError("a use that is no object")
        return {part: self.shown(use.get(part), *USES[part], may_be_empty=part != "forward") for part in USES}

    def shown(self, given: Any, *groups: str, may_be_empty: bool = False, steps: bool = True) -> dict[str, Any]:
        """The values under the names of these groups: a description, or a place for an array."""
        if may_be_empty and given == {}:
            return {}
        shapes = self._shapes(*groups, steps=steps)
        if type(given) is str and given in DTYPES:
            given = dict.fromkeys(shapes, given)
        if type(given) is not dict or given.keys() != shapes.keys():
            raise ProtocolError("an answer with other names than were asked for")
        shown: dict[str, Any] = {}
        for name, value in given.items():
            if type(value) is str and value in DTYPES:
                self.expected.append((value, shapes[name]))
                self._places.append((shown, name))
                shown[name] = None
            else:
                shown[name] = _description(value)
        return shown

    def left(self, given: Any) -> dict[str, str]:
        """Texts by name, on what was left by a call that raised."""
        if type(given) is not dict or not all(type(text) is str for text in given.values()):
            raise ProtocolError("something else where texts were expected")
        _names(list(given), self._shapes("kept", "forward", "gradients"))
        return given

    def fill(self, arrays: list[Any]) -> None:
        for (shown, name), array in zip(self._places, arrays, strict=True):
            shown[name] = array

    def _shapes(self, *groups: str, steps: bool = True) -> dict[str, tuple[int, ...]]:
        """The shapes of what these groups hold, most of them at every step; several parts of an answer ask."""
        if groups not in self._known:
            before = (self.steps,) if steps else ()
            held = (at for group in groups for at in self.job["shapes"][group].items())
            self._known[groups] = {name: (*before, *shape) for name, shape in held}
        return self._known[groups]


def _description(value: Any) -> dict[str, Any]:
    if type(value) is not dict or type(value.get("text")) is not str or value.get("kind") not in DESCRIBED:
        raise ProtocolError("a value that is neither an array nor a description")
    return {"kind": value["kind"], "text": value["text"]}


def _names(given: Any, known: Iterable[str]) -> list[str]:
    if type(given) is not list or not all(type(name) is str for name in given):
        raise ProtocolError("something else where names were expected")
    if not set(given) <= set(known) or len(set(given)) != len(given):
        raise ProtocolError("names that were not asked for")
    return given


def read_counts(given: Any, job: dict[str, Any]) -> dict[str, int] | None:
    """The counts, where a job asks for them and came as far as counting. Raises ProtocolError."""
    if given is None:
        return None
    if not job.get("most") or type(given) is not dict or given.keys() != set(COUNTS):
        raise ProtocolError("counts that were not asked for")
    if not all(type(count) is int and 0 <= count < 2**31 for count in given.values()):
        raise ProtocolError("something else where counts were expected")
    return given


def _raised(given: Any, job: dict[str, Any]) -> dict[str, Any] | None:
    if given is None:
        return None
    if type(given) is not dict or not all(type(given.get(key)) is str for key in ("type", "message")):
        raise ProtocolError("an exception without a type or a message")
    where, step = read_call(given, job["sizes"][3], job["api"]["cell"])
    line = given.get("line")
    if line is not None and (type(line) is not int or not 0 < line < 2**31):
        raise ProtocolError("an exception from a line without a number")
    file = given.get("file")
    if file is not None and type(file) is not str:
        raise ProtocolError("an exception from a file without a name")
    lacks = given.get("lacks")
    if lacks is not None and type(lacks) is not str:
        raise ProtocolError("an exception that lacks something without a name")
    told = {"type": given["type"], "message": given["message"], "lacks": lacks, "line": line, "file": file}
    return {"where": where, "step": step, **told}


def read_values(
    read: Read,
    header: dict[str, Any],
    length: int,
    job: dict[str, Any],
    expected: Iterable[tuple[str, tuple[int, ...]]],
) -> list[Any] | dict[str, Any]:
    """The answer of `unrolled` to `job` in the frame of this header: arrays as expected, or what was raised instead.

    Raises ProtocolError.
    """
    raised = _raised(header.get("raised"), job)
    arrays = read_arrays(read, length, () if raised else expected)
    return raised or arrays


def read_refusal(header: dict[str, Any], reasons: Collection[R]) -> tuple[R, str | dict[str, Any]]:
    """Why there is nothing to examine: one of the `reasons`, and a text or what was raised. Raises ProtocolError."""
    reason = next((known for known in reasons if known == header.get("reason")), None)
    if reason is None:
        raise ProtocolError("a refusal for an unknown reason")
    raised = _raised(header.get("raised"), {"sizes": (0, 0, 0, 1), "api": {"cell": ""}})
    said = raised or header.get("text")
    if not isinstance(said, (str, dict)):
        raise ProtocolError("a refusal without a text")
    return reason, said


def read_call(header: dict[str, Any], steps: int, cell: str = "") -> tuple[str, int]:
    """The call that a header names: what is called, and at which of so many steps. Raises ProtocolError.

    `cell` is the name of the class.
    """
    where, step = header.get("where"), header.get("step")
    if type(where) is not str or where not in (*CALLS, cell) or type(step) is not int or not 0 <= step < steps:
        raise ProtocolError("a call that was not asked for")
    return where, step
