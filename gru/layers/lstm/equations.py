"""The equations of the LSTM, one pure function each, and the layer that they make.

Only here is the arithmetic of an LSTM written down. Two states go from step to step, h and c; so two gradients
come to a cell. Every state and δ is of shape (batch, hidden), `x` (batch, input), the blocks `w…` (hidden, hidden),
`u…` (input, hidden) and `b…` (1, hidden); a derivative has the shape of what it is the derivative by.
"""

import numpy as np

from gru.calculus.functions import Array, sum_rows
from gru.layer import Carried, Layer

LSTM = Layer(
    "lstm",
    title="LSTM",
    cell="LSTMCell",
    gates={"f": "f", "i": "i", "g": "g", "o": "o"},
    parameters={"W": "hidden", "U": "input", "b": "1"},
    carried=[
        Carried("h_p", "h_{t-1}", state="h", upstream="in_grad", upstream_symbol="δ_h"),
        Carried("c_p", "c_{t-1}", state="c", upstream="c_grad", upstream_symbol="c_grad"),
    ],
)
"""The LSTM. Its gates are the forget gate f, the input gate i, the candidate g and the output gate o."""

_GATE = "each gate sees the old state through its W and the input through its U, and σ keeps it in (0, 1)"


@LSTM.preactivation("zf", "z_f", "the forget gate's pre-activation")
def forget_preactivation(h_p: Array, x: Array, wf: Array, uf: Array, bf: Array) -> Array:
    """z_f = h_{t-1}·W_f + x_t·U_f + b_f"""
    return h_p @ wf + x @ uf + bf


@LSTM.preactivation("zi", "z_i", "the input gate's pre-activation")
def input_preactivation(h_p: Array, x: Array, wi: Array, ui: Array, bi: Array) -> Array:
    """z_i = h_{t-1}·W_i + x_t·U_i + b_i"""
    return h_p @ wi + x @ ui + bi


@LSTM.preactivation("zg", "z_g", "the candidate's pre-activation")
def candidate_preactivation(h_p: Array, x: Array, wg: Array, ug: Array, bg: Array) -> Array:
    """z_g = h_{t-1}·W_g + x_t·U_g + b_g"""
    return h_p @ wg + x @ ug + bg


@LSTM.preactivation("zo", "z_o", "the output gate's pre-activation")
def output_preactivation(h_p: Array, x: Array, wo: Array, uo: Array, bo: Array) -> Array:
    """z_o = h_{t-1}·W_o + x_t·U_o + b_o"""
    return h_p @ wo + x @ uo + bo


LSTM.activation("f", "f_t", "the forget gate", "sigmoid", of="zf", idea=_GATE)
LSTM.activation("i", "i_t", "the input gate", "sigmoid", of="zi", idea=_GATE)
LSTM.activation(
    "g", "g_t", "the candidate", "np.tanh", of="zg", idea="the candidate may be negative: it goes through tanh"
)
LSTM.activation("o", "o_t", "the output gate", "sigmoid", of="zo", idea=_GATE)


@LSTM.equation("c", "c_t", "the cell state", idea="f is the share of the old state that stays, i that of the candidate")
def cell_state(f: Array, c_p: Array, i: Array, g: Array) -> Array:
    """c_t = f_t ∘ c_{t-1} + i_t ∘ g_t"""
    return f * c_p + i * g


@LSTM.equation("h", "h_t", "the hidden state", idea="o decides how much of tanh(c) is seen from outside")
def hidden_state(o: Array, c: Array) -> Array:
    """h_t = o_t ∘ tanh(c_t)"""
    return o * np.tanh(c)


@LSTM.derivative(
    "delta_c",
    "δ_c",
    of="c",
    is_shown=False,
    idea="c_t acts in two places: in h_t, through tanh, and in the next step, from which c_grad comes",
)
def cell_gradient(c_grad: Array, in_grad: Array, o: Array, c: Array) -> Array:
    """δ_c = c_grad + δ_h ∘ o_t ∘ (1 − tanh²(c_t)), the derivative by c_t on all its ways."""
    return c_grad + in_grad * o * (1 - np.tanh(c) * np.tanh(c))


@LSTM.derivative("dzf", "δ_zf", of="zf", idea="∂c/∂f = c_prev, and σ′ = f(1 − f) at the pre-activation")
def forget_preactivation_gradient(delta_c: Array, c_p: Array, f: Array) -> Array:
    """δ_zf = δ_c ∘ c_{t-1} ∘ f_t ∘ (1 − f_t)"""
    return delta_c * c_p * f * (1 - f)


@LSTM.derivative("dzi", "δ_zi", of="zi", idea="∂c/∂i = g, and σ′ = i(1 − i) at the pre-activation")
def input_preactivation_gradient(delta_c: Array, g: Array, i: Array) -> Array:
    """δ_zi = δ_c ∘ g_t ∘ i_t ∘ (1 − i_t)"""
    return delta_c * g * i * (1 - i)


@LSTM.derivative("dzg", "δ_zg", of="zg", idea="∂c/∂g = i, and tanh′ = 1 − g² at the pre-activation")
def candidate_preactivation_gradient(delta_c: Array, i: Array, g: Array) -> Array:
    """δ_zg = δ_c ∘ i_t ∘ (1 − g_t²)"""
    return delta_c * i * (1 - g * g)


@LSTM.derivative("dzo", "δ_zo", of="zo", idea="∂h/∂o = tanh(c), and σ′ = o(1 − o) at the pre-activation")
def output_preactivation_gradient(in_grad: Array, c: Array, o: Array) -> Array:
    """δ_zo = δ_h ∘ tanh(c_t) ∘ o_t ∘ (1 − o_t)"""
    return in_grad * np.tanh(c) * o * (1 - o)


_BY_W = "W is multiplied by h_prev, so its gradient is h_prevᵀ times that of the pre-activation"
_BY_U = "U is multiplied by x, so its gradient is xᵀ times that of the pre-activation"
_BY_B = "the bias is added in every row, so its gradient is that of the pre-activation, summed over the rows"


@LSTM.derivative("dwf", "d_{W_f,t}", of="wf", idea=_BY_W)
def forget_recurrent_gradient(h_p: Array, dzf: Array) -> Array:
    """d_{W_f,t} = h_{t-1}ᵀ·δ_zf"""
    return h_p.mT @ dzf


@LSTM.derivative("dwi", "d_{W_i,t}", of="wi", idea=_BY_W)
def input_recurrent_gradient(h_p: Array, dzi: Array) -> Array:
    """d_{W_i,t} = h_{t-1}ᵀ·δ_zi"""
    return h_p.mT @ dzi


@LSTM.derivative("dwg", "d_{W_g,t}", of="wg", idea=_BY_W)
def candidate_recurrent_gradient(h_p: Array, dzg: Array) -> Array:
    """d_{W_g,t} = h_{t-1}ᵀ·δ_zg"""
    return h_p.mT @ dzg


@LSTM.derivative("dwo", "d_{W_o,t}", of="wo", idea=_BY_W)
def output_recurrent_gradient(h_p: Array, dzo: Array) -> Array:
    """d_{W_o,t} = h_{t-1}ᵀ·δ_zo"""
    return h_p.mT @ dzo


@LSTM.derivative("duf", "d_{U_f,t}", of="uf", idea=_BY_U)
def forget_input_gradient(x: Array, dzf: Array) -> Array:
    """d_{U_f,t} = x_tᵀ·δ_zf"""
    return x.mT @ dzf


@LSTM.derivative("dui", "d_{U_i,t}", of="ui", idea=_BY_U)
def input_input_gradient(x: Array, dzi: Array) -> Array:
    """d_{U_i,t} = x_tᵀ·δ_zi"""
    return x.mT @ dzi


@LSTM.derivative("dug", "d_{U_g,t}", of="ug", idea=_BY_U)
def candidate_input_gradient(x: Array, dzg: Array) -> Array:
    """d_{U_g,t} = x_tᵀ·δ_zg"""
    return x.mT @ dzg


@LSTM.derivative("duo", "d_{U_o,t}", of="uo", idea=_BY_U)
def output_input_gradient(x: Array, dzo: Array) -> Array:
    """d_{U_o,t} = x_tᵀ·δ_zo"""
    return x.mT @ dzo


@LSTM.derivative("dbf", "d_{b_f,t}", of="bf", idea=_BY_B)
def forget_bias_gradient(dzf: Array) -> Array:
    """d_{b_f,t} = Σ_rows δ_zf"""
    return sum_rows(dzf)


@LSTM.derivative("dbi", "d_{b_i,t}", of="bi", idea=_BY_B)
def input_bias_gradient(dzi: Array) -> Array:
    """d_{b_i,t} = Σ_rows δ_zi"""
    return sum_rows(dzi)


@LSTM.derivative("dbg", "d_{b_g,t}", of="bg", idea=_BY_B)
def candidate_bias_gradient(dzg: Array) -> Array:
    """d_{b_g,t} = Σ_rows δ_zg"""
    return sum_rows(dzg)


@LSTM.derivative("dbo", "d_{b_o,t}", of="bo", idea=_BY_B)
def output_bias_gradient(dzo: Array) -> Array:
    """d_{b_o,t} = Σ_rows δ_zo"""
    return sum_rows(dzo)


@LSTM.derivative("dh", "δ_{h_{t-1}}", of="h_p", idea="h_prev acts in four places: through the four pre-activations")
def state_gradient(dzf: Array, wf: Array, dzi: Array, wi: Array, dzg: Array, wg: Array, dzo: Array, wo: Array) -> Array:
    """δ_{h_{t-1}} = Σ_gates δ_z·Wᵀ"""
    return dzf @ wf.mT + dzi @ wi.mT + dzg @ wg.mT + dzo @ wo.mT


@LSTM.derivative("dc", "δ_{c_{t-1}}", of="c_p", idea="c_prev acts in one place: in c_t, as f ∘ c_prev")
def previous_cell_gradient(delta_c: Array, f: Array) -> Array:
    """δ_{c_{t-1}} = δ_c ∘ f_t"""
    return delta_c * f


@LSTM.derivative("dx", "δ_{x_t}", of="x", idea="x acts in four places: through the four pre-activations")
def input_gradient(dzf: Array, uf: Array, dzi: Array, ui: Array, dzg: Array, ug: Array, dzo: Array, uo: Array) -> Array:
    """δ_{x_t} = Σ_gates δ_z·Uᵀ"""
    return dzf @ uf.mT + dzi @ ui.mT + dzg @ ug.mT + dzo @ uo.mT
