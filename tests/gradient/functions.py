"""Forward and backward passes written by hand, of the kinds that engineers write: right ones, and ways to be wrong.

Each maker draws arguments at a scale and gives `(forward, backward, arguments)`; `backward(cotangent, *arguments)`
returns one gradient for each argument of floats.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Array = Any
Rng = np.random.Generator
Case = tuple[Callable[..., Any], Callable[..., Any], tuple[Any, ...]]
MAKERS: dict[str, Callable[[Rng, float], Case]] = {}


def maker(function: Callable[[Rng, float], Case]) -> Callable[[Rng, float], Case]:
    """Add a maker to the table."""
    MAKERS[function.__name__] = function
    return function


def _sizes(rng: Rng, count: int) -> list[int]:
    return [int(n) for n in rng.permutation(np.arange(2, 7))[:count]]


def sigmoid(a: Array) -> Array:
    return 1 / (1 + np.exp(-a))


@maker
def dense_tanh(rng: Rng, scale: float) -> Case:
    b, i, o = _sizes(rng, 3)

    def backward(c: Array, x: Array, W: Array, v: Array) -> list[Array]:
        d = c * (1 - np.tanh(x @ W + v) ** 2)
        return [d @ W.T, x.T @ d, d.sum(0)]

    arguments = rng.standard_normal((b, i)) * scale, rng.standard_normal((i, o)) / scale, rng.standard_normal(o)
    return lambda x, W, v: np.tanh(x @ W + v), backward, arguments


@maker
def dense_relu(rng: Rng, scale: float) -> Case:
    b, i, o = _sizes(rng, 3)

    def backward(c: Array, x: Array, W: Array, v: Array) -> list[Array]:
        d = c * (x @ W + v > 0)
        return [d @ W.T, x.T @ d, d.sum(0)]

    arguments = rng.standard_normal((b, i)) * scale, rng.standard_normal((i, o)), rng.standard_normal(o) * scale
    return lambda x, W, v: np.maximum(x @ W + v, 0), backward, arguments


@maker
def absolute(rng: Rng, scale: float) -> Case:
    x = rng.standard_normal(_sizes(rng, 2)) * scale
    x.flat[0] = scale * 10.0 ** -rng.uniform(1, 8)
    return lambda x: np.abs(x), lambda c, x: [c * np.sign(x)], (x,)


@maker
def saturated_tanh(rng: Rng, scale: float) -> Case:
    x = rng.uniform(12, 20, _sizes(rng, 2)) * rng.choice([-1, 1])
    x.flat[0] = 0.5 * scale / (1 + scale)
    return lambda x: np.tanh(x), lambda c, x: [c * (1 - np.tanh(x) ** 2)], (x,)


@maker
def saturated_sigmoid(rng: Rng, scale: float) -> Case:
    x = rng.uniform(-36, 36, _sizes(rng, 2))
    x.flat[0] = 0.3

    def backward(c: Array, x: Array) -> list[Array]:
        s = sigmoid(x)
        return [scale * c * s * (1 - s)]

    return lambda x: scale * sigmoid(x), backward, (x,)


@maker
def cross_entropy(rng: Rng, scale: float) -> Case:
    b, k = _sizes(rng, 2)
    labels = rng.integers(0, k, b)

    def forward(x: Array, labels: Array) -> Array:
        shifted = x - x.max(1, keepdims=True)
        return (np.log(np.exp(shifted).sum(1)) - shifted[np.arange(b), labels]).mean()

    def backward(c: Array, x: Array, labels: Array) -> list[Array]:
        e = np.exp(x - x.max(1, keepdims=True))
        p = e / e.sum(1, keepdims=True)
        p[np.arange(b), labels] -= 1
        return [c * p / b]

    return forward, backward, (rng.standard_normal((b, k)) * min(scale, 10.0), labels)


@maker
def layer_norm(rng: Rng, scale: float) -> Case:
    b, f = _sizes(rng, 2)
    f += 2

    def normed(x: Array) -> tuple[Array, Array]:
        m = x.mean(-1, keepdims=True)
        s = np.sqrt(((x - m) ** 2).mean(-1, keepdims=True) + 1e-5 * scale**2)
        return (x - m) / s, s

    def backward(c: Array, x: Array, g: Array, v: Array) -> list[Array]:
        n, s = normed(x)
        d = c * g
        dx = (d - d.mean(-1, keepdims=True) - n * (d * n).mean(-1, keepdims=True)) / s
        return [dx, (c * n).sum(0), c.sum(0)]

    offset = rng.choice([0.0, 1e3]) * scale
    arguments = rng.standard_normal((b, f)) * scale + offset, rng.standard_normal(f), rng.standard_normal(f)
    return lambda x, g, v: normed(x)[0] * g + v, backward, arguments


@maker
def batch_norm_with_var(rng: Rng, scale: float) -> Case:
    b, f = _sizes(rng, 2)
    b += 2

    def backward(c: Array, x: Array, g: Array) -> list[Array]:
        s = np.sqrt(np.var(x, 0) + 1e-5 * scale**2)
        n = (x - x.mean(0)) / s
        d = c * g
        return [(d - d.mean(0) - n * (d * n).mean(0)) / s, (c * n).sum(0)]

    arguments = rng.standard_normal((b, f)) * scale, rng.standard_normal(f)
    return lambda x, g: (x - x.mean(0)) / np.sqrt(np.var(x, 0) + 1e-5 * scale**2) * g, backward, arguments


@maker
def bias_before_norm(rng: Rng, scale: float) -> Case:
    b, f = _sizes(rng, 2)
    b += 2

    def parts(x: Array, v: Array) -> tuple[Array, Array]:
        y = x + v
        s = np.sqrt(((y - y.mean(0)) ** 2).mean(0) + 1e-5 * scale**2)
        return (y - y.mean(0)) / s, s

    def backward(c: Array, x: Array, v: Array) -> list[Array]:
        n, s = parts(x, v)
        dx = (c - c.mean(0) - n * (c * n).mean(0)) / s
        return [dx, dx.sum(0)]

    return lambda x, v: parts(x, v)[0], backward, (rng.standard_normal((b, f)) * scale, rng.standard_normal(f) * scale)


@maker
def attention(rng: Rng, scale: float) -> Case:
    t, s, d = _sizes(rng, 3)

    def parts(q: Array, k: Array, v: Array) -> tuple[Array, Array]:
        a = q @ k.T / math.sqrt(d)
        e = np.exp(a - a.max(-1, keepdims=True))
        p = e / e.sum(-1, keepdims=True)
        return p, p @ v

    def backward(c: Array, q: Array, k: Array, v: Array) -> list[Array]:
        p, _ = parts(q, k, v)
        dp = c @ v.T
        da = p * (dp - (dp * p).sum(-1, keepdims=True)) / math.sqrt(d)
        return [da @ k, da.T @ q, p.T @ c]

    arguments = rng.standard_normal((t, d)), rng.standard_normal((s, d)), rng.standard_normal((s, d)) * scale
    return lambda q, k, v: parts(q, k, v)[1], backward, arguments


@maker
def convolution(rng: Rng, scale: float) -> Case:
    n, k = 9, 3

    def forward(x: Array, w: Array) -> Array:
        out = np.zeros((x.shape[0], n - k + 1), np.result_type(x, w))
        for i in range(n - k + 1):
            out[:, i] = x[:, i : i + k] @ w
        return out

    def backward(c: Array, x: Array, w: Array) -> list[Array]:
        dx, dw = np.zeros_like(x), np.zeros_like(w)
        for i in range(n - k + 1):
            dx[:, i : i + k] += c[:, i : i + 1] * w
            dw += x[:, i : i + k].T @ c[:, i]
        return [dx, dw]

    return forward, backward, (rng.standard_normal((4, n)) * scale, rng.standard_normal(k))


@maker
def lstm_step(rng: Rng, scale: float) -> Case:
    b, h, i = _sizes(rng, 3)

    def parts(x: Array, p: Array, cp: Array, W: Array, U: Array) -> tuple[Array, ...]:
        a = x @ U + p @ W
        f, i_, o, g = sigmoid(a[:, :h]), sigmoid(a[:, h : 2 * h]), sigmoid(a[:, 2 * h : 3 * h]), np.tanh(a[:, 3 * h :])
        cell = f * cp + i_ * g
        return f, i_, o, g, cell, np.tanh(cell)

    def forward(x: Array, p: Array, cp: Array, W: Array, U: Array) -> Array:
        _, _, o, _, cell, t = parts(x, p, cp, W, U)
        return o * t, cell

    def backward(c: Any, x: Array, p: Array, cp: Array, W: Array, U: Array) -> list[Array]:
        f, i_, o, g, _, t = parts(x, p, cp, W, U)
        dc = c[1] + c[0] * o * (1 - t * t)
        da = np.concatenate(
            [dc * cp * f * (1 - f), dc * g * i_ * (1 - i_), c[0] * t * o * (1 - o), dc * i_ * (1 - g * g)], 1
        )
        return [da @ U.T, da @ W.T, dc * f, p.T @ da, x.T @ da]

    shapes = (b, i), (b, h), (b, h), (h, 4 * h), (i, 4 * h)
    return forward, backward, tuple(rng.standard_normal(s) * (scale if k == 0 else 1) for k, s in enumerate(shapes))


def _rnn(rng: Rng, steps: int, gain: float, scale: float) -> Case:
    b, h, i = 2, 4, 3

    def states(x: Array, h0: Array, W: Array, U: Array) -> list[Array]:
        found = [h0]
        for x_t in x:
            found.append(np.tanh(found[-1] @ W + x_t @ U))
        return found

    def backward(c: Array, x: Array, h0: Array, W: Array, U: Array) -> list[Array]:
        hs = states(x, h0, W, U)
        d, dW, dU, dx = c, np.zeros_like(W), np.zeros_like(U), np.zeros_like(x)
        for t in reversed(range(steps)):
            d = d * (1 - hs[t + 1] ** 2)
            dW, dU, dx[t] = dW + hs[t].T @ d, dU + x[t].T @ d, d @ U.T
            d = d @ W.T
        return [dx, d, dW, dU]

    arguments = (
        rng.standard_normal((steps, b, i)) * scale,
        rng.standard_normal((b, h)),
        rng.standard_normal((h, h)) * gain / math.sqrt(h),
        rng.standard_normal((i, h)) / scale,
    )
    return lambda x, h0, W, U: states(x, h0, W, U)[-1], backward, arguments


@maker
def rnn_short(rng: Rng, scale: float) -> Case:
    return _rnn(rng, 5, 1.0, scale)


@maker
def rnn_of_200_steps(rng: Rng, scale: float) -> Case:
    return _rnn(rng, 200, float(rng.uniform(0.7, 2.5)), 1.0)


@maker
def max_pool(rng: Rng, scale: float) -> Case:
    x = rng.standard_normal((3, 8)) * scale
    x[0, 1] = x[0, 0] * (1 + 1e-6)

    def backward(c: Array, x: Array) -> list[Array]:
        parts = x.reshape(3, 4, 2)
        return [((parts == parts.max(-1, keepdims=True)) * c[..., None]).reshape(3, 8)]

    return lambda x: x.reshape(3, 4, 2).max(-1), backward, (x,)


@maker
def log_sum_exp(rng: Rng, scale: float) -> Case:
    def forward(x: Array) -> Array:
        m = x.max(-1, keepdims=True)
        return m[..., 0] + np.log(np.exp(x - m).sum(-1))

    def backward(c: Array, x: Array) -> list[Array]:
        e = np.exp(x - x.max(-1, keepdims=True))
        return [c[..., None] * e / e.sum(-1, keepdims=True)]

    return forward, backward, (rng.standard_normal((3, 5)) * min(scale, 30.0),)


@maker
def norm(rng: Rng, scale: float) -> Case:
    x = rng.standard_normal(_sizes(rng, 2)) * scale
    return np.linalg.norm, lambda c, x: [c * x / np.linalg.norm(x)], (x,)


@maker
def cosine(rng: Rng, scale: float) -> Case:
    def parts(a: Array, b: Array) -> tuple[Array, ...]:
        return a @ b, np.sqrt(a @ a), np.sqrt(b @ b)

    def backward(c: Array, a: Array, b: Array) -> list[Array]:
        s, u, v = parts(a, b)
        return [c * (b / (u * v) - s * a / (u**3 * v)), c * (a / (u * v) - s * b / (u * v**3))]

    def forward(a: Array, b: Array) -> Array:
        s, u, v = parts(a, b)
        return s / (u * v)

    a = rng.standard_normal(5) * scale
    return forward, backward, (a, a * 2 + 1e-3 * scale * rng.standard_normal(5))


@maker
def embedding(rng: Rng, scale: float) -> Case:
    ids = rng.integers(0, 5, 7)

    def backward(c: Array, table: Array, ids: Array) -> list[Array]:
        d = np.zeros_like(table)
        np.add.at(d, ids, c * 2 * table[ids])
        return [d]

    return lambda table, ids: table[ids] ** 2, backward, (rng.standard_normal((6, 3)) * scale, ids)


@maker
def huber(rng: Rng, scale: float) -> Case:
    def forward(x: Array, y: Array) -> Array:
        r = x - y
        return np.where(np.abs(r) < scale, 0.5 * r * r, scale * (np.abs(r) - 0.5 * scale)).mean()

    def backward(c: Array, x: Array, y: Array) -> list[Array]:
        d = c * np.clip(x - y, -scale, scale) / x.size
        return [d, -d]

    return forward, backward, (rng.standard_normal((3, 4)) * 2 * scale, rng.standard_normal((3, 4)) * scale)


@maker
def gelu(rng: Rng, scale: float) -> Case:
    k = math.sqrt(2 / math.pi)

    def backward(c: Array, x: Array) -> list[Array]:
        t = np.tanh(k * (x + 0.044715 * x**3))
        return [c * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * k * (1 + 3 * 0.044715 * x * x))]

    x = rng.standard_normal(_sizes(rng, 2)) * min(scale, 3.0)
    return lambda x: 0.5 * x * (1 + np.tanh(k * (x + 0.044715 * x**3))), backward, (x,)


@maker
def rms_norm(rng: Rng, scale: float) -> Case:
    def backward(c: Array, x: Array, g: Array) -> list[Array]:
        r = 1 / np.sqrt((x * x).mean(-1, keepdims=True))
        d = c * g
        return [r * d - x * r**3 * (d * x).mean(-1, keepdims=True), (c * x * r).sum(0)]

    arguments = rng.standard_normal((3, 5)) * scale, rng.standard_normal(5)
    return lambda x, g: x / np.sqrt((x * x).mean(-1, keepdims=True)) * g, backward, arguments


@maker
def cumulative_product(rng: Rng, scale: float) -> Case:
    def backward(c: Array, x: Array) -> list[Array]:
        p = np.cumprod(x)
        return [np.array([(c[i:] * p[i:]).sum() / x[i] for i in range(len(x))], dtype=x.dtype)]

    return (
        lambda x: np.cumprod(x),
        backward,
        (rng.uniform(0.5, 2, 6) * rng.choice([-1, 1], 6) * min(max(scale, 0.1), 10),),
    )


@maker
def quotient(rng: Rng, scale: float) -> Case:
    arguments = rng.standard_normal((3, 4)) * scale, rng.uniform(0.1, 3, (1, 4)) * scale
    return lambda x, y: x / y, lambda c, x, y: [c / y, (-c * x / y**2).sum(0, keepdims=True)], arguments


@maker
def logarithms(rng: Rng, scale: float) -> Case:
    x = 10 ** rng.uniform(-6, 6, (3, 4)) * scale
    return lambda x: np.log(x), lambda c, x: [c / x], (x,)


@maker
def linear_system(rng: Rng, scale: float) -> Case:
    n = 5
    A = np.vander(np.linspace(0.1, 1, n)) if rng.random() < 0.5 else rng.standard_normal((n, n))

    def backward(c: Array, A: Array, b: Array) -> list[Array]:
        d = np.linalg.solve(A.T, c)
        return [-np.outer(d, np.linalg.solve(A, b)), d]

    return lambda A, b: np.linalg.solve(A, b), backward, (A * scale, rng.standard_normal(n))


@maker
def log_determinant(rng: Rng, scale: float) -> Case:
    A = (rng.standard_normal((4, 4)) + 3 * np.eye(4)) * scale
    return lambda A: np.linalg.slogdet(A)[1], lambda c, A: [c * np.linalg.inv(A).T], (A,)


@maker
def cancelling_variance(rng: Rng, scale: float) -> Case:
    x = (rng.standard_normal((3, 6)) + 10 ** rng.uniform(0, 5)) * scale

    def backward(c: Array, x: Array) -> list[Array]:
        return [c[:, None] * (2 * x / x.shape[1] - 2 * x.mean(1, keepdims=True) / x.shape[1])]

    return lambda x: (x * x).mean(1) - x.mean(1) ** 2, backward, (x,)


@maker
def difference_of_exponentials(rng: Rng, scale: float) -> Case:
    x = 10.0 ** rng.uniform(-5, 0, 6)

    def backward(c: Array, x: Array) -> list[Array]:
        return [c * ((x * np.exp(x) - (np.exp(x) - 1)) / x**2) * scale]

    return lambda x: (np.exp(x) - 1) / x * scale, backward, (x,)


@maker
def horner_near_a_root(rng: Rng, scale: float) -> Case:
    coefficients = np.poly(np.ones(4))
    x = 1 + rng.standard_normal(5) * 10 ** rng.uniform(-3, -1)
    return (
        lambda x: np.polyval(coefficients, x) * scale,
        lambda c, x: [c * np.polyval(np.polyder(coefficients), x) * scale],
        (x,),
    )


@maker
def scalars_in_a_loop(rng: Rng, scale: float) -> Case:
    def forward(x: Array) -> Array:
        return np.array([sum(math.tanh(float(v)) * (j + 1) for j, v in enumerate(row)) for row in x])

    def backward(c: Array, x: Array) -> list[Array]:
        d = np.zeros(x.shape)
        for i, row in enumerate(x):
            for j, v in enumerate(row):
                d[i, j] = float(c[i]) * (j + 1) * (1 - math.tanh(float(v)) ** 2)
        return [d]

    return forward, backward, (rng.standard_normal((3, 4)) * min(scale, 4.0),)


@maker
def single_inside(rng: Rng, scale: float) -> Case:
    def backward(c: Array, x: Array) -> list[Array]:
        inner = np.asarray(x).astype(np.float32)
        return [(c * np.cos(inner / np.float32(scale))).astype(float) / scale]

    def forward(x: Array) -> Array:
        return np.sin(np.asarray(x).astype(np.float32) / np.float32(scale)).astype(float)

    return forward, backward, (rng.standard_normal((3, 4)) * scale,)


@maker
def clipped(rng: Rng, scale: float) -> Case:
    x = rng.standard_normal((4, 5)) * scale
    x[0, 0] = scale * (1 - 1e-7)
    inside = lambda x: (x > -scale) & (x < scale)  # noqa: E731
    return lambda x: np.clip(x, -scale, scale) ** 2, lambda c, x: [2 * c * x * inside(x)], (x,)


@maker
def sorted_weights(rng: Rng, scale: float) -> Case:
    w = np.arange(1.0, 7)

    def backward(c: Array, x: Array) -> list[Array]:
        d = np.empty_like(x)
        d[np.argsort(x)] = w.astype(x.dtype) * c
        return [d]

    return lambda x: (np.sort(x) * w).sum(), backward, (rng.standard_normal(6) * scale,)


def in_precision(case: Case, dtype: Any) -> Case:
    """The same with its floats in another precision, going in and coming out of the backward pass."""
    forward, backward, arguments = case
    cast = tuple(a.astype(dtype) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in arguments)
    return forward, backward, cast


def _one_entry(g: Array, rng: Rng) -> Array:
    g.flat[int(rng.integers(g.size))] *= 1 + rng.choice([-1, 1]) * 10 ** rng.uniform(-2.9, -0.5)
    return g


MISTAKES: dict[str, Callable[[Array, Rng], Array]] = {
    "negated": lambda g, _: -g,
    "halved": lambda g, _: g / 2,
    "averaged": lambda g, _: g / max(2, g.shape[0] if g.ndim else 2),
    "zero": lambda g, _: np.zeros_like(g),
    "one entry off": _one_entry,
    "in another order": lambda g, _: np.roll(g, 1),
    "a mean taken off": lambda g, _: g - g.mean(),
    "one row forgotten": lambda g, _: np.concatenate([np.zeros_like(g[:1]), g[1:]]) if g.ndim else g * 0,
    "only the sign": lambda g, _: np.sign(g) * np.abs(g).max(),
    "one per cent more": lambda g, _: g * 1.01,
    "a thousandth more": lambda g, _: g * 1.0015,
    "clipped": lambda g, _: np.clip(g, -np.abs(g).max() / 2, np.abs(g).max() / 2),
}


def wrong(case: Case, mistake: str, argument: int, rng: Rng) -> Case:
    """The same with a mistake in one of its gradients."""
    forward, backward, arguments = case
    seed = int(rng.integers(2**31))

    def mistaken(c: Array, *given: Any) -> list[Array]:
        found = list(backward(c, *given))
        changed = MISTAKES[mistake](np.array(found[argument]), np.random.default_rng(seed))
        found[argument] = np.asarray(changed, dtype=np.asarray(found[argument]).dtype)
        return found

    return forward, mistaken, arguments
