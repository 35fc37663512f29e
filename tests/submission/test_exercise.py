"""What is done with a cell on one problem: the chapter's calls in the chapter's order, and what they leave."""

import warnings
from typing import Any

import numpy as np
import pytest

from gru.examiner.judging.reference import Reference
from gru.layers.gru.cell import GRUCell
from gru.layers.gru.forms import CHAPTER
from gru.problem import find
from gru.submission.contract import Layout, Recording
from gru.submission.recording import arrays_of, recording_of, request_of
from gru.submission.worker.exercise import exercise

Array = Any

REFERENCE = Reference(find("2,3,4,3/ordinary/float64/0"))


def exercised(cell: Any, uses: int = 1, layout: Layout = "plain", **options: Any) -> dict[str, Any]:
    job = REFERENCE.job(uses)
    return exercise(cell, request_of(job) | {"layout": layout}, arrays_of(job), **options)


def recorded(cell: Any) -> Recording:
    """What the examining process makes of an answer."""
    return recording_of(REFERENCE.job(), exercised(cell))


def test_the_calls_are_those_of_the_chapters_network() -> None:
    calls: list[tuple[str, int]] = []
    exercised(GRUCell, before_call=lambda where, step: calls.append((where, step)))
    expected = [("GRUCell", step) for step in range(3)] + [("forward", step) for step in range(3)]
    expected += [("backward", step) for step in (2, 1, 0)] + [("split_params", 0)] * 2
    assert calls == expected


def test_a_cell_is_used_again_as_often_as_asked_and_then_goes_back_once_more() -> None:
    answer = exercised(GRUCell, uses=2)
    assert len(answer["uses"]) == 2
    assert answer["again"].keys() == set(CHAPTER.shown_backward)
    assert exercised(GRUCell)["again"] is None


def test_a_job_that_goes_on_has_the_cells_of_the_job_before() -> None:
    made: list[GRUCell] = []

    class Counts(GRUCell):
        def __init__(self, input_size: int, hidden_size: int) -> None:
            super().__init__(input_size, hidden_size)
            made.append(self)

    kept: list[Any] = []
    exercised(Counts, kept=kept)
    assert kept == made
    job = REFERENCE.job()
    answer = exercise(Counts, request_of(job) | {"goes_on": True}, arrays_of(job), kept=kept)
    assert answer["raised"] is None
    assert len(made) == 3
    exercised(Counts, kept=kept)
    assert len(made) == 6


def test_every_step_is_given_the_true_state_and_the_true_delta() -> None:
    given: list[tuple[Array, ...]] = []

    class Listens(GRUCell):
        def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> Array:
            given.append((x, h_p, W, U))
            super().forward(x, h_p, W, U)
            self.h = 0 * self.h
            return self.h

    exercised(Listens)
    at = REFERENCE.given
    for step, (x, h_p, W, U) in enumerate(given):
        np.testing.assert_array_equal(x, at["x"][step])
        np.testing.assert_array_equal(h_p, at["h_p"][step])
        assert W is given[0][2]
        assert U is given[0][3]


@pytest.mark.parametrize(
    ("layout", "flags"),
    [("read-only", (False, True, False)), ("fortran", (True, False, True)), ("strided", (True, False, False))],
)
def test_arguments_lie_in_memory_as_asked(layout: Layout, flags: tuple[bool, bool, bool]) -> None:
    seen: list[Array] = []

    class Listens(GRUCell):
        def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> Array:
            seen.extend((x, h_p, W, U))
            return super().forward(x, h_p, W, U)

    answer = exercised(Listens, layout=layout)
    assert {(a.flags.writeable, a.flags.c_contiguous, a.flags.f_contiguous) for a in seen} == {flags}
    np.testing.assert_allclose(
        answer["uses"][0]["backward"]["dx"], exercised(GRUCell)["uses"][0]["backward"]["dx"], rtol=1e-12
    )


@pytest.mark.parametrize("name", ["x", "h_p", "in_grad", "W", "U"])
def test_an_argument_that_was_changed_is_named(name: str) -> None:
    class Changes(GRUCell):
        def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> Array:
            state = super().forward(x, h_p, W, U)
            at = {"x": x, "W": W, "U": U, "h_p": h_p}
            if name in at:
                at[name][0, 0] += 1
            return state

        def backward(self, h_p: Array, in_grad: Array) -> None:
            super().backward(h_p, in_grad)
            if name == "in_grad":
                in_grad[0, 0] += 1

    assert recorded(Changes).changed_arguments == (name,)


def test_an_argument_that_was_changed_to_itself_is_not_named() -> None:
    class Rewrites(GRUCell):
        def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> Array:
            x[:] = x.copy()
            return super().forward(x, h_p, W, U)

    assert recorded(Rewrites).changed_arguments == ()


@pytest.mark.parametrize("change", ["x.shape = (x.size,)", "x.dtype = np.int64", "x.resize(7, refcheck=False)"])
def test_an_argument_of_another_shape_or_dtype_is_named(change: str) -> None:
    class Reshapes(GRUCell):
        def backward(self, h_p: Array, in_grad: Array) -> None:
            super().backward(h_p, in_grad)
            with warnings.catch_warnings(action="ignore"):
                exec(change, {"np": np, "x": in_grad})

    assert recorded(Reshapes).changed_arguments == ("in_grad",)


def test_what_another_cell_changes_later_is_named() -> None:
    class Shares(GRUCell):
        shared: Array = np.zeros((2, 4))

        def backward(self, h_p: Array, in_grad: Array) -> None:
            super().backward(h_p, in_grad)
            self.shared[:] = self.dh
            self.dh = self.shared

    assert recorded(Shares).uses[0].changed_later == ("dh",)


def test_what_is_shown_is_a_private_copy() -> None:
    kept: list[Array] = []

    class Keeps(GRUCell):
        def backward(self, h_p: Array, in_grad: Array) -> None:
            super().backward(h_p, in_grad)
            kept.append(self.dh)

    answer = exercised(Keeps)
    before = answer["uses"][0]["backward"]["dh"].copy()
    for array in kept:
        array[:] = 0
    np.testing.assert_array_equal(answer["uses"][0]["backward"]["dh"], before)


class Liar(np.ndarray[Any, Any]):
    """An array that answers as it likes to everything that is asked of it."""

    shape = property(lambda self: (2, 4))  # type: ignore[assignment]
    dtype = property(lambda self: np.dtype(float))  # type: ignore[assignment]

    def __eq__(self, other: object) -> Any:
        return True

    def __array_ufunc__(self, *args: Any, **options: Any) -> Any:
        return 0


def test_an_array_is_asked_for_its_shape_by_numpy_itself() -> None:
    class Shows(GRUCell):
        def backward(self, h_p: Array, in_grad: Array) -> None:
            super().backward(h_p, in_grad)
            self.dh = np.zeros((1, 1)).view(Liar)

    shown = exercised(Shows)["uses"][0]["backward"]["dh"]
    assert shown == {"kind": "array", "text": "an array of float64 of shape (1, 1)"}


def test_a_property_that_raises_is_told() -> None:
    class Hides(GRUCell):
        @property
        def x(self) -> Array:
            raise ZeroDivisionError("no")

        @x.setter
        def x(self, value: Array) -> None:
            vars(self)["own"] = value

        def backward(self, h_p: Array, in_grad: Array) -> None:
            self.dh = in_grad

    shown = exercised(Hides)["uses"][0]["forward"]["x"]
    assert shown == {"kind": "unreadable", "text": "unreadable: reading it raised ZeroDivisionError: no"}


def test_the_forward_values_stay_where_backward_raises() -> None:
    class Raises(GRUCell):
        def backward(self, h_p: Array, in_grad: Array) -> None:
            raise ValueError("no")

    answer = exercised(Raises, file=__file__)
    np.testing.assert_allclose(answer["uses"][0]["forward"]["h"], REFERENCE.forward["h"], rtol=0, atol=1e-13)
    assert answer["uses"][0]["backward"] == {}
    raised = answer["raised"]
    assert (raised["where"], raised["step"], raised["type"], raised["message"]) == ("backward", 2, "ValueError", "no")
    assert isinstance(raised["line"], int)


def test_an_array_of_another_shape_is_named_where_a_call_raises() -> None:
    class Outer(GRUCell):
        def merge_params(self) -> None:
            self.dwr = np.outer(self.dwr, self.dwr)
            self.dzz = [self.dzz]
            super().merge_params()

    answer = exercised(Outer)
    assert answer["raised"]["where"] == "backward"
    assert answer["left"] == {"dwr": "an array of float64 of shape (16, 16)"}
    assert exercised(GRUCell)["left"] == {}


def test_a_buffer_of_another_shape_is_not_what_a_formula_made() -> None:
    class ForOneSample(GRUCell):
        def __init__(self, input_size: int, hidden_size: int) -> None:
            super().__init__(input_size, hidden_size)
            self.z = np.zeros((1, hidden_size))

        def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> Array:
            self.z[:] = h_p
            return super().forward(x, h_p, W, U)

    answer = exercised(ForOneSample)
    assert answer["raised"]["where"] == "forward"
    assert answer["left"] == {}


@pytest.mark.parametrize(
    ("returned", "text"),
    [
        (lambda w, size: w, "one of more than 3 blocks"),
        (lambda w, size: (w[:size],), "one of 1 blocks; expected 3"),
        (lambda w, size: None, "lost: split_params raised TypeError"),
        (lambda w, size: iter(int, 1), "one of more than 3 blocks"),
    ],
    ids=["too many", "too few", "none", "without end"],
)
def test_blocks_that_are_not_three_are_told(returned: Any, text: str) -> None:
    class Splits(GRUCell):
        def split_params(self, w: Array, size: int) -> Any:
            return returned(w, size)

        def get_params(self, W: Array, U: Array) -> None:
            self.wz, self.wr, self.wn = np.split(W, 3)
            self.uz, self.ur, self.un = np.split(U, 3)

    shown = exercised(Splits)["split"]
    assert {name: text in description["text"] for name, description in shown.items()} == dict.fromkeys(shown, True)
