"""Cells as readable files: right ones in several styles, and right ones with one mistake of the catalogue in them.

All are written from a layer's table, in the layer's API. It runs none of them.
"""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from gru.calculus import formula
from gru.layer import Equation, Form, Stack
from gru.mistakes import Mistake, catalogue
from gru.submission.recording import api_of

Trees = Mapping[str, ast.expr]
"""Formulas by the names of what they compute."""


@dataclass(frozen=True)
class Cell:
    """A file that is put in the place of a student's.

    Attributes:
        id: Its name: that of a mistake, such as `equation-10/no-h-prev`, or `right/by-einsum`.
        check: The check that finds it, such as `equation-10` or `state`; empty for a right cell.
        text: What is wrong with it, or how it is written, in half a sentence.
        source: The file.
    """

    id: str
    check: str
    text: str
    source: str

    @property
    def is_right(self) -> bool:
        """Whether every derivative in it is right."""
        return not self.check


@dataclass(frozen=True)
class Style:
    """A way to write a cell. None of them changes what is computed, but for rounding.

    Attributes:
        id: Its name.
        text: What is different in it.
        sigmoid: The body of σ.
        product: The body of a function for the products of matrices; empty where `@` is written.
        is_reversed: Whether the operands of every sum and every elementwise product stand the other way round.
        shows: Whether everything has an attribute, or only what must.
        handed_out: What every result goes through, a function's name; empty for nothing.
        returns: Whether `forward` returns the state.
    """

    id: str
    text: str
    sigmoid: str = "0.5 * (1 + tanh(0.5 * a))"
    product: str = ""
    is_reversed: bool = False
    shows: Literal["all", "required"] = "all"
    handed_out: str = ""
    returns: bool = True

    def written(self, tree: ast.expr) -> ast.expr:
        """A formula in this style."""
        if self.is_reversed:
            tree = _Reversed().visit(tree)
        return _Products().visit(tree) if self.product else tree


PLAIN = Style("as-printed", "every formula as the chapter prints it")

STYLES = (
    PLAIN,
    Style("textbook-sigmoid", "σ by exp, as in a textbook", sigmoid="1 / (1 + np.exp(-a))"),
    Style("other-order", "the operands of every sum and product the other way round", is_reversed=True),
    Style("by-einsum", "the products of matrices by einsum", product='np.einsum("ij,jk->ik", a, b)'),
    Style("row-by-row", "the products of matrices row by row", product="np.stack([row @ b for row in a])"),
    Style("only-what-must-be", "attributes for what must be shown, and no others", shows="required"),
    Style("fortran-order", "results that lie in memory by columns", handed_out="np.asfortranarray"),
    Style("returns-nothing", "forward sets the state, and returns nothing", returns=False),
)
"""The ways in which right cells are written. `tests/audit` has each examined: `gru check` finds all of them right."""


@dataclass(frozen=True)
class Slip:
    """A mistake that is in no formula: the check `state` finds it.

    Attributes:
        id: Its name, as those of the catalogue.
        text: What is wrong.
        keeps: Whether the blocks of the parameters are taken once, from the first call.
        adds: Whether the gradients of the parameters are added to from call to call.
        spoils: Whether the upstream gradient that is given is changed.
    """

    id: str
    text: str
    keeps: bool = False
    adds: bool = False
    spoils: bool = False


SLIPS = (
    Slip("state/keeps-parameters", "the parameters of the first call are used again in every other", keeps=True),
    Slip("state/adds-up", "the gradients of the parameters are added to from call to call", adds=True),
    Slip("state/changes-upstream", "the upstream gradient that is given is changed in place", spoils=True),
)

NO_SLIP = Slip("", "")


def right_cells(form: Form) -> list[Cell]:
    """A right cell in every style, the plainest first."""
    return [
        Cell(f"right/{style.id}", "", style.text, _Writer(form, style, about=f"Right, and written so: {style.text}.")())
        for style in STYLES
    ]


def wrong_cells(form: Form, only: Iterable[str] | None = None) -> list[Cell]:
    """A cell for every mistake of the catalogue, and for those of the state; of `only` these checks, where given."""
    wanted = {"state", *(equation.id for equation in form.exposed)} if only is None else set(only)
    equations = (equation for equation in form.exposed if equation.id in wanted)
    cells = [_wrong(form, mistake) for equation in equations for mistake in catalogue(equation.key, form)]
    slips = SLIPS if "state" in wanted else ()
    about = "Wrong: {}."
    cells += [Cell(s.id, "state", s.text, _Writer(form, slip=s, about=about.format(s.text))()) for s in slips]
    return cells


def _wrong(form: Form, mistake: Mistake) -> Cell:
    about = f"""Wrong in {mistake.equation.short}: {mistake.text}.

    right  {mistake.formula}
    here   {mistake.wrong_formula}"""
    trees = {mistake.equation.name: mistake.expression}
    return Cell(mistake.id, mistake.equation.id, mistake.text, _Writer(form, instead=trees, about=about)())


@dataclass
class _Writer:
    """The source of one cell of a form."""

    form: Form
    style: Style = PLAIN
    instead: Trees = field(default_factory=dict)
    slip: Slip = NO_SLIP
    about: str = ""

    def __call__(self) -> str:
        """The whole file."""
        api = api_of(self.form)
        layer = self.form.layer
        product = ["", "", *_function("product", "a, b", "The product of two matrices.", self.style.product)]
        return "\n".join(
            [
                f'"""A {layer.title} cell. {self.about}\n"""' if "\n" in self.about else f'"""{self.about}"""',
                "",
                "import numpy as np",
                "from numpy import tanh",
                "",
                "",
                *_function("sigmoid", "a", "σ.", self.style.sigmoid),
                *(product if self.style.product else []),
                "",
                "",
                f"class {layer.cell}:",
                f'    """One step of a {layer.title}."""',
                "",
                "    def __init__(self, input_size, hidden_size):",
                "        self.input_size = input_size",
                "        self.hidden_size = hidden_size",
                "",
                "    def split_params(self, w, size):",
                '        """The blocks of `size` rows of w."""',
                "        return [w[k : k + size] for k in range(0, len(w), size)]",
                "",
                *_method("forward", api["forward"], self._forward(api["forward"])),
                "",
                *_method("backward", api["backward"], self._backward(api["backward"])),
                "",
            ]
        )

    # Which equations, and in which order

    @cached_property
    def _trees(self) -> dict[str, ast.expr]:
        own = {e.name: e.expression for e in self.form.named.values() if not e.is_sum}
        return own | dict(self.instead)

    @cached_property
    def _computed(self) -> tuple[list[str], list[str]]:
        """The names of the quantities of both passes, each after those that it depends on.

        What the layer does not show is left out where nothing is made of it.
        """
        shown = [e for e in self.form.exposed if not e.is_sum]
        order: dict[str, None] = {}

        def visit(name: str) -> None:
            if name in self._trees and name not in order:
                for other in formula.names(self._trees[name]):
                    visit(other)
                order[name] = None

        for equation in sorted(shown, key=lambda e: e.of is not None):
            visit(equation.name)
        forward = [name for name in order if self.form.named[name].of is None]
        return forward, [name for name in order if name not in forward]

    # Lines of the methods

    def _forward(self, arguments: Sequence[str]) -> Iterator[str]:
        for stack in self.form.stacks:
            yield from self._taken(stack)
        yield f"self.{self.form.layer.input} = {self.form.layer.input}"
        for name in self._computed[0]:
            yield self._line(self.form.named[name], arguments)
        states = [self._attribute(carried.state) for carried in self.form.layer.carried]
        if self.style.returns:
            yield f"return {states[0]}"

    def _taken(self, stack: Stack) -> Iterator[str]:
        """The blocks of a parameter, kept for the way back."""
        first = self.form.order_of(stack)[0]
        if not stack.is_stacked:
            taken = f"self.{first} = {first}"
        else:
            size = {"hidden": "self.hidden_size", "input": "self.input_size"}.get(stack.rows, "1")
            blocks = ", ".join(f"self.{name}" for name in self.form.order_of(stack))
            taken = f"[{blocks}] = self.split_params({stack.name}, {size})"
        if self.slip.keeps:
            yield f'if not hasattr(self, "{first}"):'
            yield f"    {taken}"
        else:
            yield taken

    def _backward(self, arguments: Sequence[str]) -> Iterator[str]:
        for name in self._computed[1]:
            yield self._line(self.form.named[name], arguments)
        for stack in self.form.stacks:
            if stack.is_stacked:
                parts = ", ".join(self._attribute(f"d{name}") for name in self.form.order_of(stack))
                yield self._given_out(stack.gradient, f"np.concatenate([{parts}])")
            if self.slip.adds:
                name = stack.gradient
                yield f'self.{name} = self._{name} = getattr(self, "_{name}", 0) + self.{name}'
        if self.slip.spoils:
            yield f"{self.form.layer.carried[0].upstream}[...] = 0"

    def _line(self, equation: Equation, arguments: Sequence[str]) -> str:
        # Written anew: a transformer changes what it visits, and a formula may hold one part in two places.
        tree = formula.parse(ast.unparse(self._trees[equation.name]))
        tree = _Attributes(arguments, self._attribute, self.form.layer.input).visit(tree)
        return self._given_out(equation.name, formula.text(self.style.written(tree)))

    def _given_out(self, name: str, line: str) -> str:
        through = self.style.handed_out
        return f"{self._attribute(name)} = {f'{through}({line})' if through else line}"

    def _attribute(self, name: str) -> str:
        """How the value of this name is kept: a leading underscore stands before what is not shown."""
        hidden = self.style.shows == "required" and name in self._trees and name not in self.form.required
        return f"self._{name}" if hidden or name in self.form.hidden_inside else f"self.{name}"


class _Attributes(ast.NodeTransformer):
    """Writes a quantity as the cell has it: an argument of the method, or an attribute."""

    def __init__(self, arguments: Sequence[str], attribute: Callable[[str], str], input: str) -> None:
        self._arguments, self._attribute, self._input = arguments, attribute, input

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """One name."""
        if node.id in self._arguments or not formula.names(node):
            return node
        if node.id == "batch":
            return formula.parse(f"len(self.{self._input})")
        return formula.parse(self._attribute(node.id))


class _Reversed(ast.NodeTransformer):
    """Exchanges the operands of every sum and every elementwise product."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """One operation."""
        left, right = self.visit(node.left), self.visit(node.right)
        is_symmetric = isinstance(node.op, ast.Add | ast.Mult)
        return ast.BinOp(right, node.op, left) if is_symmetric else ast.BinOp(left, node.op, right)


class _Products(ast.NodeTransformer):
    """Writes a product of matrices as a call of `product`."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """One operation."""
        left, right = self.visit(node.left), self.visit(node.right)
        if isinstance(node.op, ast.MatMult):
            return ast.Call(ast.Name("product", ast.Load()), [left, right], [])
        return ast.BinOp(left, node.op, right)


def _function(name: str, arguments: str, says: str, returns: str) -> list[str]:
    return [f"def {name}({arguments}):", f'    """{says}"""', f"    return {returns}"]


def _method(name: str, arguments: Sequence[str], lines: Iterable[str]) -> list[str]:
    return [f"    def {name}(self, {', '.join(arguments)}):", *(f"        {line}" for line in lines)]
