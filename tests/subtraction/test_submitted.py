"""A submission's cells as a sequence: the same numbers as our own, and every failure is told."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru.layers.gru.sequence import GRUSequence
from gru.submission.contract import CellError, SubmissionFailure
from gru.submission.process import SubmissionProcess
from gru.subtraction.submitted import SubmittedSequence
from tests.verification.slopes import EPS, EVALUATION, rounded

EXAMPLES = Path(__file__).parents[2] / "examples" / "submissions"

LARGE = 200
"""A hidden size at which W does not fit into a pipe at once: 960 kB."""


@pytest.fixture(scope="module")
def right() -> Iterator[SubmissionProcess]:
    with SubmissionProcess(EXAMPLES / "right.py", whole_limit=float("inf")) as process:
        yield process


def example(batch: int, inputs: int, hidden: int, steps: int, seed: int) -> tuple[list[Any], Any]:
    """What forward is given, x, h_0, W and U; and what backward is."""
    rng = np.random.default_rng(seed)
    shapes = (steps, batch, inputs), (batch, hidden), (3 * hidden, hidden), (3 * inputs, hidden)
    return [rng.normal(size=shape) / hidden for shape in shapes], rng.normal(size=(steps, batch, hidden))


def check_equal(process: SubmissionProcess, batch: int, inputs: int, hidden: int, steps: int, seed: int) -> None:
    """What goes over the pipe is what our own cells compute, but for what rounding may do to each of them."""
    arguments, upstream = example(batch, inputs, hidden, steps, seed)
    submitted, own = SubmittedSequence(process, inputs, hidden), GRUSequence(inputs, hidden)
    its_states, our_states = submitted.forward(*arguments), own.forward(*arguments)
    its, ours = submitted.backward(upstream), own.backward(upstream)
    of_a_state, of_a_gradient = rounding(arguments, upstream)
    assert np.abs(its_states - our_states).max() <= 2 * of_a_state
    for name in ("dW", "dU"):
        assert np.abs(getattr(its, name) - getattr(ours, name)).max() <= 2 * of_a_gradient


def rounding(arguments: list[Any], upstream: Any) -> tuple[float, float]:
    """By how much a computed state and an entry of a gradient may be off.

    A state by less than the loss is that adds all of them up. An entry of W or U moves a pre-activation by no more
    than the largest state or input; a gradient is as many roundings as `operations` of what that makes of the loss.
    """
    sizes = [np.abs(argument) for argument in arguments]
    steps, _, hidden = upstream.shape
    operations = steps * (arguments[0].shape[-1] + 2 * hidden + 5 * EVALUATION)
    largest = max(1.0, float(sizes[0].max()), float(sizes[1].max()))
    of_the_loss = EPS * rounded(*sizes, upstream=upstream)
    return EPS * rounded(*sizes, upstream=np.ones_like(upstream)), operations * largest * of_the_loss


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 5), st.integers(1, 6), st.integers(0, 2**32))
def test_a_right_submission_gives_what_our_own_cells_give(
    right: SubmissionProcess, batch: int, inputs: int, hidden: int, steps: int, seed: int
) -> None:
    check_equal(right, batch, inputs, hidden, steps, seed)


def test_large_messages_go_over_too(right: SubmissionProcess) -> None:
    check_equal(right, 3, 2, LARGE, 2, 0)


def process_of(tmp_path: Path, *body: str, **limits: Any) -> SubmissionProcess:
    file = tmp_path / "cell.py"
    lines = ("import time", "class GRUCell:", "    def __init__(self, a, b): pass", *("    " + line for line in body))
    file.write_text("\n".join(lines), encoding="utf-8")
    return SubmissionProcess(file, **limits)


def forward(process: SubmissionProcess) -> Any:
    return SubmittedSequence(process, 2, 3).forward(*example(1, 2, 3, 4, 0)[0])


def test_a_call_that_does_not_end_is_ended(tmp_path: Path) -> None:
    with process_of(tmp_path, "def forward(self, x, h_p, W, U): time.sleep(60)", time_limit=2) as process:
        with pytest.raises(SubmissionFailure, match=r"forward took more than 2 s") as failure:
            forward(process)
        assert failure.value.reason == "timed_out"
        with pytest.raises(SubmissionFailure, match="forward took more"):
            forward(process)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("def forward(self, x, h_p, W, U): x / None", r"forward raised TypeError: unsupported .* \(step 1, line 4\)"),
        (
            "def forward(self, x, h_p, W, U): self.h = h_p[0]",
            r"h is float64 of shape \(3,\); expected an array of shape",
        ),
        ("def forward(self, x, h_p, W, U): pass", "forward raised AttributeError"),
        ("def forward(self, x, h_p, W, U): raise SystemExit", "forward raised SystemExit"),
    ],
)
def test_what_a_cell_raises_is_told_with_its_line(body: str, message: str, tmp_path: Path) -> None:
    with process_of(tmp_path, body) as process, pytest.raises(CellError, match=message):
        forward(process)


def test_an_answer_of_another_size_is_no_answer(right: SubmissionProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    unroll: Callable[..., Any] = right.unroll
    arguments, _ = example(1, 2, 3, 4, 0)
    monkeypatch.setattr(right._asking, "failure", None)
    monkeypatch.setattr(right, "unroll", lambda sizes, arrays, expected: unroll(sizes, arrays, [(4, 1, 30)]))
    with pytest.raises(SubmissionFailure, match="96 bytes of arrays; expected 960"):
        SubmittedSequence(right, 2, 3).forward(*arguments)
    monkeypatch.undo()
    check_equal(right, 1, 2, 3, 4, 0)


def test_after_an_interruption_the_process_starts_anew(
    right: SubmissionProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(right._listener, "frame", interrupt)
    with pytest.raises(KeyboardInterrupt):
        forward(right)
    monkeypatch.undo()
    check_equal(right, 2, 2, 3, 4, 1)
