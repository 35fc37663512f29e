"""The layers and their forms, found by name."""

from functools import cache
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from gru.layer import Form, Layer, LayerError
from gru.nearest import did_you_mean

HOMES = {
    "gru": ("gru.layers.gru.forms", "GRU"),
    "lstm": ("gru.layers.lstm.forms", "LSTM"),
    "rnn": ("gru.layers.rnn.equations", "RNN"),
}
"""Where each layer is written down: the module, and the name in it."""

CELLS = {"GRUCell": "gru", "LSTMCell": "lstm", "RNNCell": "rnn"}
"""The layer of each class that a submission may define."""


def other_cells(id: str) -> dict[str, str]:
    """The classes of the layers but this one, each with the id of its layer."""
    return {cell: layer for cell, layer in CELLS.items() if layer != id}


@cache
def layer_named(id: str) -> Layer:
    """The layer with this id, or the one that a file of Python ending in `.py` holds.

    The file is run in this process: it has to be trusted.

    Raises:
        LookupError: There is no layer with this id; the message lists those that there are.
        LayerError: The file holds no layer, or one that cannot be; the message says why.
    """
    if id.endswith(".py"):
        return _layer_in(Path(id))
    if id not in HOMES:
        raise LookupError(
            f"no layer has the id {id!r}; {did_you_mean(id, HOMES)}there are {', '.join(HOMES)}, "
            "and a file of your own that ends in .py"
        )
    module, name = HOMES[id]
    layer: Layer = getattr(import_module(module), name)
    return layer


def _layer_in(path: Path) -> Layer:
    spec = spec_from_file_location(f"layer_of_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise LayerError(f"{path}: there is no such file")
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except LayerError as error:
        raise LayerError(f"{path}: {error}") from None
    except Exception as error:
        raise LayerError(f"{path}: running it raised {type(error).__name__}: {error}") from error
    layers = [value for value in vars(module).values() if isinstance(value, Layer)]
    own = [
        layer for layer in dict.fromkeys(layers) if any(e.function.__module__ == module.__name__ for e in layer.table)
    ]
    if len(own) != 1:
        raise LayerError(f"{path}: it defines {len(own)} layers; expected one, made with gru.layer.Layer")
    try:
        own[0].validate()
    except LayerError as error:
        raise LayerError(f"{path}: {error}") from None
    own[0].place = str(path)
    return own[0]


def form_named(id: str = "chapter", layer: str = "gru") -> Form:
    """A form of a layer.

    Args:
        id: The id of the form.
        layer: The id of the layer, or the path of a file that holds one.

    Raises:
        LookupError: There is no such form or layer; the message lists the ids.
    """
    forms = layer_named(layer).forms
    if id not in forms:
        raise LookupError(f"no convention has the id {id!r}; {did_you_mean(id, forms)}there are {', '.join(forms)}")
    return forms[id]


def form_described(text: str, layer: str = "gru") -> Form:
    """The form of a layer that is meant by a name, an id, or options by axis.

    Args:
        text: The name of a library (`torch`, `keras`), an id (`chapter`, `swapped-bias`), or `z=old,bias=one`.
        layer: The id of the layer.

    Raises:
        LookupError: There is no such form; the message lists those that there are.
    """
    found = layer_named(layer)
    if text in found.named_forms:
        return found.form_with(**found.named_forms[text])
    if "=" in text:
        return found.form_with(**dict(part.strip().partition("=")[::2] for part in text.split(",")))
    if text in found.forms:
        return found.forms[text]
    named = ", ".join(dict.fromkeys([*found.named_forms, *found.forms]))
    axes = ", ".join(f"{axis.name}={'|'.join(option.id for option in axis.options)}" for axis in found.axes)
    near = did_you_mean(text, [*found.named_forms, *found.forms])
    raise LookupError(f"no form of the {found.title} is {text!r}; {near}there are {named}; or by axis, {axes}")


@cache
def every_check() -> tuple[str, ...]:
    """The ids of the checks that there are on any form of any layer, those of the chapter's GRU first."""
    forms = (form for id in HOMES for form in layer_named(id).forms.values())
    return tuple(dict.fromkeys(check for form in forms for check in form.checks))
