"""Every checker behind one face: is this hand-written gradient right, on this problem?

Each uses its own decision rule, as it comes. A peer that is not installed is left out.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from benchmarks.peers.gru_numpy import BLOCKS, Flat, blocks_of
from gru.examiner import whole
from gru.examiner.whole import check_along, check_complete
from gru.oracle import direction
from gru.problem import Problem

Array = Any
Gradient = Callable[[list[Array]], list[Array]]
"""A hand-written gradient: of the blocks, in the order of `BLOCKS`."""

DIFFERENCE = 1e-5
COURSE = 1e-7
"""The relative error below which a course says that a gradient is right (CS231n's notes)."""


@dataclass(frozen=True)
class Checker:
    """`is_right` judges a gradient on a problem; `complete` says whether it looks at every entry.

    `native` is the check of a framework's own gradient of its own forward pass, as it is mostly used; some modes of a
    framework take no gradient by hand, and have no `is_right`. `measure` is the measurement without any gradient.
    """

    name: str
    complete: bool
    is_right: Callable[[Problem, Gradient], bool] | None = None
    largest: int = 10**9
    """How many variables it is asked to take at most."""
    native: Callable[[Problem], bool] | None = None
    measure: Callable[[Problem], Any] | None = None

    def as_used(self, problem: Problem, gradient: Gradient) -> Callable[[], bool]:
        """The check as it is mostly used, to be timed."""
        if self.native is not None:
            return partial(self.native, problem)
        assert self.is_right is not None
        return partial(self.is_right, problem, gradient)


def own() -> Iterator[Checker]:
    """This project's."""

    def complete(problem: Problem, gradient: Gradient) -> bool:
        return all(c.agrees for c in check_complete(problem, _named(problem, gradient)).values())

    def along(problem: Problem, gradient: Gradient) -> bool:
        return check_along(problem, _named(problem, gradient)).agrees

    def measure_along(problem: Problem) -> Any:
        return direction.slope_along(problem, whole._direction(problem, 0))

    yield Checker("gru, complete", True, complete, measure=direction.gradient)
    yield Checker("gru, one direction", False, along, measure=measure_along)


def _named(problem: Problem, gradient: Gradient) -> dict[str, Array]:
    return dict(zip(BLOCKS, gradient(blocks_of(problem)), strict=True))


def course_loop() -> Iterator[Checker]:
    """The loop of central differences that every course teaches."""

    def measure(problem: Problem) -> Array:
        flat = Flat(problem)
        at, numeric = flat.at.copy(), np.empty_like(flat.at)
        for k, here in enumerate(flat.at):
            at[k] = here + DIFFERENCE
            above = flat.loss(at)
            at[k] = here - DIFFERENCE
            numeric[k] = (above - flat.loss(at)) / (2 * DIFFERENCE)
            at[k] = here
        return numeric

    def is_right(problem: Problem, gradient: Gradient) -> bool:
        flat = Flat(problem, gradient)
        numeric, by_hand = measure(problem), flat.gradient(flat.at)
        largest = np.maximum(np.abs(numeric), np.abs(by_hand))
        return bool((np.abs(numeric - by_hand) <= COURSE * np.where(largest > 0, largest, 1)).all())

    yield Checker("loop of central differences", True, is_right, measure=measure)


def findiff_peer() -> Iterator[Checker]:
    """A loop with `findiff`'s coefficients of fourth order, beside the gradient by `np.allclose`."""
    try:
        from findiff import coefficients
    except ImportError:
        return
    rule = coefficients(deriv=1, acc=4)["center"]
    weights = [(float(c), int(k)) for c, k in zip(rule["coefficients"], rule["offsets"], strict=True) if c]

    def measure(problem: Problem) -> Array:
        flat = Flat(problem)
        at, numeric, step = flat.at.copy(), np.zeros_like(flat.at), 1e-3
        for k, here in enumerate(flat.at):
            for weight, offset in weights:
                at[k] = here + offset * step
                numeric[k] += weight * flat.loss(at) / step
            at[k] = here
        return numeric

    def is_right(problem: Problem, gradient: Gradient) -> bool:
        flat = Flat(problem, gradient)
        return bool(np.allclose(measure(problem), flat.gradient(flat.at)))

    yield Checker("findiff, fourth order", True, is_right, measure=measure)


def scipy_peers() -> Iterator[Checker]:
    """`scipy.optimize.check_grad`, judged as its documentation shows, and `approx_derivative`."""
    try:
        from scipy.optimize import check_grad
        from scipy.optimize._numdiff import approx_derivative
    except ImportError:
        return

    def check(problem: Problem, gradient: Gradient, **how: Any) -> bool:
        flat = Flat(problem, gradient)
        return float(check_grad(flat.loss, flat.gradient, flat.at, **how)) < 1e-5

    def measure(problem: Problem, method: str) -> Array:
        flat = Flat(problem)
        return approx_derivative(flat.loss, flat.at, method=method)

    def derivative(problem: Problem, gradient: Gradient, method: str) -> bool:
        flat = Flat(problem, gradient)
        return bool(np.allclose(measure(problem, method), flat.gradient(flat.at)))

    yield Checker("scipy check_grad", True, check)
    for method in ("3-point", "cs"):
        how = {"method": method}
        name = f"scipy approx_derivative {method}"
        yield Checker(name, True, partial(derivative, **how), measure=partial(measure, **how))
    yield Checker("scipy check_grad, random", False, partial(check, direction="random", seed=0))


def numdifftools_peer() -> Iterator[Checker]:
    """`numdifftools.Gradient`, beside the gradient by `np.allclose`; for small sizes only."""
    try:
        import numdifftools
    except ImportError:
        return

    def measure(problem: Problem) -> Array:
        flat = Flat(problem)
        return numdifftools.Gradient(flat.loss)(flat.at)

    def is_right(problem: Problem, gradient: Gradient) -> bool:
        flat = Flat(problem, gradient)
        return bool(np.allclose(measure(problem), flat.gradient(flat.at)))

    yield Checker("numdifftools.Gradient", True, is_right, largest=500, measure=measure)


def torch_peers() -> Iterator[Checker]:
    """`torch.autograd.gradcheck`: the forward pass in torch, the backward pass by hand."""
    try:
        import torch
    except ImportError:
        return
    from torch.autograd.gradcheck import _get_numerical_jacobian

    from benchmarks.peers.gru_torch import loss

    torch.set_num_threads(1)

    def is_right(problem: Problem, gradient: Gradient, **how: Any) -> bool:
        upstream = torch.from_numpy(problem.upstream.astype(float))

        class ByHand(torch.autograd.Function):
            @staticmethod
            def forward(context: Any, *blocks: Any) -> Any:
                context.save_for_backward(*blocks)
                return loss(*blocks, upstream)

            @staticmethod
            def backward(context: Any, in_grad: Any) -> Any:
                found = gradient([block.detach().numpy() for block in context.saved_tensors])
                return tuple(in_grad * torch.from_numpy(np.ascontiguousarray(block)) for block in found)

        blocks = [torch.from_numpy(block).requires_grad_() for block in blocks_of(problem)]
        return bool(torch.autograd.gradcheck(ByHand.apply, blocks, raise_exception=False, **how))

    def native(problem: Problem, **how: Any) -> bool:
        upstream = torch.from_numpy(problem.upstream.astype(float))
        blocks = [torch.from_numpy(block).requires_grad_() for block in blocks_of(problem)]
        return bool(torch.autograd.gradcheck(lambda *given: loss(*given, upstream), blocks, **how))

    def measure(problem: Problem) -> Any:
        upstream = torch.from_numpy(problem.upstream.astype(float))
        blocks = [torch.from_numpy(block).requires_grad_() for block in blocks_of(problem)]
        return _get_numerical_jacobian(lambda *given: loss(*given, upstream), blocks, eps=1e-6)

    fast = {"fast_mode": True}
    batched = partial(native, check_batched_grad=True)
    yield Checker("torch gradcheck", True, is_right, native=native, measure=measure)
    yield Checker("torch gradcheck, batched by vmap too", True, native=batched)
    yield Checker("torch gradcheck, fast mode", False, partial(is_right, **fast), native=partial(native, **fast))


def jax_peers() -> Iterator[Checker]:
    """`jax.test_util.check_grads` on a jitted forward pass, the backward pass by hand; and what chex makes of it."""
    try:
        import jax
        from jax.test_util import check_grads
    except ImportError:
        return
    from benchmarks.peers.gru_jax import loss

    jax.config.update("jax_enable_x64", True)
    jitted = jax.jit(loss)

    def is_right(problem: Problem, gradient: Gradient) -> bool:
        upstream = problem.upstream.astype(float)

        @jax.custom_vjp
        def by_hand(*blocks: Any) -> Any:
            return jitted(*blocks, upstream)

        def forward(*blocks: Any) -> Any:
            return jitted(*blocks, upstream), blocks

        def backward(blocks: Any, in_grad: Any) -> Any:
            return tuple(in_grad * block for block in gradient([np.asarray(block) for block in blocks]))

        by_hand.defvjp(forward, backward)
        try:
            check_grads(by_hand, blocks_of(problem), order=1, modes=["rev"])
        except AssertionError:
            return False
        return True

    def native(problem: Problem, *modes: str) -> bool:
        check_grads(partial(_last, jitted, problem.upstream.astype(float)), blocks_of(problem), order=1, modes=modes)
        return True

    def both(problem: Problem) -> bool:
        return native(problem, "fwd", "rev")

    yield Checker("JAX check_grads, rev", False, is_right, native=lambda problem: native(problem, "rev"))
    yield Checker("JAX check_grads, fwd and rev", False, native=both)
    try:
        from chex import assert_numerical_grads
    except ImportError:
        return

    def by_chex(problem: Problem) -> bool:
        loss = partial(_last, jitted, problem.upstream.astype(float))
        assert_numerical_grads(loss, blocks_of(problem), order=1)
        return True

    yield Checker("chex assert_numerical_grads", False, native=by_chex)


_ALL = tuple(range(len(BLOCKS)))
"""autograd looks at the first argument only, unless it is told otherwise."""


def _last(function: Callable[..., Any], upstream: Array, *blocks: Any) -> Any:
    return function(*blocks, upstream)


def autograd_peer() -> Iterator[Checker]:
    """`autograd.test_util.check_grads`, the backward pass by hand."""
    try:
        from autograd.extend import defvjp, primitive
        from autograd.test_util import check_grads
    except ImportError:
        return
    from benchmarks.peers.gru_numpy import loss

    def is_right(problem: Problem, gradient: Gradient) -> bool:
        upstream = problem.upstream.astype(float)

        @primitive
        def by_hand(x: Array, h_0: Array, W: Array, U: Array) -> Any:
            return loss(x, h_0, W, U, upstream)

        def vjp(k: int) -> Callable[..., Any]:
            return lambda _, *blocks: lambda in_grad: in_grad * gradient(list(blocks))[k]

        defvjp(by_hand, *(vjp(k) for k in range(len(BLOCKS))))
        try:
            check_grads(by_hand, _ALL, modes=["rev"], order=1)(*blocks_of(problem))
        except AssertionError:
            return False
        return True

    from benchmarks.peers import gru_autograd

    def native(problem: Problem) -> bool:
        loss = partial(_last, gru_autograd.loss, problem.upstream.astype(float))
        check_grads(loss, _ALL, modes=["rev"], order=1)(*blocks_of(problem))
        return True

    yield Checker("autograd check_grads", False, is_right, native=native)


def checkers() -> list[Checker]:
    """All that are installed, this project's first."""
    makers = (own, course_loop, findiff_peer, scipy_peers, numdifftools_peer, torch_peers, jax_peers, autograd_peer)
    return [checker for maker in makers for checker in maker()]
