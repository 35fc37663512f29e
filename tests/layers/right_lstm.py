"""Right LSTM cells in differing styles, in the book's API: none of them may be called wrong."""

import math
from typing import Any

import numpy as np

from gru.layers.lstm.cell import LSTMCell

Array = Any
GATES = "figo"


def plain_sigmoid(a: Array) -> Array:
    return 1 / (1 + np.exp(-a))


class Textbook:
    """One line an equation, every value an attribute."""

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True) -> None:
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias

    def split_params(self, w: Array, size: int) -> Any:
        return [w[k * size : (k + 1) * size] for k in range(4)]

    def get_params(self, W: Array, U: Array, b: Array | None = None) -> None:
        self.wf, self.wi, self.wg, self.wo = self.split_params(W, self.hidden_size)
        self.uf, self.ui, self.ug, self.uo = self.split_params(U, self.input_size)
        if b is None or not self.bias:
            b = np.zeros((4, self.hidden_size), W.dtype)
        self.bf, self.bi, self.bg, self.bo = self.split_params(b, 1)

    def sigma(self, a: Array) -> Array:
        return plain_sigmoid(a)

    def tanh(self, a: Array) -> Array:
        return np.tanh(a)

    def forward(self, x: Array, h_p: Array, c_p: Array, W: Array, U: Array, b: Array | None = None) -> None:
        self.get_params(W, U, b)
        self.x = x
        self.f = self.sigma(h_p @ self.wf + x @ self.uf + self.bf)
        self.i = self.sigma(h_p @ self.wi + x @ self.ui + self.bi)
        self.g = self.tanh(h_p @ self.wg + x @ self.ug + self.bg)
        self.o = self.sigma(h_p @ self.wo + x @ self.uo + self.bo)
        self.c = self.f * c_p + self.i * self.g
        self.h = self.o * self.tanh(self.c)

    def slopes(self, c_p: Array, in_grad: Array, c_grad: Array) -> dict[str, Array]:
        t = np.tanh(self.c)
        self._dc = c_grad + in_grad * self.o * (1 - t**2)
        return {
            "f": self._dc * c_p * self.f * (1 - self.f),
            "i": self._dc * self.g * self.i * (1 - self.i),
            "g": self._dc * self.i * (1 - self.g**2),
            "o": in_grad * t * self.o * (1 - self.o),
        }

    def backward(self, h_p: Array, c_p: Array, in_grad: Array, c_grad: Array) -> None:
        for gate, dz in self.slopes(c_p, in_grad, c_grad).items():
            setattr(self, f"dz{gate}", dz)
            setattr(self, f"dw{gate}", h_p.T @ dz)
            setattr(self, f"du{gate}", self.x.T @ dz)
            setattr(self, f"db{gate}", dz.sum(axis=0, keepdims=True))
        self.merge_params()
        self.dh = sum(getattr(self, f"dz{k}") @ getattr(self, f"w{k}").T for k in GATES)
        self.dx = sum(getattr(self, f"dz{k}") @ getattr(self, f"u{k}").T for k in GATES)
        self.dc = self._dc * self.f

    def merge_params(self) -> None:
        self.dW = np.concatenate([getattr(self, f"dw{k}") for k in GATES])
        self.dU = np.concatenate([getattr(self, f"du{k}") for k in GATES])
        self.db = np.concatenate([getattr(self, f"db{k}") for k in GATES])


class SigmaByTanh(Textbook):
    """σ(a) = (1 + tanh(a/2))/2."""

    def sigma(self, a: Array) -> Array:
        return (1 + np.tanh(a / 2)) / 2


class SigmaBySign(Textbook):
    """σ without overflow, one branch for each sign."""

    def sigma(self, a: Array) -> Array:
        return np.where(a >= 0, 1 / (1 + np.exp(-np.abs(a))), np.exp(-np.abs(a)) / (1 + np.exp(-np.abs(a))))


class SigmaByLogarithm(Textbook):
    """σ(a) = exp(−log(1 + e^{−a}))."""

    def sigma(self, a: Array) -> Array:
        return np.exp(-np.logaddexp(0, -a))


class MultipliedOut(Textbook):
    """Every bracket multiplied out."""

    def slopes(self, c_p: Array, in_grad: Array, c_grad: Array) -> dict[str, Array]:
        t = np.tanh(self.c)
        self._dc = c_grad + in_grad * self.o - in_grad * self.o * t * t
        return {
            "f": self._dc * c_p * self.f - self._dc * c_p * self.f * self.f,
            "i": self._dc * self.g * self.i - self._dc * self.g * self.i**2,
            "g": self._dc * self.i - self._dc * self.i * self.g * self.g,
            "o": in_grad * t * self.o - in_grad * t * self.o**2,
        }


class OtherOrder(Textbook):
    """The factors in another order."""

    def slopes(self, c_p: Array, in_grad: Array, c_grad: Array) -> dict[str, Array]:
        t = np.tanh(self.c)
        self._dc = (1 - t) * (1 + t) * self.o * in_grad + c_grad
        return {
            "o": (1 - self.o) * (self.o * (t * in_grad)),
            "g": (1 - self.g) * (1 + self.g) * (self.i * self._dc),
            "i": self.i * (1 - self.i) * (self.g * self._dc),
            "f": (1 - self.f) * self.f * (c_p * self._dc),
        }


class Stacked(Textbook):
    """One product for all gates."""

    def forward(self, x: Array, h_p: Array, c_p: Array, W: Array, U: Array, b: Array | None = None) -> None:
        self.get_params(W, U, b)
        self.x = x
        wide = np.hstack([self.wf, self.wi, self.wg, self.wo])
        tall = np.hstack([self.uf, self.ui, self.ug, self.uo])
        bias = np.hstack([self.bf, self.bi, self.bg, self.bo])
        zf, zi, zg, zo = np.split(h_p @ wide + x @ tall + bias, 4, axis=1)
        self.f, self.i, self.g, self.o = self.sigma(zf), self.sigma(zi), np.tanh(zg), self.sigma(zo)
        self.c = self.f * c_p + self.i * self.g
        self.h = self.o * np.tanh(self.c)


class Concatenated(Textbook):
    """[h, x] times [W; U]."""

    def forward(self, x: Array, h_p: Array, c_p: Array, W: Array, U: Array, b: Array | None = None) -> None:
        self.get_params(W, U, b)
        self.x, both = x, np.concatenate([h_p, x], axis=1)
        z = {
            k: both @ np.vstack([getattr(self, f"w{k}"), getattr(self, f"u{k}")]) + getattr(self, f"b{k}")
            for k in GATES
        }
        self.f, self.i, self.o = (self.sigma(z[k]) for k in "fio")
        self.g = np.tanh(z["g"])
        self.c = self.f * c_p + self.i * self.g
        self.h = self.o * np.tanh(self.c)


class Einsum(Textbook):
    """The products by einsum."""

    def backward(self, h_p: Array, c_p: Array, in_grad: Array, c_grad: Array) -> None:
        dz = self.slopes(c_p, in_grad, c_grad)
        self.dzf, self.dzi, self.dzg, self.dzo = (dz[k] for k in GATES)
        self.dW = np.concatenate([np.einsum("bj,bk->jk", h_p, dz[k]) for k in GATES])
        self.dU = np.concatenate([np.einsum("bj,bk->jk", self.x, dz[k]) for k in GATES])
        self.db = np.stack([np.einsum("bk->k", dz[k]) for k in GATES])
        self.dh = sum(np.einsum("bk,jk->bj", dz[k], getattr(self, f"w{k}")) for k in GATES)
        self.dx = sum(np.einsum("bk,jk->bj", dz[k], getattr(self, f"u{k}")) for k in GATES)
        self.dc = self._dc * self.f


class RowByRow(Textbook):
    """Each row of the batch by itself, the gradients added up."""

    def backward(self, h_p: Array, c_p: Array, in_grad: Array, c_grad: Array) -> None:
        dz = self.slopes(c_p, in_grad, c_grad)
        self.dW, self.dU = (np.concatenate([np.zeros_like(getattr(self, n + k)) for k in GATES]) for n in "wu")
        self.db = np.zeros((4, self.hidden_size), h_p.dtype)
        for row in range(len(h_p)):
            self.dW = self.dW + np.concatenate([np.outer(h_p[row], dz[k][row]) for k in GATES])
            self.dU = self.dU + np.concatenate([np.outer(self.x[row], dz[k][row]) for k in GATES])
            self.db = self.db + np.stack([dz[k][row] for k in GATES])
        self.dh = np.stack([sum(getattr(self, f"w{k}") @ dz[k][row] for k in GATES) for row in range(len(h_p))])
        self.dx = np.stack([sum(getattr(self, f"u{k}") @ dz[k][row] for k in GATES) for row in range(len(h_p))])
        self.dc = self._dc * self.f


class Scalars(Textbook):
    """Plain Python, number by number, in forward."""

    def forward(self, x: Array, h_p: Array, c_p: Array, W: Array, U: Array, b: Array | None = None) -> None:
        self.get_params(W, U, b)
        self.x = x
        shape = h_p.shape
        for k in GATES:
            setattr(self, k, np.zeros(shape, h_p.dtype))
        self.c, self.h = np.zeros(shape, h_p.dtype), np.zeros(shape, h_p.dtype)
        for row in range(shape[0]):
            for unit in range(shape[1]):
                for k in GATES:
                    w, u, bias = (getattr(self, n + k) for n in "wub")
                    a = float(h_p[row] @ w[:, unit] + x[row] @ u[:, unit] + bias[0, unit])
                    getattr(self, k)[row, unit] = math.tanh(a) if k == "g" else (1 + math.tanh(a / 2)) / 2
                c = self.f[row, unit] * c_p[row, unit] + self.i[row, unit] * self.g[row, unit]
                self.c[row, unit], self.h[row, unit] = c, self.o[row, unit] * np.tanh(c)


class Cached(Textbook):
    """Values kept in a cache; nothing shown but what is required."""

    def forward(self, x: Array, h_p: Array, c_p: Array, W: Array, U: Array, b: Array | None = None) -> None:
        inner = Textbook(self.input_size, self.hidden_size, self.bias)
        inner.forward(x, h_p, c_p, W, U, b)
        self._cache, self.h, self.c = inner, inner.h, inner.c

    def backward(self, h_p: Array, c_p: Array, in_grad: Array, c_grad: Array) -> None:
        self._cache.backward(h_p, c_p, in_grad, c_grad)
        for name in ("dW", "dU", "db", "dh", "dc", "dx"):
            setattr(self, name, getattr(self._cache, name))


class ForwardAgain(Textbook):
    """A backward pass that computes the forward pass anew."""

    def forward(self, x: Array, h_p: Array, c_p: Array, W: Array, U: Array, b: Array | None = None) -> None:
        self._given = (x, h_p, c_p, W, U, b)
        super().forward(*self._given)

    def backward(self, h_p: Array, c_p: Array, in_grad: Array, c_grad: Array) -> None:
        super().forward(*self._given)
        super().backward(h_p, c_p, in_grad, c_grad)


class Transposed(Textbook):
    """The gradients of the weights formed the other way round, and transposed."""

    def backward(self, h_p: Array, c_p: Array, in_grad: Array, c_grad: Array) -> None:
        super().backward(h_p, c_p, in_grad, c_grad)
        for k in GATES:
            dz = getattr(self, f"dz{k}")
            setattr(self, f"dw{k}", (dz.T @ h_p).T)
            setattr(self, f"du{k}", (dz.T @ self.x).T)
        self.merge_params()


class Preallocated(Textbook):
    """Written into arrays made with zeros."""

    def merge_params(self) -> None:
        hidden, inputs = self.hidden_size, self.input_size
        self.dW, self.dU = np.zeros((4 * hidden, hidden)), np.zeros((4 * inputs, hidden))
        self.db = np.zeros((4, hidden))
        for place, k in enumerate(GATES):
            self.dW[place * hidden : (place + 1) * hidden] = getattr(self, f"dw{k}")
            self.dU[place * inputs : (place + 1) * inputs] = getattr(self, f"du{k}")
            self.db[place] = getattr(self, f"db{k}")


class DoubleInside(Textbook):
    """Double precision within, whatever comes in."""

    def forward(self, x: Array, h_p: Array, c_p: Array, W: Array, U: Array, b: Array | None = None) -> None:
        given = (np.asarray(array, np.float64) for array in (x, h_p, c_p, W, U))
        super().forward(*given, None if b is None else np.asarray(b, np.float64))

    def backward(self, h_p: Array, c_p: Array, in_grad: Array, c_grad: Array) -> None:
        super().backward(*(np.asarray(array, np.float64) for array in (h_p, c_p, in_grad, c_grad)))


class ThroughTanhOfC(Textbook):
    """tanh(c) kept from forward; the two ways of the loss to c added in two steps."""

    def tanh(self, a: Array) -> Array:
        self._last = np.tanh(a)
        return self._last

    def slopes(self, c_p: Array, in_grad: Array, c_grad: Array) -> dict[str, Array]:
        d_tanh = in_grad * self.o
        self._dc = d_tanh - d_tanh * self._last**2
        self._dc = self._dc + c_grad
        df, di, dg, do = self._dc * c_p, self._dc * self.g, self._dc * self.i, in_grad * self._last
        return {
            "f": df * (self.f - self.f**2),
            "i": di * (self.i - self.i**2),
            "g": dg * (1 - self.g * self.g),
            "o": do * (self.o - self.o**2),
        }


CELLS: dict[str, type] = {
    cell.__name__: cell
    for cell in (
        LSTMCell,
        Textbook,
        SigmaByTanh,
        SigmaBySign,
        SigmaByLogarithm,
        MultipliedOut,
        OtherOrder,
        Stacked,
        Concatenated,
        Einsum,
        RowByRow,
        Scalars,
        Cached,
        ForwardAgain,
        Transposed,
        Preallocated,
        DoubleInside,
        ThroughTanhOfC,
    )
}
