"""What a layer is written with beside its equations: carried states, stacked parameters, and the axes of its forms.

Plain data. Nothing is computed here but names and shapes in words.
"""

from dataclasses import dataclass
from typing import NamedTuple

from gru.layer.equation import Equation
from gru.layer.sizes import Dimensions

ROWS = ("hidden", "input", "1")
"""How many rows a block of a parameter can have, in words."""


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
        text: What is said of a submission that is written like this, and should not be; of what the layer itself
            does too, where another form is asked for.
        changes: What it changes in the layer's equations; what holds of a pre-activation holds of its activation.
        stacks: The parameters that it adds.
        equations: The equations that it adds.
        order: The order of the gates' blocks, where the axis is about the order.
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
