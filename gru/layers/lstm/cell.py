"""The LSTM cell in the manner of the chapter's GRU cell: one step forward, and one backward."""

import numpy as np

from gru.calculus.arrays import Array
from gru.calculus.functions import sigmoid, sum_rows
from gru.layers.lstm import equations
from gru.layers.lstm.equations import LSTM


class LSTMCell:
    """One step of an LSTM. `forward` must come before `backward`; the values it sets are kept for it.

    Arrays may carry leading axes, and may be complex in `forward`.
    """

    x: Array
    f: Array
    i: Array
    g: Array
    o: Array
    c: Array
    h: Array
    dW: Array
    dU: Array
    db: Array
    dh: Array
    dc: Array
    dx: Array

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True) -> None:
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias

    def split_params(self, w: Array, size: int) -> tuple[Array, ...]:
        """The four blocks of a stacked parameter, in the order f, i, g, o; views of it.

        Args:
            w: The parameter, (…, 4·size, hidden).
            size: The rows of a block.
        """
        return tuple(w[..., k * size : (k + 1) * size, :] for k in range(len(LSTM.gates)))

    def get_params(self, W: Array, U: Array, b: Array | None = None) -> None:
        """Set `wf wi wg wo, uf ui ug uo, bf bi bg bo`; without a bias the last are zero.

        Args:
            W: The recurrent weights, (4·hidden, hidden).
            U: The input weights, (4·input, hidden).
            b: The biases, (4, hidden); None for none.
        """
        if b is None or not self.bias:
            b = np.zeros((len(LSTM.gates), self.hidden_size), W.dtype)
        for name, stacked, size in (("w", W, self.hidden_size), ("u", U, self.input_size), ("b", b, 1)):
            for gate, block in zip(LSTM.gates, self.split_params(stacked, size), strict=True):
                setattr(self, name + gate, block)

    def forward(self, x: Array, h_p: Array, c_p: Array, W: Array, U: Array, b: Array | None = None) -> Array:
        """Set `x, f, i, g, o, c, h`, and return `h` (batch, hidden).

        Args:
            x: The input x_t, (batch, input).
            h_p: The hidden state h_{t-1}, (batch, hidden).
            c_p: The cell state c_{t-1}, (batch, hidden).
            W: The recurrent weights, (4·hidden, hidden).
            U: The input weights, (4·input, hidden).
            b: The biases, (4, hidden); None for none.
        """
        self.get_params(W, U, b)
        at = vars(self)
        self.x = x
        self.f = sigmoid(equations.forget_preactivation(h_p, x, at["wf"], at["uf"], at["bf"]))
        self.i = sigmoid(equations.input_preactivation(h_p, x, at["wi"], at["ui"], at["bi"]))
        self.g = np.tanh(equations.candidate_preactivation(h_p, x, at["wg"], at["ug"], at["bg"]))
        self.o = sigmoid(equations.output_preactivation(h_p, x, at["wo"], at["uo"], at["bo"]))
        self.c = equations.cell_state(self.f, c_p, self.i, self.g)
        self.h = equations.hidden_state(self.o, self.c)
        return self.h

    def backward(self, h_p: Array, c_p: Array, in_grad: Array, c_grad: Array) -> None:
        """Set every gradient of this step: `dzf …, dwf …, duf …, dbf …, dW, dU, db, dh, dc, dx`.

        Args:
            h_p: The hidden state h_{t-1}, (batch, hidden).
            c_p: The cell state c_{t-1}, (batch, hidden).
            in_grad: ∂loss/∂h_t from above and from the next step, (batch, hidden).
            c_grad: What comes to c_t from the next step, (batch, hidden); zero at the last.
        """
        delta_c = equations.cell_gradient(c_grad, in_grad, self.o, self.c)
        gradients = {
            "f": equations.forget_preactivation_gradient(delta_c, c_p, self.f),
            "i": equations.input_preactivation_gradient(delta_c, self.g, self.i),
            "g": equations.candidate_preactivation_gradient(delta_c, self.i, self.g),
            "o": equations.output_preactivation_gradient(in_grad, self.c, self.o),
        }
        for gate, dz in gradients.items():
            setattr(self, f"dz{gate}", dz)
            setattr(self, f"dw{gate}", h_p.mT @ dz)
            setattr(self, f"du{gate}", self.x.mT @ dz)
            setattr(self, f"db{gate}", sum_rows(dz))
        self.merge_params()
        at = vars(self)
        self.dh = equations.state_gradient(*(v for k in LSTM.gates for v in (at[f"dz{k}"], at[f"w{k}"])))
        self.dc = equations.previous_cell_gradient(delta_c, self.f)
        self.dx = equations.input_gradient(*(v for k in LSTM.gates for v in (at[f"dz{k}"], at[f"u{k}"])))

    def merge_params(self) -> None:
        """Set `dW` (4·hidden, hidden), `dU` (4·input, hidden) and `db` (4, hidden): the blocks, stacked."""
        at = vars(self)
        self.dW, self.dU, self.db = (
            np.concatenate([at[f"d{name}{gate}"] for gate in LSTM.gates], axis=-2) for name in ("w", "u", "b")
        )
