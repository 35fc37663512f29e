"""The derivation of a layer: its equations with the options of one form, in an order in which they can be computed.

Every shape, every sign, and what is made of what follow from it. It knows no cell, and measures nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, Literal

from gru.calculus import formula
from gru.layer.equation import Equation
from gru.layer.parts import Option, Stack
from gru.layer.sizes import Dimensions, LayerError, Sizes
from gru.layer.structure import columns_apart, function_name, is_same, preactivations
from gru.layer.table import equations_of

if TYPE_CHECKING:
    from gru.layer.layer import Layer


@dataclass(frozen=True, eq=False)
class Derivation:
    """The equations of a layer as they are written in one place, and what follows from them.

    Attributes:
        layer: The layer.
        options: One of each of its axes, by the name of the axis.
    """

    layer: "Layer"
    options: Mapping[str, Option] = field(default_factory=dict)

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

    def text_beside(self, asked: "Derivation") -> str:
        """What is said of this form where another one is asked for: how the two differ.

        Those of all, where the layer's own form is asked for.
        """
        if asked is self.layer.form:
            return self.text
        differing = (option for axis, option in self.options.items() if option is not asked.options[axis])
        return "; ".join(option.text for option in differing if option.text)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The gates in the order in which their blocks are stacked."""
        return next((option.order for option in self.options.values() if option.order), tuple(self.layer.gates))

    @cached_property
    def departs(self) -> tuple[str, ...]:
        """The checks at which it leaves the layer's own form."""
        own = self.layer.form
        differing = (e.id for e in self.forward_shown if e.name not in own.named or not is_same(e, own.named[e.name]))
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
        return {equation.name: equation for equation in equations_of(self)}

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

    @cached_property
    def totals(self) -> dict[str, str]:
        """For each block of the parameters, the name of the sum over the steps of its derivative."""
        return {str(self.named[total.inputs[0]].of): total.name for total in self.sums}

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

    # Shapes and signs

    @cached_property
    def given_dimensions(self) -> dict[str, Dimensions]:
        """The shape in words of all that is given to one step."""
        state = ("batch", "hidden")
        known: dict[str, Dimensions] = {self.layer.input: ("batch", "input")}
        for carried in self.layer.carried:
            known |= {carried.previous: state, carried.upstream: state}
        for stack in self.stacks:
            known |= dict.fromkeys(stack.blocks, (stack.rows, "hidden"))
        return known

    @cached_property
    def given_symbols(self) -> dict[str, str]:
        """The sign for all that is given to one step."""
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
        return self.given_symbols | {equation.name: equation.symbol for equation in self.named.values()}

    @cached_property
    def dimensions(self) -> dict[str, Dimensions]:
        """The shape of every quantity in words, the stacked parameters and their gradients among them."""
        known = self.given_dimensions | {e.name: e.dimensions for e in self.named.values()}
        for stack in self.stacks:
            known |= {stack.name: stack.dimensions, stack.gradient: stack.dimensions}
        return known

    def shape_of(self, name: str, sizes: Sizes) -> tuple[int, ...]:
        """The shape of a quantity at one step.

        Args:
            name: The quantity.
            sizes: The sizes of the problem.
        """
        return sizes.shape(self.dimensions[name])

    @cached_property
    def spelling(self) -> dict[str, str]:
        """How a report writes names where that is not the attribute's own name: `Wh` for `wn`, `h_prev` for `h_p`."""
        written = {e.name: e.written for e in self.named.values() if e.written}
        written |= {c.previous: f"{c.state}_prev" for c in self.layer.carried}
        symbols = self.given_symbols
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
        return preactivations(self.named.values())

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
        return {name: function_name(self.named[name].expression) for name in self.preactivations}  # type: ignore[misc]

    def activation_of(self, preactivation: str | None) -> str | None:
        """The quantity that is σ or tanh of this one; None where there is none."""
        return next((name for name, inside in self.preactivations.items() if inside == preactivation), None)

    def made_at_once(self, name: str) -> list[Equation]:
        """The equations whose formulas a quantity stands in; a gate's own has its pre-activation written out."""
        gate = self.activation_of(name)
        return [equation for equation in self.named.values() if name in equation.inputs or equation.name == gate]

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


@cache
def _made_of(form: Derivation, name: str) -> frozenset[str]:
    reached, before = {name}, 0
    while len(reached) > before:
        before = len(reached)
        reached |= {e.name for e in form.named.values() if reached.intersection(e.inputs)}
    return frozenset(reached)


@cache
def _keeps_columns_apart(form: Derivation, block: str) -> bool:
    touched = {block: True}
    for equation in form.forward:
        apart = columns_apart(equation.expression, touched)
        if apart is not None:
            touched[equation.name] = apart
    return all(touched.values())
