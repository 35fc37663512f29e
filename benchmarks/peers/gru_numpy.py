"""The loss of a sequence as a function of one flat vector, and its gradient by hand: what every peer is given."""

from collections.abc import Callable
from typing import Any

import numpy as np

from gru.layers.gru.cell import GRUCell
from gru.layers.gru.sequence import GRUSequence
from gru.problem import Problem

Array = Any

BLOCKS = ("x", "h_0", "W", "U")
"""The arguments of the loss, in the order in which every peer is given them."""


def blocks_of(problem: Problem) -> list[Array]:
    """The arguments of the loss on a problem."""
    return [getattr(problem, name).astype(float) for name in BLOCKS]


def loss(x: Array, h_0: Array, W: Array, U: Array, upstream: Array) -> Any:
    """Σ_t upstream_t · h_t by (1)–(4), with the least work; real or complex numbers."""
    hidden, inputs = W.shape[1], x.shape[2]
    wz, wr, wn = W[:hidden], W[hidden : 2 * hidden], W[2 * hidden :]
    uz, ur, un = U[:inputs], U[inputs : 2 * inputs], U[2 * inputs :]
    h, total = h_0, 0.0
    for x_t, from_above in zip(x, upstream, strict=True):
        z = 1 / (1 + np.exp(-(h @ wz + x_t @ uz)))
        r = 1 / (1 + np.exp(-(h @ wr + x_t @ ur)))
        n = np.tanh((r * h) @ wn + x_t @ un)
        h = (1 - z) * h + z * n
        total = total + (from_above * h).sum()
    return total


def by_hand(
    x: Array, h_0: Array, W: Array, U: Array, upstream: Array, cell: Callable[[int, int], Any] = GRUCell
) -> list[Array]:
    """The gradient by backpropagation through time over hand-written cells, in the order of `BLOCKS`."""
    sequence = GRUSequence(x.shape[2], W.shape[1], cell)
    sequence.forward(x, h_0, W, U)
    found = sequence.backward(upstream)
    return [found.dx, found.dh_0, found.dW, found.dU]


def by_hand_fast(x: Array, h_0: Array, W: Array, U: Array, upstream: Array) -> list[Array]:
    """The same with the least work: the products with x of all steps in one, and the gradients of the weights too."""
    (steps, batch, inputs), hidden = x.shape, W.shape[1]
    (wz, wr, wn), (uz, ur, un) = W.reshape(3, hidden, hidden), U.reshape(3, inputs, hidden)
    wzr, of_x = np.hstack([wz, wr]), np.hstack([uz, ur, un])
    from_x = (x.reshape(-1, inputs) @ of_x).reshape(steps, batch, -1)
    before, reset = np.empty((steps, batch, hidden)), np.empty((steps, batch, hidden))
    gates, candidates = np.empty((steps, batch, 2 * hidden)), np.empty((steps, batch, hidden))
    h = h_0
    for t in range(steps):
        before[t] = h
        gates[t] = 1 / (1 + np.exp(-(h @ wzr + from_x[t, :, : 2 * hidden])))
        z = gates[t, :, :hidden]
        reset[t] = gates[t, :, hidden:] * h
        candidates[t] = np.tanh(reset[t] @ wn + from_x[t, :, 2 * hidden :])
        h = h + z * (candidates[t] - h)
    slopes = gates * (1 - gates)
    of_n, of_z = gates[..., :hidden] * (1 - candidates**2), (candidates - before) * slopes[..., :hidden]
    of_r = before * slopes[..., hidden:]
    deltas, dh = np.empty((steps, batch, 3 * hidden)), np.zeros_like(h_0)
    for t in reversed(range(steps)):
        dh = dh + upstream[t]
        dz, dr, dn = (deltas[t, :, k * hidden : (k + 1) * hidden] for k in range(3))
        np.multiply(dh, of_n[t], out=dn)
        np.multiply(dh, of_z[t], out=dz)
        reached = dn @ wn.T
        np.multiply(reached, of_r[t], out=dr)
        dh = dh * (1 - gates[t, :, :hidden]) + reached * gates[t, :, hidden:] + deltas[t, :, : 2 * hidden] @ wzr.T
    flat = deltas.reshape(-1, 3 * hidden)
    of_wzr = before.reshape(-1, hidden).T @ flat[:, : 2 * hidden]
    of_wn = reset.reshape(-1, hidden).T @ flat[:, 2 * hidden :]
    of_u = x.reshape(-1, inputs).T @ flat
    dW = np.vstack([of_wzr[:, :hidden], of_wzr[:, hidden:], of_wn])
    dU = of_u.reshape(inputs, 3, hidden).transpose(1, 0, 2).reshape(-1, hidden)
    return [(flat @ of_x.T).reshape(x.shape), dh, dW, dU]


class Flat:
    """The loss and its gradient as functions of one vector, as SciPy and numdifftools want them."""

    def __init__(self, problem: Problem, gradient: Callable[[list[Array]], list[Array]] | None = None) -> None:
        self._upstream, self._gradient = problem.upstream.astype(float), gradient
        blocks = blocks_of(problem)
        self._shapes = [block.shape for block in blocks]
        self._ends = np.cumsum([block.size for block in blocks])
        self.at = self.joined(blocks)

    def joined(self, blocks: list[Array]) -> Array:
        """The blocks as one vector."""
        return np.concatenate([np.ravel(block) for block in blocks])

    def parted(self, vector: Array) -> list[Array]:
        """The vector as blocks."""
        parts = np.split(vector, self._ends[:-1])
        return [part.reshape(shape) for part, shape in zip(parts, self._shapes, strict=True)]

    def loss(self, vector: Array) -> Any:
        """The loss at a vector."""
        return loss(*self.parted(vector), self._upstream)

    def gradient(self, vector: Array) -> Array:
        """The gradient by hand at a vector."""
        assert self._gradient is not None
        return self.joined(self._gradient(self.parted(vector)))
