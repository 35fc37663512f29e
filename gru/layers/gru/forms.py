"""The family of GRUs: the chapter's, and the forms of it that other texts and libraries use.

Not copies of the equations: a form is an option of each axis, and an option changes parts of the
chapter's own formulas, or the order in which the gates' blocks are stacked. It never says which form is right.
"""

from collections.abc import Mapping

from gru.layer import Axis, Change, Equation, Option, Stack, derivative
from gru.layers.gru.equations import GRU
from gru.layers.gru.paths import PATHS

UPDATE = Axis(
    "z",
    (
        Option("new", "z weighs the new state here: h = (1 - z) * h_prev + z * h̃"),
        Option(
            "old",
            "z weighs the old state here: h = z * h_prev + (1 - z) * h̃",
            (
                Change("h", "(1 - z) * h_p + z * n", "z * h_p + (1 - z) * n"),
                Change("dzz", "n - h_p", "h_p - n"),
                Change("dzn", "in_grad * z", "in_grad * (1 - z)"),
                Change("dh", "in_grad * (1 - z)", "in_grad * z"),
            ),
            slug="swapped",
        ),
    ),
)
"""Which state z weighs. The old one: Chung et al. 2014, PyTorch, Keras, cuDNN."""

RESET = Axis(
    "reset",
    (
        Option("before", "the reset gate acts before the product here: h̃ = tanh((r * h_prev) @ Wh + x @ Uh)"),
        Option(
            "after",
            "the reset gate acts after the product here: h̃ = tanh(r * (h_prev @ Wh) + x @ Uh)",
            (
                Change("zn", "(r * h_p) @ wn", "r * (h_p @ wn)"),
                Change("dzr", "(dzn @ wn.mT) * h_p", "dzn * (h_p @ wn)"),
                Change("dwn", "(r * h_p).mT @ dzn", "h_p.mT @ (dzn * r)"),
                Change("dh", "(dzn @ wn.mT) * r", "(dzn * r) @ wn.mT"),
            ),
            slug="reset-after",
        ),
    ),
)
"""Where the reset gate acts. After the product with W_h: PyTorch, cuDNN, Keras with `reset_after`."""


def _bias_gradients(letter: str, sets: str) -> tuple[Equation, ...]:
    """The derivatives by the biases of each gate, whose names begin with this letter."""
    return tuple(
        derivative(
            f"d{letter}{gate}",
            f"d_{{{letter}_{index},t}}",
            of=f"{letter}{gate}",
            formula=f"sum_rows(dz{gate})",
            idea=f"{sets} is added to {inside} in every row, so its gradient is that of {inside}, summed over the rows",
        )
        for (gate, index), inside in zip(GRU.gates.items(), ("z_zt", "z_rt", "z_h̃t"), strict=True)
    )


_ADD_BIAS = tuple(Change(f"z{gate}", "...", f"... + b{gate}") for gate in GRU.gates)

BIAS = Axis(
    "bias",
    (
        Option("none", "there is no bias here"),
        Option(
            "one",
            "each pre-activation has a bias here",
            _ADD_BIAS,
            (Stack("b", "1", tuple(GRU.gates)),),
            _bias_gradients("b", "the bias"),
            slug="bias",
        ),
        Option(
            "two",
            "each pre-activation has two biases here, one with x @ U and one with h_prev @ W",
            (
                *_ADD_BIAS,
                Change("zz", "...", "... + cz"),
                Change("zr", "...", "... + cr"),
                Change("zn", "...", "... + cn", "before"),
                Change("zn", "h_p @ wn", "h_p @ wn + cn", "after"),
                Change("dzr", "h_p @ wn", "h_p @ wn + cn", "after"),
                Change("dcn", "dzn", "dzn * r", "after"),
            ),
            (Stack("b", "1", tuple(GRU.gates)), Stack("c", "1", tuple(GRU.gates))),
            (*_bias_gradients("b", "the bias of x @ U"), *_bias_gradients("c", "the bias of h_prev @ W")),
            slug="two-biases",
        ),
    ),
)
"""How many sets of biases there are. One: most code that is written by hand. Two: PyTorch, cuDNN, ONNX, Keras."""

ORDER = Axis(
    "order",
    (
        Option("zrn", "W and U are stacked in the order z, r, h̃"),
        Option("rzn", "W and U are stacked in the order r, z, h̃", order=("r", "z", "n"), slug="rzn"),
    ),
)
"""In which order the blocks are stacked."""


def _id(options: Mapping[str, Option]) -> tuple[str, str]:
    """The id of a form and the sentence on it. z on the old state and the reset after the product have one name."""
    slugs = [option.slug for option in options.values() if option.slug]
    texts = [option.text for option in options.values() if option.slug]
    if "swapped" in slugs and "reset-after" in slugs:
        slugs = ["torch", *slugs[2:]]
        both = "h̃ = tanh(r * (h_prev @ Wh) + x @ Uh), h = z * h_prev + (1 - z) * h̃"
        texts = [f"this is PyTorch's form of (3) and (4): {both}", *texts[2:]]
    elif not set(slugs) & {"swapped", "reset-after"}:
        slugs, texts = ["chapter", *slugs], ["the chapter's form", *texts]
    return "-".join(slugs), "; ".join(texts)


GRU.axes = (UPDATE, RESET, BIAS, ORDER)
GRU.form_ids = _id
GRU.paths = PATHS

GRU.named_forms = {
    "torch": {"z": "old", "reset": "after", "bias": "two", "order": "rzn"},
    "cudnn": {"z": "old", "reset": "after", "bias": "two", "order": "rzn"},
    "keras": {"z": "old", "reset": "after", "bias": "two"},
    "onnx": {"z": "old", "bias": "two"},
}

CHAPTER = GRU.form
"""The chapter's form."""

__all__ = ["CHAPTER", "GRU"]
