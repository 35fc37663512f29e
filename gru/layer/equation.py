"""One equation of a layer: its left-hand side, its right-hand side as a function and as a syntax tree.

It knows no layer, and measures nothing.
"""

import ast
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from gru.calculus import formula
from gru.calculus.formula import parse
from gru.calculus.functions import Array, sum_rows
from gru.layer.sizes import Dimensions, LayerError


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
    def names(self) -> tuple[str, ...]:
        """What a reader calls it: `equation-10`, `dzr`, `10` and `(10)`, the numbers where the chapter has one."""
        return (self.id, self.name, *(() if self.number is None else (f"{self.number}", f"({self.number})")))

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

    @property
    def formula(self) -> str:
        """The equation as a line of Python: `dzr = (dzn @ wn.T) * h_p * r * (1 - r)`."""
        right = f"{self.inputs[0]} summed over the steps" if self.is_sum else formula.text(self.expression)
        return f"{self.name} = {right}"

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
    lines, first = inspect.findsource(function)
    definition = _definitions("".join(lines)).get(first)
    if definition is not None:
        has_docstring = ast.get_docstring(definition) is not None
        match definition.body[1 if has_docstring else 0 :]:
            case [ast.Return(ast.expr() as result)]:
                return result
    raise LayerError(f"{function.__name__} is no equation: expected one line, `return` and a formula")


@lru_cache(maxsize=8)
def _definitions(source: str) -> dict[int, ast.FunctionDef]:
    """The functions in a source, by the line that each begins at, from 0: that of its first decorator."""
    found = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef))
    return {min([node.lineno, *(at.lineno for at in node.decorator_list)]) - 1: node for node in found}


def sum_over_steps(terms: Array) -> Array:
    """(17)–(22)  d_W = Σ_t d_{W,t}, and the same of every other parameter.

    `terms` (…, steps, rows, hidden), rows being hidden for W and input for U; the result (…, rows, hidden).
    """
    return terms.sum(axis=-3)


def derivative(name: str, symbol: str, *, of: str, formula: str, idea: str = "") -> Equation:
    """The equation of a derivative of the loss.

    Args:
        name: The name of the derivative, which is the cell's attribute.
        symbol: Its sign in the text.
        of: The name of what it is the derivative by.
        formula: The right-hand side, as a line of Python.
        idea: What it rests on, in a sentence.
    """
    return Equation(name, symbol, "", sum_rows, (), of=of, idea=idea).with_expression(parse(formula))
