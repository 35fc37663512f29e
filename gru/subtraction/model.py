"""Models: which cells a network is made of, how its parameters start, and its file.

A file is a NumPy archive without pickle. Nothing here trains.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from gru.calculus.arrays import Array
from gru.files import read_whole
from gru.layer import Form, Sizes
from gru.layers.gru.sequence import GRUSequence
from gru.layers.lstm.sequence import LSTMSequence
from gru.layers.registry import HOMES, form_named
from gru.layers.sequence import FormSequence
from gru.subtraction.data import Data, TaskError
from gru.subtraction.network import Network, Parameters, Sequence

INPUTS = 2
"""What goes in at each step: a bit of a and a bit of b."""

MOST_HIDDEN = 4096
"""The largest hidden size taken: one matrix of this size is 128 MiB."""


@dataclass(frozen=True)
class Architecture:
    """A kind of cell: the form of its layer, which has the parameters, and its sequence.

    `at_once` tells whether the sequence takes a leading axis of many starts.
    """

    name: str
    title: str
    form: Form
    sequence: Callable[[int, int], Sequence]
    at_once: bool = True

    def shapes(self, hidden: int) -> dict[str, tuple[int, int]]:
        """The shape of each parameter of a network with `hidden` units. Raises TaskError on a bad size."""
        if not 1 <= hidden <= MOST_HIDDEN:
            raise TaskError(f"{hidden} hidden units: give from 1 to {MOST_HIDDEN}")
        sizes = Sizes(batch=1, input=INPUTS, hidden=hidden)
        of_cells = {stack.name: sizes.shape(stack.dimensions) for stack in self.form.stacks}
        return {name: (rows, columns) for name, (rows, columns) in of_cells.items()} | {"V": (hidden, 1)}

    def initial(self, hidden: int, rng: np.random.Generator) -> dict[str, Array]:
        """The chapter's start: W and U uniform in ±1/√hidden, V uniform in [0, 1); biases at zero."""
        shapes, bound = self.shapes(hidden), hidden**-0.5
        biases = [stack.name for stack in self.form.stacks if stack.rows == "1"]
        start = {
            name: np.zeros(shape) if name in biases else rng.uniform(-bound, bound, shape)
            for name, shape in shapes.items()
            if name != "V"
        }
        return start | {"V": rng.uniform(0, 1, shapes["V"])}

    def network(self, hidden: int) -> Network:
        """A network of these cells."""
        return Network(self.sequence(INPUTS, hidden))

    def size(self, hidden: int) -> int:
        """How many numbers the parameters are."""
        return sum(rows * columns for rows, columns in self.shapes(hidden).values())


GRU = Architecture("gru", "GRU", form_named("chapter", "gru"), GRUSequence)
LSTM = Architecture("lstm", "LSTM", form_named("chapter", "lstm"), LSTMSequence)
LSTM_WITHOUT_BIAS = Architecture("lstm-without-bias", "LSTM without bias", form_named("no-bias", "lstm"), LSTMSequence)
ARCHITECTURES = {architecture.name: architecture for architecture in (GRU, LSTM, LSTM_WITHOUT_BIAS)}
"""Those with cells of their own, which are faster than what is computed from a table."""


def name_of(form: Form) -> str:
    """The name under which a model of this form is kept: `lstm`, or the layer and the form, `rnn/no-bias`."""
    own = (architecture.name for architecture in ARCHITECTURES.values() if architecture.form is form)
    return next(own, f"{form.layer.id}/{form.id}")


def architecture_for(form: Form) -> Architecture:
    """The project's own cells of a form: those that are written out, else those computed from its table."""
    name, of_form = name_of(form), "" if form is form.layer.form else f", {form.id}"
    if name in ARCHITECTURES:
        return ARCHITECTURES[name]
    return Architecture(name, f"{form.layer.title}{of_form}", form, partial(FormSequence, form=form))


def architecture_named(name: str) -> Architecture:
    """The architecture with this name. Raises KeyError where there is none; a layer in a file is never looked for."""
    layer, _, form = name.partition("/")
    if name not in ARCHITECTURES and layer not in HOMES:
        raise KeyError(name)
    return ARCHITECTURES.get(name) or architecture_for(form_named(form, layer))


class ModelFileError(ValueError):
    """A file is not a model that can be used; the message says which file and why."""


@dataclass(frozen=True, eq=False)
class Model:
    """A network with its parameters, and the bits of the numbers that it was trained on."""

    architecture: Architecture
    parameters: Parameters
    bits: int

    @property
    def hidden(self) -> int:
        """The number of hidden units."""
        return len(self.parameters["V"])

    def predict(self, data: Data) -> Array:
        """The bits of the differences, (samples, steps), integers 0 and 1, the lowest first."""
        x, _ = data.by_steps()
        logits = self.architecture.network(self.hidden).logits(x, self.parameters)
        return np.moveaxis(logits[..., 0] > 0, 0, -1).astype(int)

    def save(self, path: Path) -> None:
        """Write the model to `path`, whole or not at all. Raises OSError where that cannot be done."""
        contents = {"architecture": np.array(self.architecture.name), "bits": np.array(self.bits), **self.parameters}
        beside = path.with_name(f".{path.name}.tmp")
        try:
            with beside.open("wb") as file:
                np.savez(file, allow_pickle=False, **contents)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: Path) -> "Model":
        """Read a model that `save` wrote. Raises ModelFileError on any other file."""
        try:
            with np.load(io.BytesIO(read_whole(path)), allow_pickle=False) as archive:
                return cls._of(dict(archive))
        except OSError as error:
            raise ModelFileError(f"cannot read {path}: {error.strerror or 'it is damaged'}") from None
        except Exception:
            # NumPy, zipfile and the codecs raise exceptions of many types on such a file, and none says what is wrong.
            raise ModelFileError(f"{path} is no model, or a damaged one; `gru train --save` writes one") from None

    @classmethod
    def _of(cls, contents: dict[str, Array]) -> "Model":
        """The model with these contents. Raises KeyError, TypeError and ValueError where they make none."""
        architecture = architecture_named(str(contents.pop("architecture")))
        bits = int(contents.pop("bits"))
        shapes = {name: value.shape for name, value in contents.items()}
        if shapes != architecture.shapes(len(contents["V"])):
            raise ValueError(f"parameters of the shapes {shapes}")
        if not all(value.dtype == float and np.isfinite(value).all() for value in contents.values()):
            raise ValueError("parameters that are not all finite numbers")
        return cls(architecture, contents, bits)
