"""What a layer is: a table of equations, with what a cell is given, keeps and hands on. All else is computed from it.

A layer is written down once, as functions and one object. From that come the order of computation, every shape,
what is made of what, which quantity is σ or tanh of which, and the forms that other texts write it in.
It measures nothing, and knows no layer by name.
"""

import ast
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from itertools import product
from textwrap import dedent
from typing import Any, Literal, NamedTuple

import numpy as np

from gru.calculus import formula
from gru.calculus.formula import parse
from gru.calculus.functions import Array, sigmoid, sum_rows

ACTIVATIONS: dict[str, Callable[..., Array]] = {"sigmoid": sigmoid, "tanh": np.tanh}
"""The functions that a pre-activation goes through, by the names they have in a formula."""

Dimensions = tuple[str, str]
"""A shape in words: `("batch", "hidden")`, `("3·input", "hidden")`."""


class Sizes(NamedTuple):
    """The sizes of one problem: rows of a batch, inputs, hidden units, steps in time."""

    batch: int
    input: int
    hidden: int
    steps: int = 1

    def __str__(self) -> str:
        words = f"batch {self.batch}, input {self.input}, hidden {self.hidden}"
        return words if self.steps == 1 else f"{words}, steps {self.steps}"

    def shape(self, dimensions: Sequence[str]) -> tuple[int, ...]:
        """The shape that these dimensions have at these sizes: `("3·input", "hidden")` is (3·input, hidden)."""
        return tuple(self._length(dimension) for dimension in dimensions)

    def _length(self, dimension: str) -> int:
        count, _, unit = dimension.rpartition("·")
        length = int(unit) if unit.isdecimal() else int(getattr(self, unit))
        return int(count or 1) * length


class LayerError(ValueError):
    """A table that is no layer; the message names the equation, and says what is wrong with it."""


@dataclass(frozen=True)
class Carried:
    """A state that goes from step to step.

    `previous` is the cell's argument (`h_p`), `state` the quantity that it becomes (`h`), and
    `upstream` the argument that holds the derivative of the loss by that (`in_grad`).
    """

    previous: str
    symbol: str
    state: str
    upstream: str
    upstream_symbol: str


@dataclass(frozen=True)
class Stack:
    """A parameter as a cell is given it: blocks of `rows` rows each, one block a gate, on top of each other.

    `gates` are those it has a block for; without any, the parameter is one block by itself. `rows` is
    `hidden`, `input`, or `1` for a bias.
    """

    name: str
    rows: str
    gates: tuple[str, ...]

    @property
    def blocks(self) -> tuple[str, ...]:
        """The names of its blocks: `wz`, `wr`, `wn`; of a parameter without gates, its own name."""
        return tuple(self.name.lower() + gate for gate in self.gates) or (self.name,)

    @property
    def gradient(self) -> str:
        """The attribute that holds the derivative of the loss by it."""
        return f"d{self.name}"

    @property
    def is_stacked(self) -> bool:
        """Whether it is made of blocks that have names of their own."""
        return bool(self.gates)

    @property
    def dimensions(self) -> Dimensions:
        """Its shape in words: `("3·hidden", "hidden")`."""
        if not self.gates:
            return self.rows, "hidden"
        return (str(len(self.gates)) if self.rows == "1" else f"{len(self.gates)}·{self.rows}"), "hidden"


@dataclass(frozen=True)
class Equation:
    """One equation of a layer.

    Attributes:
        name: The attribute of a cell that holds the left-hand side.
        symbol: The sign for it in a text.
        quantity: What it means.
        function: The right-hand side, whose arguments are `inputs`.
        number: The chapter's number; None where the chapter has none.
        id: The name of the check on it, such as `equation-10` or `lstm/dzf`.
        of: What the left-hand side is the derivative of the loss by; None in the forward pass.
        is_sum: Whether it is the sum over the steps of its one input.
        has_check: Whether there is a check on it.
        is_shown: Whether the cell's API has an attribute for it.
        dimensions: The shape of the left-hand side in words.
        idea: What the right formula rests on, in a sentence.
        written: How a formula in a report writes its name.
    """

    name: str
    symbol: str
    quantity: str
    function: Callable[..., Array]
    inputs: tuple[str, ...]
    number: int | None = None
    tree: ast.expr | None = None
    id: str = ""
    of: str | None = None
    is_sum: bool = False
    has_check: bool = True
    is_shown: bool = True
    dimensions: Dimensions = ("batch", "hidden")
    idea: str = ""
    written: str = ""
    summed: int | None = None

    @property
    def key(self) -> int | str:
        """The chapter's number, or the name where the chapter has none."""
        return self.name if self.number is None else self.number

    @property
    def title(self) -> str:
        """What a report calls its left-hand side; Σ stands before a sum over the steps."""
        return f"Σ {self.inputs[0]}" if self.is_sum else self.name

    @property
    def short(self) -> str:
        """How a report refers to it in a list: `(10)`, or `dzf` where the chapter has no number."""
        return self.title if self.number is None else f"({self.number})"

    @cached_property
    def expression(self) -> ast.expr:
        """The right-hand side as a syntax tree: `tree`, or read from the function's own source."""
        return self.tree if self.tree is not None else _expression_of(self.function)

    def __call__(self, values: Mapping[str, Array]) -> Array:
        """The right-hand side, its inputs taken from `values` by their names."""
        return self.function(*(values[name] for name in self.inputs))

    def with_expression(self, tree: ast.expr) -> "Equation":
        """The equation with another right-hand side."""
        inputs = tuple(formula.names(tree))

        def function(*values: Array) -> Array:
            return formula.evaluate(tree, dict(zip(inputs, values, strict=True)))

        return replace(self, function=function, inputs=inputs, tree=tree)


def _expression_of(function: Callable[..., Array]) -> ast.expr:
    (definition,) = ast.parse(dedent(inspect.getsource(function))).body
    assert isinstance(definition, ast.FunctionDef)
    results = [line for line in definition.body if isinstance(line, ast.Return)]
    if len(results) != 1 or results[0].value is None or results[0] is not definition.body[-1]:
        raise LayerError(f"{function.__name__} is no equation: expected one line, `return` and a formula")
    return results[0].value


def sum_over_steps(terms: Array) -> Array:
    """(17)–(22)  d_W = Σ_t d_{W,t}, and the same of every other parameter.

    `terms` (steps, rows, hidden), rows being hidden for W and input for U; the result (rows, hidden).
    """
    return terms.sum(axis=0)


class Change(NamedTuple):
    """What a form writes differently in one equation: `new` where `old` stands.

    `...` as `old` is the whole formula, and in `new` it stands for that. `when` is the option of another axis
    without which the change does not hold.
    """

    equation: str
    old: str
    new: str
    when: str = ""


@dataclass(frozen=True)
class Option:
    """One of the ways in which an axis of a layer's forms can be written.

    Attributes:
        id: Its name on the axis.
        text: What is said of a submission that is written like this, and should not be.
        changes: What it changes in the layer's equations; what holds of a pre-activation holds of its activation.
        stacks: The parameters that it adds.
        equations: The equations that it adds.
        order: The order of the gates' blocks, where that is what it is about.
        without: The names of the parameters that it does without; their derivatives go with them.
        slug: Its part of a form's id; empty for what the layer itself does.
    """

    id: str
    text: str = ""
    changes: tuple[Change, ...] = ()
    stacks: tuple[Stack, ...] = ()
    equations: tuple[Equation, ...] = ()
    order: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    slug: str = ""


@dataclass(frozen=True)
class Axis:
    """One respect in which a layer's forms differ; its first option is what the layer itself does."""

    name: str
    options: tuple[Option, ...]


def derivative(name: str, symbol: str, *, of: str, formula: str, idea: str = "") -> Equation:
    """The equation of a derivative of the loss, its right-hand side as a line of Python."""
    return Equation(name, symbol, "", sum_rows, (), of=of, idea=idea).with_expression(parse(formula))


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
        """Enter the decorated function as the equation of a quantity of the forward pass."""

        def enter(function: Callable[..., Array]) -> Callable[..., Array]:
            inputs = tuple(inspect.signature(function).parameters)
            self.table.append(Equation(name, symbol, quantity, function, inputs, number, **more))
            return function

        return enter

    def preactivation(
        self, name: str, symbol: str, quantity: str, *, number: int | None = None
    ) -> Callable[[Callable[..., Array]], Callable[..., Array]]:
        """Enter the decorated function as the equation of a pre-activation, which no cell has to show."""
        return self.equation(name, symbol, quantity, number=number, has_check=False, is_shown=False)

    def activation(self, name: str, symbol: str, quantity: str, function: str, *, of: str, **more: Any) -> None:
        """Enter a quantity that is σ (`sigmoid`) or tanh (`np.tanh`) of the pre-activation `of`."""
        (before,) = (equation for equation in self.table if equation.name == of)
        called = formula.parse(f"{function}(...)")
        tree = formula.put_whole(called, before.expression)
        blank = Equation(name, symbol, quantity, before.function, (), **more)
        self.table.append(blank.with_expression(tree))

    def derivative(
        self, name: str, symbol: str, *, of: str, number: int | None = None, summed: int | None = None, **more: Any
    ) -> Callable[[Callable[..., Array]], Callable[..., Array]]:
        """Enter the decorated function as the derivative of the loss by `of`.

        `summed` is the chapter's number of its sum over the steps, where `of` is a parameter's block.
        """
        return self.equation(name, symbol, "", number=number, of=of, summed=summed, **more)

    def add(self, name: str, symbol: str, *, of: str, formula: str, idea: str = "") -> None:
        """Enter the derivative of the loss by `of`, its right-hand side as a line of Python."""
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
            _validate(form)

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
    return "-".join(slugs) or "chapter", "; ".join(o.text for o in options.values() if o.text)


@dataclass(frozen=True, eq=False)
class Form:
    """A layer as it is written in one place: an option of each of its axes, and the whole table that follows.

    Everything that measures, judges or reports is given a form.
    """

    layer: Layer
    options: Mapping[str, Option] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<form {self.id} of {self.layer.id}>"

    @cached_property
    def id(self) -> str:
        """Its id, such as `chapter` or `torch-rzn`."""
        return self.layer.form_ids(self.options)[0]

    @cached_property
    def formulas_id(self) -> str:
        """The id of the form with these formulas that has the layer's own parameters, in the layer's own order."""
        first = {axis.name: axis.options[0] for axis in self.layer.axes}
        plain = {name: first[name] if o.order or o.stacks else o for name, o in self.options.items()}
        return self.layer.form_ids(plain)[0]

    @cached_property
    def text(self) -> str:
        """A sentence that tells it from the others."""
        return self.layer.form_ids(self.options)[1]

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The gates in the order in which their blocks are stacked."""
        return next((option.order for option in self.options.values() if option.order), tuple(self.layer.gates))

    @cached_property
    def departs(self) -> tuple[str, ...]:
        """The checks at which it leaves the layer's own form."""
        own = self.layer.form
        differing = (e.id for e in self.forward_shown if e.name not in own.named or not _is_same(e, own.named[e.name]))
        return (*differing, *(("split",) * (self.order != tuple(self.layer.gates))))

    # The table

    @cached_property
    def stacks(self) -> tuple[Stack, ...]:
        """The parameters as a cell is given them, in the order of its arguments."""
        without = {name for option in self.options.values() for name in option.without}
        own = tuple(stack for stack in self.layer.stacks if stack.name not in without)
        return own + tuple(stack for option in self.options.values() for stack in option.stacks)

    @cached_property
    def blocks(self) -> tuple[str, ...]:
        """The names of all blocks of the parameters, gate by gate."""
        by_gate = [block for gate in self.layer.gates for s in self.stacks for block in s.blocks if block[1:] == gate]
        return tuple(dict.fromkeys([*by_gate, *(block for stack in self.stacks for block in stack.blocks)]))

    @cached_property
    def equations(self) -> dict[int | str, Equation]:
        """All equations in the order of the derivation, by the chapter's numbers, or by name where it has none."""
        return {equation.key: equation for equation in self.named.values()}

    @cached_property
    def named(self) -> dict[str, Equation]:
        """All equations in the order of the derivation, by name."""
        return {equation.name: equation for equation in self._finished(self._rewritten())}

    @cached_property
    def exposed(self) -> tuple[Equation, ...]:
        """Those that there is a check on."""
        return tuple(equation for equation in self.named.values() if equation.has_check)

    @cached_property
    def numbers(self) -> str:
        """The chapter's numbers of the derivatives, ` (8)–(24)`; empty where it has none for some of them."""
        numbers = [e.number for e in self.exposed if e.of is not None or e.is_sum]
        known = [number for number in numbers if number is not None]
        return f" ({min(known)})–({max(known)})" if len(known) == len(numbers) else ""

    @cached_property
    def forward_shown(self) -> tuple[Equation, ...]:
        """Those of the forward pass that there is a check on."""
        return tuple(e for e in self.exposed if e.of is None and not e.is_sum)

    @cached_property
    def ordered(self) -> tuple[Equation, ...]:
        """All equations, each after those that it is made of; a pre-activation stands before its activation."""
        found: dict[str, Equation] = {}

        def visit(equation: Equation, around: tuple[str, ...] = ()) -> None:
            if equation.name in around:
                circle = " → ".join((*around[around.index(equation.name) :], equation.name))
                raise LayerError(f"{self.layer.id}: {equation.name} is made of itself: {circle}")
            if equation.name in found:
                return
            inside = self.preactivations.get(equation.name)
            for name in (*((inside,) if inside else ()), *equation.inputs):
                if name in self.named:
                    visit(self.named[name], (*around, equation.name))
            found[equation.name] = equation

        for equation in self.named.values():
            visit(equation)
        return tuple(found.values())

    @cached_property
    def forward(self) -> tuple[Equation, ...]:
        """The equations of the forward pass, in an order in which they can be computed."""
        return tuple(e for e in self.ordered if e.of is None and not e.is_sum)

    @cached_property
    def backward(self) -> tuple[Equation, ...]:
        """The derivatives of one step, in an order in which they can be computed."""
        return tuple(e for e in self.ordered if e.of is not None and not e.is_sum)

    @cached_property
    def sums(self) -> tuple[Equation, ...]:
        """The sums over the steps, one for each block of the parameters."""
        return tuple(e for e in self.named.values() if e.is_sum)

    def equation(self, name: str) -> Equation:
        """The equation of this quantity, from another form of the layer where this one has none.

        Raises KeyError where no form has one.
        """
        if name in self.named:
            return self.named[name]
        for form in self.layer.forms.values():
            if name in form.named:
                return form.named[name]
        raise KeyError(name)

    def _rewritten(self) -> list[Equation]:
        """The layer's equations with this form's changes; what it adds stands behind the derivatives by parameters."""
        blocks = {block for stack in self.stacks for block in stack.blocks}
        gone = {block for stack in self.layer.stacks for block in stack.blocks} - blocks
        table = [equation for equation in self.layer.table if equation.of not in gone]
        extra = [equation for option in self.options.values() for equation in option.equations]
        last = max((k for k, e in enumerate(table) if e.of in blocks), default=len(table) - 1)
        table[last + 1 : last + 1] = extra
        chosen = {option.id for option in self.options.values()}
        changes = [c for o in self.options.values() for c in o.changes if not c.when or c.when in chosen]
        original = {equation.name: equation for equation in table}
        changed = {name: self._changed(equation, changes) for name, equation in original.items()}
        for name, inside in _preactivations(original.values()).items():
            if changed[inside] is not original[inside]:
                called = original[name].expression
                assert isinstance(called, ast.Call)
                tree = ast.Call(called.func, [changed[inside].expression], [])
                changed[name] = original[name].with_expression(tree)
        return list(changed.values())

    def _changed(self, equation: Equation, changes: Iterable[Change]) -> Equation:
        tree = equation.expression
        for change in changes:
            if change.equation == equation.name:
                tree = formula.substituted(tree, change.old, change.new)
        return equation if tree is equation.expression else equation.with_expression(tree)

    def _finished(self, table: list[Equation]) -> Iterator[Equation]:
        """The equations with their ids, shapes and meanings, and the sums over the steps behind those they sum."""
        dimensions = self._all_dimensions(table)
        symbols = self._given_symbols() | {equation.name: equation.symbol for equation in table}
        blocks = {block for stack in self.stacks for block in stack.blocks}
        waiting: list[Equation] = []
        summed = [equation for equation in table if equation.of in blocks]
        for equation in table:
            of, shape = equation.of, dimensions[equation.name]
            as_used = " as used at step t" if of in blocks else ""
            meaning = equation.quantity or f"∂loss/∂{symbols[str(of)]}{as_used}"
            whole = replace(equation, quantity=meaning, dimensions=shape, id=equation.id or self._id(equation))
            yield whole
            if equation.of in blocks:
                waiting.append(self._sum_of(whole, symbols[str(of)]))
            if summed and equation is summed[-1]:
                yield from sorted(waiting, key=lambda e: (e.number is None, e.number or 0))

    def _all_dimensions(self, table: list[Equation]) -> dict[str, Dimensions]:
        """The shapes of what is given and of every left-hand side, in whatever order the equations stand."""
        known, layer = self._given_dimensions(), self.layer.id
        forward = [equation for equation in table if equation.of is None]
        names = known.keys() | {equation.name for equation in table}
        for equation in table:
            for name in _used(equation):
                if name not in names:
                    raise LayerError(
                        f"{layer}: {equation.name} is made of {name}; known are {', '.join(sorted(names))}"
                    )
        while waiting := [equation for equation in forward if equation.name not in known]:
            ready = [equation for equation in waiting if all(name in known for name in _used(equation))]
            if not ready:
                circle = ", ".join(equation.name for equation in waiting)
                raise LayerError(f"{layer}: each of {circle} is made of another of them: that is a circle")
            known |= {equation.name: _shape_of(layer, equation, known) for equation in ready}
        for equation in table:
            if equation.of is not None and equation.of not in known:
                what = f"{equation.name} is said to be the derivative of {equation.of}"
                raise LayerError(f"{layer}: {what}, which is not known; known are {', '.join(known)}")
        return known | {e.name: known[e.of] for e in table if e.of is not None}

    def _sum_of(self, equation: Equation, symbol: str) -> Equation:
        name = f"sum_{equation.name}"
        total = Equation(
            name,
            f"d_{symbol}",
            f"∂loss/∂{symbol}, over all steps",
            sum_over_steps,
            (equation.name,),
            equation.summed,
            is_sum=True,
            dimensions=equation.dimensions,
        )
        return replace(total, id=self._id(total))

    def _id(self, equation: Equation) -> str:
        return f"equation-{equation.number}" if equation.number is not None else f"{self.layer.id}/{equation.name}"

    # Shapes and signs

    def _given_dimensions(self) -> dict[str, Dimensions]:
        state = ("batch", "hidden")
        known: dict[str, Dimensions] = {self.layer.input: ("batch", "input")}
        for carried in self.layer.carried:
            known |= {carried.previous: state, carried.upstream: state}
        for stack in self.stacks:
            known |= dict.fromkeys(stack.blocks, (stack.rows, "hidden"))
        return known

    def _given_symbols(self) -> dict[str, str]:
        symbols = {self.layer.input: self.layer.input_symbol}
        for carried in self.layer.carried:
            symbols |= {carried.previous: carried.symbol, carried.upstream: carried.upstream_symbol}
        for stack in self.stacks:
            for gate, block in zip(stack.gates or ("",), stack.blocks, strict=True):
                index = self.layer.gates.get(gate, gate)
                symbols[block] = f"{stack.name}_{index}" if index else stack.name
        return symbols

    @cached_property
    def symbols(self) -> dict[str, str]:
        """The sign for every quantity, given or computed."""
        return self._given_symbols() | {equation.name: equation.symbol for equation in self.named.values()}

    @cached_property
    def dimensions(self) -> dict[str, Dimensions]:
        """The shape of every quantity in words, the stacked parameters and their gradients among them."""
        known = self._given_dimensions() | {e.name: e.dimensions for e in self.named.values()}
        for stack in self.stacks:
            known |= {stack.name: stack.dimensions, stack.gradient: stack.dimensions}
        return known

    def shape_of(self, name: str, sizes: Sizes) -> tuple[int, ...]:
        """The shape of the quantity `name` at one step of a problem of `sizes`."""
        return sizes.shape(self.dimensions[name])

    @cached_property
    def spelling(self) -> dict[str, str]:
        """How a report writes names where that is not the attribute's own name: `Wh` for `wn`, `h_prev` for `h_p`."""
        written = {e.name: e.written for e in self.named.values() if e.written}
        written |= {c.previous: f"{c.state}_prev" for c in self.layer.carried}
        symbols = self._given_symbols()
        written |= {b: symbols[b].replace("_", "") for stack in self.stacks if stack.gates for b in stack.blocks}
        return written

    def spelled(self, text: str) -> str:
        """A formula, or a sentence with parts of one, with names as a report writes them.

        >>> from gru.layers.gru.forms import CHAPTER
        >>> CHAPTER.spelled("dzr = (dzn @ wn.T) * h_p * r * (1 - r)")
        'dzr = (dzn @ Wh.T) * h_prev * r * (1 - r)'
        """
        return formula.renamed(text, self.spelling)

    # What is made of what

    @cached_property
    def preactivations(self) -> dict[str, str]:
        """For each quantity that is σ or tanh of another, the name of that other."""
        return _preactivations(self.named.values())

    @cached_property
    def needed(self) -> frozenset[str]:
        """The names of what the right-hand sides of the equations are made of."""
        return frozenset(name for equation in self.named.values() for name in equation.inputs)

    @cached_property
    def hidden_inside(self) -> frozenset[str]:
        """The names of what there is no check on, and other equations are made of."""
        used = self.needed | set(self.preactivations.values())
        return frozenset(e.name for e in self.named.values() if not e.has_check and e.name in used)

    @cached_property
    def activations(self) -> dict[str, Literal["sigmoid", "tanh"]]:
        """For each quantity that is σ or tanh of another, which of the two."""
        return {name: _function_name(self.named[name].expression) for name in self.preactivations}  # type: ignore[misc]

    def activation_of(self, preactivation: str | None) -> str | None:
        """The quantity that is σ or tanh of this one; None where there is none."""
        return next((name for name, inside in self.preactivations.items() if inside == preactivation), None)

    def made_of(self, name: str) -> frozenset[str]:
        """The names of all that is computed from a quantity, near and far, itself included."""
        return _made_of(self, name)

    @cached_property
    def derivatives(self) -> dict[str, Equation]:
        """For each quantity, the equation of the derivative of the loss by it at one step."""
        return {str(e.of): e for e in self.backward}

    def keeps_columns_apart(self, block: str) -> bool:
        """Whether unit j of everything computed forward depends on column j of this block alone.

        Then all columns can be moved at once, and the derivatives read unit by unit (Curtis, Powell and Reid).
        """
        return _keeps_columns_apart(self, block)

    # What a cell is given, shows and must show

    @property
    def output(self) -> str:
        """The state that is handed to the layer above."""
        return self.layer.carried[0].state

    @cached_property
    def starts(self) -> tuple[str, ...]:
        """The names of the first states of a sequence: `h_0`, and of an LSTM `c_0`."""
        return tuple(f"{carried.state}_0" for carried in self.layer.carried)

    @cached_property
    def given(self) -> tuple[str, ...]:
        """What the equations of one step are given: the input, the states, what comes from above, the blocks."""
        states = (name for c in self.layer.carried for name in (c.previous, c.upstream))
        return (self.layer.input, *states, *self.blocks)

    @cached_property
    def kept(self) -> tuple[str, ...]:
        """What a cell may keep of its arguments: the input and the blocks."""
        return (self.layer.input, *(b for stack in self.stacks if stack.gates for b in stack.blocks))

    @cached_property
    def shown_forward(self) -> tuple[str, ...]:
        """The attributes that `forward` sets."""
        return tuple(e.name for e in self.forward_shown if e.is_shown)

    @cached_property
    def shows_all(self) -> bool:
        """Whether a cell has an attribute for everything that there is a check on."""
        return all(equation.is_shown or equation.is_sum for equation in self.exposed)

    @cached_property
    def stacked_gradients(self) -> tuple[str, ...]:
        """The gradients of the parameters as a cell is given them: `dW`, `dU`."""
        return tuple(stack.gradient for stack in self.stacks)

    @cached_property
    def shown_backward(self) -> tuple[str, ...]:
        """The attributes that `backward` sets."""
        derivatives = (e for e in self.exposed if e.of is not None and not e.is_sum and e.is_shown)
        return tuple(dict.fromkeys([*(e.name for e in derivatives), *self.stacked_gradients]))

    @cached_property
    def required(self) -> tuple[str, ...]:
        """What a cell must show; all else may be kept to itself."""
        out = (*(c.previous for c in self.layer.carried), self.layer.input)
        last = (self.derivatives[name].name for name in out)
        return (*(c.state for c in self.layer.carried), *self.stacked_gradients, *last)

    @cached_property
    def checks(self) -> tuple[str, ...]:
        """The ids of the checks that are always made, in the order of a report."""
        stacked = any(stack.is_stacked for stack in self.stacks)
        return ("interface", "state", *(("split", "merge") if stacked else ()), *(e.id for e in self.exposed))

    # The stacked parameters

    def split(self, stacked: Any, size: int) -> dict[str, Any]:
        """The blocks of `stacked` (…, gates·size, hidden) by gate, in the layer's own order; views of it."""
        blocks = {gate: stacked[..., k * size : (k + 1) * size, :] for k, gate in enumerate(self.order)}
        return {gate: blocks[gate] for gate in self.layer.gates}

    def merge(self, blocks: Mapping[str, Any]) -> Any:
        """The blocks by gate, stacked in this form's order."""
        return np.concatenate([blocks[gate] for gate in self.order], axis=-2)

    def order_of(self, stack: Stack) -> tuple[str, ...]:
        """The names of a parameter's blocks, in the order in which this form stacks them."""
        if not stack.gates:
            return stack.blocks
        return tuple(stack.name.lower() + gate for gate in self.order if gate in stack.gates)

    def blocks_of(self, stack: Stack, stacked: Any) -> dict[str, Any]:
        """The blocks of a parameter by name; views of it."""
        names = self.order_of(stack)
        size = stacked.shape[-2] // len(names)
        return {name: stacked[..., k * size : (k + 1) * size, :] for k, name in enumerate(names)}

    def stacked(self, stack: Stack, blocks: Mapping[str, Any], prefix: str = "") -> Any:
        """The parameter made of its blocks, which `blocks` holds under `prefix` and their names."""
        parts = [blocks[prefix + name] for name in self.order_of(stack)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-2)

    # Computing

    def step(self, given: Mapping[str, Any], added: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The forward pass of one step: every quantity of it by name.

        Args:
            given: The input, the previous states and the blocks by name: `x` (…, batch, input), `h_p` (…, batch,
                hidden), `wz` (hidden, hidden), …; real or complex arrays, `Pair`s, or anything else that computes.
            added: What is added to a quantity of the forward pass before it is used, by name.

        Returns:
            `given`, and the left-hand side of every equation of the forward pass.
        """
        values, added = dict(given), added or {}
        for equation in self.forward:
            inside = self.preactivations.get(equation.name)
            activation = ACTIVATIONS[self.activations[equation.name]] if inside else None
            value = activation(values[inside]) if activation and inside else equation(values)
            values[equation.name] = value + added[equation.name] if equation.name in added else value
        return values


@cache
def _made_of(form: Form, name: str) -> frozenset[str]:
    reached, before = {name}, 0
    while len(reached) > before:
        before = len(reached)
        reached |= {e.name for e in form.named.values() if reached.intersection(e.inputs)}
    return frozenset(reached)


@cache
def _keeps_columns_apart(form: Form, block: str) -> bool:
    touched = {block: True}
    for equation in form.forward:
        apart = _columns_apart(equation.expression, touched)
        if apart is not None:
            touched[equation.name] = apart
    return all(touched.values())


def _is_same(one: Equation, other: Equation) -> bool:
    return ast.dump(one.expression) == ast.dump(other.expression)


def _function_name(expression: ast.expr) -> str | None:
    """`sigmoid` or `tanh` where the formula is that of something; else None."""
    match expression:
        case ast.Call(ast.Name(name) | ast.Attribute(ast.Name("np"), name), [_]) if name in ACTIVATIONS:
            return name
    return None


def _preactivations(equations: Iterable[Equation]) -> dict[str, str]:
    """For each quantity that is σ or tanh of what another equation says, the name of that other's left-hand side."""
    equations = list(equations)
    by_formula = {ast.dump(e.expression): e.name for e in equations if e.of is None and not e.is_sum}
    by_formula |= {ast.dump(ast.Name(e.name, ast.Load())): e.name for e in equations if e.of is None and not e.is_sum}
    found = {}
    for equation in equations:
        if equation.of is None and not equation.is_sum and _function_name(equation.expression):
            assert isinstance(equation.expression, ast.Call)
            inside = by_formula.get(ast.dump(equation.expression.args[0]))
            if inside is not None:
                found[equation.name] = inside
    return found


def _used(equation: Equation) -> tuple[str, ...]:
    """The names in a formula, those of its function's arguments among them."""
    in_formula = () if equation.is_sum else formula.names(equation.expression)
    return tuple(dict.fromkeys([*equation.inputs, *in_formula]))


def _validate(form: Form) -> None:
    """What a table has to fulfil before anything is measured with it."""
    layer, forward = form.layer, {equation.name for equation in form.forward}
    for carried in layer.carried:
        if carried.state not in forward:
            raise LayerError(f"{layer.id}: no equation says what {carried.state} is, the state that is carried on")
    for name in (*(carried.previous for carried in layer.carried), layer.input, *form.blocks):
        if name not in form.derivatives:
            raise LayerError(f"{layer.id}: no equation is the derivative of {name}; each input and parameter has one")
    upstream = {carried.upstream for carried in layer.carried}
    for equation in (e for e in form.ordered if not e.is_sum):
        where = f"{layer.id}: {equation.name} = {ast.unparse(equation.expression)}"
        known = form.dimensions | {e.name: e.dimensions for e in form.named.values()}
        missing = [name for name in _used(equation) if name not in equation.inputs]
        if missing:
            raise LayerError(f"{where}: its function has no argument {missing[0]}")
        shape = _shape_of(layer.id, equation, known)
        if shape != equation.dimensions:
            raise LayerError(f"{where} has the shape {shape}; expected {equation.dimensions}, that of {equation.of}")
        for part in ast.walk(equation.expression):
            if isinstance(part, ast.expr):
                _require_known(part, where)
        if equation.of is None:
            if upstream.intersection(_used(equation)):
                raise LayerError(f"{where} is of the forward pass, to which nothing is known of {', '.join(upstream)}")
            line = ast.unparse(equation.expression)
            if "sum_rows" in line or ".mT" in line:
                raise LayerError(f"{where} mixes the rows of a batch; each row has to be computed by itself")


_KNOWN_CALLS = ("sigmoid", "np.tanh", "sum_rows")


def _require_known(part: ast.expr, where: str) -> None:
    """Raise LayerError at an operation that the rounding analysis has no rule for."""
    advice = f"known are + - * @, .mT, division by a number, and {', '.join(_KNOWN_CALLS)}"
    match part:
        case ast.BinOp(_, ast.Add() | ast.Sub() | ast.Mult() | ast.MatMult(), _) | ast.UnaryOp(ast.USub(), _):
            return
        case ast.BinOp(_, ast.Div(), ast.Constant()) | ast.Name() | ast.Constant() | ast.Attribute(_, "mT"):
            return
        case ast.Attribute(ast.Name("np"), _):
            return
        case ast.Call(function, [_]) if ast.unparse(function) in _KNOWN_CALLS:
            return
    what = ast.unparse(part.func) if isinstance(part, ast.Call) else ast.unparse(part)
    raise LayerError(f"{where}: the rounding analysis has no rule for {what}; {advice}")


def _shape_of(layer: str, equation: Equation, known: Mapping[str, Dimensions]) -> Dimensions:
    """The shape of a formula in words, from those of its inputs."""

    def shape(part: ast.expr) -> Dimensions | None:
        match part:
            case ast.Constant():
                return None
            case ast.Name(name):
                if name not in known:
                    raise LayerError(
                        f"{layer}: {equation.name} is made of {name}, which is not known there; known are "
                        f"{', '.join(known)}"
                    )
                return known[name]
            case ast.BinOp(left, ast.MatMult(), right):
                return _product(shape(left), shape(right))
            case ast.BinOp(left, _, right):
                return _broadcast(shape(left), shape(right))
            case ast.UnaryOp(_, operand):
                return shape(operand)
            case ast.Attribute(value, "mT"):
                inner = shape(value)
                return inner and (inner[1], inner[0])
            case ast.Call(function, [argument]) if formula.text(function) == "sum_rows":
                inner = shape(argument)
                return inner and ("1", inner[1])
            case ast.Call(_, [argument]):
                return shape(argument)
        raise LayerError(f"{layer}: {equation.name} has an operation that no rule is known for: {ast.unparse(part)}")

    def _product(left: Dimensions | None, right: Dimensions | None) -> Dimensions:
        if left is None or right is None or left[1] != right[0]:
            raise LayerError(
                f"{layer}: shapes do not go together in {equation.name} = {formula.text(equation.expression)}"
            )
        return left[0], right[1]

    def _broadcast(left: Dimensions | None, right: Dimensions | None) -> Dimensions | None:
        if left is None or right is None:
            return left or right
        pairs = [(a, b) for a, b in zip(left, right, strict=True)]
        if any(a != b and "1" not in (a, b) for a, b in pairs):
            raise LayerError(
                f"{layer}: shapes do not go together in {equation.name} = {formula.text(equation.expression)}"
            )
        first, second = (b if a == "1" else a for a, b in pairs)
        return first, second

    found = shape(equation.expression)
    if found is None:
        raise LayerError(f"{layer}: {equation.name} is a number, and no array")
    return found


def _columns_apart(part: ast.expr, touched: Mapping[str, bool]) -> bool | None:
    """Whether column j of a formula depends on column j alone of what is touched; None where on nothing of it."""
    match part:
        case ast.Name(name):
            return touched.get(name)
        case ast.BinOp(left, ast.MatMult(), right):
            first, second = _columns_apart(left, touched), _columns_apart(right, touched)
            return False if first is not None else second
        case ast.Attribute(value, _):
            return None if _columns_apart(value, touched) is None else False
        case ast.Call(_, arguments):
            return _all_apart(arguments, touched)
        case ast.BinOp(left, _, right):
            return _all_apart([left, right], touched)
        case ast.UnaryOp(_, operand):
            return _columns_apart(operand, touched)
    return None


def _all_apart(parts: Iterable[ast.expr], touched: Mapping[str, bool]) -> bool | None:
    found = [apart for part in parts if (apart := _columns_apart(part, touched)) is not None]
    return all(found) if found else None


__all__ = [
    "Axis",
    "Carried",
    "Change",
    "Equation",
    "Form",
    "Layer",
    "LayerError",
    "Option",
    "Sizes",
    "Stack",
    "derivative",
    "sigmoid",
    "sum_rows",
]
