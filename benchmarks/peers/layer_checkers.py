"""Every checker behind one face: is this backward pass of a layer right? Each uses its own decision rule.

Each framework has the layer's forward pass in its own arrays, and is given the backward pass by hand.
"""

from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np

from gru.gradient import check_vjp

Array = Any
Backward = Callable[..., list[Array]]
Check = Callable[["Layer", Backward, float, Any], bool]

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


def _flat(layer: Layer, backward: Backward, scale: float, dtype: Any) -> tuple[Any, Array, Array]:
    """The loss as a function of one vector, where it is, and the gradient by hand there."""
    arguments, c = layer.arguments(0, dtype), layer.cotangent(0).astype(dtype)
    ends = np.cumsum([a.size for a in arguments])[:-1]

    def loss(vector: Array) -> Any:
        parts = zip(np.split(vector, ends), arguments, strict=True)
        return scale * (c * layer.forward(np, *(part.reshape(a.shape) for part, a in parts))).sum()

    by_hand = scale * np.concatenate([np.ravel(g) for g in backward(c, *arguments)])
    return loss, np.concatenate([a.ravel() for a in arguments]), by_hand


def numdifftools_check(layer: Layer, backward: Backward, scale: float, dtype: Any) -> bool:
    """`numdifftools.Gradient` beside the gradient by `np.allclose`."""
    import numdifftools

    loss, at, by_hand = _flat(layer, backward, scale, dtype)
    return bool(np.allclose(numdifftools.Gradient(loss)(at), by_hand))


def findiff_check(layer: Layer, backward: Backward, scale: float, dtype: Any) -> bool:
    """A loop with `findiff`'s coefficients of fourth order, by `np.allclose`."""
    from findiff import coefficients

    rule = coefficients(deriv=1, acc=4)["center"]
    loss, at, by_hand = _flat(layer, backward, scale, dtype)
    numeric, step = np.zeros(at.size), 1e-3
    for k, here in enumerate(at.copy()):
        for weight, offset in zip(rule["coefficients"], rule["offsets"], strict=True):
            at[k] = here + offset * step
            numeric[k] += weight * loss(at) / step
        at[k] = here
    return bool(np.allclose(numeric, by_hand))


def scipy_check(layer: Layer, backward: Backward, scale: float, dtype: Any, **how: Any) -> bool:
    """`scipy.optimize.check_grad`, judged as its documentation shows."""
    from scipy.optimize import check_grad

    loss, at, by_hand = _flat(layer, backward, scale, dtype)
    return float(check_grad(loss, lambda _: by_hand, at, **how)) < 1e-5


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
    """`jax.test_util.check_grads` in reverse mode, and what chex makes of it; the forward pass compiled.

    A backward pass by hand has no forward mode in JAX, so that the mode `fwd` cannot be asked for here.
    """
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
    try:
        from chex import assert_numerical_grads
    except ImportError:
        return

    def by_chex(layer: Layer, backward: Backward, scale: float, dtype: Any) -> bool:
        try:
            assert_numerical_grads(*function(layer, backward, scale, dtype), order=1, modes=["rev"])
        except AssertionError:
            return False
        return True

    yield "chex assert_numerical_grads", False, by_chex


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
    for module, name, check in (
        ("findiff", "findiff, fourth order", findiff_check),
        ("numdifftools", "numdifftools.Gradient", numdifftools_check),
        ("scipy", "scipy check_grad", scipy_check),
    ):
        if find_spec(module):
            found.append((name, True, check))
    if find_spec("scipy"):
        found.append(("scipy check_grad, random", False, partial(scipy_check, direction="random", seed=0)))
    for peers in (torch_checks, jax_checks, autograd_checks):
        found += peers()
    return found
