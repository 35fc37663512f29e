"""The layers and their forms, found by name."""

from importlib import import_module

from gru.layer import Form, Layer

HOMES = {
    "gru": ("gru.layers.gru.forms", "GRU"),
    "lstm": ("gru.layers.lstm.equations", "LSTM"),
    "rnn": ("gru.layers.rnn.equations", "RNN"),
}
"""Where each layer is written down: the module, and the name in it."""


def layer_named(id: str) -> Layer:
    """The layer with this id. Raises LookupError, whose message lists the ids, where there is none."""
    if id not in HOMES:
        raise LookupError(f"no layer has the id {id!r}; there are {', '.join(HOMES)}")
    module, name = HOMES[id]
    layer: Layer = getattr(import_module(module), name)
    return layer


def form_named(id: str = "chapter", layer: str = "gru") -> Form:
    """The form with this id of a layer. Raises LookupError, whose message lists the ids, where there is none."""
    forms = layer_named(layer).forms
    if id not in forms:
        raise LookupError(f"no convention has the id {id!r}; there are {', '.join(forms)}")
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
    raise LookupError(f"no form of the {found.title} is {text!r}; there are {named}; or by axis, {axes}")
