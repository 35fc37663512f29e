"""The check of any function beside the checkers of the frameworks: layer norm, attention, softmax and cross-entropy.

    python -m benchmarks.peers.layers

Each peer has the same layer in its own framework, forward, and is given the backward pass by hand; each uses its own
decision rule. Time as a multiple of ours, the gradient that is checked included; then what is caught of mistakes in one
argument, and false alarms. A peer that is not installed is left out. One run, one thread, medians of several rounds.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from benchmarks.peers.layer_checkers import Array, Backward, Layer, checks

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
SLOW, FEW = ("numdifftools.Gradient",), 300
"""What takes seconds for one gradient is timed for so few entries only, and left out of what is caught."""


def norm(xp: Any, x: Array, g: Array, b: Array) -> Array:
    """Layer norm over the last axis."""
    m = x.mean(-1)[..., None]
    v = ((x - m) * (x - m)).mean(-1)[..., None]
    return (x - m) / xp.sqrt(v + 1e-5) * g + b


def norm_back(c: Array, x: Array, g: Array, b: Array) -> list[Array]:
    """Its backward pass."""
    s = np.sqrt(((x - x.mean(-1, keepdims=True)) ** 2).mean(-1, keepdims=True) + 1e-5)
    n, d = (x - x.mean(-1, keepdims=True)) / s, c * g
    dx = (d - d.mean(-1, keepdims=True) - n * (d * n).mean(-1, keepdims=True)) / s
    return [dx, (c * n).sum(0), c.sum(0)]


def attend(xp: Any, q: Array, k: Array, v: Array) -> Array:
    """Attention of one head."""
    e = xp.exp(q @ k.T / q.shape[-1] ** 0.5)
    return (e / e.sum(-1)[..., None]) @ v


def attend_back(c: Array, q: Array, k: Array, v: Array) -> list[Array]:
    """Its backward pass."""
    root = q.shape[-1] ** 0.5
    e = np.exp(q @ k.T / root)
    p = e / e.sum(-1, keepdims=True)
    dp = c @ v.T
    da = p * (dp - (dp * p).sum(-1, keepdims=True)) / root
    return [da @ k, da.T @ q, p.T @ c]


def entropy(xp: Any, x: Array) -> Array:
    """Softmax and cross-entropy; the label of each row is its number."""
    picked = xp.eye(x.shape[1])[: x.shape[0]]
    return (xp.log(xp.exp(x).sum(-1)) - (x * picked).sum(-1)).mean()


def entropy_back(c: Array, x: Array) -> list[Array]:
    """Its backward pass."""
    e = np.exp(x)
    return [c * (e / e.sum(-1, keepdims=True) - np.eye(x.shape[1])[: len(x)]) / len(x)]


LAYERS = (
    Layer("layer norm (8, 16)", norm, norm_back, [(8, 16), (16,), (16,)]),
    Layer("layer norm (32, 64)", norm, norm_back, [(32, 64), (64,), (64,)]),
    Layer("attention (6, 7, 8)", attend, attend_back, [(6, 8), (7, 8), (7, 8)]),
    Layer("attention (24, 20, 16)", attend, attend_back, [(24, 16), (20, 16), (20, 16)]),
    Layer("cross-entropy (8, 10)", entropy, entropy_back, [(8, 10)]),
)


def print_speed(rounds: int = 5) -> None:
    """Time as a multiple of ours, for checks of every entry and for others."""
    all_checks = checks()
    seconds = {
        layer.name: {
            name: _median(partial(check, layer, layer.backward, 1.0, np.float64), rounds)
            for name, _, check in all_checks
            if name not in SLOW or sum(np.prod(shape) for shape in layer.shapes) < FEW
        }
        for layer in LAYERS
    }
    for complete, title in ((True, "every entry"), (False, "one direction")):
        ours = next(name for name, every, _ in all_checks if every == complete and name.startswith("gru"))
        print(f"Time of a check, {title}, as a multiple of ours\n")
        print(f"| | {' | '.join(layer.name for layer in LAYERS)} |\n{'|---' * (len(LAYERS) + 1)}|")
        for name, every, _ in all_checks:
            if every == complete and name != ours:
                ratios = (_ratio(seconds[layer.name], name, ours) for layer in LAYERS)
                print(f"| {name} | {' | '.join(ratios)} |")
        print(f"| {ours}, ms, for scale | {' | '.join(f'{1e3 * seconds[x.name][ours]:.3g}' for x in LAYERS)} |\n")


def _ratio(seconds: dict[str, float], name: str, ours: str) -> str:
    return f"{seconds[name] / seconds[ours]:.3g}" if name in seconds else "–"


def _median(call: Callable[[], Any], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        begin = time.process_time()
        call()
        times.append(time.process_time() - begin)
    return statistics.median(times)


SITUATIONS: dict[str, tuple[float, Any]] = {
    "float64": (1.0, np.float64),
    "loss × 1e-6": (1e-6, np.float64),
    "float32": (1.0, np.float32),
}


def mistakes(layer: Layer) -> Iterator[Backward]:
    """Backward passes with one mistake in one argument."""
    changes: list[Callable[[Array], Array]] = [
        lambda g: -g,
        lambda g: g / 2,
        lambda g: g - g.mean(),
        lambda g: np.roll(g, 1),
        _one_entry,
    ]
    for argument in range(len(layer.shapes)):
        for change in changes:
            yield partial(_mistaken, layer, argument, change)


def _one_entry(g: Array) -> Array:
    g = np.array(g)
    g.flat[np.abs(g).argmax()] *= g.dtype.type(1.001)
    return g


def _mistaken(layer: Layer, argument: int, change: Callable[[Array], Array], c: Array, *given: Array) -> list[Array]:
    found = list(layer.backward(c, *given))
    found[argument] = change(found[argument])
    return found


def print_caught() -> None:
    """The share of mistakes that each checker catches, and its false alarms."""
    small = [layer for layer in LAYERS if sum(np.prod(s) for s in layer.shapes) < 200]
    print("Mistakes caught, and false alarms on right backward passes\n")
    print(f"| checker | {' | '.join(SITUATIONS)} |\n{'|---' * (len(SITUATIONS) + 1)}|")
    for name, _, check in checks():
        if name in SLOW:
            continue
        cells = []
        for scale, dtype in SITUATIONS.values():
            caught = [not check(layer, wrong, scale, dtype) for layer in small for wrong in _changing(layer, dtype)]
            alarms = sum(not check(layer, layer.backward, scale, dtype) for layer in small)
            cells.append(f"{100 * np.mean(caught):.0f} %" + (f", {alarms} alarms" if alarms else ""))
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    count = sum(len(list(_changing(layer, np.float64))) for layer in small)
    print(f"\n{count} wrong backward passes and {len(small)} right ones in each column.")


def _changing(layer: Layer, dtype: Any) -> Iterator[Backward]:
    """The mistakes that change anything: a mean that is zero can be taken off."""
    arguments, c = layer.arguments(0, dtype), layer.cotangent(0).astype(dtype)
    right = layer.backward(c, *arguments)
    for wrong in mistakes(layer):
        pairs = zip(right, wrong(c, *arguments), strict=True)
        if any(np.abs(a - b).max() > 5e-4 * np.abs(a).max() for a, b in pairs):
            yield wrong


if __name__ == "__main__":
    if any(os.environ.get(name) != number for name, number in ONE_THREAD.items()):
        os.execve(sys.executable, [sys.executable, "-m", "benchmarks.peers.layers"], os.environ | ONE_THREAD)
    print_speed()
    print_caught()
