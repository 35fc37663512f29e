"""The family of LSTMs: the forms of it that other texts, libraries and much-copied files use.

Not copies of the equations: a form is an option of each axis, and an option changes parts of the layer's own
formulas. It never says which form is right.
"""

from collections.abc import Iterator

from gru.layer import Axis, Change, Equation, Option, Stack, derivative
from gru.layers.lstm.equations import LSTM

__all__ = ["LSTM"]

_GATES = tuple(LSTM.gates)


def _bias_gradients(letter: str) -> Iterator[Equation]:
    """The derivatives by the biases whose names begin with this letter."""
    for gate in _GATES:
        yield derivative(
            f"d{letter}{gate}",
            f"d_{{{letter}_{gate},t}}",
            of=f"{letter}{gate}",
            formula=f"sum_rows(dz{gate})",
            idea="the bias is added in every row, so its gradient is that of the pre-activation, summed over the rows",
        )


BIAS = Axis(
    "bias",
    (
        Option("one", "each pre-activation has a bias here"),
        Option(
            "none",
            "there is no bias here",
            tuple(Change(f"z{k}", f"h_p @ w{k} + x @ u{k} + b{k}", f"h_p @ w{k} + x @ u{k}") for k in _GATES),
            without=("b",),
            slug="no-bias",
        ),
        Option(
            "two",
            "each pre-activation has two biases here, one with x @ U and one with h_prev @ W",
            tuple(Change(f"z{k}", "...", f"... + a{k}") for k in _GATES),
            (Stack("a", "1", _GATES),),
            tuple(_bias_gradients("a")),
            slug="two-biases",
        ),
    ),
)
"""How many sets of biases there are. Two: PyTorch, cuDNN, ONNX."""

_SEEN = {"f": "c_p", "i": "c_p", "o": "c"}
"""The cell state that each gate sees through its peephole: the output gate sees the new one."""

PEEPHOLES = Axis(
    "peepholes",
    (
        Option("none", "no gate sees the cell state here"),
        Option(
            "three",
            "the gates f and i see c_prev here, and o sees c, each through a weight of its own",
            (
                *(Change(f"z{gate}", "...", f"... + p{gate} * {state}") for gate, state in _SEEN.items()),
                Change("delta_c", "...", "... + dzo * po"),
                Change("dc", "...", "... + dzf * pf + dzi * pi"),
            ),
            (Stack("p", "1", tuple(_SEEN)),),
            tuple(
                derivative(
                    f"dp{gate}",
                    f"d_{{p_{gate},t}}",
                    of=f"p{gate}",
                    formula=f"sum_rows(dz{gate} * {state})",
                    idea="p is multiplied by the cell state unit by unit, so its gradient is δ_z times that state, "
                    "summed over the rows",
                )
                for gate, state in _SEEN.items()
            ),
            slug="peepholes",
        ),
    ),
)
"""Whether the gates see the cell state. They do: Gers and Schmidhuber 2000, Graves 2013."""

FORGET = Axis(
    "forget",
    (
        Option("plain", "nothing is added to z_f here"),
        Option(
            "one-more",
            "1 is added to the forget gate's pre-activation here: f = σ(z_f + 1)",
            (Change("zf", "...", "... + 1"),),
            slug="forget-1",
        ),
    ),
)
"""Whether a constant keeps the forget gate open at first. It does: `forget_bias=1.0` of TensorFlow's cells."""

OUTPUT = Axis(
    "output",
    (
        Option("tanh", "o decides how much of tanh(c) is seen from outside here: h = o * tanh(c)"),
        Option(
            "plain",
            "c goes out without tanh here: h = o * c",
            (
                Change("h", "o * np.tanh(c)", "o * c"),
                Change("delta_c", "in_grad * o * (1 - np.tanh(c) * np.tanh(c))", "in_grad * o"),
                Change("dzo", "in_grad * np.tanh(c)", "in_grad * c"),
            ),
            slug="plain-output",
        ),
    ),
)
"""Whether c goes through tanh on its way out. It does not in one file that has been copied a great deal."""

LSTM.axes = (BIAS, PEEPHOLES, FORGET, OUTPUT)
LSTM.named_forms = {"torch": {"bias": "two"}, "cudnn": {"bias": "two"}}
