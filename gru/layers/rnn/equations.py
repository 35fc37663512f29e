"""The equations of the plain recurrent network, one pure function each, and the layer that they make.

Nothing is stacked: `W` (hidden, hidden), `U` (input, hidden) and `b` (1, hidden) are parameters by themselves.
States and δ are of shape (batch, hidden), `x` (batch, input).
"""

from gru.calculus.functions import Array, sum_rows
from gru.layer import Axis, Carried, Change, Layer, Option, Stack, derivative

RNN = Layer(
    "rnn",
    title="plain RNN",
    cell="RNNCell",
    parameters={"W": "hidden", "U": "input", "b": "1"},
    carried=[Carried("h_p", "h_{t-1}", state="h", upstream="in_grad", upstream_symbol="δ_h")],
)
"""The plain RNN."""


@RNN.preactivation("z", "z_t", "the pre-activation")
def preactivation(h_p: Array, x: Array, W: Array, U: Array, b: Array) -> Array:
    """z_t = h_{t-1}·W + x_t·U + b"""
    return h_p @ W + x @ U + b


RNN.activation(
    "h",
    "h_t",
    "the hidden state",
    "np.tanh",
    of="z",
    idea="the new state sees the old one through W and the input through U, and tanh keeps it in (−1, 1)",
)


@RNN.derivative("dz", "δ_z", of="z", idea="tanh′ = 1 − h² at the pre-activation")
def preactivation_gradient(in_grad: Array, h: Array) -> Array:
    """δ_z = δ_h ∘ (1 − h_t²)"""
    return in_grad * (1 - h * h)


@RNN.derivative("dW", "d_{W,t}", of="W", idea="W is multiplied by h_prev, so its gradient is h_prevᵀ times δ_z")
def recurrent_gradient(h_p: Array, dz: Array) -> Array:
    """d_{W,t} = h_{t-1}ᵀ·δ_z"""
    return h_p.mT @ dz


@RNN.derivative("dU", "d_{U,t}", of="U", idea="U is multiplied by x, so its gradient is xᵀ times δ_z")
def input_weight_gradient(x: Array, dz: Array) -> Array:
    """d_{U,t} = x_tᵀ·δ_z"""
    return x.mT @ dz


@RNN.derivative("db", "d_{b,t}", of="b", idea="b is added in every row, so its gradient is δ_z summed over the rows")
def bias_gradient(dz: Array) -> Array:
    """d_{b,t} = Σ_rows δ_z"""
    return sum_rows(dz)


@RNN.derivative("dh", "δ_{h_{t-1}}", of="h_p", idea="h_prev acts in one place: through the pre-activation")
def state_gradient(dz: Array, W: Array) -> Array:
    """δ_{h_{t-1}} = δ_z·Wᵀ"""
    return dz @ W.mT


@RNN.derivative("dx", "δ_{x_t}", of="x", idea="x acts in one place: through the pre-activation")
def input_gradient(dz: Array, U: Array) -> Array:
    """δ_{x_t} = δ_z·Uᵀ"""
    return dz @ U.mT


RNN.axes = (
    Axis(
        "bias",
        (
            Option("one", "each pre-activation has a bias here"),
            Option(
                "none",
                "there is no bias here",
                (Change("z", "h_p @ W + x @ U + b", "h_p @ W + x @ U"),),
                without=("b",),
                slug="no-bias",
            ),
            Option(
                "two",
                "the pre-activation has two biases here, one with x @ U and one with h_prev @ W",
                (Change("z", "...", "... + a"),),
                (Stack("a", "1", ()),),
                (
                    derivative(
                        "da",
                        "d_{a,t}",
                        of="a",
                        formula="sum_rows(dz)",
                        idea="a is added in every row, as b is, so its gradient is δ_z summed over the rows",
                    ),
                ),
                slug="two-biases",
            ),
        ),
    ),
    Axis(
        "activation",
        (
            Option("tanh", "the state goes through tanh here"),
            Option(
                "sigmoid",
                "the state goes through σ here, in place of tanh",
                (
                    Change("h", "np.tanh(h_p @ W + x @ U + b)", "sigmoid(h_p @ W + x @ U + b)"),
                    Change("dz", "in_grad * (1 - h * h)", "in_grad * h * (1 - h)"),
                ),
                slug="sigmoid",
            ),
        ),
    ),
)
"""How many biases there are: two in PyTorch. What the state goes through: σ in Elman 1990 and in tutorials."""
