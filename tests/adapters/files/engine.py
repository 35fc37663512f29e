import numpy as np


class Tensor:
    def __init__(self, data, _children=(), _op=""):
        self.data = np.asarray(data, dtype=np.float64)
        self.grad = np.zeros_like(self.data)
        self._backward = lambda: None
        self._prev = set(_children)

    @staticmethod
    def _unbroadcast(g, shape):
        while g.ndim > len(shape):
            g = g.sum(0)
        for i, n in enumerate(shape):
            if n == 1 and g.shape[i] != 1:
                g = g.sum(i, keepdims=True)
        return g

    def __add__(self, other):
        other = other if isinstance(other, Tensor) else Tensor(other)
        out = Tensor(self.data + other.data, (self, other))

        def _backward():
            self.grad += Tensor._unbroadcast(out.grad, self.data.shape)
            other.grad += Tensor._unbroadcast(out.grad, other.data.shape)

        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Tensor) else Tensor(other)
        out = Tensor(self.data * other.data, (self, other))

        def _backward():
            self.grad += Tensor._unbroadcast(out.grad * other.data, self.data.shape)
            other.grad += Tensor._unbroadcast(out.grad * self.data, other.data.shape)

        out._backward = _backward
        return out

    def __matmul__(self, other):
        out = Tensor(self.data @ other.data, (self, other))

        def _backward():
            self.grad += out.grad @ other.data.T
            other.grad += self.data.T @ out.grad

        out._backward = _backward
        return out

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + -other

    def __rsub__(self, other):
        return -self + other

    __radd__ = __add__
    __rmul__ = __mul__

    def sigmoid(self):
        s = 1 / (1 + np.exp(-self.data))
        out = Tensor(s, (self,))

        def _backward():
            self.grad += out.grad * s * (1 - s)

        out._backward = _backward
        return out

    def tanh(self):
        t = np.tanh(self.data)
        out = Tensor(t, (self,))

        def _backward():
            self.grad += out.grad * (1 - t**2)

        out._backward = _backward
        return out

    def sum(self):
        out = Tensor(self.data.sum(), (self,))

        def _backward():
            self.grad += out.grad * np.ones_like(self.data)

        out._backward = _backward
        return out

    def backward(self):
        topo, seen = ([], set())

        def build(v):
            if v not in seen:
                seen.add(v)
                for c in v._prev:
                    build(c)
                topo.append(v)

        build(self)
        self.grad = np.ones_like(self.data)
        for v in reversed(topo):
            v._backward()


class GRUCell:
    def __init__(self, nin, nhid):
        s = 0.3
        self.Wz = Tensor(np.random.randn(nin, nhid) * s)
        self.Uz = Tensor(np.random.randn(nhid, nhid) * s)
        self.bz = Tensor(np.zeros(nhid))
        self.Wr = Tensor(np.random.randn(nin, nhid) * s)
        self.Ur = Tensor(np.random.randn(nhid, nhid) * s)
        self.br = Tensor(np.zeros(nhid))
        self.Wh = Tensor(np.random.randn(nin, nhid) * s)
        self.Uh = Tensor(np.random.randn(nhid, nhid) * s)
        self.bh = Tensor(np.zeros(nhid))

    def __call__(self, x, h):
        z = (x @ self.Wz + h @ self.Uz + self.bz).sigmoid()
        r = (x @ self.Wr + h @ self.Ur + self.br).sigmoid()
        c = (x @ self.Wh + r * h @ self.Uh + self.bh).tanh()
        return (1 - z) * h + z * c

    def parameters(self):
        return [self.Wz, self.Uz, self.bz, self.Wr, self.Ur, self.br, self.Wh, self.Uh, self.bh]
