"""Right cells, written in the ways that learners write them. None of them is wrong anywhere.

`CELLS` holds them by name. They share the chapter's API and its values, and no code with the
package. Nothing here examines anything.
"""

import math
import warnings
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

CELLS: dict[str, type] = {}
"""Every right cell by its name."""


def right(cell: type) -> type:
    """Enter a cell in `CELLS`."""
    CELLS[cell.__name__] = cell
    return cell


def sigmoid(a):
    """σ in one line; it overflows harmlessly."""
    return 1 / (1 + np.exp(-a))


class Formulas:
    """Every formula as the chapter prints it; no attributes of its own."""

    __slots__ = ()

    def __init__(self, input_size, hidden_size):
        self.input_size = input_size
        self.hidden_size = hidden_size

    def split_params(self, w, size):
        """Three slices."""
        return w[:size], w[size : 2 * size], w[2 * size :]

    def get_params(self, W, U):
        """The blocks of W and U."""
        self.wz, self.wr, self.wn = self.split_params(W, self.hidden_size)
        self.uz, self.ur, self.un = self.split_params(U, self.input_size)

    def sigmoid(self, a):
        """σ."""
        return sigmoid(a)

    def tanh(self, a):
        """tanh."""
        return np.tanh(a)

    def forward(self, x, h_p, W, U):
        """(1)–(4)."""
        self.get_params(W, U)
        self.x = x
        self.z = self.sigmoid(np.dot(h_p, self.wz) + np.dot(x, self.uz))
        self.r = self.sigmoid(np.dot(h_p, self.wr) + np.dot(x, self.ur))
        self.n = self.tanh(np.dot(self.r * h_p, self.wn) + np.dot(x, self.un))
        self.h = (1 - self.z) * h_p + self.z * self.n

    def backward(self, h_p, in_grad):
        """(8)–(16), (23), (24)."""
        self.step_gradients(h_p, in_grad)
        self.weight_gradients(h_p)
        self.merge_params()
        self.gradients_out(in_grad)

    def step_gradients(self, h_p, in_grad):
        """(8)–(10)."""
        self.dzz = in_grad * (self.n - h_p) * self.z * (1 - self.z)
        self.dzn = in_grad * self.z * (1 - self.n**2)
        self.dzr = np.dot(self.dzn, self.wn.T) * h_p * self.r * (1 - self.r)

    def weight_gradients(self, h_p):
        """(11)–(16)."""
        self.dwn = np.dot((self.r * h_p).T, self.dzn)
        self.dun = np.dot(self.x.T, self.dzn)
        self.dwr = np.dot(h_p.T, self.dzr)
        self.dur = np.dot(self.x.T, self.dzr)
        self.dwz = np.dot(h_p.T, self.dzz)
        self.duz = np.dot(self.x.T, self.dzz)

    def gradients_out(self, in_grad):
        """(23), (24)."""
        self.dh = (
            in_grad * (1 - self.z)
            + np.dot(self.dzn, self.wn.T) * self.r
            + np.dot(self.dzr, self.wr.T)
            + np.dot(self.dzz, self.wz.T)
        )
        self.dx = np.dot(self.dzn, self.un.T) + np.dot(self.dzr, self.ur.T) + np.dot(self.dzz, self.uz.T)

    def merge_params(self):
        """Three blocks on top of each other."""
        self.dW = np.concatenate((self.dwz, self.dwr, self.dwn), axis=0)
        self.dU = np.concatenate((self.duz, self.dur, self.dun), axis=0)


@right
class GRUCell(Formulas):
    """The cell as it is written most; most of those below are this one with a part of it written in another way."""


# Other sigmoids and other tangents


@right
class SigmoidByTanh(GRUCell):
    """σ(a) = (1 + tanh(a/2))/2."""

    def sigmoid(self, a):
        """σ that never overflows."""
        return 0.5 * (1 + np.tanh(0.5 * a))


@right
class SigmoidByWhere(GRUCell):
    """A form for each sign, both computed everywhere."""

    def sigmoid(self, a):
        """σ whose unused branch overflows."""
        return np.where(a >= 0, 1 / (1 + np.exp(-a)), np.exp(a) / (1 + np.exp(a)))


@right
class SigmoidByMask(GRUCell):
    """A form for each sign, each computed where it is used."""

    def sigmoid(self, a):
        """σ with two index expressions."""
        result = np.empty_like(a)
        positive = a >= 0
        result[positive] = 1 / (1 + np.exp(-a[positive]))
        tail = np.exp(a[~positive])
        result[~positive] = tail / (1 + tail)
        return result


@right
class SigmoidClipped(GRUCell):
    """The pre-activation clipped, so that nothing overflows."""

    def sigmoid(self, a):
        """σ of a in ±500; what is beyond is 0 or 1 in any case."""
        return 1 / (1 + np.exp(-np.clip(a, -500 if a.dtype == np.float64 else -80, 500)))


@right
class SigmoidByLogarithm(GRUCell):
    """σ(a) = exp(−log(1 + e^{−a}))."""

    def sigmoid(self, a):
        """σ with `logaddexp`."""
        return np.exp(-np.logaddexp(0, -a))


@right
class SigmoidByNumber(GRUCell):
    """The functions of `math`, number by number."""

    def sigmoid(self, a):
        """σ through `np.vectorize`."""
        return np.vectorize(lambda v: 1 / (1 + math.exp(-v)) if v > 0 else math.exp(v) / (1 + math.exp(v)))(a)

    def tanh(self, a):
        """tanh through `np.vectorize`."""
        return np.vectorize(math.tanh)(a)


@right
class TanhBySigmoid(GRUCell):
    """tanh a = 2σ(2a) − 1."""

    def tanh(self, a):
        """tanh that cancels near 0."""
        return 2 * self.sigmoid(2 * a) - 1


@right
class TanhByExponentials(GRUCell):
    """tanh |a| = (1 − e^{−2|a|})/(1 + e^{−2|a|})."""

    def tanh(self, a):
        """tanh with one exponential."""
        tail = np.exp(-2 * np.abs(a))
        return np.sign(a) * (1 - tail) / (1 + tail)


# Other products


@right
class StackedProduct(GRUCell):
    """[h, x]·[W; U] in one product a gate."""

    def forward(self, x, h_p, W, U):
        """(1)–(4), with the stacked parameters kept for (23) and (24)."""
        self.get_params(W, U)
        self.x = x
        hx = np.hstack([h_p, x])
        self.pz, self.pr, self.pn = (
            np.vstack(pair) for pair in ((self.wz, self.uz), (self.wr, self.ur), (self.wn, self.un))
        )
        self.z = self.sigmoid(hx @ self.pz)
        self.r = self.sigmoid(hx @ self.pr)
        self.n = self.tanh(np.hstack([self.r * h_p, x]) @ self.pn)
        self.h = (1 - self.z) * h_p + self.z * self.n

    def weight_gradients(self, h_p):
        """(11)–(16), two at a time."""
        hx = np.hstack([h_p, self.x])
        rows = [self.hidden_size]
        self.dwz, self.duz = np.split(hx.T @ self.dzz, rows)
        self.dwr, self.dur = np.split(hx.T @ self.dzr, rows)
        self.dwn, self.dun = np.split(np.hstack([self.r * h_p, self.x]).T @ self.dzn, rows)

    def gradients_out(self, in_grad):
        """(23) and (24), from one array."""
        gates = self.dzz @ self.pz.T + self.dzr @ self.pr.T
        candidate = self.dzn @ self.pn.T
        size = self.hidden_size
        self.dh = gates[:, :size] + candidate[:, :size] * self.r + in_grad * (1 - self.z)
        self.dx = gates[:, size:] + candidate[:, size:]


@right
class WideProduct(GRUCell):
    """The three gates beside each other, as libraries have them."""

    def forward(self, x, h_p, W, U):
        """(1)–(4)."""
        self.get_params(W, U)
        self.x = x
        size = self.hidden_size
        from_x = x @ np.hstack([self.uz, self.ur, self.un])
        from_h = h_p @ np.hstack([self.wz, self.wr])
        gates = self.sigmoid(from_x[:, : 2 * size] + from_h)
        self.z, self.r = gates[:, :size], gates[:, size:]
        self.n = self.tanh(from_x[:, 2 * size :] + (self.r * h_p) @ self.wn)
        self.h = (1 - self.z) * h_p + self.z * self.n

    def gradients_out(self, in_grad):
        """(24) as one product."""
        super().gradients_out(in_grad)
        self.dx = np.hstack([self.dzz, self.dzr, self.dzn]) @ np.hstack([self.uz, self.ur, self.un]).T


@right
class ThreeDimensional(GRUCell):
    """W as (3, hidden, hidden) and U as (3, input, hidden)."""

    def split_params(self, w, size):
        """The blocks along a third axis."""
        return tuple(w.reshape(3, size, self.hidden_size))

    def weight_gradients(self, h_p):
        """(11)–(16) as two batches of products."""
        states = np.stack([h_p, h_p, self.r * h_p])
        gates = np.stack([self.dzz, self.dzr, self.dzn])
        self.dwz, self.dwr, self.dwn = states.transpose(0, 2, 1) @ gates
        self.duz, self.dur, self.dun = self.x.T @ gates

    def merge_params(self):
        """The third axis rolled up again."""
        self.dW = np.stack([self.dwz, self.dwr, self.dwn]).reshape(-1, self.hidden_size)
        self.dU = np.stack([self.duz, self.dur, self.dun]).reshape(-1, self.hidden_size)


@right
class Einsum(GRUCell):
    """All products written with their indices."""

    def forward(self, x, h_p, W, U):
        """(1)–(4)."""
        self.get_params(W, U)
        self.x = x
        self.z = self.sigmoid(np.einsum("bi,ij->bj", h_p, self.wz) + np.einsum("bi,ij->bj", x, self.uz))
        self.r = self.sigmoid(np.einsum("bi,ij->bj", h_p, self.wr) + np.einsum("bi,ij->bj", x, self.ur))
        self.n = self.tanh(np.einsum("bi,bi,ij->bj", self.r, h_p, self.wn) + np.einsum("bi,ij->bj", x, self.un))
        self.h = np.einsum("bj,bj->bj", 1 - self.z, h_p) + np.einsum("bj,bj->bj", self.z, self.n)

    def weight_gradients(self, h_p):
        """(11)–(16)."""
        self.dwn = np.einsum("bi,bi,bj->ij", self.r, h_p, self.dzn)
        self.dun = np.einsum("bi,bj->ij", self.x, self.dzn)
        self.dwr, self.dwz = (np.einsum("bi,bj->ij", h_p, gate) for gate in (self.dzr, self.dzz))
        self.dur, self.duz = (np.einsum("bi,bj->ij", self.x, gate) for gate in (self.dzr, self.dzz))

    def gradients_out(self, in_grad):
        """(23), (24)."""
        self.dh = in_grad * (1 - self.z) + np.einsum("bj,ij,bi->bi", self.dzn, self.wn, self.r)
        self.dh += np.einsum("bj,ij->bi", self.dzr, self.wr) + np.einsum("bj,ij->bi", self.dzz, self.wz)
        self.dx = sum(
            np.einsum("bj,ij->bi", gate, u)
            for gate, u in ((self.dzn, self.un), (self.dzr, self.ur), (self.dzz, self.uz))
        )


@right
class SumsByReduce(GRUCell):
    """Products of arrays with three axes, added up with `np.add.reduce`."""

    def forward(self, x, h_p, W, U):
        """(1)–(4)."""
        self.get_params(W, U)
        self.x = x

        def product(a, w):
            return np.add.reduce(a[:, :, np.newaxis] * w, axis=1)

        self.z = self.sigmoid(product(h_p, self.wz) + product(x, self.uz))
        self.r = self.sigmoid(product(h_p, self.wr) + product(x, self.ur))
        self.n = self.tanh(product(self.r * h_p, self.wn) + product(x, self.un))
        self.h = np.add.reduce([(1 - self.z) * h_p, self.z * self.n])

    def weight_gradients(self, h_p):
        """(11)–(16)."""

        def outer(a, gate):
            return np.add.reduce(a[:, :, np.newaxis] * gate[:, np.newaxis, :], axis=0)

        self.dwz, self.duz = outer(h_p, self.dzz), outer(self.x, self.dzz)
        self.dwr, self.dur = outer(h_p, self.dzr), outer(self.x, self.dzr)
        self.dwn, self.dun = outer(self.r * h_p, self.dzn), outer(self.x, self.dzn)


@right
class InnerAndTensordot(GRUCell):
    """`np.inner` for ·Wᵀ and `np.tensordot` over the batch."""

    def step_gradients(self, h_p, in_grad):
        """(8)–(10)."""
        self.dzz = np.prod([in_grad, self.n - h_p, self.z, 1 - self.z], axis=0)
        self.dzn = np.multiply(in_grad, self.z) * np.subtract(1, np.square(self.n))
        self.dzr = np.inner(self.dzn, self.wn) * h_p * self.r * (1 - self.r)

    def weight_gradients(self, h_p):
        """(11)–(16)."""
        over_batch = (0, 0)
        self.dwz, self.duz = np.tensordot(h_p, self.dzz, over_batch), np.tensordot(self.x, self.dzz, over_batch)
        self.dwr, self.dur = np.tensordot(h_p, self.dzr, over_batch), np.tensordot(self.x, self.dzr, over_batch)
        self.dwn = np.tensordot(self.r * h_p, self.dzn, over_batch)
        self.dun = np.tensordot(self.x, self.dzn, over_batch)

    def gradients_out(self, in_grad):
        """(23), (24)."""
        self.dh = in_grad * (1 - self.z) + np.inner(self.dzn, self.wn) * self.r
        self.dh = self.dh + np.inner(self.dzr, self.wr) + np.inner(self.dzz, self.wz)
        self.dx = np.inner(self.dzz, self.uz) + np.inner(self.dzr, self.ur) + np.inner(self.dzn, self.un)


@right
class ColumnVectors(GRUCell):
    """Everything transposed inside, as in texts with column vectors; shown in the chapter's shapes."""

    def forward(self, x, h_p, W, U):
        """(1)–(4)."""
        self.get_params(W, U)
        self.x, state = x, h_p.T
        z = self.sigmoid(self.wz.T @ state + self.uz.T @ x.T)
        r = self.sigmoid(self.wr.T @ state + self.ur.T @ x.T)
        n = self.tanh(self.wn.T @ (r * state) + self.un.T @ x.T)
        self.z, self.r, self.n, self.h = z.T, r.T, n.T, ((1 - z) * state + z * n).T

    def weight_gradients(self, h_p):
        """(11)–(16), each as the transpose of what columns give."""
        self.dwn, self.dun = (self.dzn.T @ (self.r * h_p)).T, (self.dzn.T @ self.x).T
        self.dwr, self.dur = (self.dzr.T @ h_p).T, (self.dzr.T @ self.x).T
        self.dwz, self.duz = (self.dzz.T @ h_p).T, (self.dzz.T @ self.x).T


@right
class StoresTransposes(GRUCell):
    """Keeps Wᵀ and xᵀ, which its backward pass needs."""

    def forward(self, x, h_p, W, U):
        """(1)–(4)."""
        super().forward(x, h_p, W, U)
        self.x_t = np.ascontiguousarray(x.T)
        self.wz_t, self.wr_t, self.wn_t = (np.ascontiguousarray(w.T) for w in (self.wz, self.wr, self.wn))

    def backward(self, h_p, in_grad):
        """(8)–(16), (23), (24)."""
        self.dzz = in_grad * (self.n - h_p) * self.z * (1 - self.z)
        self.dzn = in_grad * self.z * (1 - self.n * self.n)
        into_reset = self.dzn @ self.wn_t
        self.dzr = into_reset * h_p * self.r * (1 - self.r)
        h_t = h_p.T
        self.dwz, self.duz = h_t @ self.dzz, self.x_t @ self.dzz
        self.dwr, self.dur = h_t @ self.dzr, self.x_t @ self.dzr
        self.dwn, self.dun = (self.r.T * h_t) @ self.dzn, self.x_t @ self.dzn
        self.merge_params()
        self.gradients_out(in_grad)
        self.dh = in_grad * (1 - self.z) + into_reset * self.r + self.dzr @ self.wr_t + self.dzz @ self.wz_t


# Other factorings of the derivatives


@right
class ExpandedDerivatives(GRUCell):
    """z − z², (1 + h̃)(1 − h̃), and h̃ − h_p multiplied out."""

    def forward(self, x, h_p, W, U):
        """(1)–(4), with h = h_p + z(h̃ − h_p)."""
        super().forward(x, h_p, W, U)
        self.h = h_p + self.z * (self.n - h_p)

    def step_gradients(self, h_p, in_grad):
        """(8)–(10)."""
        slope = self.z - self.z**2
        self.dzz = in_grad * self.n * slope - in_grad * h_p * slope
        self.dzn = in_grad * self.z * (1 + self.n) * (1 - self.n)
        self.dzr = h_p * (self.r - self.r * self.r) * (self.dzn @ self.wn.T)


@right
class ExpandedSums(GRUCell):
    """Every bracket multiplied out."""

    def forward(self, x, h_p, W, U):
        """(1)–(4), with h = h_p − z·h_p + z·h̃."""
        super().forward(x, h_p, W, U)
        self.h = h_p - self.z * h_p + self.z * self.n

    def step_gradients(self, h_p, in_grad):
        """(8)–(10)."""
        z, r, n, d = self.z, self.r, self.n, in_grad
        self.dzz = d * n * z - d * n * z * z - d * h_p * z + d * h_p * z * z
        self.dzn = d * z - d * z * n * n
        back = self.dzn @ self.wn.T
        self.dzr = back * h_p * r - back * h_p * r * r

    def gradients_out(self, in_grad):
        """(23), (24)."""
        super().gradients_out(in_grad)
        parts = in_grad, -in_grad * self.z, (self.dzn * 1) @ self.wn.T * self.r, self.dzr @ self.wr.T
        self.dh = self.dzz @ self.wz.T + sum(parts)


@right
class DerivativesOfPreactivations(GRUCell):
    """σ' = σ(a)σ(−a) and tanh' = 1/cosh², from the pre-activations."""

    def forward(self, x, h_p, W, U):
        """(1)–(4), keeping (5)–(7)."""
        self.get_params(W, U)
        self.x = x
        self.az = h_p @ self.wz + x @ self.uz
        self.ar = h_p @ self.wr + x @ self.ur
        self.z, self.r = sigmoid(self.az), sigmoid(self.ar)
        self.an = (self.r * h_p) @ self.wn + x @ self.un
        self.n = np.tanh(self.an)
        self.h = self.z * self.n + (1 - self.z) * h_p

    def step_gradients(self, h_p, in_grad):
        """(8)–(10)."""
        self.dzz = in_grad * (self.n - h_p) * sigmoid(self.az) * sigmoid(-self.az)
        self.dzn = in_grad * self.z / np.cosh(self.an) ** 2
        self.dzr = (self.dzn @ self.wn.T) * h_p / (2 + np.exp(self.ar) + np.exp(-self.ar))

    def gradients_out(self, in_grad):
        """(23), (24), with σ(−a) for 1 − z."""
        super().gradients_out(in_grad)
        gates = self.dzz @ self.wz.T + self.dzr @ self.wr.T
        self.dh = in_grad * sigmoid(-self.az) + (self.dzn @ self.wn.T) * self.r + gates


@right
class ByTheChainRule(GRUCell):
    """Backward through every node of the graph in turn, adding to dh on the way."""

    def backward(self, h_p, in_grad):
        """(8)–(16), (23), (24), from h back to x and h_p."""
        dz, dn = in_grad * (self.n - h_p), in_grad * self.z
        dh = in_grad * (1 - self.z)
        self.dzn = dn * (1 - self.n**2)
        d_reset_state = self.dzn @ self.wn.T
        dr = d_reset_state * h_p
        dh = dh + d_reset_state * self.r
        self.dzr = dr * self.r * (1 - self.r)
        self.dzz = dz * self.z * (1 - self.z)
        dx = np.zeros_like(self.x)
        for gate, w, u in ((self.dzr, self.wr, self.ur), (self.dzz, self.wz, self.uz)):
            dh = dh + gate @ w.T
            dx = dx + gate @ u.T
        self.dh, self.dx = dh, dx + self.dzn @ self.un.T
        self.weight_gradients(h_p)
        self.merge_params()


@right
class MirroredGate(GRUCell):
    """Computes 1 − z as a gate of its own, and z from that."""

    def forward(self, x, h_p, W, U):
        """(1)–(4)."""
        super().forward(x, h_p, W, U)
        self.keep = sigmoid(-(h_p @ self.wz + x @ self.uz))
        self.z = 1 - self.keep
        self.h = self.keep * h_p + self.z * self.n

    def step_gradients(self, h_p, in_grad):
        """(8)–(10), each by two minus signs."""
        super().step_gradients(h_p, in_grad)
        self.dzz = -in_grad * (h_p - self.n) * self.keep * (1 - self.keep)
        self.dzn = -in_grad * self.z * (self.n**2 - 1)


# Loops


@right
class LoopOverBatch(GRUCell):
    """One sample after another."""

    def forward(self, x, h_p, W, U):
        """(1)–(4), row by row."""
        self.get_params(W, U)
        self.x = x
        rows = [self.one_row(x[b], h_p[b]) for b in range(x.shape[0])]
        self.z, self.r, self.n, self.h = (np.array(values) for values in zip(*rows, strict=True))

    def one_row(self, x, h_p):
        """(1)–(4) of one sample."""
        z = sigmoid(h_p @ self.wz + x @ self.uz)
        r = sigmoid(h_p @ self.wr + x @ self.ur)
        n = np.tanh((r * h_p) @ self.wn + x @ self.un)
        return z, r, n, (1 - z) * h_p + z * n

    def weight_gradients(self, h_p):
        """(11)–(16) as sums of outer products."""
        for name in ("dwz", "dwr", "dwn", "duz", "dur", "dun"):
            setattr(self, name, 0)
        for b in range(len(h_p)):
            self.dwz = self.dwz + np.outer(h_p[b], self.dzz[b])
            self.dwr = self.dwr + np.outer(h_p[b], self.dzr[b])
            self.dwn = self.dwn + np.outer(self.r[b] * h_p[b], self.dzn[b])
            self.duz = self.duz + np.outer(self.x[b], self.dzz[b])
            self.dur = self.dur + np.outer(self.x[b], self.dzr[b])
            self.dun = self.dun + np.outer(self.x[b], self.dzn[b])


@right
class LoopOverUnits(GRUCell):
    """One hidden unit after another, backward as well."""

    def forward(self, x, h_p, W, U):
        """(1)–(4), column by column."""
        self.get_params(W, U)
        self.x = x
        self.z, self.r, self.n = (np.zeros_like(h_p) for _ in range(3))
        for j in range(self.hidden_size):
            self.z[:, j] = sigmoid(h_p @ self.wz[:, j] + x @ self.uz[:, j])
            self.r[:, j] = sigmoid(h_p @ self.wr[:, j] + x @ self.ur[:, j])
        for j in range(self.hidden_size):
            self.n[:, j] = np.tanh((self.r * h_p) @ self.wn[:, j] + x @ self.un[:, j])
        self.h = (1 - self.z) * h_p + self.z * self.n

    def gradients_out(self, in_grad):
        """(23), (24), each unit's share added."""
        self.dh, self.dx = in_grad * (1 - self.z), np.zeros_like(self.x)
        for j in range(self.hidden_size):
            self.dh += np.outer(self.dzn[:, j], self.wn[:, j]) * self.r
            self.dh += np.outer(self.dzr[:, j], self.wr[:, j]) + np.outer(self.dzz[:, j], self.wz[:, j])
            for gate, u in ((self.dzn, self.un), (self.dzr, self.ur), (self.dzz, self.uz)):
                self.dx += gate[:, j : j + 1] * u[:, j]


# Memory of its own


@right
class OwnBuffers(GRUCell):
    """Allocates dW and dU once, and writes the blocks into them."""

    dW = dU = None

    def weight_gradients(self, h_p):
        """(11)–(16), each into its rows."""
        if self.dW is None:
            dtype = np.result_type(self.dzz)
            self.dW = np.empty((3 * self.hidden_size, self.hidden_size), dtype)
            self.dU = np.empty((3 * self.input_size, self.hidden_size), dtype)
            self.dwz, self.dwr, self.dwn = self.split_params(self.dW, self.hidden_size)
            self.duz, self.dur, self.dun = self.split_params(self.dU, self.input_size)
        np.matmul(h_p.T, self.dzz, out=self.dwz)
        np.matmul(h_p.T, self.dzr, out=self.dwr)
        np.matmul((self.r * h_p).T, self.dzn, out=self.dwn)
        np.matmul(self.x.T, self.dzz, out=self.duz)
        np.matmul(self.x.T, self.dzr, out=self.dur)
        np.matmul(self.x.T, self.dzn, out=self.dun)

    def merge_params(self):
        """Nothing is left to do."""


@right
class SharedBufferCopied(GRUCell):
    """One buffer for all cells, from which each takes a copy."""

    scratch = np.empty(0)

    def merge_params(self):
        """The blocks, stacked in the buffer."""
        for name, blocks in {"dW": (self.dwz, self.dwr, self.dwn), "dU": (self.duz, self.dur, self.dun)}.items():
            rows, columns = len(blocks[0]), self.hidden_size
            if type(self).scratch.size < 3 * rows * columns:
                type(self).scratch = np.empty(3 * rows * columns)
            buffer = type(self).scratch[: 3 * rows * columns].reshape(3, rows, columns)
            for gate, block in enumerate(blocks):
                buffer[gate] = block
            setattr(self, name, buffer.reshape(3 * rows, columns).astype(blocks[0].dtype))


@right
class InPlace(GRUCell):
    """Changes its own arrays in place, and none that it was given."""

    def forward(self, x, h_p, W, U):
        """(1)–(4)."""
        self.get_params(W, U)
        self.x = x.copy()
        self.z = h_p @ self.wz
        self.z += x @ self.uz
        np.exp(np.negative(self.z, out=self.z), out=self.z)
        self.z += 1
        np.reciprocal(self.z, out=self.z)
        self.r = self.sigmoid(h_p @ self.wr + x @ self.ur)
        self.n = self.r * h_p
        self.n = self.n @ self.wn
        self.n += x @ self.un
        np.tanh(self.n, out=self.n)
        self.h = h_p.copy()
        self.h *= 1 - self.z
        self.h += self.z * self.n

    def backward(self, h_p, in_grad):
        """(8)–(16), (23), (24)."""
        self.dzn = in_grad.copy()
        self.dzn *= self.z
        self.dzn *= 1 - self.n**2
        self.dzz = self.n - h_p
        for factor in (in_grad, self.z, 1 - self.z):
            self.dzz *= factor
        self.dzr = self.dzn @ self.wn.T
        self.dh = self.dzr * self.r
        for factor in (h_p, self.r, 1 - self.r):
            self.dzr *= factor
        self.dh += in_grad * (1 - self.z)
        self.dh += self.dzr @ self.wr.T
        self.dh += self.dzz @ self.wz.T
        self.dx = self.dzn @ self.un.T
        self.dx += self.dzr @ self.ur.T
        self.dx += self.dzz @ self.uz.T
        self.weight_gradients(h_p)
        self.merge_params()


@right
class CopiesEverything(GRUCell):
    """Copies all that it is given, in Fortran's order."""

    def get_params(self, W, U):
        """Copies of the blocks."""
        self.wz, self.wr, self.wn = (np.asfortranarray(w) for w in self.split_params(W.copy(), self.hidden_size))
        self.uz, self.ur, self.un = (np.array(u, order="F") for u in self.split_params(U, self.input_size))

    def backward(self, h_p, in_grad):
        """(8)–(16), (23), (24)."""
        super().backward(np.array(h_p, order="F"), np.array(in_grad, order="F"))
        self.dW, self.dU = np.asfortranarray(self.dW), np.asfortranarray(self.dU)


@right
class UsesUpItsCache(GRUCell):
    """Drops what it kept once it is used: backward comes once after each forward."""

    def forward(self, x, h_p, W, U):
        """(1)–(4)."""
        super().forward(x, h_p, W, U)
        self.cache = h_p, 1 - self.z

    def backward(self, h_p, in_grad):
        """(8)–(16), (23), (24)."""
        h_p, _ = self.cache
        super().backward(h_p, in_grad)
        del self.cache


# Other ways to show the values


@right
class ReturnsValues(GRUCell):
    """Returns from every method what it has also set."""

    def forward(self, x, h_p, W, U):
        """(1)–(4), and a cache."""
        super().forward(x, h_p, W, U)
        return self.h, (x, h_p, self.z, self.r, self.n)

    def backward(self, h_p, in_grad):
        """(8)–(16), (23), (24), returned as a dictionary."""
        super().backward(h_p, in_grad)
        return {"dx": self.dx, "dh": self.dh, "dW": self.dW, "dU": self.dU}

    def merge_params(self):
        """dW and dU."""
        super().merge_params()
        return self.dW, self.dU


@right
class Prints(GRUCell):
    """Reports on itself, with prints and warnings."""

    def forward(self, x, h_p, W, U):
        """(1)–(4)."""
        super().forward(x, h_p, W, U)
        print("forward:", x.shape, "->", self.h.shape)

    def backward(self, h_p, in_grad):
        """(8)–(16), (23), (24)."""
        super().backward(h_p, in_grad)
        print(f"|dW| = {np.linalg.norm(self.dW):.3f}", f"|dU| = {np.linalg.norm(self.dU):.3f}")
        if np.linalg.norm(self.dW) > 5:
            warnings.warn("the gradient is large", stacklevel=2)


@right
class ExtraMethods(GRUCell):
    """Has more methods and attributes than the chapter asks for."""

    gates = ("update", "reset", "candidate")

    def __init__(self, input_size, hidden_size, *, rate=0.1, name="gru"):
        super().__init__(input_size, hidden_size)
        self.rate, self.name, self.history = rate, name, []

    def __call__(self, *arguments):
        """The same as `forward`."""
        self.forward(*arguments)
        return self.h

    def __len__(self):
        return 0

    def __repr__(self):
        return f"{self.name}({self.input_size}, {self.hidden_size})"

    def backward(self, h_p, in_grad):
        """(8)–(16), (23), (24), and a record of the norms."""
        super().backward(h_p, in_grad)
        self.history.append(float(np.abs(self.dW).max()))

    def updated(self, W, U):
        """W and U after a step of gradient descent."""
        return W - self.rate * self.dW, U - self.rate * self.dU


@right
class Properties(GRUCell):
    """Computes the results when they are asked for."""

    def backward(self, h_p, in_grad):
        """(8)–(10); the rest is left to the properties."""
        self.h_p, self.in_grad = h_p, in_grad
        self.step_gradients(h_p, in_grad)
        self.weight_gradients(h_p)

    @property
    def dW(self):
        """(11), (13), (15), stacked."""
        return np.r_[self.dwz, self.dwr, self.dwn]

    @property
    def dU(self):
        """(12), (14), (16), stacked."""
        return np.r_[self.duz, self.dur, self.dun]

    @property
    def dh(self):
        """(23)."""
        through_gates = self.dzz @ self.wz.T + self.dzr @ self.wr.T
        return through_gates + self.dzn @ self.wn.T * self.r + self.in_grad * (1 - self.z)

    @property
    def dx(self):
        """(24)."""
        return self.dzz @ self.uz.T + self.dzr @ self.ur.T + self.dzn @ self.un.T


_ATTRIBUTES = "input_size hidden_size wz wr wn uz ur un x z r n h dzz dzn dzr dwn dun dwr dur dwz duz dW dU dh dx"


@right
class Slots(Formulas):
    """Declares its attributes, and can have no others."""

    __slots__ = tuple(_ATTRIBUTES.split())


@right
class OnlyWhatIsRequired:
    """Shows h, dW, dU, dh and dx, and keeps all else to itself."""

    def __init__(self, input_size, hidden_size):
        self._sizes = input_size, hidden_size

    def split_params(self, w, size):
        """Three slices."""
        return [w[k * size : (k + 1) * size] for k in range(3)]

    def forward(self, x, h_p, W, U):
        """(1)–(4)."""
        inputs, hidden = self._sizes
        self._w, self._u = self.split_params(W, hidden), self.split_params(U, inputs)
        z = sigmoid(h_p @ self._w[0] + x @ self._u[0])
        r = sigmoid(h_p @ self._w[1] + x @ self._u[1])
        n = np.tanh((r * h_p) @ self._w[2] + x @ self._u[2])
        self.h = (1 - z) * h_p + z * n
        self._cache = x, z, r, n

    def backward(self, h_p, in_grad):
        """(8)–(16), (23), (24)."""
        x, z, r, n = self._cache
        dn = in_grad * z * (1 - n**2)
        dr = dn @ self._w[2].T * h_p * r * (1 - r)
        dz = in_grad * (n - h_p) * z * (1 - z)
        self.dW = np.vstack([h_p.T @ dz, h_p.T @ dr, (r * h_p).T @ dn])
        self.dU = np.vstack([x.T @ dz, x.T @ dr, x.T @ dn])
        self.dh = in_grad * (1 - z) + dn @ self._w[2].T * r + dr @ self._w[1].T + dz @ self._w[0].T
        self.dx = dn @ self._u[2].T + dr @ self._u[1].T + dz @ self._u[0].T


@right
class GradientsOnTheWay(GRUCell):
    """Names only the gradients that leave the cell, and the weights' blocks."""

    def backward(self, h_p, in_grad):
        """(8)–(16), (23), (24), the pre-activations' as local variables."""
        dzz = in_grad * (self.n - h_p) * self.z * (1 - self.z)
        dzn = in_grad * self.z * (1 - self.n**2)
        back = dzn @ self.wn.T
        dzr = back * h_p * self.r * (1 - self.r)
        self.dwz, self.dwr, self.dwn = h_p.T @ dzz, h_p.T @ dzr, (self.r * h_p).T @ dzn
        self.duz, self.dur, self.dun = self.x.T @ dzz, self.x.T @ dzr, self.x.T @ dzn
        self.merge_params()
        self.dh = in_grad - in_grad * self.z + back * self.r + dzr @ self.wr.T + dzz @ self.wz.T
        self.dx = dzn @ self.un.T + dzr @ self.ur.T + dzz @ self.uz.T


@right
class NumPySplit(GRUCell):
    """`np.split` and `np.vstack`, without the size."""

    def split_params(self, w, size):
        """A list of three views."""
        return np.split(w, 3, axis=0)

    def merge_params(self):
        """dW and dU."""
        self.dW = np.vstack((self.dwz, self.dwr, self.dwn))
        self.dU = np.vstack((self.duz, self.dur, self.dun))


@right
class StaticSplit(GRUCell):
    """A generator that needs no cell."""

    @staticmethod
    def split_params(w, size):
        """One block after another."""
        for start in range(0, len(w), size):
            yield w[start : start + size, :]


@right
@dataclass
class DataClass:
    """A dataclass with the parameters in dictionaries."""

    input_size: int
    hidden_size: int
    blocks: dict = field(default_factory=dict)

    def split_params(self, w, size):
        """Three slices."""
        return tuple(w[start : start + size] for start in (0, size, 2 * size))

    def get_params(self, W, U):
        """The blocks by gate."""
        self.blocks = {
            gate: (w, u)
            for gate, w, u in zip(
                "zrn", self.split_params(W, self.hidden_size), self.split_params(U, self.input_size), strict=True
            )
        }

    def forward(self, x, h_p, W, U):
        """(1)–(4)."""
        self.get_params(W, U)
        (wz, uz), (wr, ur), (wn, un) = self.blocks.values()
        self.x = x
        self.z, self.r = (sigmoid(h_p @ w + x @ u) for w, u in ((wz, uz), (wr, ur)))
        self.n = np.tanh(self.r * h_p @ wn + x @ un)
        self.h = self.z * self.n + (1 - self.z) * h_p

    def backward(self, h_p, in_grad):
        """(8)–(16), (23), (24)."""
        self.dzz = in_grad * (self.n - h_p) * self.z * (1 - self.z)
        self.dzn = in_grad * self.z * (1 - self.n**2)
        through_reset = self.dzn @ self.blocks["n"][0].T
        self.dzr = through_reset * h_p * self.r * (1 - self.r)
        deltas = {"z": self.dzz, "r": self.dzr, "n": self.dzn}
        states = {"z": h_p, "r": h_p, "n": self.r * h_p}
        self.dW = np.concatenate([states[gate].T @ delta for gate, delta in deltas.items()])
        self.dU = np.concatenate([self.x.T @ delta for delta in deltas.values()])
        self.dh = in_grad * (1 - self.z) + through_reset * self.r
        self.dh += sum(deltas[gate] @ self.blocks[gate][0].T for gate in "zr")
        self.dx = sum(delta @ self.blocks[gate][1].T for gate, delta in deltas.items())


class Layer:
    """What a library of layers has in common."""

    def __init__(self, *sizes):
        self.sizes, self.grads = sizes, {}

    def backward(self, *arguments):
        """Every gradient under its name."""
        self.grads = self.gradients(*arguments)
        for name, gradient in self.grads.items():
            setattr(self, name, gradient)


@right
class OfALibrary(Layer):
    """A cell that inherits its `backward` from a base class, with its numbers in a `memory`."""

    def split_params(self, w, size):
        """Three slices."""
        return w[0:size], w[size : size * 2], w[size * 2 : size * 3]

    def forward(self, x, h_p, W, U):
        """(1)–(4)."""
        inputs, hidden = self.sizes
        w, u = self.split_params(W, hidden), self.split_params(U, inputs)
        z, r = (0.5 + 0.5 * np.tanh((h_p @ w[k] + x @ u[k]) / 2) for k in (0, 1))
        n = np.tanh((h_p * r) @ w[2] + x @ u[2])
        self.h = n * z + h_p * (1 - z)
        self.memory = x, w, u, z, r, n

    def gradients(self, h_p, in_grad):
        """(8)–(16), (23), (24) by name."""
        x, w, u, z, r, n = self.memory
        dzn = (1 - n * n) * z * in_grad
        dzr = r * (1 - r) * h_p * (w[2] @ dzn.T).T
        dzz = z * (1 - z) * (n - h_p) * in_grad
        deltas = (dzz, dzr, dzn)
        d_state = (w[2] @ dzn.T).T * r
        for k in (0, 1):
            d_state = d_state + (w[k] @ deltas[k].T).T
        return {
            "dzz": dzz, "dzr": dzr, "dzn": dzn,
            "dW": np.concatenate([a.T @ d for a, d in zip((h_p, h_p, r * h_p), deltas, strict=True)]),
            "dU": np.concatenate([x.T @ d for d in deltas]),
            "dh": d_state + in_grad * (1 - z),
            "dx": np.sum([d @ block.T for d, block in zip(deltas, u, strict=True)], axis=0),
        }  # fmt: skip


@right
class BackwardAsClosure(GRUCell):
    """`forward` makes the function that goes backward."""

    def forward(self, x, h_p, W, U):
        """(1)–(4)."""
        super().forward(x, h_p, W, U)
        z, r, n = self.z, self.r, self.n

        def pull_back(d):
            dzn = d * z * (1 - n**2)
            dzr = (dzn @ self.wn.T) * h_p * r * (1 - r)
            return d * (n - h_p) * z * (1 - z), dzr, dzn

        self.pull_back = pull_back

    def step_gradients(self, h_p, in_grad):
        """(8)–(10)."""
        self.dzz, self.dzr, self.dzn = self.pull_back(in_grad)


@right
class RecomputesForward(GRUCell):
    """Keeps its arguments only, and computes the rest again when it is read."""

    def forward(self, x, h_p, W, U):
        """(1)–(4), later."""
        self.get_params(W, U)
        self.x, self.h_p = x, h_p
        for name in ("z", "r", "n"):
            vars(self).pop(name, None)
        self.h = (1 - self.z) * h_p + self.z * self.n

    @cached_property
    def z(self):
        """(1)."""
        return sigmoid(self.h_p @ self.wz + self.x @ self.uz)

    @cached_property
    def r(self):
        """(2)."""
        return sigmoid(self.h_p @ self.wr + self.x @ self.ur)

    @cached_property
    def n(self):
        """(3)."""
        return np.tanh((self.r * self.h_p) @ self.wn + self.x @ self.un)


# Other precisions


@right
class SinglePrecision(GRUCell):
    """Computes in float32 whatever it is given, and says so by its results' dtype."""

    def forward(self, x, h_p, W, U):
        """(1)–(4)."""
        super().forward(*(a.astype(np.float32) for a in (x, h_p, W, U)))

    def backward(self, h_p, in_grad):
        """(8)–(16), (23), (24)."""
        super().backward(h_p.astype(np.float32), in_grad.astype(np.float32))


@right
class SingleResults(GRUCell):
    """Buffers in single precision take the results, computed in the arguments' own."""

    def merge_params(self):
        """dW and dU, from blocks in single precision."""
        for name in ("dwz", "dwr", "dwn", "duz", "dur", "dun"):
            setattr(self, name, getattr(self, name).astype("f4"))
        super().merge_params()


@right
class DoublePrecision(GRUCell):
    """Computes in float64 whatever it is given."""

    def forward(self, x, h_p, W, U):
        """(1)–(4)."""
        super().forward(*(np.asarray(a, dtype=np.float64) for a in (x, h_p, W, U)))


@right
class ExtendedPrecision(GRUCell):
    """Computes in `np.longdouble`, and rounds what it shows."""

    def forward(self, x, h_p, W, U):
        """(1)–(4)."""
        super().forward(*(np.asarray(a, np.longdouble) for a in (x, h_p, W, U)))
        self.h = self.h.astype(x.dtype)
        self.dtype = x.dtype

    def backward(self, h_p, in_grad):
        """(8)–(16), (23), (24)."""
        super().backward(np.asarray(h_p, np.longdouble), np.asarray(in_grad, np.longdouble))
        for name in ("dzz", "dzn", "dzr", "dwz", "dwr", "dwn", "duz", "dur", "dun", "dW", "dU", "dh", "dx"):
            setattr(self, name, getattr(self, name).astype(self.dtype))
