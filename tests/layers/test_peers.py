"""The forms with biases, the LSTM and the plain RNN against ONNX's reference, which none of us wrote: the states."""

from typing import Any

import numpy as np
import pytest

from gru import oracle
from gru.calculus.rounding import limit
from gru.examiner import whole
from gru.layer import Form
from gru.layers.registry import form_described
from gru.problem import Problem, find

onnx = pytest.importorskip("onnx")
onnx_reference = pytest.importorskip("onnx.reference")

IDS = ["2,3,4,3/ordinary/float64/1", "1,1,1,1/ordinary/float64/0", "3,2,5,4/large/float64/2", "2,4,3,2/tiny/float64/3"]

OPERATORS = {
    ("gru", "onnx"): ("GRU", (0, 1, 2), {"linear_before_reset": 0}),
    ("gru", "keras"): ("GRU", (0, 1, 2), {"linear_before_reset": 1}),
    ("lstm", "chapter"): ("LSTM", (1, 3, 0, 2), {}),
    ("rnn", "chapter"): ("RNN", (0,), {}),
}
"""By layer and form: the operator, where each of its gates stands in our order, and its attributes.

ONNX stacks z r h, and i o f c; it has two sets of biases everywhere, of which ours may be one.
"""


def states_of(problem: Problem, form: Form, operator: str, order: tuple[int, ...], attributes: dict[str, int]) -> Any:
    """The states that the operator gives, (steps, batch, hidden)."""
    given, gates = problem.parameters, len(order)

    def blocks(name: str) -> list[Any]:
        parts = np.split(given[name], gates)
        return [parts[place] for place in order]

    weights = {name: np.concatenate([block.T for block in blocks(name)])[None] for name in ("U", "W")}
    zero = np.zeros((gates, problem.sizes.hidden))
    biases = [np.concatenate(blocks(name)) if name in given else zero for name in ("b", "c")]
    constants = {"W": weights["U"], "R": weights["W"], "B": np.concatenate([b.ravel() for b in biases])[None]}
    starts = [f"start_{place}" for place in range(len(problem.initial))]
    node = onnx.helper.make_node(
        operator, ["x", "W", "R", "B", "", *starts], ["states"], hidden_size=problem.sizes.hidden, **attributes
    )
    double = onnx.TensorProto.DOUBLE
    inputs = [onnx.helper.make_tensor_value_info(name, double, None) for name in ("x", *starts)]
    outputs = [onnx.helper.make_tensor_value_info("states", double, None)]
    tensors = [onnx.numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in constants.items()]
    graph = onnx.helper.make_graph([node], "layer", inputs, outputs, tensors)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 14)], ir_version=8)
    feed = {"x": problem.x} | {name: state[None] for name, state in zip(starts, problem.initial, strict=True)}
    (states,) = onnx_reference.ReferenceEvaluator(model).run(None, feed)
    return states[:, 0]


@pytest.mark.filterwarnings("ignore:overflow encountered in exp")
@pytest.mark.parametrize("id", IDS)
@pytest.mark.parametrize("asked", OPERATORS, ids="-".join)
def test_the_reference_of_onnx_gives_the_same_states(asked: tuple[str, str], id: str) -> None:
    layer, name = asked
    form = form_described(name, layer)
    problem = find(id, form)
    found = states_of(problem, form, *OPERATORS[asked])
    for state, own, cell in zip(found, oracle.states(problem, form)[1:], whole._forward(problem, form), strict=True):
        assert np.abs(state - own).max() <= limit(np.asarray(cell[form.output].roundings.max()), np.float64)
