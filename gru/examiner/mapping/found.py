"""What is found of a submission in another API: the form that it is, and which of its arrays is which block.

Data, and what follows from it alone. It runs nothing and searches for nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from gru.calculus.arrays import Array
from gru.examiner.mapping.ends import Ends
from gru.examiner.mapping.places import Place
from gru.examiner.mapping.wrapping import Wrapping
from gru.layer import Form, Sizes
from gru.submission.driven import Api

Stage = Literal["shapes", "input", "hidden", "bias", "together", "runs"]
"""The stages at which a forward pass can differ from every form: the shapes of its parameters; its input weights alone;
its state weights with them; a bias with them; all together on other numbers. `runs` means that it could not be run for
this."""


@dataclass(frozen=True)
class Parted:
    """Where a forward pass parts from every form.

    Attributes:
        stage: At what.
        parameter: The bias, as the submission calls it.
        forms: The ids of the forms that it agrees with before that.
        title: The layer's name.
    """

    stage: Stage
    parameter: str = ""
    forms: tuple[str, ...] = ()
    title: str = ""


class Row(NamedTuple):
    """One block of a mapping, as data.

    Attributes:
        block: The block, as the layer calls it: `wz`.
        symbol: The sign for it: `W_z`.
        role: Whether it is multiplied by the input or by the state, or is a bias.
        parameter: Where it stands in the submission: `Wx.T, block 2`.
        gradient: Where its gradient is; empty where that is not shown.
    """

    block: str
    symbol: str
    role: str
    parameter: str
    gradient: str


@dataclass(frozen=True, eq=False)
class Mapped:
    """Which array of a submission is which block of a form.

    Attributes:
        form: The form that its forward pass is.
        places: Where each block stands; a bias that has none is zero there.
        ends: Which states it is given, and which it answers.
        precision: The precision in which it computes.
        wrapping: What is around the layer.
        read_at: For blocks whose gradients stand in another order than they do, the block in whose place each stands.
    """

    form: Form
    places: Mapping[str, Place]
    ends: Ends
    precision: str
    wrapping: Wrapping = field(default_factory=Wrapping)
    read_at: Mapping[str, str] = field(default_factory=dict)

    def parameters(
        self, blocks: Mapping[str, Array], shapes: Mapping[str, tuple[tuple[int, ...], str]], sizes: Sizes
    ) -> dict[str, Array]:
        """The submission's parameters, made of the blocks. Raises CellError where they have other shapes."""
        made = {name: np.zeros(shape) for name, (shape, _) in shapes.items()}
        for block, place in self.places.items():
            place.of(made[place.parameter], sizes)[...] = blocks[block]
        return made

    def gradients(self, shown: Mapping[str, Array], sizes: Sizes) -> dict[str, Array]:
        """The gradient of every block whose parameter's is shown."""
        places = {block: self.places[self.read_at.get(block, block)] for block in self.places}
        return {
            block: place.of(shown[place.parameter], sizes)
            for block, place in places.items()
            if place.parameter in shown
        }

    def unasked(self, api: Api, odd: frozenset[str] = frozenset()) -> frozenset[str]:
        """The names of the states and derivatives that the API does not show, or that there is nothing to be shown of.

        Those of `odd` gradients, which have another shape, are among them.
        """
        form = self.form
        told = api.gradients.keys() - odd
        shown = {block for block, place in self.places.items() if place.parameter in told}
        shown |= {form.layer.input} if api.dx and "dx" not in odd else set()
        shown |= {carried.previous for carried in self.ends.given} if api.dh and "dh" not in odd else set()
        shown |= {name for name, parameter in self.around().items() if parameter in told}
        of = [*form.blocks, form.layer.input, *(carried.previous for carried in form.layer.carried)]
        states = {carried.state for carried in form.layer.carried if carried not in self.ends.answered}
        return frozenset(form.derivatives[name].name for name in of if name not in shown) | states

    def around(self) -> dict[str, str]:
        """The parameters that the layer's input and its first states are made of, by the names of these."""
        embedding, first = self.wrapping.embedding, self.wrapping.first
        found = {self.form.layer.input: embedding} if embedding else {}
        return found | {c.previous: name for c, name in zip(self.ends.given, first, strict=False)}

    def inputs(self, shown: Mapping[str, Array]) -> dict[str, Array]:
        """The gradients that are shown of the input, (steps, batch, input), and of the first states, by our names."""
        form = self.form
        found = {form.layer.input: shown["dx"]} if "dx" in shown else {}
        found |= self.ends.first_gradients(shown["dh"]) if "dh" in shown else {}
        return {form.derivatives[name].name: value for name, value in found.items()}

    def rows(self, api: Api) -> Iterator[Row]:
        """The mapping block by block, in the order of the form."""
        count = {name: sum(p.parameter == name for p in self.places.values()) for name in api.names}
        for stack in self.form.stacks:
            for block in stack.blocks:
                if (place := self.places.get(block)) is not None:
                    whole = count[place.parameter] == 1
                    role = {"1": "bias", "hidden": "times the state", "input": "times the input"}[place.rows]
                    gradient = api.gradients.get(place.parameter)
                    yield Row(
                        block,
                        self.form.symbols[block],
                        role,
                        place.text(place.parameter, whole),
                        self.places[self.read_at.get(block, block)].text(gradient, whole) if gradient else "",
                    )


@dataclass(frozen=True, eq=False)
class Recognition:
    """The result of looking for the form of a submission.

    Attributes:
        mapped: The mapping; None where no form fits.
        parted: Where the forward pass parts from every form, where none fits.
        tried: How many candidates were tried.
        over_steps: Whether the states of several steps are those of the form; None where one step is given at a time.
        parted_on: The ids of the problems on which the state is not that of the form.
    """

    mapped: Mapped | None = None
    parted: Parted | None = None
    tried: int = 0
    over_steps: bool | None = None
    parted_on: tuple[str, ...] = ()
