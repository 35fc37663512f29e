"""The gradient check of any function of NumPy arrays: one line, no tolerance."""

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from time import perf_counter
from typing import Any

import numpy as np

from gru.calculus.arrays import Array
from gru.gradient import blind, likeness, state
from gru.gradient.claim import Claim, FixedClaim
from gru.gradient.judge import Judge
from gru.gradient.matching import described
from gru.gradient.measure import Measurer
from gru.gradient.outcome import Comparison, GradientCheck, StateFinding
from gru.gradient.probe import Probes
from gru.gradient.subject import Pullback, Subject, WrongShape, Wrt
from gru.gradient.tree import leaves

EVERY_ENTRY = 4096
"""Arguments with more entries than this are measured along random directions, unless `along` says otherwise."""

DIRECTIONS = 8

PATIENCE = 600.0
"""Seconds. A check of every entry that may take longer is warned of, and directions are proposed."""


def check_gradient(
    function: Callable[..., Any],
    arguments: Any,
    gradient: Any,
    *,
    wrt: Wrt = None,
    along: int | None = None,
    seed: int = 0,
) -> GradientCheck:
    """Hold the gradient of a function of one number against its measured derivative, without a tolerance.

    Args:
        function: Called as `function(*arguments)`; returns one real number.
        arguments: A tuple or list of the arguments; a dict, or an array by itself, is the one argument. An argument is
            an array of float64 or float32, a number, or a dict, list or tuple of them. What holds no floats
            (labels, sizes, None) is passed on as it is.
        gradient: Called as `gradient(*arguments)`, or `gradient()` if it takes none, after the function was called with
            the same; returns what belongs to each argument, in their order or as a dict by their names, shaped like
            them. For one argument it may be returned by itself. True says that the function returns (value, gradient).
            What a gradient returns may be given in its place: it is judged at these arguments alone.
        wrt: The arguments to differentiate by, by name or number; by default all that hold floats.
        along: None measures every entry of arguments up to 4,096 entries, and 8 random directions of larger ones; a
            number measures that many random directions of each.
        seed: Of everything that is drawn: directions and moved inputs.

    Returns:
        A comparison for each argument, and the verdict on all: `right`, `wrong` or `cannot_tell`.

    Raises:
        TypeError: An argument or a gradient that is no array of floats.
        ValueError: Parts that do not go together, values that are not finite, a function of more than one number.
    """
    subject = Subject(function, arguments, wrt, gradient)
    with _quiet() as printed:
        outputs = subject.outputs(subject.at)
        if len(outputs) != 1 or np.size(outputs[0]) != 1:
            shapes = ", ".join(str(np.shape(one)) for one in outputs)
            hint = "for arrays use check_vjp; if it returns (value, gradient), say gradient=True"
            raise ValueError(f"the function must return one number, but it returns {shapes}; {hint}")
        return _checked(subject, [np.ones(np.shape(outputs[0]))], None, along, seed, printed, "check_gradient")


def check_vjp(
    forward: Callable[..., Any],
    backward: Any,
    arguments: Any,
    *,
    cotangent: Any = None,
    cache: bool = False,
    wrt: Wrt = None,
    along: int | None = None,
    seed: int = 0,
) -> GradientCheck:
    """Hold a backward pass (a vector-Jacobian product) against the measured derivative of its forward pass.

    Args:
        forward: Called as `forward(*arguments)`; returns an array, or a dict, list or tuple of arrays. With
            `cache=True` it returns (result, cache).
        backward: Called as `backward(cotangent, *arguments)`, with `cache=True` as `backward(cotangent, cache)`, or as
            `backward(cotangent)` if it takes no more, after the forward pass was called with the same arguments;
            returns what `gradient` returns in `check_gradient`.
        arguments: As in `check_gradient`.
        cotangent: The upstream gradient, shaped like the result; drawn from a Gaussian by default, which shows what
            an upstream of ones hides.
        cache: Whether the forward pass returns what the backward pass needs.
        wrt: As in `check_gradient`.
        along: As in `check_gradient`.
        seed: Of everything that is drawn, the cotangent included.

    Returns:
        A comparison for each argument, and the verdict on all.

    Raises:
        TypeError: An argument or a gradient that is no array of floats.
        ValueError: Parts that do not go together, and values that are not finite.
    """
    subject = Pullback(forward, backward, arguments, wrt, cache=cache)
    with _quiet() as printed:
        outputs = subject.outputs(subject.at)
        if subject.is_fixed and cotangent is None:
            raise ValueError("a gradient that is given as numbers belongs to one cotangent: give it with cotangent=")
        own = None if cotangent is None else [np.array(leaf.value) for leaf in leaves(cotangent, "cotangent")]
        cotangents = own if own is not None else _drawn(outputs, np.random.default_rng([seed, 1]))
        _require_shapes(cotangents, outputs)
        return _checked(subject, cotangents, own, along, seed, printed, "check_vjp")


def _drawn(outputs: Sequence[Any], rng: np.random.Generator) -> list[Array]:
    drawn = []
    for output in outputs:
        dtype = np.asarray(output).dtype
        if dtype.kind != "f":
            hint = (
                "return its real and imaginary parts"
                if dtype.kind == "c"
                else "leave it out, or say cache=True if the forward pass returns (result, cache)"
            )
            found = described(output) if dtype.kind == "O" else dtype
            raise TypeError(f"the forward pass returns {found}: a derivative needs real floats; {hint}")
        drawn.append(np.asarray(rng.standard_normal(np.shape(output)), dtype=dtype))
    return drawn


def _require_shapes(cotangents: Sequence[Array], outputs: Sequence[Any]) -> None:
    given, needed = [np.shape(c) for c in cotangents], [np.shape(o) for o in outputs]
    if given != needed:
        raise ValueError(f"the cotangent is shaped {given}, but the result is shaped {needed}")


def _checked(
    subject: Subject,
    cotangents: list[Array],
    own: list[Array] | None,
    along: int | None,
    seed: int,
    printed: io.StringIO,
    name: str,
) -> GradientCheck:
    if along is not None and (not isinstance(along, int) or isinstance(along, bool) or along < 1):
        raise ValueError(f"along is the number of random directions, 1 or more, not {along!r}")
    if not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed is a whole number from 0 up, not {seed!r}")
    rng = np.random.default_rng([seed, 2])
    begin = perf_counter()
    _require_finite(subject.outputs(subject.at))
    if along is None:
        _warn_of_time(perf_counter() - begin, sum(min(value.size, EVERY_ENTRY) for value in subject.at))
    again = f"{name}(…, seed={seed})" if along is None else f"{name}(…, along={along}, seed={seed})"
    try:
        returned = subject.claimed(subject.at, cotangents)
    except WrongShape as error:
        hints = tuple(getattr(error, "__notes__", ()))
        return GradientCheck((_misshaped(subject, error),), seed=seed, calls=subject.calls, again=again, notes=hints)
    claimed = [np.array(one) for one in returned]
    found = state.findings(subject, cotangents, returned, claimed, rng)
    if printed.getvalue():
        found.append(StateFinding("prints", "function", printed.getvalue().strip().partition("\n")[0][:40]))
    if any(one.kind == "random" and one.who == "function" for one in found):
        return GradientCheck(
            tuple(_unmeasured(subject, k, one) for k, one in enumerate(claimed)),
            tuple(found),
            seed=seed,
            calls=subject.calls,
            again=again,
        )
    measurer = Measurer(subject, cotangents, rng)
    directions = [along if along is not None else DIRECTIONS if c.size > EVERY_ENTRY else None for c in claimed]
    probes = [Probes(k, value, directions[k], rng) for k, value in enumerate(subject.at)]
    measurer.verify_together(probes)
    fixed = [*_fixed(subject, measurer, probes, claimed, cotangents, rng)]
    judge = Judge(subject, FixedClaim(claimed) if fixed else Claim(subject, cotangents, claimed, rng), measurer)
    comparisons = [judge.comparison(one, label) for one, label in zip(probes, subject.labels, strict=True)]
    unseen = blind.notes(subject, claimed, comparisons, own)
    return GradientCheck(
        tuple(comparisons),
        tuple(found),
        tuple(unseen),
        seed,
        subject.calls,
        again,
        (
            *likeness.of_all(subject, measurer, cotangents, claimed, probes, comparisons),
            *_left_out(subject),
            *_alone(subject, comparisons),
            *fixed,
            *_directions(comparisons),
        ),
    )


def _warn_of_time(seconds: float, entries: int) -> None:
    """Warn before a check that may take more than ten minutes; it goes on all the same."""
    if seconds * entries < PATIENCE:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.warn(
            f"one call of the function takes {seconds:.3g} s, and every entry may take one of {entries:,}: "
            "along=3 measures 3 random directions of each argument in their place",
            stacklevel=5,
        )


def _left_out(subject: Subject) -> Iterator[str]:
    if subject.left_out:
        yield f"{', '.join(subject.left_out)} is not differentiated by: the gradient has nothing for it"


def _alone(subject: Subject, comparisons: Sequence[Comparison]) -> Iterator[str]:
    """A backward pass that remembers nothing and lacks the cotangent looks like one that remembers."""
    if (
        isinstance(subject, Pullback)
        and subject.takes_cotangent_alone
        and any(c.verdict == "wrong" for c in comparisons)
    ):
        yield "the backward pass takes one argument, and was called with the cotangent"


def _fixed(
    subject: Subject,
    measurer: Measurer,
    probes: Sequence[Probes],
    claimed: list[Array],
    cotangents: list[Array],
    rng: np.random.Generator,
) -> Iterator[str]:
    """What there is to say of a gradient that is numbers alone, or nothing else in a function's clothes."""
    if subject.is_fixed:
        yield "the gradient was given as numbers: what it does at other points, its rounding and its state are unknown"
    elif state.is_constant(subject, cotangents, claimed, rng):
        other = state.further(subject)
        if any(measurer.changes(one, other) for one in probes):
            yield "the gradient is the same at other arguments, and the derivative is not: judged at these alone"


def _directions(comparisons: Sequence[Comparison]) -> Iterator[str]:
    for c in comparisons:
        if c.directions is not None:
            yield (
                f"{c.argument} was measured along {c.directions} random directions: an error of 0.001 in one entry of "
                f"usual size is missed with probability {c.missed(1e-3):.1g}"
            )


def _misshaped(subject: Subject, error: WrongShape) -> Comparison:
    at, labels = subject.at[error.leaf], subject.labels
    shapes = dict(zip((value.shape for value in subject.at), labels, strict=True))
    found = str(error.found)
    if error.found[len(error.found) - at.ndim :] == at.shape and np.prod(error.found) > at.size:
        found += ", which is not summed over what it is broadcast along"
    elif error.found in shapes:
        found += f", that of {shapes[error.found]}"
    return Comparison(labels[error.leaf], at.shape, "wrong", "shape", wrong=at.size, size=at.size, pattern=found)


def _unmeasured(subject: Subject, k: int, claimed: Any) -> Comparison:
    return Comparison(subject.labels[k], np.shape(claimed), "cannot_tell", "random", size=np.size(claimed))


def _require_finite(outputs: Sequence[Any]) -> None:
    for output in outputs:
        array = np.asarray(output)
        if array.dtype.kind not in "fiu":
            found = described(output) if array.dtype.kind == "O" else array.dtype
            raise TypeError(f"the function returns {found}: a derivative needs real numbers")
        if not np.isfinite(array).all():
            where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
            place = f" at {list(where)}" if where else ""
            raise ValueError(f"the function returns {array[where]}{place}: give a point at which it is finite")


@contextlib.contextmanager
def _quiet() -> Iterator[io.StringIO]:
    """Hold back what the function prints and warns of: it is called hundreds of times, far from where it is used."""
    printed = io.StringIO()
    with warnings.catch_warnings(), np.errstate(all="ignore"), contextlib.redirect_stdout(printed):
        warnings.simplefilter("ignore")
        # A cast that drops the imaginary part drops the derivative.
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        yield printed
