"""Assertions for tests of one's own: loaded when they are asked for."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

from gru.gradient import GradientCheck, check_gradient, check_vjp

__all__ = ["assert_gradient", "assert_vjp", "given_vjp"]


def assert_gradient(function: Callable[..., Any], arguments: Any, gradient: Callable[..., Any], **how: Any) -> None:
    """Raise AssertionError unless the gradient of a function of one number is right.

    The message begins with the argument and the entry that are wrong. A check that cannot tell raises too: it is no
    pass.

    Args:
        function: As `gru.check_gradient` takes it.
        arguments: As `gru.check_gradient` takes them.
        gradient: The claimed gradient, as `gru.check_gradient` takes it.
        **how: All else that `gru.check_gradient` takes.

    Raises:
        AssertionError: The verdict is `wrong` or `cannot_tell`.
        TypeError, ValueError: As `gru.check_gradient`.
    """
    __tracebackhide__ = True
    _require_right(check_gradient(function, arguments, gradient, **how))


def assert_vjp(forward: Callable[..., Any], backward: Callable[..., Any], arguments: Any, **how: Any) -> None:
    """Raise AssertionError unless a backward pass is right.

    Args:
        forward: As `gru.check_vjp` takes it.
        backward: The backward pass, as `gru.check_vjp` takes it.
        arguments: As `gru.check_vjp` takes them.
        **how: All else that `gru.check_vjp` takes.

    Raises:
        AssertionError: The verdict is `wrong` or `cannot_tell`.
        TypeError, ValueError: As `gru.check_vjp`.
    """
    __tracebackhide__ = True
    _require_right(check_vjp(forward, backward, arguments, **how))


def assert_right(cell: Any, **how: Any) -> None:
    """Raise AssertionError unless a class of cells in the chapter's API is right; the message is the report.

    Args:
        cell: the class. It is run in this process, without any protection.
        **how: as `gru.examiner.examine` takes it: `effort`, `seed`, `only`, or a `problem`, such as one that
            `gru.strategies.problems` draws.

    Raises:
        AssertionError: The verdict is `wrong` or `not_examined`. The message has the first equation that is wrong.
        ValueError: As `gru.examiner.examine`.
    """
    __tracebackhide__ = True
    from gru.examiner import examine
    from gru.report.result import Result
    from gru.report.text import message
    from gru.submission.trusted import TrustedCells

    begun = perf_counter()
    examination = examine(TrustedCells(cell), **how)
    if examination.verdict != "right":
        problem = how["problem"].id if how.get("problem") else None
        name, seconds = getattr(cell, "__qualname__", repr(cell)), perf_counter() - begun
        result = Result(name, None, examination, seconds, "none", problem, in_process=True)
        raise AssertionError("\n".join(message(result)))


def _require_right(check: GradientCheck) -> None:
    __tracebackhide__ = True
    if check.verdict != "right":
        raise AssertionError(str(check))


def given_vjp(**how: Any) -> Callable[..., Any]:
    """Make a Hypothesis test of a function that returns a forward and a backward pass, for shapes of all sizes.

    Takes what `gru.gradient.strategies.given_vjp` takes. Raises ImportError without Hypothesis.
    """
    from gru.gradient.strategies import given_vjp as made

    return made(**how)
