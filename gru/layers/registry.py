"""The layers and their forms, found by name."""

from importlib import import_module

from gru.layer import Form, Layer

HOMES = {"gru": ("gru.layers.gru.forms", "GRU")}
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
