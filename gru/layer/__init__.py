"""What a layer is: a table of equations, with what a cell is given, keeps and hands on. All else is computed from it.

A layer is written down once, as functions and one object. From that come the order of computation, every shape,
what is made of what, which quantity is σ or tanh of which, and the forms that other texts write it in.
It measures nothing, and knows no layer by name.
"""

from gru.calculus.functions import sigmoid, sum_rows
from gru.layer.equation import Equation, derivative, sum_over_steps
from gru.layer.form import Form
from gru.layer.layer import Layer
from gru.layer.parts import Axis, Carried, Change, Option, Stack
from gru.layer.sizes import Dimensions, LayerError, Sizes
from gru.layer.structure import ACTIVATIONS

__all__ = [
    "ACTIVATIONS",
    "Axis",
    "Carried",
    "Change",
    "Dimensions",
    "Equation",
    "Form",
    "Layer",
    "LayerError",
    "Option",
    "Sizes",
    "Stack",
    "derivative",
    "sigmoid",
    "sum_over_steps",
    "sum_rows",
]
