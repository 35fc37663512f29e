"""A sequence computed from a layer's table has the gradients that are measured, in every form."""

from typing import Any

import numpy as np
import pytest

from gru.layer import Form, Sizes
from gru.layers.registry import HOMES, layer_named
from gru.layers.sequence import FormSequence
from gru.testing import assert_gradient

SIZES = Sizes(batch=2, input=3, hidden=4, steps=3)
FORMS = [form for layer in HOMES for form in layer_named(layer).forms.values()]


@pytest.mark.one_in(4)
@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.layer.id}-{form.id}")
def test_the_gradients_of_a_sequence_are_those_that_are_measured(form: Form) -> None:
    rng = np.random.default_rng(0)
    x, upstream = rng.normal(size=(3, 2, 3)), rng.normal(size=(3, 2, 4))
    h_0 = rng.normal(size=(2, 4))
    given = [rng.normal(size=form.shape_of(stack.name, SIZES)) for stack in form.stacks]

    def loss(*parameters: Any) -> Any:
        return (FormSequence(3, 4, form).forward(x, h_0, *parameters) * upstream).sum()

    def gradient(*parameters: Any) -> Any:
        sequence = FormSequence(3, 4, form)
        sequence.forward(x, h_0, *parameters)
        return list(vars(sequence.backward(upstream)).values())

    assert_gradient(loss, given, gradient)
