"""A layer as it is written: a table of equations, with what a cell is given, keeps and hands on.

It enters equations and makes forms. All that is computed from a table is the form's.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import product
from typing import Any

from gru.calculus import formula
from gru.calculus.functions import Array
from gru.layer.equation import Equation, derivative
from gru.layer.form import Form
from gru.layer.parts import ROWS, Axis, Carried, Option, Stack
from gru.layer.sizes import LayerError
from gru.layer.validation import validate


class Layer:
    """A kind of recurrent cell, as a table of equations.

    Args:
        id: Its name on the command line.
        title: Its name in a sentence.
        cell: The name of the class that a submission defines.
        gates: The gates in the order in which their blocks are stacked, each with its index in a symbol.
        parameters: The parameters in the order of a cell's arguments, each with the rows of a block: `hidden`,
            `input`, or `1`; or a `Stack`, where it has blocks for some of the gates only.
        carried: The states that go from step to step; the first is what the cell hands to the layer above.
        input: The name of the cell's input, of shape (batch, input).
        input_symbol: The sign for it.

    Equations are entered by `equation`, `preactivation`, `activation` and `derivative`. `axes` are the respects in
    which its forms differ, `form_ids` the function that gives a form its id and its sentence, and `paths` the
    factors on the way from the loss to each quantity, for those who read.
    """

    def __init__(
        self,
        id: str,
        *,
        title: str,
        cell: str,
        parameters: Mapping[str, str | Stack],
        carried: Sequence[Carried],
        gates: Mapping[str, str] | None = None,
        input: str = "x",
        input_symbol: str = "x_t",
    ) -> None:
        _require_parts(id, parameters, carried)
        self.id, self.title, self.cell = id, title, cell
        self.gates: dict[str, str] = dict(gates or {})
        self.stacks = tuple(
            rows if isinstance(rows, Stack) else Stack(name, rows, tuple(self.gates))
            for name, rows in parameters.items()
        )
        self.carried, self.input, self.input_symbol = tuple(carried), input, input_symbol
        self.table: list[Equation] = []
        self.place = ""
        self.axes: tuple[Axis, ...] = ()
        self.named_forms: Mapping[str, Mapping[str, str]] = {}
        self.form_ids: Callable[[Mapping[str, Option]], tuple[str, str]] = _plain_id
        self.paths: Mapping[str, Any] = {}

    def __repr__(self) -> str:
        return f"<layer {self.id}>"

    # Writing the table

    def equation(
        self, name: str, symbol: str, quantity: str, *, number: int | None = None, **more: Any
    ) -> Callable[[Callable[..., Array]], Callable[..., Array]]:
        """Enter the decorated function as the equation of a quantity of the forward pass.

        The function's arguments are the names of what it is made of; its body is one line, `return` and a formula.

        Args:
            name: The name of the quantity, which is the cell's attribute.
            symbol: Its sign in the text.
            quantity: What it is, in words.
            number: The chapter's number; None where it has none.
            **more: Other fields of `Equation`.
        """

        def enter(function: Callable[..., Array]) -> Callable[..., Array]:
            inputs = tuple(inspect.signature(function).parameters)
            self.table.append(Equation(name, symbol, quantity, function, inputs, number, **more))
            return function

        return enter

    def preactivation(
        self, name: str, symbol: str, quantity: str, *, number: int | None = None
    ) -> Callable[[Callable[..., Array]], Callable[..., Array]]:
        """Enter the decorated function as the equation of a pre-activation, which no cell has to show.

        Args:
            name: The name of the quantity.
            symbol: Its sign in the text.
            quantity: What it is, in words.
            number: The chapter's number; None where it has none.
        """
        return self.equation(name, symbol, quantity, number=number, has_check=False, is_shown=False)

    def activation(self, name: str, symbol: str, quantity: str, function: str, *, of: str, **more: Any) -> None:
        """Enter a quantity that is σ or tanh of a pre-activation.

        Args:
            name: The name of the quantity, which is the cell's attribute.
            symbol: Its sign in the text.
            quantity: What it is, in words.
            function: `sigmoid` or `np.tanh`.
            of: The name of the pre-activation.
            **more: Other fields of `Equation`.
        """
        before = next((equation for equation in self.table if equation.name == of), None)
        if before is None:
            raise LayerError(f"{self.id}: {name} is said to be {function} of {of}, which no equation above says")
        called = formula.parse(f"{function}(...)")
        tree = formula.put_whole(called, before.expression)
        blank = Equation(name, symbol, quantity, before.function, (), **more)
        self.table.append(blank.with_expression(tree))

    def derivative(
        self, name: str, symbol: str, *, of: str, number: int | None = None, summed: int | None = None, **more: Any
    ) -> Callable[[Callable[..., Array]], Callable[..., Array]]:
        """Enter the decorated function as the equation of a derivative of the loss.

        Args:
            name: The name of the derivative, which is the cell's attribute.
            symbol: Its sign in the text.
            of: The name of what it is the derivative by.
            number: The chapter's number; None where it has none.
            summed: The chapter's number of its sum over the steps, where `of` is a parameter's block.
            **more: Other fields of `Equation`.
        """
        return self.equation(name, symbol, "", number=number, of=of, summed=summed, **more)

    def add(self, name: str, symbol: str, *, of: str, formula: str, idea: str = "") -> None:
        """Enter a derivative of the loss by its formula.

        Args:
            name: The name of the derivative, which is the cell's attribute.
            symbol: Its sign in the text.
            of: The name of what it is the derivative by.
            formula: The right-hand side, as a line of Python.
            idea: What it rests on, in a sentence.
        """
        self.table.append(derivative(name, symbol, of=of, formula=formula, idea=idea))

    # What is computed from it

    @cached_property
    def forms(self) -> dict[str, "Form"]:
        """All its forms by their ids, its own first."""
        chosen = product(*(axis.options for axis in self.axes))
        forms = (Form(self, dict(zip((a.name for a in self.axes), options, strict=True))) for options in chosen)
        return {form.id: form for form in forms}

    @property
    def form(self) -> "Form":
        """The form that the layer itself is written in."""
        return next(iter(self.forms.values()))

    def validate(self) -> None:
        """Raise LayerError where the table is no layer: the message names the equation, and says what is expected."""
        for form in self.forms.values():
            validate(form)

    def form_with(self, **options: str) -> "Form":
        """The form with these options by axis, such as `z="old"`; the layer's own where an axis is not named.

        Raises LookupError where there is no such axis or option; its message lists those that there are.
        """
        known = {axis.name: [option.id for option in axis.options] for axis in self.axes}
        for axis, option in options.items():
            if option not in known.get(axis, ()):
                choices = ", ".join(f"{name}={'|'.join(ids)}" for name, ids in known.items())
                raise LookupError(f"no form of the {self.title} has {axis}={option}; there are {choices or 'none'}")
        wanted = {name: options.get(name, ids[0]) for name, ids in known.items()}
        return next(f for f in self.forms.values() if {n: o.id for n, o in f.options.items()} == wanted)


def _plain_id(options: Mapping[str, Option]) -> tuple[str, str]:
    """The id and the sentence of a form: those of its options, one after another."""
    slugs = [option.slug for option in options.values() if option.slug]
    return "-".join(slugs) or "chapter", "; ".join(o.text for o in options.values() if o.slug)


def _require_parts(id: str, parameters: Mapping[str, str | Stack], carried: Sequence[Carried]) -> None:
    """Raise LayerError where a layer is given something else than its parts."""
    for state in carried:
        if not isinstance(state, Carried):
            raise LayerError(f"{id}: carried holds {state!r:.60}; expected Carried(…), one for each state")
    if not carried:
        raise LayerError(f"{id}: carried is empty; expected Carried(…) for the state that goes from step to step")
    for name, rows in parameters.items():
        if not isinstance(rows, Stack) and rows not in ROWS:
            raise LayerError(f"{id}: a block of {name} has {rows!r:.60} rows; expected {', '.join(ROWS)}, or a Stack")
