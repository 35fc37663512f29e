"""The cell of the plain RNN in the manner of the chapter's GRU cell: one step forward, and one backward."""

import numpy as np

from gru.calculus.arrays import Array
from gru.layers.rnn import equations


class RNNCell:
    """One step of a plain RNN. `forward` must come before `backward`; the values it sets are kept for it."""

    x: Array
    h: Array
    dz: Array
    dW: Array
    dU: Array
    db: Array
    dh: Array
    dx: Array

    def __init__(self, input_size: int, hidden_size: int) -> None:
        self.input_size, self.hidden_size = input_size, hidden_size

    def forward(self, x: Array, h_p: Array, W: Array, U: Array, b: Array | None = None) -> Array:
        """Set `x, h`, and return `h` (batch, hidden).

        Args:
            x: The input x_t, (batch, input).
            h_p: The hidden state h_{t-1}, (batch, hidden).
            W: The recurrent weights, (hidden, hidden).
            U: The input weights, (input, hidden).
            b: The bias, (1, hidden); None for none.
        """
        self.x, self._W, self._U = x, W, U
        bias = np.zeros((1, self.hidden_size), W.dtype) if b is None else b
        self.h = np.tanh(equations.preactivation(h_p, x, W, U, bias))
        return self.h

    def backward(self, h_p: Array, in_grad: Array) -> None:
        """Set `dz, dW, dU, db, dh, dx`.

        Args:
            h_p: The hidden state h_{t-1}, (batch, hidden).
            in_grad: ∂loss/∂h_t, (batch, hidden).
        """
        self.dz = equations.preactivation_gradient(in_grad, self.h)
        self.dW = equations.recurrent_gradient(h_p, self.dz)
        self.dU = equations.input_weight_gradient(self.x, self.dz)
        self.db = equations.bias_gradient(self.dz)
        self.dh = equations.state_gradient(self.dz, self._W)
        self.dx = equations.input_gradient(self.dz, self._U)
