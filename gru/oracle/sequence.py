"""The states of a sequence, and the derivatives of its loss: δ_t, and the sums over the steps (17)–(22).

Each is measured in the forward pass of the whole sequence, or step by step for the measured δ_t.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from gru.calculus.arrays import Array
from gru.calculus.complex_step import STEP, Arithmetic
from gru.layer import Form
from gru.layers.gru.forms import CHAPTER
from gru.oracle.one_step import Given, step_gradients
from gru.oracle.probes import MEMORY, Probe, measure, row_by_row, with_axes_of
from gru.problem import Problem


def blocks(problem: Problem, form: Form = CHAPTER) -> dict[str, Array]:
    """The blocks of the parameters by name, in double precision: `wz, uz, wr, ur, wn, un`.

    Args:
        problem: The problem.
        form: The form of the layer.
    """
    found: dict[str, Array] = {}
    for stack in form.stacks:
        found |= form.blocks_of(stack, problem.parameters[stack.name].astype(float))
    return {name: found[name] for name in form.blocks}


def given(problem: Problem, form: Form = CHAPTER) -> Given:
    """What the cells of a correct network are given at every step: true states, and true derivatives by them.

    Rounded to the problem's precision, as a cell can be given nothing finer, and held in float64.

    Args:
        problem: The problem.
        form: The form of the layer.

    Returns:
        By name: the input, the states and what comes from above, with the steps on the first axis; and the blocks.
    """
    at = {form.layer.input: problem.x}
    for carried, states, gradients in zip(
        form.layer.carried, all_states(problem, form), all_state_gradients(problem, form), strict=True
    ):
        at |= {carried.previous: states[..., :-1, :, :], carried.upstream: gradients}
    rounded = {name: array.astype(problem.precision).astype(float) for name, array in at.items()}
    return rounded | blocks(problem, form)


def states(problem: Problem, form: Form = CHAPTER) -> Array:
    """The states h_0 … h_τ in double precision, of shape (steps + 1, batch, hidden).

    Args:
        problem: The problem.
        form: The form of the layer.
    """
    return all_states(problem, form)[0]


def all_states(problem: Problem, form: Form = CHAPTER) -> list[Array]:
    """The states over time, of each state that is carried from step to step: of an LSTM, h and c.

    Args:
        problem: The problem.
        form: The form of the layer.

    Returns:
        One array for each, (steps + 1, batch, hidden), in double precision.
    """
    weights = blocks(problem, form)
    at = _previous(form, [state.astype(float) for state in problem.initial])
    found = [[at[carried.previous]] for carried in form.layer.carried]
    x = problem.x.astype(float)
    for t in range(problem.sizes.steps):
        values = form.step({form.layer.input: x[..., t, :, :], **at, **weights})
        at = _handed_on(form, values)
        for states, carried in zip(found, form.layer.carried, strict=True):
            states.append(values[carried.state])
    return [np.stack(states, axis=-3) for states in found]


def _previous(form: Form, states: Iterable[Any]) -> dict[str, Any]:
    return {carried.previous: state for carried, state in zip(form.layer.carried, states, strict=True)}


def _handed_on(form: Form, values: Mapping[str, Any]) -> dict[str, Any]:
    """What the next step is given of the values of one."""
    return {carried.previous: values[carried.state] for carried in form.layer.carried}


def all_state_gradients(
    problem: Problem, form: Form = CHAPTER, *, arithmetic: Arithmetic = "pair", memory: int = MEMORY
) -> list[Array]:
    """δ_t = ∂loss/∂h_t for every step, and the same of each other state that is carried from step to step.

    Each h_t is moved on its way to t + 1: what comes to it from above and from the next step.

    Args:
        problem: The problem.
        form: The form of the layer.
        arithmetic: `pair` for real arithmetic of pairs of numbers, `complex` for complex numbers.
        memory: Bytes that may be held at once.

    Returns:
        One array for each state, (steps, batch, hidden).
    """
    steps, units = problem.sizes.steps, np.eye(problem.sizes.hidden)[:, None, :]
    forward, arguments, place = _sequence(problem, form)
    kinds = range(len(form.layer.carried))
    probes = [Probe(f"{k} {t}", place.added + k * steps + t, units, row_by_row) for k in kinds for t in range(steps)]
    measured = measure(forward, arguments, probes, arithmetic, memory)
    return [np.stack([measured[f"{k} {t}"] for t in range(steps)], axis=-3) for k in kinds]


def parameter_gradients(
    problem: Problem, form: Form = CHAPTER, *, arithmetic: Arithmetic = "pair", memory: int = MEMORY
) -> dict[str, Array]:
    """The sums over the steps, (17)–(22): each block of the parameters moved as it is used at all steps.

    Args:
        problem: The problem.
        form: The form of the layer.
        arithmetic: `pair` for real arithmetic of pairs of numbers, `complex` for complex numbers.
        memory: Bytes that may be held at once.

    Returns:
        The sums by name (`sum_dwz`, …), each shaped like its block.
    """
    forward, arguments, _ = _sequence(problem, form)
    measured = measure(forward, arguments, _weight_probes(form, arguments), arithmetic, memory)
    return {form.totals[name]: gradient for name, gradient in measured.items()}


def variables(problem: Problem, form: Form = CHAPTER) -> dict[str, Array]:
    """All that a sequence's loss is a function of, by name: `W`, `U`, `x` and `h_0`.

    Args:
        problem: The problem.
        form: The form of the layer.
    """
    parameters = {stack.name: problem.parameters[stack.name] for stack in form.stacks}
    starts = dict(zip(form.starts, problem.initial, strict=True))
    return parameters | {form.layer.input: problem.x} | starts


def full_gradient(
    problem: Problem, form: Form = CHAPTER, *, arithmetic: Arithmetic = "pair", memory: int = MEMORY
) -> dict[str, Array]:
    """The gradient of a sequence's loss in all that it is a function of: `W`, `U`, `x` and `h_0`.

    Each is moved as it is used in the whole sequence.

    Args:
        problem: The problem.
        form: The form of the layer.
        arithmetic: `pair` for real arithmetic of pairs of numbers, `complex` for complex numbers.
        memory: Bytes that may be held at once.

    Returns:
        The gradients by these names, each shaped like what it is the gradient in.
    """
    steps, batch, inputs = problem.x.shape
    forward, arguments, place = _sequence(problem, form)

    def by_step(tangents: Array) -> Array:
        return row_by_row(tangents).reshape(batch, steps, inputs).transpose(1, 0, 2)

    units = np.eye(problem.sizes.hidden)[:, None, :]
    probes = [
        *_weight_probes(form, arguments),
        Probe(form.layer.input, place.x, np.eye(steps * inputs).reshape(-1, steps, 1, inputs), by_step),
        *(Probe(name, place.states + k, units, row_by_row) for k, name in enumerate(form.starts)),
    ]
    measured = measure(forward, arguments, probes, arithmetic, memory)
    return _stacked_gradients(form, measured) | {name: measured[name] for name in (form.layer.input, *form.starts)}


def _stacked_gradients(form: Form, by_block: Mapping[str, Array]) -> dict[str, Array]:
    return {stack.name: form.stacked(stack, by_block) for stack in form.stacks}


def summed_gradient(problem: Problem, form: Form = CHAPTER, *, memory: int = MEMORY) -> dict[str, Array]:
    """The same as `full_gradient`, to rounding: each step's own part measured for the measured δ_t, and summed.

    Within one step a weight moves one unit of its gate alone, so that whole columns are measured at once.

    Args:
        problem: The problem.
        form: The form of the layer.
        memory: Bytes that may be held at once.
    """
    at: Given = {form.layer.input: problem.x.astype(float), **blocks(problem, form)}
    for carried, states, gradients in zip(
        form.layer.carried, all_states(problem, form), all_state_gradients(problem, form, memory=memory), strict=True
    ):
        at |= {carried.previous: states[:-1], carried.upstream: gradients}
    measured = step_gradients(at, form, memory=memory)
    by_quantity = {of: measured[equation.name] for of, equation in form.derivatives.items()}
    sums = {block: by_quantity[block].sum(axis=0) for block in form.blocks}
    first = {
        name: by_quantity[carried.previous][0] for name, carried in zip(form.starts, form.layer.carried, strict=True)
    }
    return _stacked_gradients(form, sums) | {form.layer.input: by_quantity[form.layer.input]} | first


def derivatives_along(problem: Problem, directions: Mapping[str, Array], form: Form = CHAPTER) -> Array:
    """The derivatives of a sequence's loss along directions in `W`, `U`, `x` and `h_0` at once, by a complex step.

    Args:
        problem: The problem.
        directions: The directions by these names, each (…, *shape of what it moves).
        form: The form of the layer.

    Returns:
        The derivatives, of the shape of the leading axes.

    Raises:
        ValueError: A derivative is not finite.
    """
    values = variables(problem, form)
    moved = {name: values[name] + (1j * STEP) * along for name, along in directions.items()}
    weights: dict[str, Array] = {}
    for stack in form.stacks:
        weights |= form.blocks_of(stack, moved[stack.name])
    at = _previous(form, (moved[name] for name in form.starts))
    slopes: Any = 0.0
    for t, from_above in enumerate(problem.upstream):
        stepped = form.step({form.layer.input: moved[form.layer.input][..., t, :, :], **at, **weights})
        at = _handed_on(form, stepped)
        slopes = slopes + (stepped[form.output].imag * from_above).sum(axis=(-2, -1))
    if not np.isfinite(slopes).all():
        raise ValueError("a derivative along these directions is not finite")
    derivatives: Array = slopes / STEP
    return derivatives


def _weight_probes(form: Form, arguments: list[Array]) -> list[Probe]:
    """The probes of the blocks of a sequence, by their names."""

    def probe(position: int, name: str) -> Probe:
        shape = arguments[position].shape

        def read(tangents: Array) -> Any:
            return np.moveaxis(tangents.sum(axis=(-2, -1)), 0, -1).reshape(shape)

        units = np.eye(shape[-2] * shape[-1]).reshape(-1, *shape[-2:])
        return Probe(name, position, with_axes_of(arguments[position], units), read)

    return [probe(*item) for item in enumerate(form.blocks)]


class _Places(NamedTuple):
    """Where the arguments of a sequence stand, after the blocks."""

    x: int
    states: int
    added: int


def _sequence(problem: Problem, form: Form) -> tuple[Callable[..., Any], list[Array], _Places]:
    """The loss of a sequence for each row of its batch, (batch, 1), and its arguments.

    The arguments are the blocks, x, the first states, and one array a step for each state that is added to it
    before the next step uses it.
    """
    x, upstream = problem.x.astype(float), problem.upstream.astype(float)
    starts = [state.astype(float) for state in problem.initial]
    weights = blocks(problem, form)
    hidden, steps = problem.sizes.hidden, problem.sizes.steps
    ones = np.ones((hidden, 1))
    place = _Places(len(weights), len(weights) + 1, len(weights) + 1 + len(starts))

    def row_losses(*arguments: Any) -> Any:
        moved = dict(zip(form.blocks, arguments, strict=False))
        x, added = arguments[place.x], arguments[place.added :]
        at = _previous(form, arguments[place.states : place.added])
        loss: Any = 0
        for t in range(steps):
            stepped = form.step({form.layer.input: x[..., t, :, :], **at, **moved})
            states = [stepped[carried.state] + added[k * steps + t] for k, carried in enumerate(form.layer.carried)]
            at = _previous(form, states)
            loss = (states[0] * upstream[..., t, :, :]) @ ones + loss
        return loss

    nothing = np.zeros((1, hidden))
    return row_losses, [*weights.values(), x, *starts, *[nothing] * (steps * len(starts))], place
