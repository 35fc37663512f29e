"""The frames on the pipe: what goes in comes out, and nothing is taken over that was not asked for."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from gru.examiner.judging.reference import Reference
from gru.layer import Sizes
from gru.layers.gru.cell import GRUCell
from gru.problem import Problem, Specification, draw, find
from gru.strategies import problems
from gru.submission.recording import arrays_of, request_of
from gru.submission.worker.exercise import exercise
from gru.submission.worker.protocol import (
    LENGTHS,
    MAX_HEADER,
    USES,
    ProtocolError,
    pack,
    pack_answer,
    read_answer,
    read_arrays,
    read_call,
    read_header,
)

MATRICES = npst.arrays(
    st.sampled_from([np.float32, np.float64]),
    npst.array_shapes(min_dims=2, max_dims=3, max_side=4),
    elements=st.floats(width=32),
)


def reader(data: bytes) -> Callable[[int], bytes]:
    """Reads from these bytes, and fails like a pipe where there are no more."""
    left = bytearray(data)

    def read(count: int) -> bytes:
        if len(left) < count:
            raise EOFError
        taken = bytes(left[:count])
        del left[:count]
        return taken

    return read


def kind(array: Any) -> str:
    return f"f{array.dtype.itemsize}"


@given(arrays=st.lists(MATRICES, max_size=4))
def test_arrays_arrive_bit_for_bit(arrays: list[Any]) -> None:
    read = reader(pack({"kind": "job", "id": "0:0"}, arrays))
    header, length = read_header(read)
    assert header == {"kind": "job", "id": "0:0"}
    arrived = read_arrays(read, length, [(kind(array), array.shape) for array in arrays])
    for sent, got in zip(arrays, arrived, strict=True):
        assert got.dtype == sent.dtype
        assert got.tobytes() == sent.tobytes()
        assert got.flags.writeable


@given(array=MATRICES, off=st.sampled_from([-8, -4, -1, 1, 4, 8, 2**60]))
def test_a_frame_of_another_length_is_refused_before_anything_is_read(array: Any, off: int) -> None:
    def read(count: int) -> bytes:
        raise AssertionError(f"{count} bytes were read")

    with pytest.raises(ProtocolError, match="bytes of arrays; expected"):
        read_arrays(read, array.nbytes + off, [(kind(array), array.shape)])


@given(data=st.binary(max_size=64))
def test_noise_is_no_frame(data: bytes) -> None:
    with pytest.raises((ProtocolError, EOFError)):
        read_header(reader(data))


@pytest.mark.parametrize(
    "text",
    [b"[]", b"{}", b'{"kind": 3}', b"\xff", b"{", b"[" * 10_000, b'{"kind": "job"' + b" " * MAX_HEADER + b"}"],
    ids=["a list", "no kind", "a number", "no text", "no end", "nested deep", "too long"],
)
def test_a_header_that_is_none_is_refused(text: bytes) -> None:
    with pytest.raises(ProtocolError, match="header"):
        read_header(reader(LENGTHS.pack(len(text), 0) + text))


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"where": "import", "step": 3},
        {"where": "import", "step": -1},
        {"where": "import", "step": True},
        {"where": "import", "step": 0.0},
        {"where": "eval", "step": 0},
        {"where": ["forward"], "step": 0},
    ],
)
def test_a_call_that_was_not_asked_for_is_refused(header: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        read_call(header, 3)


# An answer


def answer_to(problem: Problem, uses: int = 1) -> tuple[dict[str, Any], dict[str, Any]]:
    """A job as it goes over the pipe, and a right cell's answer to it."""
    job = Reference(problem).job(uses)
    request = request_of(job)
    return request, exercise(GRUCell, request, arrays_of(job))


def received(frame: bytes, request: dict[str, Any]) -> dict[str, Any]:
    read = reader(frame)
    header, length = read_header(read)
    return read_answer(read, header, length, request)


def test_a_worker_is_told_neither_the_seed_nor_what_is_asked_with_a_problem() -> None:
    job = Reference(draw(Specification(Sizes(1, 1, 1, 1)), "424242:units")).job()
    assert job.id.startswith("424242:units")
    request = json.dumps(dict(request_of(job)), default=dict)
    assert "424242" not in request
    assert "units" not in request


@given(problem=problems(), uses=st.integers(1, 2))
def test_an_answer_arrives_as_it_was_given(problem: Problem, uses: int) -> None:
    request, answer = answer_to(problem, uses)
    arrived = received(pack_answer(request["id"], answer), request)
    assert arrived.keys() == answer.keys()
    for sent, got in zip(answer["uses"], arrived["uses"], strict=True):
        for part in USES:
            assert sent[part].keys() == got[part].keys()
            for name, value in sent[part].items():
                np.testing.assert_array_equal(got[part][name], value)


REQUEST, ANSWER = answer_to(find("2,3,4,3/ordinary/float64/0"))
FRAME = pack_answer(REQUEST["id"], ANSWER)


def changed(change: Callable[[dict[str, Any]], Any]) -> bytes:
    """The frame of the answer with something else in its header."""
    header_length, arrays_length = LENGTHS.unpack(FRAME[: LENGTHS.size])
    start = LENGTHS.size + header_length
    header = json.loads(FRAME[LENGTHS.size : start])
    header["uses"] = [
        {part: dict.fromkeys(ANSWER["uses"][0][part], dtype) for part, dtype in use.items()} for use in header["uses"]
    ]
    change(header)
    text = json.dumps(header).encode("ascii")
    return LENGTHS.pack(len(text), arrays_length) + text + FRAME[start:]


def test_the_frame_that_nothing_was_changed_in_is_taken() -> None:
    assert received(changed(lambda header: None), REQUEST)["raised"] is None


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda h: h.update(uses=[]), id="no use"),
        pytest.param(lambda h: h.update(uses=h["uses"] * 2), id="a use too many"),
        pytest.param(lambda h: h.update(uses=None), id="uses that are none"),
        pytest.param(lambda h: h.update(uses=[3]), id="a use that is a number"),
        pytest.param(lambda h: h["uses"][0].update(backward="O"), id="nothing but objects"),
        pytest.param(lambda h: h["uses"][0].update(backward={}), id="no backward"),
        pytest.param(lambda h: h["uses"][0]["backward"].pop("dh"), id="a name less"),
        pytest.param(lambda h: h["uses"][0]["backward"].update(verdict="f8"), id="a name more"),
        pytest.param(lambda h: h["uses"][0]["backward"].update(dh="f4"), id="another dtype"),
        pytest.param(lambda h: h["uses"][0]["backward"].update(dh="O"), id="objects"),
        pytest.param(lambda h: h["uses"][0]["backward"].update(dh={"text": 3, "kind": "other"}), id="no text"),
        pytest.param(lambda h: h["uses"][0]["backward"].update(dh={"text": ""}), id="half a description"),
        pytest.param(lambda h: h["uses"][0]["backward"].update(dh={"text": "", "kind": "absent"}), id="an array left"),
        pytest.param(lambda h: h["uses"][0].update(backward_later={}), id="nothing shown later"),
        pytest.param(lambda h: h["uses"][0].update(arguments={}), id="no arguments"),
        pytest.param(lambda h: h["uses"][0]["arguments"].pop("W"), id="an argument less"),
        pytest.param(lambda h: h["uses"][0]["arguments"].update(W=[]), id="an argument that is a list"),
        pytest.param(lambda h: h.update(raised="ValueError"), id="an exception that is a text"),
        pytest.param(lambda h: h.update(raised={"type": "E", "message": ""}), id="an exception from nowhere"),
        pytest.param(
            lambda h: h.update(raised={"type": "E", "message": "", "where": "forward", "step": 9}), id="no such step"
        ),
        pytest.param(
            lambda h: h.update(raised={"type": "E", "message": "", "where": "forward", "step": 0, "line": -1}),
            id="no such line",
        ),
        pytest.param(lambda h: h.update(left=["dwr"]), id="names without texts"),
        pytest.param(lambda h: h.update(left={"dwr": 3}), id="a number for a text"),
        pytest.param(lambda h: h.update(left={"verdict": "right"}), id="something left of nothing"),
        pytest.param(lambda h: h.update(split=[]), id="a split that is a list"),
        pytest.param(lambda h: h.update(again={}), id="a second backward pass of nothing"),
    ],
)
def test_an_answer_that_is_none_is_refused(change: Callable[[dict[str, Any]], Any]) -> None:
    with pytest.raises(ProtocolError):
        received(changed(change), REQUEST)
