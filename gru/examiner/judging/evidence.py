"""What a submission showed on one problem, beside the reference.

It judges nothing: what was recorded becomes values by name, in the shapes that the equations ask for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from gru.calculus.arrays import Array
from gru.calculus.rounding import Rounded, limit
from gru.examiner.judging.limit import OnDemand, roundings
from gru.examiner.judging.reference import Reference
from gru.examiner.outcome import Comparison
from gru.layer import Carried, Equation, Form
from gru.submission.contract import Description, Shown, Use

if TYPE_CHECKING:
    from gru.examiner.judging.recovered import Recovered


@dataclass(frozen=True, eq=False)
class Evidence:
    """A submission's values on one problem, beside the reference.

    `own` holds what the submission showed as numbers, by name, steps on the first axis, in float64;
    `odd` what it showed that is no array of the right kind; `dtype` is the coarsest precision among
    the problem's and the values'; `single` names the values that were shown in single precision; `changed`
    names what another cell changed afterwards, or this one in what it was given, `left_out` the arguments that the
    cell does not take; `split` holds the blocks that `split_params` returns, where they are of the right shape;
    `worked_out` names what of `own` the submission did not show.
    """

    reference: Reference
    own: dict[str, Array]
    odd: dict[str, Description]
    dtype: Any
    changed: frozenset[str] = frozenset()
    single: frozenset[str] = frozenset()
    left_out: tuple[str, ...] = ()
    slack: float = 1.0
    split: dict[str, Array] = field(default_factory=dict)
    worked_out: frozenset[str] = frozenset()

    def dtype_of(self, name: str) -> Any:
        """The precision in which a quantity is judged: that of itself, and of all that it is made of.

        What is not shown may have been computed in any precision that something else is shown in, unless what is made
        of it says otherwise.
        """
        if not self.single or self.reference.problem.precision == "float32" or name in self.single:
            return self.dtype
        made_of = [other for other in (*self.form.kept, *self.form.named) if name in self.form.made_of(other)]
        before = [other for other in made_of if other != name and other not in self.form.hidden_inside]
        if self.single.intersection(before):
            return self.dtype
        unknown = [other for other in before if other in self.form.named and other not in self.own]
        return self.dtype if unknown and not self._in_double.issuperset(unknown) else np.float64

    @cached_property
    def _in_double(self) -> frozenset[str]:
        """The hidden quantities that were of double precision."""
        from gru.examiner.judging.precision import hidden_in_double

        return hidden_in_double(self)

    @cached_property
    def of_another_kind(self) -> frozenset[str]:
        """What is shown, and is no array of the right kind."""
        return frozenset(name for name, value in self.odd.items() if not value.absent)

    @property
    def form(self) -> Form:
        """The form that the values are held against."""
        return self.reference.form

    @property
    def unsure(self) -> frozenset[str]:
        """Names whose recorded value may differ from the one the cell used; the input is what it was given."""
        return (self.of_another_kind - {self.form.layer.input}) | self.changed

    def unsure_in(self, equation: Equation) -> frozenset[str]:
        """The unsure names that a left-hand side is made of, by itself or through what is hidden."""
        hidden = [name for name in equation.inputs if name in self.form.named and name not in self.own]
        through = (self.unsure_in(self.form.named[name]) for name in hidden)
        return self.unsure.intersection(equation.inputs).union(*through)

    @cached_property
    def given(self) -> dict[str, Array]:
        """What the equations are given; the submission's own where it kept any of that."""
        # A cell was not given what it keeps under the name of a parameter that it does not take.
        unknown = {block for stack in self.form.stacks if stack.name in self.left_out for block in stack.blocks}
        kept = {name: self.own[name] for name in self.form.kept if name in self.own and name not in unknown}
        given = self.reference.given
        return given | {name: np.zeros_like(given[name]) for name in self.left_out if name in given} | kept

    @cached_property
    def cut(self) -> tuple[Carried, ...]:
        """The states of which the derivative of the loss is not handed on from step to step."""

        def is_nothing(name: str) -> bool:
            return name in self.odd and name not in self.form.unasked and self.odd[name].is_nothing

        return tuple(
            carried
            for carried in self.form.layer.carried[1:]
            if carried.upstream in self.left_out or is_nothing(self.form.derivatives[carried.previous].name)
        )

    @cached_property
    def recovered(self) -> "Recovered":
        """Quantities that the API has no attribute for, worked out from what is computed from them."""
        from gru.examiner.judging.recovered import recover

        return recover(self)

    @cached_property
    def resolved(self) -> dict[str, Array]:
        """Every value: the submission's own where it shows one, else our formula on its own values."""
        values: dict[str, Array] = {}
        at, form = dict(self.given), self.form
        with np.errstate(all="ignore"):
            for equation in form.ordered:
                if equation.has_check or equation.name in form.needed:
                    own = self.own.get(equation.name, self._found.get(equation.name))
                    at[equation.name] = values[equation.name] = equation(at) if own is None else own
        return values

    @property
    def _found(self) -> Mapping[str, Array]:
        """The recovered quantities; none where the API shows all, or while they are being worked out."""
        made: Recovered | None = None if self.form.shows_all else self.__dict__.get("recovered")
        return made.values if made else {}

    @cached_property
    def values(self) -> dict[str, Array]:
        """All that a formula may be made of."""
        return self.given | self.resolved

    @cached_property
    def finite(self) -> frozenset[str]:
        """The names of the values that hold neither NaN nor infinity."""
        return frozenset(name for name, value in self.values.items() if np.isfinite(value).all())

    @cached_property
    def beside_truth(self) -> dict[str, Comparison]:
        """Every left-hand side that is shown, beside the true one."""
        shown = tuple((e.name, self.dtype_of(e.name)) for e in self.form.exposed if e.name in self.own)
        return self.reference.compared(shown, self.own, self.slack) if shown else {}

    @cached_property
    def roundings(self) -> Mapping[str, Rounded]:
        """The rounding errors of every left-hand side on the submission's own values, by name."""
        return roundings(self.given, self.resolved, self.form)

    @cached_property
    def own_limits(self) -> Mapping[str, Array]:
        """The limit of the formula test by name, at every step: rounding on the submission's own values."""

        @np.errstate(all="ignore")
        def limit_of(name: str) -> Array:
            return self.slack * limit(self.roundings[name].roundings.max(axis=(-2, -1)), self.dtype_of(name))

        return OnDemand((equation.name for equation in self.form.exposed), limit_of)


def gather(
    reference: Reference,
    use: Use,
    left_out: tuple[str, ...] = (),
    split: Shown | None = None,
    changed: tuple[str, ...] = (),
) -> Evidence:
    """The evidence of one use of a submission's cells on a problem; `changed` names the arguments that it changed."""
    shown = values_shown(use, reference.form)
    odd = {name: _as_odd(name, value, reference.form) for name, value in shown.items() if _is_odd(value)}
    arrays = {name: value for name, value in shown.items() if not isinstance(value, Description)}
    single = _single(arrays, reference.form)
    dtype = np.float32 if single or reference.problem.precision == "float32" else np.float64
    own = {name: value.astype(float, copy=False) for name, value in arrays.items()}
    blocks = {name: value for name, value in (split or {}).items() if not isinstance(value, Description)}
    return Evidence(
        reference, own, odd, dtype, frozenset((*use.changed_later, *changed)), single, left_out, split=blocks
    )


def _single(arrays: Mapping[str, Array], form: Form) -> frozenset[str]:
    """The names of what is in single precision, among them blocks that only a stacked gradient shows."""
    single = {name for name, value in arrays.items() if value.dtype == np.float32}
    blocks = {form.derivatives[b].name for stack in form.stacks if stack.gradient in single for b in stack.blocks}
    return frozenset(single | blocks.difference(arrays))


def _is_odd(value: Array | Description) -> TypeGuard[Description]:
    return isinstance(value, Description)


def _as_odd(name: str, value: Description, form: Form) -> Description:
    """What is shown in place of an array. Where nothing has to be shown, a placeholder counts as nothing."""
    optional = name in form.named and name not in form.required and not form.named[name].is_sum
    return replace(value, kind="absent") if optional and value.is_placeholder else value


def values_shown(use: Use, form: Form) -> Shown:
    """The values that a use showed, by name, with the sums over the steps, (17)–(22): the blocks of dW and dU, summed.

    The forward values are those right after `forward`, as a backward pass may use them up.
    """
    forward = {name: value for name, value in use.after_forward.items() if name in form.shown_forward}
    shown = use.after_backward | forward
    if not use.after_backward:
        shown = dict(use.after_forward)
    for stack in form.stacks:
        value = shown.get(stack.gradient)
        sums = {block: form.totals[block] for block in stack.blocks}
        if isinstance(value, Description):
            shown |= dict.fromkeys(sums.values(), value)
        elif value is not None:
            with np.errstate(all="ignore"):
                parts = form.blocks_of(stack, value.sum(axis=0))
            shown |= {sums[block]: part for block, part in parts.items()}
    return shown
