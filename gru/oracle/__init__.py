"""The oracle: the left-hand side of every derivative, measured by perturbing it in the forward pass.

It differentiates the forward equations of a layer's table by the complex step, and knows no
backward formula: those stand trial like everybody's.

What lies on which axis: (perturbation, problem, step, batch row, unit). Several problems of the same sizes may be
measured at once, as `gru.problem.beside` puts them; one alone has no axis of problems.
"""

from gru.oracle.one_step import Given, at_every_step, slopes_along, step, step_gradients
from gru.oracle.sequence import (
    all_state_gradients,
    all_states,
    blocks,
    derivatives_along,
    full_gradient,
    given,
    parameter_gradients,
    states,
    summed_gradient,
    variables,
)

__all__ = [
    "Given",
    "all_state_gradients",
    "all_states",
    "at_every_step",
    "blocks",
    "derivatives_along",
    "full_gradient",
    "given",
    "parameter_gradients",
    "slopes_along",
    "states",
    "step",
    "step_gradients",
    "summed_gradient",
    "variables",
]
