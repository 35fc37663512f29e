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

from gru.gradient import check_vjp

Array = Any
Backward = Callable[..., list[Array]]
Check = Callable[["Layer", Backward, float, Any], bool]

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
DIFFERENCE = 1e-5
COURSE = 1e-7


class Layer:
    """A layer in every framework's words: `forward(np, …)` with the framework's module; arguments by size."""

    def __init__(
        self, name: str, forward: Callable[..., Any], backward: Backward, shapes: list[tuple[int, ...]]
    ) -> None:
        self.name, self.forward, self.backward, self.shapes = name, forward, backward, shapes

    def arguments(self, seed: int, dtype: Any = np.float64) -> list[Array]:
        """Gaussian arguments."""
        rng = np.random.default_rng([seed, 7])
        return [rng.standard_normal(shape).astype(dtype) for shape in self.shapes]

    def cotangent(self, seed: int) -> Array:
        """A Gaussian upstream gradient, the same for every peer."""
        result = self.forward(np, *self.arguments(seed))
        return np.random.default_rng([seed, 8]).standard_normal(np.shape(result))


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


def own(layer: Layer, backward: Backward, scale: float, dtype: Any, along: int | None = None) -> bool:
    """This project's check, of every entry or along directions; True for `right` alone."""
    found = check_vjp(
        lambda *a: scale * layer.forward(np, *a),
        lambda c, *a: [scale * g for g in backward(c, *a)],
        tuple(layer.arguments(0, dtype)),
        cotangent=layer.cotangent(0).astype(dtype),
        along=along,
    )
    return found.verdict == "right"


def course(layer: Layer, backward: Backward, scale: float, dtype: Any) -> bool:
    """The loop of central differences that every course teaches, and its relative error of 1e-7."""
    arguments, c = layer.arguments(0, dtype), layer.cotangent(0).astype(dtype)
    for at, claimed in zip(arguments, backward(c, *arguments), strict=True):
        for index in np.ndindex(at.shape):
            here = at[index]
            at[index] = here + DIFFERENCE
            above = scale * (c * layer.forward(np, *arguments)).sum()
            at[index] = here - DIFFERENCE
            numeric = (above - scale * (c * layer.forward(np, *arguments)).sum()) / (2 * DIFFERENCE)
            at[index] = here
            by_hand = scale * claimed[index]
            if abs(numeric - by_hand) > COURSE * (max(abs(numeric), abs(by_hand)) or 1):
                return False
    return True


def torch_checks() -> Iterator[tuple[str, bool, Check]]:
    """`torch.autograd.gradcheck`, slow, fast, and with batched gradients."""
    try:
        import torch
    except ImportError:
        return
    torch.set_num_threads(1)

    def check(layer: Layer, backward: Backward, scale: float, dtype: Any, **how: Any) -> bool:
        cotangent = torch.from_numpy(layer.cotangent(0).astype(dtype)) if layer.cotangent(0).ndim else torch.ones(())

        class ByHand(torch.autograd.Function):
            @staticmethod
            def forward(context: Any, *given: Any) -> Any:
                context.save_for_backward(*given)
                return (scale * layer.forward(torch, *given) * cotangent).sum()

            @staticmethod
            def backward(context: Any, upstream: Any) -> Any:
                c = layer.cotangent(0).astype(dtype) if layer.cotangent(0).ndim else np.ones((), dtype)
                found = backward(c, *(one.detach().numpy() for one in context.saved_tensors))
                return tuple(upstream * scale * torch.from_numpy(np.ascontiguousarray(g)) for g in found)

        given = [torch.from_numpy(a).requires_grad_() for a in layer.arguments(0, dtype)]
        return bool(torch.autograd.gradcheck(ByHand.apply, given, raise_exception=False, **how))

    yield "torch gradcheck", True, check
    yield "torch gradcheck, fast mode", False, partial(check, fast_mode=True)


def jax_checks() -> Iterator[tuple[str, bool, Check]]:
    """`jax.test_util.check_grads` in reverse mode, and `chex.assert_numerical_grads`; the forward pass compiled."""
    try:
        import jax
        import jax.numpy as jnp
        from jax.test_util import check_grads
    except ImportError:
        return
    jax.config.update("jax_enable_x64", True)

    def function(layer: Layer, backward: Backward, scale: float, dtype: Any) -> tuple[Any, list[Array]]:
        c = layer.cotangent(0).astype(dtype)
        loss = _jitted(layer, scale, dtype)

        @jax.custom_vjp
        def by_hand(*given: Any) -> Any:
            return loss(*given)

        def backwards(saved: Any, upstream: Any) -> Any:
            return tuple(upstream * scale * g for g in backward(c, *(np.asarray(one) for one in saved)))

        by_hand.defvjp(lambda *given: (loss(*given), given), backwards)
        return by_hand, layer.arguments(0, dtype)

    compiled: dict[Any, Any] = {}

    def _jitted(layer: Layer, scale: float, dtype: Any) -> Any:
        key = layer.name, scale, np.dtype(dtype).name
        if key not in compiled:
            c = layer.cotangent(0).astype(dtype)
            compiled[key] = jax.jit(lambda *given: (scale * layer.forward(jnp, *given) * c).sum())
        return compiled[key]

    def reverse(layer: Layer, backward: Backward, scale: float, dtype: Any) -> bool:
        try:
            check_grads(*function(layer, backward, scale, dtype), order=1, modes=["rev"])
        except AssertionError:
            return False
        return True

    yield "JAX check_grads, rev", False, reverse


def autograd_checks() -> Iterator[tuple[str, bool, Check]]:
    """`autograd.test_util.check_grads` in reverse mode."""
    try:
        import autograd.numpy as anp
        from autograd.extend import defvjp, primitive
        from autograd.test_util import check_grads
    except ImportError:
        return

    def check(layer: Layer, backward: Backward, scale: float, dtype: Any) -> bool:
        c = layer.cotangent(0).astype(dtype)
        by_hand = primitive(lambda *given: (scale * layer.forward(np, *given) * c).sum())

        def vjp(k: int) -> Callable[..., Any]:
            return lambda _, *given: lambda upstream: upstream * scale * backward(c, *given)[k]

        arguments = layer.arguments(0, dtype)
        defvjp(by_hand, *(vjp(k) for k in range(len(arguments))))
        try:
            check_grads(by_hand, tuple(range(len(arguments))), modes=["rev"], order=1)(*arguments)
        except AssertionError:
            return False
        return True

    del anp
    yield "autograd check_grads", False, check


def checks() -> list[tuple[str, bool, Check]]:
    """All that are installed: name, whether every entry is looked at, and the check."""
    found: list[tuple[str, bool, Check]] = [
        ("gru check_vjp", True, own),
        ("gru check_vjp, along=1", False, partial(own, along=1)),
        ("loop of central differences", True, course),
    ]
    for peers in (torch_checks, jax_checks, autograd_checks):
        found += peers()
    return found


def print_speed(rounds: int = 5) -> None:
    """Time as a multiple of ours, for checks of every entry and for others."""
    all_checks = checks()
    seconds = {
        layer.name: {
            name: _median(partial(check, layer, layer.backward, 1.0, np.float64), rounds)
            for name, _, check in all_checks
        }
        for layer in LAYERS
    }
    for complete, title in ((True, "every entry"), (False, "one direction")):
        ours = next(name for name, every, _ in all_checks if every == complete and name.startswith("gru"))
        print(f"Time of a check, {title}, as a multiple of ours\n")
        print(f"| | {' | '.join(layer.name for layer in LAYERS)} |\n{'|---' * (len(LAYERS) + 1)}|")
        for name, every, _ in all_checks:
            if every == complete and name != ours:
                ratios = (f"{seconds[layer.name][name] / seconds[layer.name][ours]:.3g}" for layer in LAYERS)
                print(f"| {name} | {' | '.join(ratios)} |")
        print(f"| {ours}, ms, for scale | {' | '.join(f'{1e3 * seconds[x.name][ours]:.3g}' for x in LAYERS)} |\n")


def _median(call: Callable[[], Any], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
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
