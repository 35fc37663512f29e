"""What stands below each cell for one_sample.py: it makes of the class above the API of the course."""

import numpy as np


class GRU_Cell:
    """A cell for one sample, with a matrix for each gate, which is multiplied from the left."""

    def __init__(self, in_dim: int, hidden_dim: int) -> None:
        self.cell = GRUCell(in_dim, hidden_dim)  # noqa: F821

    def forward(self, x: np.ndarray, h: np.ndarray) -> np.ndarray:
        """The new state."""
        self.h = h[None]
        W = np.vstack([self.Wzh.T, self.Wrh.T, self.Wh.T])
        U = np.vstack([self.Wzx.T, self.Wrx.T, self.Wx.T])
        self.cell.forward(x[None], self.h, W, U)
        return self.cell.h[0]

    def backward(self, delta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The gradients of the input and of the old state; those of the matrices are set."""
        self.cell.backward(self.h, delta[None])
        self.dWzh, self.dWrh, self.dWh = (block.T for block in np.split(self.cell.dW, 3))
        self.dWzx, self.dWrx, self.dWx = (block.T for block in np.split(self.cell.dU, 3))
        return self.cell.dx[0], self.cell.dh[0]
