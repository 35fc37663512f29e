"""A fused loss: one call that goes forward and backward over a sequence, and answers a loss and all gradients.

It takes no upstream gradient: the loss itself is differentiated. `losses` finds them in a file.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .adapter import Adapter
from .answer import AnotherApiError, Answer, answered_at
from .arguments import parts_answered
from .behaviour import numbers, values_of
from .chance import begin_anew
from .completing import SIZES, sums_no_vector
from .layouts import arranged, in_order
from .targets import ALPHABET, EACH_SEQUENCE, EACH_STEP, NUMBER, positions, targets


class Loss(Adapter):
    """A function or method that goes forward and backward in one call, or a few that do it one after the other.

    Inputs that are positions in an alphabet are those of the largest entry of each step of `x`.
    """

    is_loss = True
    family = "loss"
    first_name = ""
    """The call that goes forward before the loss and the gradients are asked for; empty where there is none."""
    first_roles: Sequence[str] = ()
    several = False
    """Whether the loss is that of a list of sequences while the gradients are those of one."""
    loss_at = ""
    input_kind = "tokens"
    target_kind = "tokens"
    takes_rows = False
    """Whether a batch of several sequences can be given."""
    dx = dh = None
    _beside = 0.0

    def run(self, sizes: Any, values: Any, x: Any, h_0: Any, delta: Any = None, **options: Any) -> Any:
        """One call, which is forward and backward; the loss is the only state, of shape (1, 1, 1)."""
        told = options.get("told", str)
        told("construction")
        self.turn()
        self._sizes, self._values = sizes, values
        made = self.make(sizes)
        for place, value in values.items():
            self.parameter(made, place)[...] = value
        if self.rate_at:
            setattr(made, self.rate_at, self.rate)
        if options.get("before"):
            self._call(made, x[..., ::-1] + 0.25, h_0, str)
            if self.reset_name:
                getattr(made, self.reset_name)()
        returned, gradients = self._call(made, x, h_0, told, options.get("aims"))
        loss = self._loss_in(
            answered_at(made, returned, self.loss_at), x if options.get("aims") is None else options["aims"]
        )
        if loss.size != 1:
            raise AnotherApiError(f"{self.forward_name} returns no loss")
        answer = Answer(made, loss.reshape(1, 1, 1), values, self.rate)
        answer.returned = gradients
        return answer

    def _loss_in(self, value: Any, aims: Any) -> Any:
        """The loss, of what is at its place."""
        return np.asarray(value, float)

    def places(self, returned: Any) -> Iterator[str]:
        """Where the loss may be: single numbers in what was returned."""
        for at, value in _parts_of(returned):
            is_whole = at == "" and isinstance(value, tuple | list | dict)
            if not is_whole and np.size(value) == 1 and np.ndim(value) < 3:
                yield at

    @property
    def one_sequence(self) -> dict[str, int]:
        """The sizes at which it is tried."""
        return {**SIZES, **self.fixed, "batch": 1}

    def goes_forward(self) -> bool:
        """Whether what goes forward first takes its inputs and its first states: the targets are no matter then."""
        sizes = self._sizes = self.one_sequence
        x, h_0 = numbers(self, sizes)
        given = {"inputs": _put(x, self.input_kind), **self._given_states(h_0)}
        made = self.make(sizes)
        try:
            self._callable(made, self.first_name)(*self._arguments(made, self.first_roles, given))
        except Exception:
            return False
        return True

    def depends_on_order(self) -> bool:
        """Whether the loss is another one, by more than rounding, where two steps change places."""
        sizes = self.one_sequence
        x, h_0 = numbers(self, sizes)
        values = values_of(self, sizes)
        other = x[[1, 0, *range(2, len(x))]]
        one, two = (float(self.run(sizes, values, given, h_0).states.item()) for given in (x, other))
        return bool(abs(one - two) > 64 * np.finfo(float).eps * max(abs(one), abs(two)))

    def reads_every_row(self) -> bool:
        """Whether a batch of two sequences can be given, of which each moves the loss."""
        kinds = [kind for kind in (self.input_kind, self.target_kind, self.h_layout) if kind not in (None, "classes")]
        if self.several or not all("B" in str(kind) for kind in kinds):
            return False
        sizes = {**self.one_sequence, "batch": 2}
        x, h_0 = numbers(self, sizes)
        values = values_of(self, sizes)
        try:
            answer = self.run(sizes, values, x, h_0)
            others = [x * np.where(np.arange(2) == row, 0.5, 1)[:, None] for row in range(2)]
            moved = [self.run(sizes, values, other, h_0, aims=x).states for other in others]
            both = self.run(sizes, values, x * 0.5, h_0, aims=x).states
        except Exception:
            return False
        loss = answer.states
        each_moves = np.isfinite(loss).all() and not any(np.array_equal(loss, other) for other in moved)
        # Each row by itself, to the rounding of sums: outputs of one row beside targets of another are no loss.
        mixed, largest = loss + both - sum(moved), max(np.abs(part).max() for part in (loss, both, *moved))
        is_apart = bool((np.abs(mixed) <= 64 * np.finfo(float).eps * largest).all())
        return bool(each_moves) and is_apart and not sums_no_vector(self, answer, values)

    def reads_every_step(self) -> bool:
        """Whether the input of each step by itself moves the loss: where one does not, the targets are too few."""
        sizes = self.one_sequence
        x, h_0 = numbers(self, sizes)
        values = values_of(self, sizes)
        loss = self.run(sizes, values, x, h_0).states
        for step in range(len(x)):
            other = x.copy()
            other[step] = np.roll(other[step], 1, axis=-1)
            if np.array_equal(self.run(sizes, values, other, h_0, aims=x).states, loss):
                return False
        return True

    def counts_with_positions(self) -> bool:
        """Whether targets that are positions are taken for numbers: the loss is another one between two positions.

        Such a loss is meant for other targets, and takes a single number for those of all steps.
        """
        if self.target_kind not in (*EACH_STEP, "classes", "class"):
            return False
        sizes = self.one_sequence
        x, h_0 = numbers(self, sizes)
        values = values_of(self, sizes)
        loss = self.run(sizes, values, x, h_0).states
        self._beside = 0.25
        try:
            return not np.array_equal(self.run(sizes, values, x, h_0).states, loss)
        except Exception:
            return False
        finally:
            self._beside = 0

    def _call(self, made: Any, x: Any, h_0: Any, told: Callable[[str], Any], aims: Any = None) -> tuple[Any, Any]:
        """What the call that gives the loss returns, and the one that gives the gradients: often the same.

        Its targets are those of `x`, or of `aims`, where that is given.
        """
        told("forward")
        begin_anew(made, self.module)
        aimed = self._targets(x if aims is None else aims)
        given = {"inputs": _put(x, self.input_kind), "targets": aimed, **self._given_states(h_0)}
        if self.first_name:
            answered = self._callable(made, self.first_name)(*self._arguments(made, self.first_roles, given))
            given |= parts_answered(answered, (*self.forward_roles, *self.backward_roles))
        several = {name: [given[name]] for name in ("inputs", "targets")} if self.several else {}
        returned = self._callable(made, self.forward_name)(*self._arguments(made, self.forward_roles, given | several))
        if self.backward_name == self.forward_name:
            return returned, returned
        if not self.first_name:
            given |= parts_answered(returned, self.backward_roles)
        told("backward")
        return returned, self._callable(made, self.backward_name)(*self._arguments(made, self.backward_roles, given))

    def _given_states(self, h_0: Any) -> dict[str, Any]:
        first = self._first(h_0, self._sizes)
        return dict(zip(("h", "c"), first if isinstance(first, tuple) else (first,), strict=False))

    def _targets(self, x: Any) -> Any:
        found = targets(x, self.target_kind, self._sizes["output"])
        if self._beside:
            found = found + self._beside
        if self.target_kind in ("tokens", "positions"):
            return found.tolist()
        if self.target_kind in ("class", NUMBER):
            return found.item()
        return found if self.target_kind in ("ids", "classes") else arranged(found, self.target_kind)

    @property
    def is_of_one_output(self) -> bool:
        """Whether a row has one output, which nothing in the file tells."""
        return self.fixed.get("output") == 1

    @property
    def rows(self) -> bool:
        """Whether several sequences can be given at once."""
        return self.takes_rows

    @property
    def is_sequence(self) -> bool:
        """A loss is one over several steps."""
        return True

    def describe(self) -> str:
        """One line on what is driven, for a report."""
        shown = f"{len(self.gradients)} of {len(self.parameters)} parameters' gradients"
        what = "characters" if self.input_kind in ALPHABET else "vectors"
        given = "a batch of sequences" if self.takes_rows else "a sequence"
        return f"{self.forward_name}, a loss over {given} of {what}; {shown}{self.without_use()}"


class Unwritten(Loss):
    """A forward pass that answers outputs, and a backward pass that is given targets alone.

    Nothing in the file says of which loss: it is taken to be the cross-entropy of shares of a softmax, that of two
    classes for numbers between 0 and 1, and half the sum of squares for any others. It is believed only where some
    gradient agrees with it.
    """

    is_assumed = True
    family = "unwritten loss"
    taken_for = ""

    def _loss_in(self, value: Any, aims: Any) -> Any:
        if self.taken_for == SHARES:
            return self._entropy_of(shares_in(value), aims)
        found = numbers_in(value)
        wanted = np.asarray(self._targets(aims), float).reshape(-1)
        if found is None or found.size != wanted.size:
            raise AnotherApiError(f"{self.forward_name} answers no {wanted.size} numbers")
        if self.taken_for == CHANCES:
            return -(wanted * np.log(found) + (1 - wanted) * np.log(1 - found)).sum()
        return ((found - wanted) ** 2).sum() / 2

    def _entropy_of(self, shares: Any, aims: Any) -> Any:
        if shares is None:
            raise AnotherApiError(f"{self.forward_name} answers no shares")
        wanted = np.asarray(targets(aims, self.target_kind, shares.shape[1]))
        if self.target_kind not in (*EACH_STEP, *EACH_SEQUENCE):
            wanted = wanted.argmax(axis=-1)
        wanted = wanted.reshape(-1)[-len(shares) :]
        if len(wanted) != len(shares):
            raise AnotherApiError(
                f"{self.forward_name} answers {len(shares)} times, and there are {len(wanted)} targets"
            )
        return -np.log(shares[np.arange(len(shares)), wanted]).sum()

    def places(self, returned: Any) -> Iterator[str]:
        """Where the outputs may be: shares before any other numbers."""
        parts = list(_parts_of(returned))
        for self.taken_for, fits in ((SHARES, shares_in), (CHANCES, chances_in), (SQUARES, numbers_in)):
            yield from (at for at, value in parts if fits(value) is not None)

    def describe(self) -> str:
        """One line on what is driven, for a report."""
        return f"{super().describe()}; the loss is taken to be {self.taken_for} of what it answers"


SHARES = "the cross-entropy"
CHANCES = "the cross-entropy of two classes"
SQUARES = "half the sum of squares"


def shares_in(value: Any) -> Any:
    """Rows of positive numbers whose sum is 1, one a step or one alone; None where something else is there."""
    try:
        rows = np.array(in_order(value), float)
    except (TypeError, ValueError):
        return None
    rows = rows.reshape([length for length in rows.shape if length != 1])
    rows = np.atleast_2d(rows)
    if rows.ndim != 2 or rows.shape[1] < 2 or not (rows > 0).all():
        return None
    # A sum of n numbers is rounded at most n times, and each of the numbers once.
    return rows if (np.abs(rows.sum(axis=1) - 1) <= 2 * rows.shape[1] * np.finfo(float).eps).all() else None


def numbers_in(value: Any) -> Any:
    """All numbers of an array, or of a list with an array a step; None where something else is there."""
    try:
        found = np.array(in_order(value))
    except (TypeError, ValueError):
        return None
    return found.reshape(-1) if found.dtype.kind == "f" and found.size else None


def chances_in(value: Any) -> Any:
    """The same, of numbers between 0 and 1; None where one is not."""
    found = numbers_in(value)
    return None if found is None or not ((found > 0) & (found < 1)).all() else found


def _parts_of(returned: Any) -> Iterator[tuple[str, Any]]:
    """What was returned, by its place: as a whole, and the parts of a tuple, a list or a dict."""
    yield "", returned
    if isinstance(returned, tuple | list):
        yield from ((f"[{i}]", value) for i, value in enumerate(returned))
    elif isinstance(returned, dict):
        yield from ((f"['{key}']", value) for key, value in returned.items() if isinstance(key, str))


def _put(x: Any, kind: str) -> Any:
    if kind in ALPHABET:
        return positions(x) if kind == "tokens" else np.array(positions(x))
    return arranged(x, kind)
