"""The chapter's GRU cell: the forward pass (1)–(4) and the backward pass (8)–(16), (23), (24).

One cell is one step in time. It never sums over steps: that is `sequence`'s part.
"""

from gru.calculus.arrays import Array
from gru.layers.gru import equations, parameters


class GRUCell:
    """One step of a GRU without bias, with exactly the API that the chapter's readers write.

    `forward` must come before `backward`; the values it sets are kept for it. Arrays are
    float32 or float64, and every result has the dtype of the arguments.
    """

    x: Array
    z: Array
    r: Array
    n: Array
    h: Array
    dzz: Array
    dzn: Array
    dzr: Array
    dwn: Array
    dun: Array
    dwr: Array
    dur: Array
    dwz: Array
    duz: Array
    dW: Array
    dU: Array
    dh: Array
    dx: Array

    def __init__(self, input_size: int, hidden_size: int) -> None:
        self.input_size = input_size
        self.hidden_size = hidden_size

    def split_params(self, w: Array, size: int) -> tuple[Array, Array, Array]:
        """The three blocks of a stacked parameter, in the order z, r, h̃; views of it.

        Args:
            w: The parameter, (3·size, hidden).
            size: The rows of a block.

        Returns:
            The blocks, each (size, hidden).
        """
        return parameters.split(w, size)

    def get_params(self, W: Array, U: Array) -> None:
        """Set the blocks `wz, wr, wn` and `uz, ur, un`.

        Args:
            W: The recurrent weights, (3·hidden, hidden).
            U: The input weights, (3·input, hidden).
        """
        self.wz, self.wr, self.wn = self.split_params(W, self.hidden_size)
        self.uz, self.ur, self.un = self.split_params(U, self.input_size)

    def forward(self, x: Array, h_p: Array, W: Array, U: Array) -> Array:
        """(1)–(4): set `x, z, r, n, h`, and return `h`.

        Args:
            x: The input x_t, (batch, input).
            h_p: The state h_{t-1}, (batch, hidden).
            W: The recurrent weights, (3·hidden, hidden).
            U: The input weights, (3·input, hidden).

        Returns:
            The state h_t, (batch, hidden).
        """
        self.get_params(W, U)
        self.x = x
        self.z = equations.update_gate(h_p, x, self.wz, self.uz)
        self.r = equations.reset_gate(h_p, x, self.wr, self.ur)
        self.n = equations.candidate(self.r, h_p, x, self.wn, self.un)
        self.h = equations.hidden_state(self.z, self.n, h_p)
        return self.h

    def backward(self, h_p: Array, in_grad: Array) -> None:
        """(8)–(16), (23), (24): set every gradient of this step.

        Args:
            h_p: The state h_{t-1}, (batch, hidden).
            in_grad: δ_t = ∂loss/∂h_t, (batch, hidden).
        """
        x, z, r, n = self.x, self.z, self.r, self.n
        self.dzz = equations.update_preactivation_gradient(in_grad, n, h_p, z)
        self.dzn = equations.candidate_preactivation_gradient(in_grad, z, n)
        self.dzr = equations.reset_preactivation_gradient(self.dzn, self.wn, h_p, r)
        self.dwn = equations.candidate_recurrent_gradient(r, h_p, self.dzn)
        self.dun = equations.candidate_input_gradient(x, self.dzn)
        self.dwr = equations.reset_recurrent_gradient(h_p, self.dzr)
        self.dur = equations.reset_input_gradient(x, self.dzr)
        self.dwz = equations.update_recurrent_gradient(h_p, self.dzz)
        self.duz = equations.update_input_gradient(x, self.dzz)
        self.merge_params()
        self.dh = equations.state_gradient(in_grad, z, self.dzn, self.wn, r, self.dzr, self.wr, self.dzz, self.wz)
        self.dx = equations.input_gradient(self.dzn, self.un, self.dzr, self.ur, self.dzz, self.uz)

    def merge_params(self) -> None:
        """Set `dW` (3·hidden, hidden) and `dU` (3·input, hidden), shaped like `W` and `U`."""
        self.dW = parameters.merge(self.dwz, self.dwr, self.dwn)
        self.dU = parameters.merge(self.duz, self.dur, self.dun)
