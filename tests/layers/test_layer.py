"""A layer is what its table says: shapes, order, derivatives that the oracle agrees with, errors for the rest."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gru import oracle
from gru.examiner import examine, whole
from gru.examiner.judging.limit import limit, roundings
from gru.layer import Form, LayerError, Sizes
from gru.layers.registry import HOMES, form_described, form_named, layer_named
from gru.oracle import direction
from gru.problem import find
from gru.submission.trusted import TrustedCells
from tests.edited import edited
from tests.layers.cells import cell_of

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "examples" / "layers" / "minimal_gated_unit.py"
FORMS = [form for id in (*HOMES, str(UNIT)) for form in layer_named(id).forms.values()]


def named(form: Form) -> str:
    return f"{form.layer.id}:{form.id}"


@pytest.mark.one_in(4)
@pytest.mark.parametrize("form", FORMS, ids=named)
def test_every_derivative_of_every_form_is_the_measured_one(form: Form) -> None:
    """The table's backward formulas against the complex step in its forward formulas, at sizes that differ."""
    for id in ("3,2,4,3/ordinary/float64/5", "1,3,2,1/large/float64/1"):
        at = oracle.given(find(id, form), form)
        measured, values = oracle.step_gradients(at, form), form.step(at)
        for equation in form.backward:
            values[equation.name] = equation(values)
        bounds = roundings(at, values, form)
        for equation in form.backward:
            difference = np.abs(values[equation.name] - measured[equation.name])
            assert (difference <= limit(bounds[equation.name].roundings, np.float64)).all(), equation.name


@pytest.mark.parametrize("form", FORMS, ids=named)
def test_every_quantity_has_the_shape_that_the_table_says(form: Form) -> None:
    problem = find("3,2,4,1/ordinary/float64/0", form)
    values = form.step(oracle.given(problem, form))
    for equation in form.backward:
        values[equation.name] = equation(values)
    for equation in (*form.forward, *form.backward):
        assert np.shape(values[equation.name])[-2:] == form.shape_of(equation.name, problem.sizes), equation.name


@pytest.mark.one_in(4)
@pytest.mark.parametrize("form", FORMS, ids=named)
def test_three_ways_to_the_gradient_of_a_sequence_agree(form: Form) -> None:
    """Each of two ways to measure rounds as a right gradient may."""
    problem = find("2,3,4,3/ordinary/float64/1", form)
    at_once, bounds = oracle.full_gradient(problem, form), whole._limits(problem, form)
    for other in (oracle.summed_gradient(problem, form), direction.gradient(problem, form)):
        for name, gradient in at_once.items():
            assert (np.abs(other[name] - gradient) <= 2 * limit(bounds[name], np.float64)).all(), name


@pytest.mark.parametrize("form", FORMS, ids=named)
def test_columns_that_are_said_to_be_apart_are(form: Form) -> None:
    """Moving one column of such a block changes nothing of another column, forward."""
    at = {name: value[0] if value.ndim > 2 else value for name, value in _given(form).items()}
    before = form.step(at)
    for block in form.blocks:
        if form.keeps_columns_apart(block):
            moved = at[block].copy()
            moved[:, 0] += 0.1
            after = form.step({**at, block: moved})
            for equation in form.forward:
                np.testing.assert_array_equal(after[equation.name][:, 1:], before[equation.name][:, 1:])


def _given(form: Form) -> dict[str, Any]:
    return oracle.given(find("3,2,4,1/ordinary/float64/2", form), form)


def test_forms_are_named_by_library_id_or_axis() -> None:
    by_axis = form_described("z=old,reset=after,bias=two,order=rzn")
    assert form_described("torch") is form_described("cudnn") is by_axis
    assert form_described("keras").order == ("z", "r", "n")
    assert form_described("chapter") is form_named()
    assert form_described("bias=none", "lstm").id == "no-bias"


@pytest.mark.parametrize("text", ["torsh", "z=new,bias=three", "gate=old", "z"])
def test_a_form_that_there_is_not_is_told_with_those_that_there_are(text: str) -> None:
    with pytest.raises(LookupError, match="z=new"):
        form_described(text)


def test_an_unknown_layer_is_told_with_those_that_there_are() -> None:
    with pytest.raises(LookupError, match="gru, lstm, rnn"):
        layer_named("xlstm")


WRONG = {
    "a name without a shape": ("h_p @ wf + x @ uf", "h_p @ wf + y @ uf", "zf is made of y; known are"),
    "a circle": ("h_p @ wf + x @ uf", "h_p @ wf + x @ uf + n", "that is a circle"),
    "shapes that do not fit": ("h_p @ wf + x @ uf", "x @ wf + x @ uf", "shapes do not go together in zf"),
    "an operation without a rule": ("h_p @ wf + x @ uf", "np.exp(h_p @ wf) + x @ uf", "zf = .* no rule for np.exp"),
    "a power": ("(1 - n * n)", "(1 - n ** 2)", r"dzn = .* no rule for n \*\* 2"),
    "rows that mix": (
        "return h_p @ wf + x @ uf",
        "return h_p @ wf + x @ uf + sum_rows(x @ uf)",
        "zf = .* mixes the rows",
    ),
    "no derivative": ('LAYER.add("dx"', 'LAYER.add("dx2"', None),
    "a derivative of nothing": ('of="wf"', 'of="vf"', "dwf is said to be the derivative of vf"),
    "another shape": ("x.mT @ dzf", "h_p.mT @ dzf", r"duf = .* has the shape \('hidden', 'hidden'\); expected"),
    "no argument": ("(1 - f) * h_p + f * n", "(1 - f) * h_p + f * n * zf", "h = .* has no argument zf"),
    "δ in the forward pass": (
        "def state(f, n, h_p):\n    return",
        "def state(f, n, h_p, in_grad):\n    return in_grad +",
        "h = .* of the forward pass",
    ),
    "two lines": ("    return (1 - f)", "    g = 1 - f\n    return g", "state is no equation: expected one line"),
    "a function without a rule": ("return (1 - f)", "return abs(1 - f)", "h = .* no rule for abs"),
    "σ of nothing": (
        '"sigmoid", of="zf"',
        '"sigmoid", of="zq"',
        "f is said to be sigmoid of zq, which no equation above",
    ),
    "a state by its name": ("carried=[Carried", "carried=['h'] or [Carried", "carried holds 'h'; expected Carried"),
    "rows that are none": ('"W": "hidden"', '"W": "hiden"', "a block of W has 'hiden' rows; expected hidden, input, 1"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_table_that_is_no_layer_is_refused_and_the_equation_named(case: str, tmp_path: Path) -> None:
    old, new, message = WRONG[case]
    text = "import numpy as np\nfrom gru.layer import sum_rows\n" + UNIT.read_text(encoding="utf-8")
    file = tmp_path / "mine.py"
    file.write_text(edited(text, (old, new)), encoding="utf-8")
    if message is None and case == "no derivative":
        assert layer_named(str(file)).form.derivatives["x"].name == "dx2"
        return
    with pytest.raises(LayerError, match=message):
        layer_named(str(file))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "defines 0 layers"),
        ("1 / 0", "ZeroDivisionError"),
        ("from gru.layers.gru.forms import GRU", "defines 0 layers"),
    ],
)
def test_a_file_without_a_layer_is_refused(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(LayerError, match=message):
        layer_named(str(file))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LayerError, match="no such file"):
        layer_named(str(tmp_path / "mine.py"))


def test_a_cell_of_a_layer_of_ones_own_is_right_and_a_wrong_one_is_found(tmp_path: Path) -> None:
    form = layer_named(str(shutil.copy(UNIT, tmp_path))).form
    assert examine(TrustedCells(cell_of(form), form), form=form, effort="quick").verdict == "right"
    from gru.mistakes import find as mistake

    wrong = cell_of(form, {"dzf": mistake("mgu/dzf/no-f", form).expression})
    found = examine(TrustedCells(wrong, form), form=form, effort="quick")
    assert [o.check for o in found.outcomes if o.status == "wrong"] == ["mgu/dzf"]


def test_sizes_know_stacked_shapes() -> None:
    assert Sizes(2, 3, 4).shape(("3·input", "hidden")) == (9, 4)
    assert Sizes(2, 3, 4).shape(("4", "hidden")) == (4, 4)
