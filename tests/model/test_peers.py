"""The model against implementations that none of us wrote: torch's autograd and GRU, ONNX's GRU operator.

Run by `tox -e peers`; skipped where they are not installed.
"""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gru import oracle
from gru.calculus.rounding import limit
from gru.examiner import whole
from gru.layers.gru.forms import CHAPTER
from gru.layers.gru.sequence import GRUSequence
from gru.problem import Problem, find
from tests.forms import FORMS

Array = Any

SIZES = st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 6), st.integers(1, 8))
REGIMES = st.sampled_from(["ordinary", "tiny", "large", "saturated", "zero-state"])

settings.register_profile("peers", deadline=None, max_examples=25, derandomize=True, database=None)


@st.composite
def problems(draw: st.DrawFn, precision: str = "float64") -> Problem:
    """Problems of all sizes and regimes, in one precision."""
    sizes = ",".join(map(str, draw(SIZES)))
    return find(f"{sizes}/{draw(REGIMES)}/{precision}/{draw(st.integers(0, 99))}")


def assert_close(theirs: Array, ours: Array, roundings: Array) -> None:
    """Theirs, in whatever precision, and ours in double are one value.

    `roundings` is what the running error analysis of the chapter's formulas finds for each entry, in units of the unit
    roundoff; each of the two may round as any right formula does.
    """
    assert theirs.shape == ours.shape
    allowed = limit(roundings.max(), theirs.dtype) + limit(roundings.max(), np.float64)
    assert np.abs(theirs - ours).max() <= allowed


def of_states(problem: Problem, convention: Any = CHAPTER) -> Array:
    """The roundings of h_1 … h_τ."""
    return np.stack([cell["h"].roundings for cell in whole._forward(problem, convention)])


# torch


def torch_states(problem: Problem, blocks: list[Any]) -> Any:
    """h_1 … h_τ by equations (1)–(4) in torch."""
    torch = pytest.importorskip("torch")
    x, h, W, U = blocks
    (wz, wr, wn), (uz, ur, un) = W.chunk(3), U.chunk(3)
    states = []
    for x_t in x:
        z = torch.sigmoid(h @ wz + x_t @ uz)
        r = torch.sigmoid(h @ wr + x_t @ ur)
        n = torch.tanh((r * h) @ wn + x_t @ un)
        h = (1 - z) * h + z * n
        states.append(h)
    return torch.stack(states)


@settings(settings.get_profile("peers"))
@given(problem=problems())
def test_autograd_of_torch_gives_the_same_gradient(problem: Problem) -> None:
    torch = pytest.importorskip("torch")
    blocks = [torch.tensor(getattr(problem, name), requires_grad=True) for name in ("x", "h_0", "W", "U")]
    states = torch_states(problem, blocks)
    (states * torch.tensor(problem.upstream)).sum().backward()
    theirs = dict(zip(("x", "h_0", "W", "U"), (block.grad.numpy() for block in blocks), strict=True))

    assert_close(states.detach().numpy(), oracle.states(problem)[1:], of_states(problem))
    sequence = GRUSequence(problem.sizes.input, problem.sizes.hidden)
    sequence.forward(problem.x, problem.h_0, problem.W, problem.U)
    ours, roundings = sequence.backward(problem.upstream), whole._limits(problem, CHAPTER)
    for name, by_hand in {"x": ours.dx, "h_0": ours.dh_0, "W": ours.dW, "U": ours.dU}.items():
        assert_close(theirs[name], by_hand, roundings[name])
    for name, measured in oracle.full_gradient(problem).items():
        assert_close(theirs[name], measured, roundings[name])


@settings(settings.get_profile("peers"))
@given(problem=problems())
def test_the_torch_form_is_that_of_torch_nn_gru(problem: Problem) -> None:
    """`torch.nn.GRU` stacks r, z, n and has its weights transposed: the convention `torch-rzn`."""
    torch = pytest.importorskip("torch")
    layer = torch.nn.GRU(problem.sizes.input, problem.sizes.hidden, bias=False).double()
    hidden, inputs = problem.sizes.hidden, problem.sizes.input
    with torch.no_grad():
        for parameter, stacked, size in (
            (layer.weight_hh_l0, problem.W, hidden),
            (layer.weight_ih_l0, problem.U, inputs),
        ):
            blocks = np.split(stacked, 3)
            assert all(block.shape[0] == size for block in blocks)
            parameter.copy_(torch.tensor(np.concatenate([block.T for block in blocks])))
    x, h_0 = (torch.tensor(array, requires_grad=True) for array in (problem.x, problem.h_0[None]))
    states, _ = layer(x, h_0)
    (states * torch.tensor(problem.upstream)).sum().backward()

    form = FORMS["torch-rzn"]
    assert_close(states.detach().numpy(), oracle.states(problem, form)[1:], of_states(problem, form))
    measured, roundings = oracle.full_gradient(problem, form), whole._limits(problem, form)
    assert_close(x.grad.numpy(), measured["x"], roundings["x"])
    assert_close(h_0.grad.numpy()[0], measured["h_0"], roundings["h_0"])
    for name, parameter in (("W", layer.weight_hh_l0), ("U", layer.weight_ih_l0)):
        theirs = np.concatenate([block.T for block in np.split(parameter.grad.numpy(), 3)])
        assert_close(theirs, measured[name], roundings[name])


# ONNX


def onnx_model(problem: Problem, *, negated: bool, after: bool, element: Any) -> Any:
    """A model with one GRU operator; its z is 1 − the chapter's, so that z's weights are negated."""
    onnx = pytest.importorskip("onnx")
    dtype = onnx.helper.tensor_dtype_to_np_dtype(element)

    def weights(stacked: Array) -> Array:
        z, r, n = np.split(stacked, 3)
        return np.concatenate([(-z if negated else z).T, r.T, n.T])[None].astype(dtype)

    node = onnx.helper.make_node(
        "GRU",
        ["x", "W", "R", "", "", "h_0"],
        ["states"],
        hidden_size=problem.sizes.hidden,
        linear_before_reset=int(after),
    )
    given = [onnx.helper.make_tensor_value_info(name, element, None) for name in ("x", "h_0")]
    states = onnx.helper.make_tensor_value_info("states", element, None)
    constants = [
        onnx.numpy_helper.from_array(weights(problem.U), "W"),
        onnx.numpy_helper.from_array(weights(problem.W), "R"),
    ]
    graph = onnx.helper.make_graph([node], "gru", given, [states], constants)
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 14)], ir_version=8)


def inputs_of(problem: Problem, dtype: Any) -> dict[str, Array]:
    return {"x": problem.x.astype(dtype), "h_0": problem.h_0[None].astype(dtype)}


IN_FOUR_FORMS = pytest.mark.parametrize(
    ("convention", "negated", "after"),
    [("chapter", True, False), ("swapped", False, False), ("reset-after", True, True), ("torch", False, True)],
)


@IN_FOUR_FORMS
@pytest.mark.filterwarnings("ignore:overflow encountered in exp")  # in its σ, harmlessly
@settings(settings.get_profile("peers"))
@given(problem=problems())
def test_the_reference_of_onnx_gives_the_same_states(
    convention: str, negated: bool, after: bool, problem: Problem
) -> None:
    onnx = pytest.importorskip("onnx")
    reference = pytest.importorskip("onnx.reference")
    model = onnx_model(problem, negated=negated, after=after, element=onnx.TensorProto.DOUBLE)
    (states,) = reference.ReferenceEvaluator(model).run(None, inputs_of(problem, np.float64))
    form = FORMS[convention]
    assert_close(states[:, 0], oracle.states(problem, form)[1:], of_states(problem, form))


@IN_FOUR_FORMS
@settings(settings.get_profile("peers"), max_examples=10)
@given(problem=problems(precision="float32"))
def test_onnxruntime_gives_the_same_states(convention: str, negated: bool, after: bool, problem: Problem) -> None:
    onnx = pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    model = onnx_model(problem, negated=negated, after=after, element=onnx.TensorProto.FLOAT)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (states,) = session.run(None, inputs_of(problem, np.float32))
    form = FORMS[convention]
    assert_close(states[:, 0], oracle.states(problem, form)[1:], of_states(problem, form))
