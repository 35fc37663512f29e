"""The derivatives of one step, at every step, for what is given there: the left-hand sides of (8)–(16), (23), (24).

It knows no problem and no sequence.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gru.calculus.arrays import Array
from gru.calculus.complex_step import STEP, Arithmetic
from gru.layer import Form
from gru.layers.gru.forms import CHAPTER
from gru.oracle.probes import MEMORY, Probe, measure, with_axes_of

Given = dict[str, Array]
"""What the cells of a problem are given at every step, by name.

The input, the states and what comes from above, such as `x`, `h_p` and `in_grad`, with the steps on the first
axis; and the blocks of the parameters, such as `wz`. Of several problems at once, all have these on an axis before.
"""


def at_every_step(at: Mapping[str, Array], form: Form) -> Given:
    """The same with an axis for the steps in the blocks too, of length 1.

    Args:
        at: What the cells are given.
        form: The form of the layer.
    """
    return {name: np.expand_dims(value, -3) if name in form.blocks else value for name, value in at.items()}


def step(*, form: Form = CHAPTER, **values: Any) -> Any:
    """The forward pass of one step: h_t of shape (…, batch, hidden).

    `values` holds by name what the step is given, and what is added to quantities of its forward pass, such as
    the pre-activations `zz`, `zr`, `zn`; real or complex arrays, or `Pair`s.
    """
    added = {equation.name: values.pop(equation.name) for equation in form.forward if equation.name in values}
    return form.step(values, added)[form.output]


def step_gradients(
    at: Given, form: Form = CHAPTER, *, arithmetic: Arithmetic = "pair", memory: int = MEMORY
) -> dict[str, Array]:
    """The derivatives of one step, at every step, for the δ_t that is given there: (8)–(16), (23), (24).

    ∂Σ(δ_t ∘ h_t)/∂p for p the pre-activations, the parameters as used at step t only, h_{t-1} and x_t.

    Args:
        at: What each step is given, as `given` has it.
        form: The form of the layer.
        arithmetic: `pair` for real arithmetic of pairs of numbers, `complex` for complex numbers.
        memory: Bytes that may be held at once.

    Returns:
        The derivatives by name (`dzz`, …), each with the steps on the first axis.
    """
    hidden = at[form.layer.carried[0].previous].shape[-1]
    moved = {equation.name: str(equation.of) for equation in form.backward}
    inside = [name for name in dict.fromkeys(moved.values()) if name not in form.given]
    upstreams = [carried.upstream for carried in form.layer.carried]
    names = [name for name in form.given if name not in upstreams]
    every = at_every_step(at, form)
    arguments = [every[name] for name in names]
    arguments += [np.zeros((1, 1, hidden))] * len(inside)
    # With one state, the derivatives of h are taken, and multiplied by δ_t once they are there.
    single = len(upstreams) == 1
    in_grad = at[upstreams[0]] if single else np.ones(1)

    def forward(*values: Any) -> Any:
        stepped = form.step(
            dict(zip(names, values, strict=False)), dict(zip(inside, values[len(names) :], strict=True))
        )
        states = [stepped[carried.state] for carried in form.layer.carried]
        if single:
            return states[0]
        terms = [state * at[upstream] for state, upstream in zip(states, upstreams, strict=True)]
        return sum(terms[1:], terms[0])

    # Rows of a batch do not mix: one unit is moved in all of them at once, and read row by row.
    def by_unit(tangents: Array) -> Any:
        return np.moveaxis((tangents * in_grad).sum(axis=-1), 0, -1)

    # Where unit j depends on column j alone of a block, all columns are moved at once.
    def by_row(tangents: Array) -> Any:
        return np.moveaxis((tangents * in_grad).sum(axis=-2), 0, -2)

    def by_entry(tangents: Array) -> Any:
        return np.moveaxis((tangents * in_grad).sum(axis=(-2, -1)), 0, -1).reshape(*tangents.shape[1:-2], -1, hidden)

    def probe(name: str, of: str) -> Probe:
        place = names.index(of) if of in names else len(names) + inside.index(of)
        rows, columns = arguments[place].shape[-2:]
        if of not in form.blocks:
            units, read = np.eye(columns)[:, None, :], by_unit
        elif form.keeps_columns_apart(of):
            units, read = np.repeat(np.eye(rows)[:, :, None], columns, axis=2), by_row
        else:
            units, read = np.eye(rows * columns).reshape(-1, rows, columns), by_entry
        return Probe(name, place, with_axes_of(arguments[place], units), read)

    probes = [probe(name, of) for name, of in moved.items()]
    return measure(forward, arguments, probes, arithmetic, memory)


def slopes_along(at: Given, directions: Mapping[str, Array], form: Form = CHAPTER) -> Array:
    """The derivative of Σ(δ_t ∘ h_t) at every step along one direction in all that it is a function of, (steps,).

    By a complex step, in one forward pass. Every step is moved along the same direction in the parameters.

    Args:
        at: What the cells are given.
        directions: By the name of what is moved: the input, the states, the blocks, the pre-activations.
        form: The equations.
    """
    at = at_every_step(at, form)
    moved = {name: at[name] + 1j * STEP * along for name, along in directions.items() if name in at}
    inside = {name: 1j * STEP * along for name, along in directions.items() if name not in at}
    stepped = form.step({**at, **moved}, inside)
    parts = ((stepped[c.state].imag * at[c.upstream]).sum(axis=(-2, -1)) for c in form.layer.carried)
    slopes: Array = sum(parts) / STEP
    return slopes
