"""How the numbers of a problem are drawn: a function of its id's characters alone.

It decides nothing of what is asked for.
"""

import math
from typing import Any

import numpy as np

from gru.calculus.arrays import Array
from gru.layer import ACTIVATIONS, Form, Sizes, Stack
from gru.layers.gru.forms import CHAPTER
from gru.problem.problem import REGIMES, Problem, Specification


def generator(id: str) -> np.random.Generator:
    """Random numbers that are a function of the id's characters alone."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(list(id.encode()))))


def draw(specification: Specification, id: str, form: Form = CHAPTER) -> Problem:
    """The problem of this specification whose numbers are drawn from `id`.

    All forms of a layer have the same numbers; what a form has beside its layer is drawn after them.

    Args:
        specification: Its sizes, regime and precision.
        id: Draws its numbers.
        form: The form of the layer that it is for.
    """
    sizes, regime = specification.sizes, REGIMES[specification.regime]
    batch, inputs, hidden, steps = sizes
    layer, random = form.layer, generator(id)
    weights = {stack.name: _weights(stack, sizes, random) for stack in layer.stacks}
    x = regime.inputs * random.normal(size=(steps, batch, inputs))
    initial = [regime.state * random.uniform(-1, 1, size=(batch, hidden)) for _ in layer.carried]
    initial[1:] = [regime.kept * state for state in initial[1:]]
    upstream = regime.upstream * random.normal(size=(steps, batch, hidden))
    if regime.structure:
        x, initial[0], upstream = _structured(regime.structure, x, initial[0], upstream, random)
    if regime.peak is not None:
        weights = _saturate(layer.form, weights, x, initial, peak=math.exp(random.uniform(*np.log(regime.peak))))
    added = [stack for stack in form.stacks if stack not in layer.stacks]
    weights |= {stack.name: _weights(stack, sizes, random) for stack in added}
    dtype = specification.precision
    return Problem(
        id,
        sizes,
        specification.regime,
        dtype,
        x.astype(dtype),
        tuple(state.astype(dtype) for state in initial),
        {name: (regime.weights * array).astype(dtype) for name, array in weights.items()},
        upstream.astype(dtype),
    )


def _structured(
    structure: str, x: Array, h_0: Array, upstream: Array, random: np.random.Generator
) -> tuple[Array, Array, Array]:
    """x, h_0 and what comes from above, made into what data often are: bits, padded rows, states at their ends."""
    if structure == "bits":
        x = (x > 0).astype(float)
    elif structure == "corners":
        h_0 = np.where(random.random(h_0.shape) < 0.5, random.integers(-1, 2, h_0.shape), h_0)
    else:
        present = np.ones((*x.shape[:2], 1))
        # Where there are several: the last row is padding throughout, and the last step is, in all rows.
        present[:, max(1, x.shape[1] - 1) :] = 0
        present[max(1, len(x) - 1) :] = 0
        x, upstream = x * present, upstream * present
    return x, h_0, upstream


def _weights(stack: Stack, sizes: Sizes, random: np.random.Generator) -> Array:
    """The numbers of a parameter: pre-activations of size 1 from inputs of size 1; a bias is as large as these."""
    scale = 1.0 if stack.rows == "1" else math.sqrt(max(sizes.input, sizes.hidden))
    numbers: Array = random.normal(size=sizes.shape(stack.dimensions)) / scale
    return numbers


def _saturate(form: Form, weights: dict[str, Array], x: Array, initial: list[Array], peak: float) -> dict[str, Array]:
    """The parameters, each gate's blocks scaled so that its largest pre-activation from the first state is `peak`."""
    values: dict[str, Any] = {form.layer.input: x}
    values |= {carried.previous: state for carried, state in zip(form.layer.carried, initial, strict=True)}
    for stack in form.stacks:
        values |= form.blocks_of(stack, weights[stack.name])
    for equation in form.forward:
        inside = form.preactivations.get(equation.name)
        if inside is not None:
            values[equation.name] = ACTIVATIONS[form.activations[equation.name]](values[inside])
            continue
        values[equation.name] = equation(values)
        own = [name for name in equation.inputs if name in form.blocks]
        if form.activation_of(equation.name) is not None and own:
            factor = peak / np.abs(values[equation.name]).max()
            values |= {name: factor * values[name] for name in (*own, equation.name)}
    return {stack.name: form.stacked(stack, values) for stack in form.stacks}
