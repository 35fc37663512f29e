"""Files in other APIs than the chapter's, as they are: found without a word, and judged by their own forward pass."""

from pathlib import Path

import pytest

from gru.examiner import Examination, examine
from gru.report.sentences import all_said
from gru.submission.process import SubmissionProcess
from tests.edited import edited
from tests.effort import of_this_run

FILES = Path(__file__).with_name("files")

MISTAKES = {
    "single_attributes": [
        ("(self.n - self.hidden)", "(self.hidden - self.n)", "gradient-Wzh"),
        ("drh = self.Wh.T @ an", "drh = self.Wh @ an", "gradient-Wrh"),
        ("self.Wx.T @ an + self.Wzx.T", "self.Wx.T @ an - self.Wzx.T", "gradient-dx"),
        ("self.dWx += np.outer(an", "self.dWx += 1.000001 * np.outer(an", "gradient-Wx"),
        ("self.x, self.hidden = x, h\n", "self.x, self.hidden = getattr(self, 'x', x), h\n", "state"),
    ],
    "single_two_biases": [
        ("self.dbnh += (dtanh * self.r)[0]", "self.dbnh += dtanh[0]", "gradient-bnh"),
        ("dr = dtanh * self.inner", "dr = dtanh * self.Wnh.dot(self.hidden)", "gradient-brx"),
        ("delta * self.z + dz @ self.Wzh", "delta * self.z", "gradient-dh"),
    ],
    "lists": [
        ("db = da.sum(axis=0)", "db = da.mean(axis=0)", "gradient-params[2]"),
        ("self.grads[0][...] = dWx", "self.grads[0][...] = dWx.astype(np.float16)", "gradient-params[0]"),
        ("dh_prev = dh_next * (1 - z)", "dh_prev = dh_next * z", "gradient-dh"),
    ],
    "functions_with_cache": [
        ("gru_step_backward(dh[:, t] + dprev, caches[t])", "gru_step_backward(dh[:, t], caches[t])", "gradient-Wx"),
        ("        dWh += dWh_t", "        dWh = dWh_t", "gradient-Wh"),
        ("dr = drh * prev_h * r", "dr = drh * r", "gradient-b"),
    ],
    "dict_columns": [
        ('"dbc": np.sum(dc, axis=1, keepdims=True)', '"dbc": np.sum(dc, axis=1)', "gradient-bc"),
        ("back[:n_a] * r + ", "back[:n_a] + ", "gradient-dh"),
        ('"dWu": du @ concat.T', '"dWu": np.clip(du @ concat.T, -5, 5)', "state"),
    ],
    "sequence_batch_first": [
        ("dh = dh * z + drh * r", "dh = dh * z + drh", "gradient-Uz"),
        ("dX[:, t] = ", "dX[:, T - 1 - t] = ", "gradient-dx"),
        ("for t in range(T - 1, -1, -1)", "for t in range(T - 1, 0, -1)", "gradient-Wh"),
    ],
    "one_array": [
        ("dh = dh * (1 - z) + dv[i:] + dw[i:] * r", "dh = dh * (1 - z) + dv[i:] + dw[i:]", "gradient-Wz"),
        ("dz = dh * (c - h)", "dz = dh * (c - h) / 2", "gradient-Wz"),
("self.dWc += dc @ w.T", "self.dWc = dc @ w.T", "gradient-Wc"),
    ],
    "data_and_grad": [
        ("self.bias.grad += da.sum(0)", "self.bias.grad += db.sum(0)", "gradient-bias"),
        ("dr = dn * q * r", "dr = dn * h * r", "gradient-Wr"),
        ("self.Wi.grad += x.T @ da", "self.Wi.grad += x.T @ db", "gradient-Wi"),
    ],
    "made_in_forward": [
        ("dn @ self.Wh.T + dz @ self.Wz.T", "dn @ self.Wh.T", "gradient-dx"),
        ("self.x_t, self.h_prev = x_t, h_prev", "self.x_t, self.h_prev = x_t.astype(np.float16),h_prev", "gradient-Wr"),
    ],
    "two_gates_stacked": [
        ("dbht = dt.sum(0)", "dbht = dt[0]", "gradient-bht"),
        ("q * prev_h * r * (1 - r)", "q * prev_h * r", "gradient-Wx"),
    ],
    "updates_in_backward": [
        ("self.db = d\n", "self.db = 2 * d\n", "gradient-b"),
    ],
    "fused_loss": [
        ("dby += dy", "dby = dy", "gradient-by"),
        ("dhnext = dh * zs[t] + back * rs[t]", "dhnext = dh * zs[t] + back", "gradient-Wz"),
        ("dWh += dc @ xs[t].T", "dWh += dz @ xs[t].T", "gradient-Wh"),
    ],
}  # fmt: skip
"""For each file: what stands in it, what stands in its place, and a check that is wrong then; None for none."""


def examined(path: Path) -> Examination:
    with SubmissionProcess(path) as process:
        return examine(process, effort=of_this_run())


@pytest.mark.full
@pytest.mark.parametrize("name", MISTAKES)
def test_a_right_file_is_right_without_a_word_on_its_api(name: str) -> None:
    examination = examined(FILES / f"{name}.py")
    assert examination.verdict == "right"
    assert examination.api is not None
    assert set(examination.api.gradients) == set(examination.api.names)


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "number"), [(name, number) for name, mistakes in MISTAKES.items() for number in range(len(mistakes))]
)
def test_a_wrong_file_is_wrong_in_its_own_names(name: str, number: int, tmp_path: Path) -> None:
    old, new, check = MISTAKES[name][number]
    source = (FILES / f"{name}.py").read_text()
    path = tmp_path / f"{name}.py"
    path.write_text(edited(source, (old, new)))
    examination = examined(path)
    wrong = [outcome.check for outcome in examination.outcomes if outcome.status in ("wrong", "inherited")]
    assert examination.verdict == ("wrong" if check else "right"), examination
    assert check is None or check in wrong


def test_backward_that_updates_the_parameters_is_told_and_is_not_wrong() -> None:
    examination = examined(FILES / "updates_in_backward.py")
    assert examination.verdict == "right"
    assert "changes the parameters itself" in all_said(examination.outcome("interface").facts)


@pytest.mark.full
def test_what_is_clipped_is_told_where_backward_updates_the_parameters_too(tmp_path: Path) -> None:
    source = (FILES / "updates_in_backward.py").read_text(encoding="utf-8")
    path = tmp_path / "clips.py"
    path.write_text(
        edited(source, ("self.dU = np.outer(d, self.h0)", "self.dU = np.clip(np.outer(d, self.h0), -1, 1)"))
    )
    examination = examined(path)
    (fact,) = examination.outcome("state").facts
    assert (fact.kind, fact.particulars["name"], fact.particulars["clipped"]) == ("gradient-not-linear", "U", 1.0)


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    "source",
    [
        "class GRUCell:\n    def forward(self, x, h): return h\n    def backward(self, delta): return delta\n",
        "def gru_forward(x, h): return h\ndef gru_backward(d): return d\n",
        "class GRU:\n    def __init__(self): raise OSError\n    def forward(self, x): pass\n"
        "    def backward(self, d): pass\n",
    ],
)
def test_an_api_that_is_not_found_is_no_verdict(source: str, tmp_path: Path) -> None:
    path = tmp_path / "gru.py"
    path.write_text(source)
    examination = examined(path)
    assert (examination.verdict, examination.reason) == ("not_examined", "another_api")
    assert "looked for" in examination.text


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    ("imports", "verdict"),
    [
        ("import torch\nfrom tqdm import tqdm\n", "right"),
        ("try:\n    import cupy as np\nexcept ImportError:\n    pass\n", "right"),
        ("import torch.nn as nn\nclass Layer:\n    inner = nn.Module()\n", "import_failed"),
        ("from course_package import *\n", "right"),
        ("from course_package import *\nclass Layer(Base): pass\n", "right"),
        ("from ..course.package import Base\nclass Layer(Base): pass\n", "right"),
    ],
)
def test_a_package_that_is_not_here_is_an_obstacle_only_where_it_is_used(
    imports: str, verdict: str, tmp_path: Path
) -> None:
    path = tmp_path / "gru.py"
    path.write_text(imports + (FILES / "lists.py").read_text())
    examination = examined(path)
    assert verdict in (examination.verdict, examination.reason)


@pytest.mark.full
@pytest.mark.parametrize("imports", ["from helpers import *", "from common.functions import sigmoid, softmax"])
def test_a_sigmoid_of_a_file_that_is_not_here_is_the_logistic_function_and_that_is_told(
    imports: str, tmp_path: Path
) -> None:
    path = tmp_path / "rnn.py"
    path.write_text(
        f"import numpy as np\n{imports}\n"
        "def rnn_cell_forward(xt, a_prev, parameters):\n"
        "    Wax, Waa, ba = parameters['Wax'], parameters['Waa'], parameters['ba']\n"
        "    a = sigmoid(Wax @ xt + Waa @ a_prev + ba)\n"
        "    return a, softmax(parameters['Wya'] @ a + parameters['by']), (a, a_prev, xt, parameters)\n"
        "def rnn_cell_backward(da, cache):\n"
        "    a, a_prev, xt, parameters = cache\n"
        "    d = da * a * (1 - a)\n"
        "    return {'dWax': d @ xt.T, 'dWaa': d @ a_prev.T, 'dba': d.sum(axis=1, keepdims=True),\n"
        "            'dxt': parameters['Wax'].T @ d, 'da_prev': parameters['Waa'].T @ d}\n"
    )
    with SubmissionProcess(path) as process:
        examination = examine(process, effort="quick")
        assert any("sigmoid, softmax are taken for what is usually meant" in note for note in process.notes)
    assert examination.verdict == "right", examination.text
    path.write_text(path.read_text().replace("da * a * (1 - a)", "da * (1 - a)"))
    assert examined(path).verdict == "wrong"


@pytest.mark.full
@pytest.mark.parametrize(
    "imports", ["from numba import njit as fast", "import numba\n\nfast = numba.jit(nopython=True)"]
)
def test_functions_for_a_compiler_that_is_not_here_are_judged_as_they_are_written(imports: str, tmp_path: Path) -> None:
    source = (FILES / "functions_with_cache.py").read_text().replace("\ndef ", "\n@fast\ndef ")
    (file := tmp_path / "gru.py").write_text(source.replace("import numpy", f"{imports}\nimport numpy", 1))
    assert examined(file).verdict == "right"
    file.write_text(file.read_text().replace("drh * prev_h * r", "drh * r"))
    assert examined(file).verdict == "wrong"


def test_the_gradient_of_all_steps_is_taken_and_not_that_of_the_cell_inside(tmp_path: Path) -> None:
    path = tmp_path / "rnn.py"
    path.write_text(
        "import numpy as np\n"
        "class Cell:\n"
        "    def __init__(self, n_in, n_h):\n"
        "        self.U, self.W = np.random.randn(n_in, n_h), np.random.randn(n_h, n_h)\n"
        "    def forward(self, x, h):\n"
        "        self.saved = x, h, np.tanh(x @ self.U + h @ self.W)\n"
        "        return self.saved[2]\n"
        "    def backward(self, dh):\n"
        "        x, h, new = self.saved\n"
        "        d = dh * (1 - new**2)\n"
        "        self.dU, self.dW = x.T @ d, h.T @ d\n"
        "        return d @ self.U.T, d @ self.W.T\n"
        "class RNN:\n"
        "    def __init__(self, n_in, n_h):\n"
        "        self.cell = Cell(n_in, n_h)\n"
        "    def forward(self, xs, h0):\n"
        "        self.tape, hs = [], []\n"
        "        for x in xs:\n"
        "            h0 = self.cell.forward(x, h0)\n"
        "            self.tape.append(self.cell.saved)\n"
        "            hs.append(h0)\n"
        "        return np.array(hs)\n"
        "    def backward(self, dhs):\n"
        "        self.dU = self.dW = dh = 0\n"
        "        dxs = []\n"
        "        for d, self.cell.saved in zip(dhs[::-1], self.tape[::-1]):\n"
        "            dx, dh = self.cell.backward(d + dh)\n"
        "            self.dU, self.dW = self.dU + self.cell.dU, self.dW + self.cell.dW\n"
        "            dxs.insert(0, dx)\n"
        "        return np.array(dxs), dh\n"
    )
    examination = examined(path)
    assert examination.verdict == "right", examination
    assert examination.form.layer.id == "rnn"


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    ("name", "old", "new"),
    [("lists", "x.T @ da", "x @ da"), ("functions_with_cache", "x.T.dot(da)", "x.dot(da)")],
)
def test_shapes_that_go_together_only_where_all_sizes_are_alike_are_a_mistake(
    tmp_path: Path, name: str, old: str, new: str
) -> None:
    (file := tmp_path / f"{name}.py").write_text(edited(FILES / f"{name}.py", (old, new)))
    examination = examined(file)
    assert examination.verdict == "wrong"
    wrong = {outcome.check for outcome in examination.outcomes if outcome.status == "wrong"}
    # At sizes that are alike it is seen what else is wrong, and what is not.
    assert {"interface", "equation-12"} <= wrong
    assert {o.status for o in examination.outcomes if o.name in ("dzz", "dzn", "dzr", "dh")} == {"right"}


@pytest.mark.full
@pytest.mark.parametrize(
    ("methods", "verdict"),
    [("def get_params(self, W, U): pass", "wrong"), ("def feed(self, data): return data", "another_api")],
)
def test_a_class_that_is_not_finished_is_wrong_and_one_with_other_methods_has_another_api(
    methods: str, verdict: str, tmp_path: Path
) -> None:
    (file := tmp_path / "gru.py").write_text(
        f"class GRUCell:\n    def __init__(self, input_size, hidden_size): pass\n    {methods}\n"
    )
    examination = examined(file)
    assert verdict in (examination.verdict, examination.reason)


@pytest.mark.full
def test_a_class_of_the_chapters_name_without_its_methods_has_another_api(tmp_path: Path) -> None:
    """Its way back is an engine's; `zero_grad` goes back in its name alone."""
    source = (FILES / "engine.py").read_text()
    source += "\n    def zero_grad(self):\n        for p in self.parameters():\n            p.grad = p.grad * 0\n"
    (file := tmp_path / "engine.py").write_text(source)
    assert examined(file).verdict == "right"


@pytest.mark.full
@pytest.mark.parametrize(
    ("edit", "name", "pattern"),
    [
        (("h.T @ dz,", "(h.T @ dz).T,"), "Uz", "it is the right one transposed"),
        (("d.sum(0)", "d.mean(0)"), "bz", "it is the right one divided by 3, the number of rows of the batch"),
    ],
)
def test_a_gradient_that_no_equation_names_is_told_with_its_pattern(
    edit: tuple[str, str], name: str, pattern: str, tmp_path: Path
) -> None:
    source = (FILES / "layer_norm.py").read_text()
    assert edit[0] in source
    (tmp_path / "layer_norm.py").write_text(source.replace(*edit))
    with SubmissionProcess(tmp_path / "layer_norm.py") as process:
        examination = examine(process, effort=of_this_run())
    assert examination.recognition is not None
    assert examination.recognition.mapped is None
    assert pattern in all_said(examination.outcome(f"gradient-{name}").facts)
