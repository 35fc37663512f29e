"""Equations (1)–(24) of the chapter, one pure function each, and one table of them.

Only here is the arithmetic of a GRU written down. Nothing here keeps a state.

Arrays may carry leading axes (steps, or perturbations) before the two that are named in a
docstring. (1)–(7) take complex numbers and `numdiff.Pair`s as well: that is how they are
differentiated. `∘` is `*`, `·` is `@`, and `ᵀ` is `.mT`.
"""

import ast
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gru.calculus.functions import Array, sigmoid
from gru.layers.gru.shapes import DIMENSIONS


@dataclass(frozen=True)
class Equation:
    """One equation of the chapter.

    `number` is the chapter's, `name` the attribute of a cell that holds the left-hand side,
    `symbol` the chapter's sign for it, `quantity` what it means, `function` its right-hand side,
    whose arguments are `inputs`.
    """

    number: int
    name: str
    symbol: str
    quantity: str
    function: Callable[..., Array]
    inputs: tuple[str, ...]
    tree: ast.expr | None = None

    @property
    def id(self) -> str:
        """The name of the check on this equation, such as `equation-10`."""
        return f"equation-{self.number}"

    @property
    def dimensions(self) -> tuple[str, str]:
        """The shape of the left-hand side in words: `("batch", "hidden")`."""
        return DIMENSIONS[self.name]

    @property
    def is_sum(self) -> bool:
        """Whether this is one of the sums over the steps, (17)–(22)."""
        return self.function is sum_over_steps

    @cached_property
    def expression(self) -> ast.expr:
        """The right-hand side as a syntax tree: `tree`, or read from the function's own source."""
        if self.tree is not None:
            return self.tree
        (definition,) = ast.parse(inspect.getsource(self.function)).body
        assert isinstance(definition, ast.FunctionDef)
        (result,) = (line for line in definition.body if isinstance(line, ast.Return))
        assert result.value is not None
        return result.value

    def __call__(self, values: Mapping[str, Array]) -> Array:
        """The right-hand side, its inputs taken from `values` by their names."""
        return self.function(*(values[name] for name in self.inputs))


_TABLE: list[Equation] = []

_Function = Callable[..., Array]


def _equation(number: int, name: str, symbol: str, quantity: str) -> Callable[[_Function], _Function]:
    """Enter the decorated function in the table as equation (`number`)."""

    def enter(function: _Function) -> _Function:
        inputs = tuple(inspect.signature(function).parameters)
        _TABLE.append(Equation(number, name, symbol, quantity, function, inputs))
        return function

    return enter


@_equation(1, "z", "z_t", "the update gate")
def update_gate(h_p: Array, x: Array, wz: Array, uz: Array) -> Array:
    """(1)  z_t = σ(h_{t-1}·W_z + x_t·U_z)

    `h_p` (batch, hidden), `x` (batch, input), `wz` (hidden, hidden), `uz` (input, hidden);
    the result (batch, hidden).
    """
    return sigmoid(h_p @ wz + x @ uz)


@_equation(2, "r", "r_t", "the reset gate")
def reset_gate(h_p: Array, x: Array, wr: Array, ur: Array) -> Array:
    """(2)  r_t = σ(h_{t-1}·W_r + x_t·U_r)

    `h_p` (batch, hidden), `x` (batch, input), `wr` (hidden, hidden), `ur` (input, hidden);
    the result (batch, hidden).
    """
    return sigmoid(h_p @ wr + x @ ur)


@_equation(3, "n", "h̃_t", "the candidate for the hidden state")
def candidate(r: Array, h_p: Array, x: Array, wn: Array, un: Array) -> Array:
    """(3)  h̃_t = tanh((r_t ∘ h_{t-1})·W_h + x_t·U_h)

    `r`, `h_p` (batch, hidden), `x` (batch, input), `wn` (hidden, hidden), `un` (input, hidden);
    the result (batch, hidden).
    """
    return np.tanh((r * h_p) @ wn + x @ un)


@_equation(4, "h", "h_t", "the hidden state")
def hidden_state(z: Array, n: Array, h_p: Array) -> Array:
    """(4)  h_t = (1 − z_t) ∘ h_{t-1} + z_t ∘ h̃_t

    All of shape (batch, hidden).
    """
    return (1 - z) * h_p + z * n


@_equation(5, "zz", "z_zt", "the update gate's pre-activation")
def update_preactivation(h_p: Array, x: Array, wz: Array, uz: Array) -> Array:
    """(5)  z_zt = h_{t-1}·W_z + x_t·U_z, with the shapes of (1)."""
    return h_p @ wz + x @ uz


@_equation(6, "zr", "z_rt", "the reset gate's pre-activation")
def reset_preactivation(h_p: Array, x: Array, wr: Array, ur: Array) -> Array:
    """(6)  z_rt = h_{t-1}·W_r + x_t·U_r, with the shapes of (2)."""
    return h_p @ wr + x @ ur


@_equation(7, "zn", "z_h̃t", "the candidate's pre-activation")
def candidate_preactivation(r: Array, h_p: Array, x: Array, wn: Array, un: Array) -> Array:
    """(7)  z_h̃t = (r_t ∘ h_{t-1})·W_h + x_t·U_h, with the shapes of (3)."""
    return (r * h_p) @ wn + x @ un


@_equation(8, "dzz", "δ_zz", "∂loss/∂z_zt")
def update_preactivation_gradient(in_grad: Array, n: Array, h_p: Array, z: Array) -> Array:
    """(8)  δ_zz = δ_t ∘ (h̃_t − h_{t-1}) ∘ z_t ∘ (1 − z_t)

    All of shape (batch, hidden); `in_grad` is δ_t = ∂loss/∂h_t.
    """
    return in_grad * (n - h_p) * z * (1 - z)


@_equation(9, "dzn", "δ_zh̃", "∂loss/∂z_h̃t")
def candidate_preactivation_gradient(in_grad: Array, z: Array, n: Array) -> Array:
    """(9)  δ_zh̃ = δ_t ∘ z_t ∘ (1 − h̃_t²)

    All of shape (batch, hidden).
    """
    return in_grad * z * (1 - n * n)


@_equation(10, "dzr", "δ_zr", "∂loss/∂z_rt")
def reset_preactivation_gradient(dzn: Array, wn: Array, h_p: Array, r: Array) -> Array:
    """(10)  δ_zr = (δ_zh̃·W_hᵀ) ∘ h_{t-1} ∘ r_t ∘ (1 − r_t)

    `dzn`, `h_p`, `r` and the result (batch, hidden), `wn` (hidden, hidden).
    """
    return (dzn @ wn.mT) * h_p * r * (1 - r)


@_equation(11, "dwn", "d_{W_h,t}", "∂loss/∂W_h as used at step t")
def candidate_recurrent_gradient(r: Array, h_p: Array, dzn: Array) -> Array:
    """(11)  d_{W_h,t} = (r_t ∘ h_{t-1})ᵀ·δ_zh̃

    `r`, `h_p`, `dzn` (batch, hidden); the result (hidden, hidden).
    """
    return (r * h_p).mT @ dzn


@_equation(12, "dun", "d_{U_h,t}", "∂loss/∂U_h as used at step t")
def candidate_input_gradient(x: Array, dzn: Array) -> Array:
    """(12)  d_{U_h,t} = x_tᵀ·δ_zh̃

    `x` (batch, input), `dzn` (batch, hidden); the result (input, hidden).
    """
    return x.mT @ dzn


@_equation(13, "dwr", "d_{W_r,t}", "∂loss/∂W_r as used at step t")
def reset_recurrent_gradient(h_p: Array, dzr: Array) -> Array:
    """(13)  d_{W_r,t} = h_{t-1}ᵀ·δ_zr

    `h_p`, `dzr` (batch, hidden); the result (hidden, hidden).
    """
    return h_p.mT @ dzr


@_equation(14, "dur", "d_{U_r,t}", "∂loss/∂U_r as used at step t")
def reset_input_gradient(x: Array, dzr: Array) -> Array:
    """(14)  d_{U_r,t} = x_tᵀ·δ_zr

    `x` (batch, input), `dzr` (batch, hidden); the result (input, hidden).
    """
    return x.mT @ dzr


@_equation(15, "dwz", "d_{W_z,t}", "∂loss/∂W_z as used at step t")
def update_recurrent_gradient(h_p: Array, dzz: Array) -> Array:
    """(15)  d_{W_z,t} = h_{t-1}ᵀ·δ_zz

    `h_p`, `dzz` (batch, hidden); the result (hidden, hidden).
    """
    return h_p.mT @ dzz


@_equation(16, "duz", "d_{U_z,t}", "∂loss/∂U_z as used at step t")
def update_input_gradient(x: Array, dzz: Array) -> Array:
    """(16)  d_{U_z,t} = x_tᵀ·δ_zz

    `x` (batch, input), `dzz` (batch, hidden); the result (input, hidden).
    """
    return x.mT @ dzz


def sum_over_steps(terms: Array) -> Array:
    """(17)–(22)  d_W = Σ_t d_{W,t}, and the same for U.

    `terms` (steps, rows, hidden), rows being hidden for W and input for U; the result
    (rows, hidden).
    """
    return terms.sum(axis=0)


@_equation(23, "dh", "δ_{h_{t-1}}", "∂loss/∂h_{t-1}")
def state_gradient(
    in_grad: Array, z: Array, dzn: Array, wn: Array, r: Array, dzr: Array, wr: Array, dzz: Array, wz: Array
) -> Array:
    """(23)  δ_{h_{t-1}} = δ_t ∘ (1 − z_t) + (δ_zh̃·W_hᵀ) ∘ r_t + δ_zr·W_rᵀ + δ_zz·W_zᵀ

    `wn`, `wr`, `wz` (hidden, hidden), all others and the result (batch, hidden).
    """
    return in_grad * (1 - z) + (dzn @ wn.mT) * r + dzr @ wr.mT + dzz @ wz.mT


@_equation(24, "dx", "δ_{x_t}", "∂loss/∂x_t")
def input_gradient(dzn: Array, un: Array, dzr: Array, ur: Array, dzz: Array, uz: Array) -> Array:
    """(24)  δ_{x_t} = δ_zh̃·U_hᵀ + δ_zr·U_rᵀ + δ_zz·U_zᵀ

    `dzn`, `dzr`, `dzz` (batch, hidden), `un`, `ur`, `uz` (input, hidden); the result (batch, input).
    """
    return dzn @ un.mT + dzr @ ur.mT + dzz @ uz.mT


_SUMS = {17: "dwn", 18: "dun", 19: "dwr", 20: "dur", 21: "dwz", 22: "duz"}
_PARAMETERS = {"dwn": "W_h", "dun": "U_h", "dwr": "W_r", "dur": "U_r", "dwz": "W_z", "duz": "U_z"}

EQUATIONS: dict[int, Equation] = {
    equation.number: equation
    for equation in sorted(
        _TABLE
        + [
            Equation(
                number,
                f"sum_{name}",
                f"d_{_PARAMETERS[name]}",
                f"∂loss/∂{_PARAMETERS[name]}, over all steps",
                sum_over_steps,
                (name,),
            )
            for number, name in _SUMS.items()
        ],
        key=lambda equation: equation.number,
    )
}
"""The table of the equations, by number: checks, reports and docs/equations.md are made from it."""

EXPOSED: tuple[Equation, ...] = tuple(e for e in EQUATIONS.values() if e.number not in (5, 6, 7))
"""The equations whose left-hand sides the chapter's API shows: all but (5)–(7)."""
