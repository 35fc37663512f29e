"""A sequence of the cells of any form, computed from its table: backpropagation through time, along every state.

The layers that have cells of their own do not need it. It knows no layer by name.
"""

from types import SimpleNamespace
from typing import Any

import numpy as np

from gru.calculus.arrays import Array
from gru.layer import Form


class FormSequence:
    """A form unrolled over time: one step after another, all sharing the parameters.

    Arrays may carry leading axes behind the steps, one set of parameters for each entry.
    """

    def __init__(self, input_size: int, hidden_size: int, form: Form) -> None:
        self._form = form
        self._steps: list[dict[str, Any]] = []

    def forward(self, x: Array, h_0: Array, *parameters: Array) -> Array:
        """The states h_1 … h_τ, (steps, …, batch, hidden); other states than h are zero at first.

        Args:
            x: (steps, …, batch, input).
            h_0: (…, batch, hidden).
            parameters: The parameters in the order of the form's stacks, such as `W` (…, 3·hidden, hidden).
        """
        form, carried = self._form, self._form.layer.carried
        blocks: dict[str, Any] = {}
        for stack, array in zip(form.stacks, parameters, strict=True):
            blocks |= form.blocks_of(stack, array)
        states = {one.previous: h_0 if k == 0 else np.zeros_like(h_0) for k, one in enumerate(carried)}
        self._steps = []
        for x_t in x:
            self._steps.append(form.step({form.layer.input: x_t, **states, **blocks}))
            states = {one.previous: self._steps[-1][one.state] for one in carried}
        return np.stack([values[form.output] for values in self._steps])

    def backward(self, upstream: Array) -> SimpleNamespace:
        """The gradients of the parameters, such as `dW`, each the sum over the steps.

        `upstream` (steps, …, batch, hidden) is ∂loss/∂h_t from above.
        """
        form, carried = self._form, self._form.layer.carried
        sums = {stack.gradient: np.zeros(()) for stack in form.stacks}
        later = {one.upstream: np.zeros_like(upstream[0]) for one in carried}
        for values, from_above in zip(reversed(self._steps), reversed(upstream), strict=True):
            values = values | later
            values[carried[0].upstream] = from_above + values[carried[0].upstream]
            for equation in form.backward:
                values[equation.name] = equation(values)
            later = {one.upstream: values[form.derivatives[one.previous].name] for one in carried}
            for stack in form.stacks:
                blocks = {block: values[form.derivatives[block].name] for block in stack.blocks}
                sums[stack.gradient] = sums[stack.gradient] + form.stacked(stack, blocks)
        return SimpleNamespace(**sums)
