"""Equations (1)–(24) of the chapter, one pure function each, and the layer that they make.

Only here is the arithmetic of a GRU written down. Nothing here keeps a state.

Arrays may carry leading axes (steps, or perturbations) before the two that are named in a
docstring. (1)–(7) take complex numbers and `numdiff.Pair`s as well: that is how they are
differentiated. `∘` is `*`, `·` is `@`, and `ᵀ` is `.mT`.
"""

import numpy as np

from gru.calculus.functions import Array, sigmoid
from gru.layer import Carried, Equation, Form, Layer, sum_over_steps

GRU = Layer(
    "gru",
    title="GRU",
    cell="GRUCell",
    gates={"z": "z", "r": "r", "n": "h"},
    parameters={"W": "hidden", "U": "input"},
    carried=[Carried("h_p", "h_{t-1}", state="h", upstream="in_grad", upstream_symbol="δ_t")],
)
"""The chapter's GRU. Its gates in the order z, r, h̃: `n` is the chapter's name for h̃ in code."""


@GRU.equation(
    "z",
    "z_t",
    "the update gate",
    number=1,
    idea="each gate sees the old state through its W and the input through its U, and σ keeps it in (0, 1)",
)
def update_gate(h_p: Array, x: Array, wz: Array, uz: Array) -> Array:
    """(1)  z_t = σ(h_{t-1}·W_z + x_t·U_z)

    `h_p` (batch, hidden), `x` (batch, input), `wz` (hidden, hidden), `uz` (input, hidden);
    the result (batch, hidden).
    """
    return sigmoid(h_p @ wz + x @ uz)


@GRU.equation(
    "r",
    "r_t",
    "the reset gate",
    number=2,
    idea="each gate sees the old state through its W and the input through its U, and σ keeps it in (0, 1)",
)
def reset_gate(h_p: Array, x: Array, wr: Array, ur: Array) -> Array:
    """(2)  r_t = σ(h_{t-1}·W_r + x_t·U_r)

    `h_p` (batch, hidden), `x` (batch, input), `wr` (hidden, hidden), `ur` (input, hidden);
    the result (batch, hidden).
    """
    return sigmoid(h_p @ wr + x @ ur)


@GRU.equation(
    "n",
    "h̃_t",
    "the candidate for the hidden state",
    number=3,
    written="h̃",
    idea="the reset gate decides how much of the old state the candidate sees, before the product with W_h",
)
def candidate(r: Array, h_p: Array, x: Array, wn: Array, un: Array) -> Array:
    """(3)  h̃_t = tanh((r_t ∘ h_{t-1})·W_h + x_t·U_h)

    `r`, `h_p` (batch, hidden), `x` (batch, input), `wn` (hidden, hidden), `un` (input, hidden);
    the result (batch, hidden).
    """
    return np.tanh((r * h_p) @ wn + x @ un)


@GRU.equation(
    "h",
    "h_t",
    "the hidden state",
    number=4,
    idea="z is the share of the candidate in the new state, and 1 − z that of the old state",
)
def hidden_state(z: Array, n: Array, h_p: Array) -> Array:
    """(4)  h_t = (1 − z_t) ∘ h_{t-1} + z_t ∘ h̃_t

    All of shape (batch, hidden).
    """
    return (1 - z) * h_p + z * n


@GRU.preactivation("zz", "z_zt", "the update gate's pre-activation", number=5)
def update_preactivation(h_p: Array, x: Array, wz: Array, uz: Array) -> Array:
    """(5)  z_zt = h_{t-1}·W_z + x_t·U_z, with the shapes of (1)."""
    return h_p @ wz + x @ uz


@GRU.preactivation("zr", "z_rt", "the reset gate's pre-activation", number=6)
def reset_preactivation(h_p: Array, x: Array, wr: Array, ur: Array) -> Array:
    """(6)  z_rt = h_{t-1}·W_r + x_t·U_r, with the shapes of (2)."""
    return h_p @ wr + x @ ur


@GRU.preactivation("zn", "z_h̃t", "the candidate's pre-activation", number=7)
def candidate_preactivation(r: Array, h_p: Array, x: Array, wn: Array, un: Array) -> Array:
    """(7)  z_h̃t = (r_t ∘ h_{t-1})·W_h + x_t·U_h, with the shapes of (3)."""
    return (r * h_p) @ wn + x @ un


@GRU.derivative(
    "dzz",
    "δ_zz",
    of="zz",
    number=8,
    idea="∂h/∂z = h̃ − h_prev, by (4), and σ′ = z(1 − z) at the pre-activation",
)
def update_preactivation_gradient(in_grad: Array, n: Array, h_p: Array, z: Array) -> Array:
    """(8)  δ_zz = δ_t ∘ (h̃_t − h_{t-1}) ∘ z_t ∘ (1 − z_t)

    All of shape (batch, hidden); `in_grad` is δ_t = ∂loss/∂h_t.
    """
    return in_grad * (n - h_p) * z * (1 - z)


@GRU.derivative(
    "dzn",
    "δ_zh̃",
    of="zn",
    number=9,
    idea="∂h/∂h̃ = z, by (4), and tanh′ = 1 − h̃² at the pre-activation",
)
def candidate_preactivation_gradient(in_grad: Array, z: Array, n: Array) -> Array:
    """(9)  δ_zh̃ = δ_t ∘ z_t ∘ (1 − h̃_t²)

    All of shape (batch, hidden).
    """
    return in_grad * z * (1 - n * n)


@GRU.derivative(
    "dzr",
    "δ_zr",
    of="zr",
    number=10,
    idea="the loss reaches r through (r ∘ h_prev)·W_h: back through W_hᵀ, times h_prev, and σ′ = r(1 − r)",
)
def reset_preactivation_gradient(dzn: Array, wn: Array, h_p: Array, r: Array) -> Array:
    """(10)  δ_zr = (δ_zh̃·W_hᵀ) ∘ h_{t-1} ∘ r_t ∘ (1 − r_t)

    `dzn`, `h_p`, `r` and the result (batch, hidden), `wn` (hidden, hidden).
    """
    return (dzn @ wn.mT) * h_p * r * (1 - r)


@GRU.derivative(
    "dwn",
    "d_{W_h,t}",
    of="wn",
    number=11,
    summed=17,
    idea="W_h is multiplied by r ∘ h_prev, so that is what its gradient is made with",
)
def candidate_recurrent_gradient(r: Array, h_p: Array, dzn: Array) -> Array:
    """(11)  d_{W_h,t} = (r_t ∘ h_{t-1})ᵀ·δ_zh̃

    `r`, `h_p`, `dzn` (batch, hidden); the result (hidden, hidden).
    """
    return (r * h_p).mT @ dzn


@GRU.derivative(
    "dun",
    "d_{U_h,t}",
    of="un",
    number=12,
    summed=18,
    idea="U_h is multiplied by x, so its gradient is xᵀ times that of the pre-activation",
)
def candidate_input_gradient(x: Array, dzn: Array) -> Array:
    """(12)  d_{U_h,t} = x_tᵀ·δ_zh̃

    `x` (batch, input), `dzn` (batch, hidden); the result (input, hidden).
    """
    return x.mT @ dzn


@GRU.derivative(
    "dwr",
    "d_{W_r,t}",
    of="wr",
    number=13,
    summed=19,
    idea="W_r is multiplied by h_prev, so its gradient is h_prevᵀ times that of the pre-activation",
)
def reset_recurrent_gradient(h_p: Array, dzr: Array) -> Array:
    """(13)  d_{W_r,t} = h_{t-1}ᵀ·δ_zr

    `h_p`, `dzr` (batch, hidden); the result (hidden, hidden).
    """
    return h_p.mT @ dzr


@GRU.derivative(
    "dur",
    "d_{U_r,t}",
    of="ur",
    number=14,
    summed=20,
    idea="U_r is multiplied by x, so its gradient is xᵀ times that of the pre-activation",
)
def reset_input_gradient(x: Array, dzr: Array) -> Array:
    """(14)  d_{U_r,t} = x_tᵀ·δ_zr

    `x` (batch, input), `dzr` (batch, hidden); the result (input, hidden).
    """
    return x.mT @ dzr


@GRU.derivative(
    "dwz",
    "d_{W_z,t}",
    of="wz",
    number=15,
    summed=21,
    idea="W_z is multiplied by h_prev, so its gradient is h_prevᵀ times that of the pre-activation",
)
def update_recurrent_gradient(h_p: Array, dzz: Array) -> Array:
    """(15)  d_{W_z,t} = h_{t-1}ᵀ·δ_zz

    `h_p`, `dzz` (batch, hidden); the result (hidden, hidden).
    """
    return h_p.mT @ dzz


@GRU.derivative(
    "duz",
    "d_{U_z,t}",
    of="uz",
    number=16,
    summed=22,
    idea="U_z is multiplied by x, so its gradient is xᵀ times that of the pre-activation",
)
def update_input_gradient(x: Array, dzz: Array) -> Array:
    """(16)  d_{U_z,t} = x_tᵀ·δ_zz

    `x` (batch, input), `dzz` (batch, hidden); the result (input, hidden).
    """
    return x.mT @ dzz


@GRU.derivative(
    "dh",
    "δ_{h_{t-1}}",
    of="h_p",
    number=23,
    idea="h_prev acts in four places: in (4) itself, and through the three pre-activations",
)
def state_gradient(
    in_grad: Array, z: Array, dzn: Array, wn: Array, r: Array, dzr: Array, wr: Array, dzz: Array, wz: Array
) -> Array:
    """(23)  δ_{h_{t-1}} = δ_t ∘ (1 − z_t) + (δ_zh̃·W_hᵀ) ∘ r_t + δ_zr·W_rᵀ + δ_zz·W_zᵀ

    `wn`, `wr`, `wz` (hidden, hidden), all others and the result (batch, hidden).
    """
    return in_grad * (1 - z) + (dzn @ wn.mT) * r + dzr @ wr.mT + dzz @ wz.mT


@GRU.derivative(
    "dx",
    "δ_{x_t}",
    of="x",
    number=24,
    idea="x acts in three places: through the three pre-activations",
)
def input_gradient(dzn: Array, un: Array, dzr: Array, ur: Array, dzz: Array, uz: Array) -> Array:
    """(24)  δ_{x_t} = δ_zh̃·U_hᵀ + δ_zr·U_rᵀ + δ_zz·U_zᵀ

    `dzn`, `dzr`, `dzz` (batch, hidden), `un`, `ur`, `uz` (input, hidden); the result (batch, input).
    """
    return dzn @ un.mT + dzr @ ur.mT + dzz @ uz.mT


EQUATIONS: dict[int, Equation] = {int(number): equation for number, equation in Form(GRU).equations.items()}
"""The table of the equations, by number: checks, reports and docs/equations.md are made from it.

(17)–(22), the sums over the steps, are made from (11)–(16).
"""

EXPOSED: tuple[Equation, ...] = tuple(equation for equation in EQUATIONS.values() if equation.has_check)
"""The equations whose left-hand sides the chapter's API shows: all but (5)–(7)."""

__all__ = ["EQUATIONS", "EXPOSED", "GRU", "Equation", "sigmoid", "sum_over_steps"]
