"""The checks of tests/verification are not blind: each is red on every mistake of the catalogue in its equation."""

from collections.abc import Callable

import pytest

from gru import GRUCell
from gru.mistakes import catalogue
from tests.examiner.planted import plant
from tests.examiner.test_mistakes import planted_formula
from tests.verification.slopes import Problem, problem
from tests.verification.test_gradients import check_argument, check_preactivation, check_weight
from tests.verification.test_sums import SUMS, check_sum

Check = Callable[[str, Problem, type], None]

CHECKS: dict[str, Check] = {
    **dict.fromkeys(("8-dzz", "9-dzn", "10-dzr"), check_preactivation),
    **dict.fromkeys(("11-dwn", "12-dun", "13-dwr", "14-dur", "15-dwz", "16-duz"), check_weight),
    **dict.fromkeys(("23-dh", "24-dx"), check_argument),
}

ONE_STEP = problem((1, 2, 3, 4), seed=0)
"""Sizes that differ from each other, so that a block out of place has another shape."""


def is_caught(check: Check, equation: str, at: Problem, cell: type) -> bool:
    try:
        check(equation, at, cell)
    except AssertionError:
        return True
    return False


def test_every_backward_mistake_of_the_catalogue_is_caught() -> None:
    """Of 372, 16 have shapes that do not go together: these raise, which is no less red."""
    caught, raised = [], []
    for equation, check in CHECKS.items():
        for mistake in catalogue(int(equation.partition("-")[0])):
            cell = plant(mistake.id, {mistake.equation.name: planted_formula(mistake.expression)}).cell
            try:
                assert is_caught(check, equation, ONE_STEP, cell), f"{mistake.id} passes"
                caught.append(mistake.id)
            except ValueError:
                raised.append(mistake.id)
    assert (len(caught), len(raised)) == (356, 16)


def test_the_cell_that_mistakes_are_planted_in_passes() -> None:
    right = plant("none", {}).cell
    for equation, check in CHECKS.items():
        assert not is_caught(check, equation, ONE_STEP, right)


class KeepsTheFirst(GRUCell):
    """A cell that has the gradients of the first backward pass ever after: one cell for all steps would do that."""

    def merge_params(self) -> None:
        super().merge_params()
        type(self).kept = getattr(type(self), "kept", (self.dW, self.dU))
        self.dW, self.dU = type(self).kept


class PassesNothingOn(GRUCell):
    """A cell whose gradient does not reach the step before."""

    def backward(self, h_p: object, in_grad: object) -> None:
        super().backward(h_p, in_grad)  # type: ignore[arg-type]
        self.dh = 0 * self.dh


@pytest.mark.parametrize("cell", [KeepsTheFirst, PassesNothingOn])
@pytest.mark.parametrize("equation", SUMS)
def test_a_sum_over_wrong_steps_is_caught(equation: str, cell: type[GRUCell]) -> None:
    """Each sum is red where the steps are not what they should be, and green for one step, where it must be."""
    assert is_caught(check_sum, equation, problem((3, 2, 3, 4), seed=0), type("Fresh", (cell,), {}))
    assert not is_caught(check_sum, equation, ONE_STEP, type("Fresh", (cell,), {}))
