"""Derivatives measured without the chain rule: complex step, Ridders' method, Taylor remainders.

For any function of arrays, and usable by itself. A derivative that could not be measured is an
error that says so; it is never a silent zero. The methods stand in rooms of their own in
`gru.calculus`; this is the name under which they are used.
"""

from gru.calculus.arrays import Array
from gru.calculus.chunks import MIB
from gru.calculus.complex_step import (
    STEP,
    Arithmetic,
    NotComplexDifferentiable,
    complex_step,
    directional_derivatives,
    gradient,
)
from gru.calculus.line import Direction, Function
from gru.calculus.measured import Measured, measured_gradient
from gru.calculus.ridders import Estimate, gaussian_directions, ridders
from gru.calculus.taylor import Taylor, taylor_remainders

__all__ = [
    "MIB",
    "STEP",
    "Arithmetic",
    "Array",
    "Direction",
    "Estimate",
    "Function",
    "Measured",
    "NotComplexDifferentiable",
    "Taylor",
    "complex_step",
    "directional_derivatives",
    "gaussian_directions",
    "gradient",
    "measured_gradient",
    "ridders",
    "taylor_remainders",
]
