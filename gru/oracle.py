"""The oracle: the left-hand side of (8)–(24), measured by perturbing it in the forward pass.

It differentiates the forward equations (1)–(7) of this project by the complex step, and knows no
backward formula: those stand trial like everybody's.

What lies on which axis: (perturbation, step, batch row, unit).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gru import numdiff
from gru.calculus.functions import sigmoid
from gru.layers.gru.forms import CHAPTER, Convention
from gru.layers.gru.parameters import GATES
from gru.problem import Problem

Array = NDArray[Any]
Arithmetic = Literal["pair", "complex"]

WEIGHTS = ("wz", "uz", "wr", "ur", "wn", "un")

MEMORY = 256 * numdiff.MIB
"""The default bound on the memory of one measurement."""

ARRAYS_HELD = 32
"""How many arrays of its arguments' size a forward pass holds at once for one perturbation, at most:
the quantities of one step, of which there are fewer than twenty, and what arithmetic holds between."""

FUSED_ENTRIES = 200_000
"""Below this many numbers, all directions go through one forward pass: a pass costs its calls,
not its numbers. Above it the directions, nearly all of them zero, would cost more than the calls."""


FEW_VARIABLES = 150
"""Up to so many variables a gradient costs calls more than arithmetic, and complex numbers need the fewest."""


class Given(NamedTuple):
    """What the cells of a problem are given at every step.

    `x` (steps, batch, input), `h_p` and `in_grad` (steps, batch, hidden), the weights' blocks
    (hidden, hidden) or (input, hidden).
    """

    x: Array
    h_p: Array
    in_grad: Array
    wz: Array
    uz: Array
    wr: Array
    ur: Array
    wn: Array
    un: Array


def blocks(problem: Problem, convention: Convention = CHAPTER) -> dict[str, Array]:
    """The blocks of W and U by name, in double precision: `wz, uz, wr, ur, wn, un`."""
    w = convention.split(problem.W.astype(float), problem.sizes.hidden)
    u = convention.split(problem.U.astype(float), problem.sizes.input)
    return {f"w{gate}": w[gate] for gate in w} | {f"u{gate}": u[gate] for gate in u}


def given(problem: Problem, convention: Convention = CHAPTER) -> Given:
    """What the cells of a correct network are given at every step: states and true δ_t.

    Rounded to the problem's precision, as a cell can be given nothing finer, and held in float64.
    """
    h = states(problem, convention)
    rounded = (problem.x, h[:-1], state_gradients(problem, convention))
    x, h_p, in_grad = (array.astype(problem.precision).astype(float) for array in rounded)
    return Given(x, h_p, in_grad, **blocks(problem, convention))


def states(problem: Problem, convention: Convention = CHAPTER) -> Array:
    """The hidden states h_0 … h_τ in double precision, of shape (steps + 1, batch, hidden)."""
    weights = blocks(problem, convention)
    h = [problem.h_0.astype(float)]
    for x_t in problem.x.astype(float):
        h.append(step(x_t, h[-1], **weights, convention=convention))
    return np.stack(h)


def step(
    x: Any,
    h_p: Any,
    wz: Any,
    uz: Any,
    wr: Any,
    ur: Any,
    wn: Any,
    un: Any,
    zz: Any = 0,
    zr: Any = 0,
    zn: Any = 0,
    *,
    convention: Convention = CHAPTER,
) -> Any:
    """(1)–(7): h_t of shape (…, batch, hidden), with `zz`, `zr`, `zn` added to the pre-activations.

    Takes real or complex arrays and `Pair`s.
    """
    form = convention.equations
    at = {"x": x, "h_p": h_p, "wz": wz, "uz": uz, "wr": wr, "ur": ur, "wn": wn, "un": un}
    at["z"] = sigmoid(form[5](at) + zz)
    at["r"] = sigmoid(form[6](at) + zr)
    at["n"] = np.tanh(form[7](at) + zn)
    return form[4](at)


@dataclass(frozen=True)
class Probe:
    """How one left-hand side is measured.

    Argument number `argument` of a forward pass is moved along `directions`, of shape
    (perturbations, …); `read` makes the left-hand side from the derivatives along them.
    """

    name: str
    argument: int
    directions: Array
    read: Callable[[Array], Any]


def step_gradients(
    at: Given, convention: Convention = CHAPTER, *, arithmetic: Arithmetic = "pair", memory: int = MEMORY
) -> dict[str, Array]:
    """The left-hand sides of (8)–(16), (23), (24) at every step, for the δ_t that is given there.

    ∂Σ(δ_t ∘ h_t)/∂p for p the pre-activations, the weights as used at step t only, h_{t-1} and
    x_t: by name (`dzz`, …), each with the steps on the first axis. Peak memory below `memory` bytes.
    """
    hidden, inputs = at.wz.shape[0], at.uz.shape[0]
    nothing = np.zeros((1, 1, hidden))

    weights = [np.expand_dims(getattr(at, name), 0) for name in WEIGHTS]
    arguments = [at.x, at.h_p, *weights, *[nothing] * 3]
    in_grad = at.in_grad

    # Rows of a batch do not mix: one unit is moved in all of them at once, and read row by row.
    def by_unit(tangents: Array) -> Any:
        return (tangents * in_grad).sum(axis=-1).transpose(1, 2, 0)

    # z, h̃ and h at unit j depend on column j alone of these: all columns are moved at once.
    def by_row(tangents: Array) -> Any:
        return (tangents * in_grad).sum(axis=2).transpose(1, 0, 2)

    def by_entry(tangents: Array) -> Any:
        return (tangents * in_grad).sum(axis=(2, 3)).T.reshape(len(in_grad), -1, hidden)

    units, entries = np.eye(hidden)[:, None, None, :], np.eye(inputs)[:, None, None, :]
    rows, input_rows = (np.repeat(np.eye(size)[:, None, :, None], hidden, axis=3) for size in (hidden, inputs))
    probes = [
        Probe("dx", 0, entries, by_unit),
        Probe("dh", 1, units, by_unit),
        Probe("dwz", 2, rows, by_row),
        Probe("duz", 3, input_rows, by_row),
        Probe("dwr", 4, np.eye(hidden * hidden).reshape(-1, 1, hidden, hidden), by_entry),
        Probe("dur", 5, np.eye(inputs * hidden).reshape(-1, 1, inputs, hidden), by_entry),
        Probe("dwn", 6, rows, by_row),
        Probe("dun", 7, input_rows, by_row),
        Probe("dzz", 8, units, by_unit),
        Probe("dzr", 9, units, by_unit),
        Probe("dzn", 10, units, by_unit),
    ]
    return _measure(partial(step, convention=convention), arguments, probes, arithmetic, memory)


def state_gradients(
    problem: Problem, convention: Convention = CHAPTER, *, arithmetic: Arithmetic = "pair", memory: int = MEMORY
) -> Array:
    """δ_t = ∂loss/∂h_t for every step, (steps, batch, hidden): each h_t moved on its way to t + 1."""
    steps, hidden = problem.sizes.steps, problem.sizes.hidden
    units = np.eye(hidden)[:, None, :]
    probes = [Probe(str(t), _ADDED + t, units, _row_by_row) for t in range(steps)]
    measured = _measure(*_sequence(problem, convention), probes, arithmetic, memory)
    return np.stack([measured[str(t)] for t in range(steps)])


def parameter_gradients(
    problem: Problem, convention: Convention = CHAPTER, *, arithmetic: Arithmetic = "pair", memory: int = MEMORY
) -> dict[str, Array]:
    """The left-hand sides of (17)–(22): each weight moved as it is used at all steps.

    By name (`sum_dwz`, …), each shaped like its weight.
    """
    forward, arguments = _sequence(problem, convention)
    measured = _measure(forward, arguments, _weight_probes(arguments), arithmetic, memory)
    return {f"sum_d{name}": gradient for name, gradient in measured.items()}


def full_gradient(
    problem: Problem, convention: Convention = CHAPTER, *, arithmetic: Arithmetic = "pair", memory: int = MEMORY
) -> dict[str, Array]:
    """The gradient of a sequence's loss in all that it is a function of: `W`, `U`, `x` and `h_0`.

    Each is moved as it is used in the whole sequence, and its gradient is shaped like it.
    """
    steps, batch, inputs = problem.x.shape
    forward, arguments = _sequence(problem, convention)

    def by_step(tangents: Array) -> Array:
        return _row_by_row(tangents).reshape(batch, steps, inputs).transpose(1, 0, 2)

    probes = [
        *_weight_probes(arguments),
        Probe("x", _X, np.eye(steps * inputs).reshape(-1, steps, 1, inputs), by_step),
        Probe("h_0", _H_0, np.eye(problem.sizes.hidden)[:, None, :], _row_by_row),
    ]
    measured = _measure(forward, arguments, probes, arithmetic, memory)
    stacked = {s.upper(): convention.merge({gate: measured[s + gate] for gate in GATES}) for s in ("w", "u")}
    return stacked | {name: measured[name] for name in ("x", "h_0")}


def gradient(problem: Problem, convention: Convention = CHAPTER, *, memory: int = MEMORY) -> dict[str, Array]:
    """The same as `full_gradient`, to rounding, in the way that is fastest for the size of the problem."""
    shapes = {name: getattr(problem, name).shape for name in ("W", "U", "x", "h_0")}
    ends = np.cumsum([prod(shape) for shape in shapes.values()])
    if ends[-1] > FEW_VARIABLES:
        return summed_gradient(problem, convention, memory=memory)

    def blocks_of(flat: Array) -> dict[str, Array]:
        parts = np.split(flat, ends[:-1], axis=-1)
        return {name: p.reshape(*p.shape[:-1], *s) for p, (name, s) in zip(parts, shapes.items(), strict=True)}

    return blocks_of(derivatives_along(problem, blocks_of(np.eye(ends[-1])), convention))


def summed_gradient(problem: Problem, convention: Convention = CHAPTER, *, memory: int = MEMORY) -> dict[str, Array]:
    """The same as `full_gradient`, to rounding: each step's own part measured for the measured δ_t, and summed.

    Within one step a weight moves one unit of its gate alone, so that whole columns are measured at once.
    """
    x, h_p = problem.x.astype(float), states(problem, convention)[:-1]
    at = Given(x, h_p, state_gradients(problem, convention, memory=memory), **blocks(problem, convention))
    measured = step_gradients(at, convention, memory=memory)
    stacked = {s.upper(): convention.merge({g: measured[f"d{s}{g}"].sum(axis=0) for g in GATES}) for s in ("w", "u")}
    return stacked | {"x": measured["dx"], "h_0": measured["dh"][0]}


def derivatives_along(problem: Problem, directions: Mapping[str, Array], convention: Convention = CHAPTER) -> Array:
    """The derivatives of a sequence's loss along directions in `W`, `U`, `x` and `h_0` at once, by a complex step.

    `directions` holds them by these names, each (…, *shape of what it moves); the result has the
    leading axes. Raises ValueError where a derivative is not finite.
    """
    moved = {name: getattr(problem, name) + (1j * numdiff.STEP) * along for name, along in directions.items()}
    w = convention.split(moved["W"], problem.sizes.hidden)
    u = convention.split(moved["U"], problem.sizes.input)
    weights = {f"w{gate}": w[gate] for gate in GATES} | {f"u{gate}": u[gate] for gate in GATES}
    h: Array = moved["h_0"]
    slopes: Any = 0.0
    for t, from_above in enumerate(problem.upstream):
        h = step(moved["x"][..., t, :, :], h, **weights, convention=convention)
        slopes = slopes + (h.imag * from_above).sum(axis=(-2, -1))
    if not np.isfinite(slopes).all():
        raise ValueError("a derivative along these directions is not finite")
    derivatives: Array = slopes / numdiff.STEP
    return derivatives


def _row_by_row(tangents: Array) -> Array:
    """The derivatives of the loss of each row, (batch, perturbations): one unit is moved in all rows
    of a batch at once, as they do not mix."""
    return tangents[..., 0].T


def _weight_probes(arguments: list[Array]) -> list[Probe]:
    """The probes of the weights of a sequence, by their names."""

    def probe(position: int, name: str) -> Probe:
        shape = arguments[position].shape

        def read(tangents: Array) -> Any:
            return tangents.sum(axis=(-2, -1)).reshape(shape)

        return Probe(name, position, np.eye(shape[0] * shape[1]).reshape(-1, *shape), read)

    return [probe(*item) for item in enumerate(WEIGHTS)]


_X, _H_0, _ADDED = (len(WEIGHTS) + k for k in range(3))
"""Where the arguments of a sequence stand, after the weights."""


def _sequence(problem: Problem, convention: Convention) -> tuple[Callable[..., Any], list[Array]]:
    """The loss of a sequence for each row of its batch, (batch, 1), and its arguments.

    The arguments are the weights, x, h_0, and one array a step that is added to h_t before h_t is used.
    """
    x, h_0, upstream = (array.astype(float) for array in (problem.x, problem.h_0, problem.upstream))
    weights = blocks(problem, convention)
    ones = np.ones((h_0.shape[1], 1))

    def row_losses(*arguments: Any) -> Any:
        moved, x, h, added = arguments[:_X], arguments[_X], arguments[_H_0], arguments[_ADDED:]
        loss: Any = 0
        for t, from_above in enumerate(upstream):
            h = step(x[..., t, :, :], h, *moved, convention=convention) + added[t]
            loss = (h * from_above) @ ones + loss
        return loss

    nothing = np.zeros((1, h_0.shape[1]))
    return row_losses, [*(weights[name] for name in WEIGHTS), x, h_0, *[nothing] * len(x)]


def _measure(
    forward: Callable[..., Any], arguments: list[Array], probes: list[Probe], arithmetic: Arithmetic, memory: int
) -> dict[str, Array]:
    """What the probes read, in as few forward passes as pays."""
    total = sum(len(probe.directions) for probe in probes)
    entries = sum(total * arguments[probe.argument].size for probe in probes)
    groups: Iterable[list[Probe]] = [probes] if entries <= FUSED_ENTRIES else ([probe] for probe in probes)
    need = ARRAYS_HELD * sum(argument.nbytes for argument in arguments)
    measured: dict[str, Array] = {}
    for group in groups:
        directions, parts = _stacked(group, len(arguments))
        tangents = numdiff.directional_derivatives(
            forward, arguments, directions, arithmetic=arithmetic, memory=memory, need=need
        )
        measured |= {probe.name: probe.read(tangents[part]) for probe, part in zip(group, parts, strict=True)}
    return measured


def _stacked(probes: list[Probe], arguments: int) -> tuple[list[Array | None], list[slice]]:
    """The directions of all probes on one leading axis, by argument, and each probe's part of it."""
    counts = [len(probe.directions) for probe in probes]
    ends = np.cumsum(counts)
    parts = [slice(int(end) - count, int(end)) for end, count in zip(ends, counts, strict=True)]
    directions: list[Array | None] = [None] * arguments
    for probe, part in zip(probes, parts, strict=True):
        own = np.zeros((int(ends[-1]), *probe.directions.shape[1:]))
        own[part] = probe.directions
        directions[probe.argument] = own
    return directions, parts
