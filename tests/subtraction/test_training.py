"""Training: how it goes, how it ends, and that nothing of it is lost."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gru.layers.gru.cell import GRUCell
from gru.layers.gru.sequence import GRUSequence
from gru.subtraction import demonstration
from gru.subtraction.check import CHECK_TASK, learn
from gru.subtraction.data import TaskError
from gru.subtraction.demonstration import Run, Task, run, run_many, run_until_reached, starts_that_reach
from gru.subtraction.model import GRU, LSTM, Architecture
from gru.subtraction.training import Progress, Setting

Array = Any

SHORT = Task(setting=Setting(epochs=3, loss=0))


def of_cells(cell: type) -> Architecture:
    return replace(GRU, sequence=lambda inputs, hidden: GRUSequence(inputs, hidden, cell))


def test_the_defaults_are_the_chapters() -> None:
    assert Task() == Task(bits=4, hidden=4, setting=Setting(batch=1, rate=0.1, epochs=100, optimiser="sgd"))


@pytest.mark.full
def test_the_history_has_every_iteration_and_every_epoch(chapter: Run) -> None:
    history = chapter.history
    assert history.iterations_per_epoch == 110
    assert history.losses.shape == (110 * history.epochs,)
    assert history.accuracies.shape == (history.epochs,)
    assert history.losses[:110].mean() > history.losses[-110:].mean()


def test_the_same_seed_gives_the_same_run_and_another_seed_another() -> None:
    one, same, other = (run(replace(SHORT, seed=seed)).history.losses for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_what_is_held_out_is_not_trained_on(chapter: Run) -> None:
    def as_set(samples: Any) -> set[bytes]:
        return {sample.tobytes() for sample in samples.inputs}

    training, validation, test = map(as_set, chapter.parts)
    assert len(training | validation | test) == 136 == len(training) + len(validation) + len(test)


@given(st.integers(0, 1000), st.integers(1, 3), st.sampled_from([GRU, LSTM]), st.integers(1, 4))
@settings(max_examples=8)
def test_starts_trained_at_once_go_as_each_alone(seed: int, count: int, cells: Architecture, streak: int) -> None:
    task = Task(bits=3, setting=Setting(batch=3, epochs=4, loss=0, streak=streak))
    together = run_many(task, range(seed, seed + count), cells)
    for number in range(count):
        alone = run(replace(task, seed=seed + number), cells)
        np.testing.assert_allclose(together.history.losses[:, number], alone.history.losses, rtol=1e-9)
        for name, value in alone.model.parameters.items():
            np.testing.assert_allclose(together.parameters[name][number], value, rtol=1e-9, atol=1e-12)


def test_starts_that_reach_are_counted_alike_at_once_and_one_by_one() -> None:
    task = Task(bits=2, hidden=3, setting=Setting(epochs=20))
    at_once = starts_that_reach(task, range(6))
    assert at_once == starts_that_reach(task, range(6), replace(GRU, at_once=False))
    assert at_once is not None
    assert 0 < at_once < 6


@pytest.mark.full
def test_a_task_that_must_not_fail_has_several_starts() -> None:
    hopeless = Task(setting=Setting(epochs=1))
    seeds = []

    def note(progress: Progress) -> None:
        seeds.append(progress.epoch)

    done = run_until_reached(hopeless, on_progress=note, attempts=3)
    assert (done.history.stop, done.attempt, len(seeds)) == ("epochs", 3, 3)
    assert run_until_reached(Task(), attempts=3).attempt == 1


def test_a_streak_goes_on_from_the_last_state() -> None:
    apart, in_streaks = (run(replace(SHORT, setting=replace(SHORT.setting, streak=s))).history for s in (1, 5))
    assert apart.losses[0] == in_streaks.losses[0]
    assert apart.losses[1] != in_streaks.losses[1]


def test_long_numbers_are_watched_and_tested_but_never_trained_on() -> None:
    parts = run(replace(SHORT, long=9, all_pairs=True)).parts
    assert [part.bits for part in parts] == [4, 9, 9]
    assert [len(part) for part in parts] == [136, 2 * demonstration.WATCHED_LONG, demonstration.TESTED_LONG]


def test_an_interruption_keeps_what_was_reached() -> None:
    def interrupt(progress: Progress) -> None:
        if progress.epoch == 2:
            raise KeyboardInterrupt

    interrupted = run(SHORT, on_progress=interrupt)
    whole = run(replace(SHORT, setting=Setting(epochs=2, loss=0)))
    assert interrupted.history.stop == "interrupted"
    assert interrupted.history.epochs == 2
    assert interrupted.test_accuracy == whole.test_accuracy
    for name, value in whole.model.parameters.items():
        np.testing.assert_array_equal(interrupted.model.parameters[name], value)


class Overflows(GRUCell):
    """A cell whose gradient is so large that one step takes the weights beyond all numbers."""

    def merge_params(self) -> None:
        super().merge_params()
        self.dW, self.dU = -1e200 * self.dW, -1e200 * self.dU


class NotANumber(GRUCell):
    """A cell whose gradient is NaN from the start."""

    def merge_params(self) -> None:
        super().merge_params()
        self.dW = self.dW * np.nan


@pytest.mark.parametrize("cell", [Overflows, NotANumber])
def test_a_wrong_cell_that_diverges_ends_with_the_last_weights_that_were_numbers(cell: type) -> None:
    diverged = run(replace(SHORT, setting=Setting(epochs=20, rate=1e150)), of_cells(cell))
    assert diverged.history.stop == "diverged"
    assert all(np.isfinite(value).all() for value in diverged.model.parameters.values())


def test_weights_lost_in_the_very_last_step_are_noticed() -> None:
    task = Task(bits=1, setting=Setting(epochs=1))
    assert run(task, of_cells(NotANumber)).history.stop == "diverged"


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"batch": 0}, "a batch of 0 samples: give 1 or more"),
        ({"batch": -3}, "a batch of -3 samples"),
        ({"rate": 0}, "a learning rate of 0: give a number above 0"),
        ({"rate": float("nan")}, "a learning rate of nan"),
        ({"rate": float("inf")}, "a learning rate of inf"),
        ({"epochs": 0}, "0 epochs: give 1 or more"),
        ({"optimiser": "newton"}, "no optimiser 'newton': give one of sgd, adam"),
        ({"loss": float("nan")}, "a loss of nan to stop at"),
        ({"streak": 0}, "a streak of 0 batches"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(TaskError, match=message):
        Setting(**setting)


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (Task(setting=Setting(batch=111)), "a batch of 111 from 110 samples: give a batch of at most 110"),
        (Task(hidden=0), "0 hidden units: give from 1"),
        (Task(hidden=-2), "-2 hidden units: give from 1"),
        (Task(bits=0), "a number of 0 bits"),
        (Task(long=0), "a number of 0 bits"),
    ],
)
def test_a_task_that_cannot_be_done_is_refused(task: Task, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        run(task)


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(TaskError, match="a seed of -1: give 0 or more"):
        Task(seed=-1)


# The check `training`


class Uphill(GRUCell):
    """A cell with the gradient of W the wrong way round: what it descends in U, it climbs in W."""

    def merge_params(self) -> None:
        super().merge_params()
        self.dW = -self.dW


@pytest.mark.full
def test_the_check_notices_a_cell_that_cannot_learn() -> None:
    assert learn(of_cells(Uphill)).history.stop != "reached"


# What takes minutes


@pytest.mark.soak
def test_a_right_cell_learns_from_each_of_a_thousand_starts() -> None:
    assert starts_that_reach(CHECK_TASK, range(1000)) == 1000


@pytest.mark.soak
def test_ten_thousand_long_numbers_come_out_exact_from_nine_of_ten_seeds() -> None:
    exact = [
        run_until_reached(replace(demonstration.long_task(32), seed=seed)).test_accuracy == 1 for seed in range(10)
    ]
    assert sum(exact) >= 9
