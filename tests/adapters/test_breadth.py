"""Files of many kinds, as they are: each found without a word, right as it is, and wrong with a mistake put in."""

import re
from pathlib import Path

import pytest

from gru.examiner import Examination, examine
from gru.layers.registry import form_named
from gru.submission.limits import TRIALS_A_SIGN
from gru.submission.process import SubmissionProcess
from gru.submission.recording import api_of
from gru.submission.worker.loading import Asked, loaded
from gru.submission.worker.running import Refused
from tests.edited import edited

FILES = Path(__file__).with_name("files")

MISTAKES = {
    "lstm_columns": ("g['dc_prev'] = dc * ft", "g['dc_prev'] = dc_next * ft", "gradient-dh"),
    "two_states_in_a_tuple": ("dh * t * o * (1 - o)", "dh * t * o", "gradient-W"),
    "engine": ("self.grad += out.grad * (1 - t**2)", "self.grad += out.grad * (1 - t)", "gradient-Wh"),
    "both_ways": ("dout[:, ::-1, H:])[:, ::-1]", "dout[:, ::-1, H:])", "gradient-dx"),
    "script": ("back = dh * z + W.T @ dc", "back = dh * z + W @ dc", "gradient-U"),
    "loss_of_vectors": ("('h', dn, r * h)", "('h', dn, h)", "gradient-Uh"),
    "methods_with_cache": ("np.outer(dn_pre, rh)", "np.outer(dn_pre, h)", "gradient-Un"),
    "keeps_its_state": ("self.grad_Ur = h.T @ dr", "self.grad_Ur = h.T @ dz", "gradient-Ur"),
    "layer_of_cells": ("backward(dhs[:, t] + dh)", "backward(dhs[:, t])", "gradient-params[0]"),
    "one_size": ("self.dbh += dn.sum(axis=0)", "self.dbh += dn.mean(axis=0)", "gradient-bh"),
    "shortened_names": ("self.dUu = h.T @ dz", "self.dUu = h.T @ dr", "gradient-U_update"),
    "two_layers": ("d, dh[i] = layer.backward(d + dh[i])", "d, dh[i] = layer.backward(d)", "gradient-layers[0].Wz"),
    "updates_by_a_rate": ("dr = drh * h * r * (1 - r)", "dr = drh * r * (1 - r)", "gradient-Wr"),
    "network_with_a_loss": ("(self.c[t] - hp) *", "(self.c[t] + hp) *", "equation-8"),
    "regressor": ("dc = dc * f", "dc = dc", "lstm/dc"),
    "classifier": ("        ds /= N\n", "", "gradient-Wo"),
    "bottom_data": ("self.diff_s = ds * self.f", "self.diff_s = ds", "lstm/dc"),
    "remembers_its_steps": ("], dc * f", "], dc", "lstm/dc"),
    "leaves_dh_to_its_caller": ("drh * r + dz", "drh + dz", "equation-23"),
    "dicts_of_steps": ("drh * rs[t] +", "drh +", "equation-23"),
    "gru_with_a_memory_cell": ("(cct - c_prev) * ut", "(c_prev - cct) * ut", "equation-8"),
    "sizes_given_back": ("dh * z + drh * r", "dh * z + drh", "gradient-dh"),
    "three_calls": ("+ dzrx[:H] * self.r[t]", "+ dzrx[:H]", "gradient-Wr"),
    "loss_of_several": ("dsr * r[t] + self", "dsr + self", "gradient-W"),
    "names_in_any_script": ("drh * r + dz", "drh + dz", "equation-23"),
    "gates_handed_on": ("di = dC * C_bar * dsigmoid(i)", "di = dC * i * dsigmoid(i)", "lstm/dzi"),
    "gates_answered_first": ("drx[:H] * h_prev * dsigmoid(r)", "drx[:H] * dsigmoid(r)", "equation-10"),
    "named_tuple": ("dhu @ U.T + g * z", "dhu @ U.T + g * (1 - z)", "equation-23"),
    "dicts_in_a_dict": ("du[i:] * r + dv[i:]", "du[i:] + dv[i:]", "equation-23"),
    "gates_on_a_first_axis": ("np.outer(dc, r * h)])", "np.outer(dc, h)])", "equation-11"),
    "sizes_in_a_tuple": ("(dn * r) @ h.T", "dn @ h.T", "equation-11"),
    "weights_called_x_and_h": ('["x"] += np.outer(a, x)', '["x"] += np.outer(ah, x)', "equation-12"),
    "squares_of_a_batch": ("dh_next = dz @ self.W_hh.T", "dh_next = dh @ self.W_hh.T", "gradient-W_hh"),
    "answers_dicts_of_steps": ("dhnext = np.dot(self.W.T, dhrec)", "dhnext = np.dot(self.W, dhrec)", "rnn/dh"),
    "mean_of_squares": ("dh_next = dh * (1 - z) + drh * r", "dh_next = dh * (1 - z) + drh", "equation-23"),
    "memory_answered_last": ("df = self.s_prev * ds", "df = self.s * ds", "lstm/dzf"),
    "steps_with_a_history": ("self.grad_bh += dhh", "self.grad_bh += di", "gru/dcn"),
    "two_holders": ("ac = d * z * (1 - c**2)", "ac = d * z * (1 - c)", "gradient-fw.p['Wz']"),
    "dicts_by_gate": ('((r * h) if g == "h" else h).T', "h.T", "equation-11"),
    "learned_first_state": ("self.dh0 = dh.sum(axis=0)", "self.dh0 = dh.mean(axis=0)", "gradient-h0"),
    "one_vector": ("Gr += ar.T @ v\n", "Gr += ar.T @ vr\n", "gradient-theta"),
    "weights_made_before": ("dc * s.c * f * (1 - f)", "dc * s.c * f", "lstm/dzf"),
    "kernel_and_recurrent": ("d_rec, p.R)", "d_in, p.R)", "equation-23"),
    "saved_in_a_context": ("dgh = np.concatenate([dr, dz, dn * r]", "dgh = np.concatenate([dr, dz, dn]", "equation-11"),
    "methods_of_one_object": ("dh = dhn * (1 - z) + r * drh", "dh = dhn * (1 - z) + drh", "equation-23"),
    "objects_of_the_module": ("dC_prev = f * dC", "dC_prev = dC", "lstm/dc"),
    "classifier_with_a_guard": (" + (dr @ p['Wr'].T)[:, D:]", "", "equation-23"),
    "steps_then_bptt": ("drh * r + self", "drh + self", "equation-23"),
    "train_step_answers_its_state": ("dWhh += da @ hs[t - 1].T", "dWhh += da @ hs[t].T", "rnn/dW"),
    "model_given_back": ("dw[:, :n] * hr + dv", "dw[:, :n] + dv", "gradient-dh"),
    "three_functions": ("+ drh * f +", "+ drh +", "equation-23"),
    "forward_takes_targets": ("dvr[:n] * a * r", "dvr[:n] * r", "equation-10"),
    "drops_its_input": ("(x * mask).T @ da", "x.T @ da", "gradient-W"),
    "compiled_with_an_optimizer": ("dW += da.T @ self.s[:, t - 1]", "dW += da.T @ self.s[:, t]", "rnn/dW"),
    "long_names_for_short_ones": ("dvr[:, d:] * h * r", "dvr[:, d:] * r", "equation-10"),
    "answers_its_way_back": ("dr, dz, dc * r]", "dr, dz, dc]", "equation-11"),
    "maker_of_passes": ("h.T @ da", "after.T @ da", "rnn/dW"),
    "given_params_and_grads": ("dc * self.f\n", "dc\n", "lstm/dc"),
    "plain_two_biases": ("dz.T @ self.h_prev", "dz.T @ self.h", "rnn/dW"),
    "targets_without_a_loss": ("dh = self.Wr.T @ da", "dh = self.Wr @ da", "rnn/dh"),
    "two_classes_of_tokens": ('["E"][self.tokens[t]] += self.W', '["E"][self.tokens[t]] = self.W', "gradient-E"),
    "part_of_a_package": ("dcr[:, :H] * r\n", "dcr[:, :H]\n", "equation-23"),
    "layers_in_a_list": ("grads.insert(0, g)", "grads.append(g)", "gradient-layers[0]['Wz']"),
    "yields_its_states": ('("n", an, r * h)', '("n", an, h)', "equation-11"),
    "embedded_positions": ("np.add.at(g['E'], self.ids[:, t], a", "g['E'][self.ids[:, t]] += (a", "gradient-E"),
    "single_numbers": ("+ q * r +", "+ q +", "gradient-Uz"),
    "attention": (" + du @ self.Wa.T\n", "\n", "gradient-W"),
    "asks_for_much": ("da @ self.U.T", "da @ self.U", "rnn/dh"),
    "output_beside_its_state": ("dh = dy @ self.Wy.T + dh_next", "dh = dy @ self.Wy.T", "gradient-dh"),
    "trains_with_momentum": ("        d /= N\n", "", "gradient-Wx"),
    "cells_by_other_names": ("self.sb[T - 1 - t]", "self.sb[t]", "gradient-bwd.W"),
    "script_with_a_cell": ("self.cell.backward(dout[t] + dh, self", "self.cell.backward(dout[t], self", "equation-23"),
    "numbers_in_lists": ("times_transposed(self.U, da)", "times(self.U, da)", "rnn/dh"),
    "outputs_without_a_loss": ("+ q * r +", "+ q +", "equation-23"),
    "model_and_peepholes": ("dc = e * f + ai", "dc = e + ai", "lstm/dc"),
    "step_and_unroll": ("params, dh + carry, cache", "params, dh, cache", "equation-23"),
    "probabilities_of_a_batch": ("(self.p - y) / N", "(self.p - y)", "gradient-W"),
    "two_flags": ("dx = dx[::-1]", "dx = dx", "gradient-dx"),
    "other_method_names": ("dxs.insert(0, dx)", "dxs.append(dx)", "equation-24"),
    "alphabet_in_dicts": ("(hs[t - 1] - ns[t])", "(hs[t] - ns[t])", "equation-8"),
    "probability_at_the_end": ('g["br"] += dr', 'g["br"] = dr', "gradient-br"),
    "loops_over_units": ("Un[j, k] * an[j]\n", "Un[k, j] * an[j]\n", "equation-10"),
    "fits_one_number": ("drh * r + dv", "drh + dv", "gradient-Wz"),
    "last_state_apart": ("dH[n - 1] += dhn", "dH[0] += dhn", "state"),
}  # fmt: skip
"""For each file what stands in it, what stands in its place, and a check that is not right then."""


def examined(path: Path) -> Examination:
    with SubmissionProcess(path) as process:
        return examine(process, effort="quick")


@pytest.mark.full
@pytest.mark.parametrize("name", MISTAKES)
def test_a_right_file_of_any_kind_is_right_and_shows_all_its_gradients(name: str) -> None:
    examination = examined(FILES / f"{name}.py")
    assert examination.verdict == "right", examination.text
    assert examination.api is not None
    assert set(examination.api.gradients) == set(examination.api.names)


@pytest.mark.one_in(500)
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_a_file_of_any_kind_is_found_under_its_own_name(name: str, tmp_path: Path) -> None:
    old, new, check = MISTAKES[name]
    source = (FILES / f"{name}.py").read_text()
    assert old.replace("'", '"') in source or old in source
    path = tmp_path / f"{name}.py"
    path.write_text(source.replace(old, new).replace(old.replace("'", '"'), new))
    examination = examined(path)
    assert examination.verdict == "wrong"
    assert examination.outcome(check).status in ("wrong", "inherited")


@pytest.mark.full
def test_the_gradients_of_weights_are_not_told_as_weights_that_nothing_depends_on() -> None:
    api = examined(FILES / "weights_made_before.py").api
    assert api is not None
    assert "nothing that it answers depends on" not in api.text


@pytest.mark.full
def test_what_is_written_into_is_told_and_is_no_mistake_in_another_api(tmp_path: Path) -> None:
    path = tmp_path / "writes.py"
    path.write_text((FILES / "last_state_apart.py").read_text().replace("dHout_in.copy()", "dHout_in"))
    examination = examined(path)
    assert examination.verdict == "right"
    (fact,) = examination.outcome("state").facts
    assert (fact.kind, fact.particulars["names"]) == ("writes-into", ("delta",))


@pytest.mark.full
def test_an_update_that_is_clipped_is_told_as_that_and_blamed_on_no_equation(tmp_path: Path) -> None:
    path = tmp_path / "clips.py"
    source = (FILES / "updates_by_a_rate.py").read_text()
    path.write_text(re.sub(r"-= learning_rate \* (\w+)", r"-= learning_rate * np.clip(\1, -1, 1)", source))
    examination = examined(path)
    assert examination.verdict == "wrong"
    wrong = [outcome for outcome in examination.outcomes if outcome.status == "wrong"]
    assert examination.outcome("state") in wrong
    assert all(outcome.is_of_gradient or outcome.check == "state" for outcome in wrong)
    assert all(outcome.facts[0].particulars["clipped"] == 1 for outcome in wrong)


@pytest.mark.full
def test_a_norm_that_is_clipped_is_blamed_on_no_equation_and_a_mistake_beside_it_is_named(tmp_path: Path) -> None:
    examination = examined(FILES / "clips_its_norm.py")
    wrong = {outcome.check for outcome in examination.outcomes if outcome.status == "wrong"}
    assert wrong == {"state", "gradient-Wxh", "gradient-Whh", "gradient-bh"}
    path = tmp_path / "clips.py"
    source = (FILES / "clips_its_norm.py").read_text()
    path.write_text(edited(source, ("hs[t].T @ da", "hs[t + 1].T @ da")))
    assert examined(path).outcome("rnn/dW").status == "wrong"


@pytest.mark.full
def test_what_a_loss_clips_its_gradients_to_is_told_though_few_sequences_reach_it(tmp_path: Path) -> None:
    path = tmp_path / "clips.py"
    source = (FILES / "fused_loss.py").read_text()
    path.write_text(edited(source, ("    return loss, dWz", "    np.clip(dWy, -5, 5, out=dWy)\n    return loss, dWz")))
    examination = examined(path)
    assert examination.verdict == "wrong"
    (wrong,) = (outcome for outcome in examination.outcomes if outcome.status == "wrong")
    assert wrong.check == "gradient-Wy"
    assert wrong.facts[0].particulars["clipped"] == 5


@pytest.mark.full
@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        ("        return {", "        gWi += 0.1 * self.Wi\n        gWr += 0.1 * self.Wr\n        return {", "right"),
        ("        gWo, gc =", "        do *= self.shares * (1 - self.shares)\n        gWo, gc =", "not_examined"),
    ],
    ids=["a-penalty", "another-loss"],
)
def test_a_loss_that_nobody_wrote_down_is_a_cross_entropy_where_a_gradient_is_that_of_one(
    old: str, new: str, verdict: str, tmp_path: Path
) -> None:
    source = (FILES / "targets_without_a_loss.py").read_text()
    path = tmp_path / "classifier.py"
    path.write_text(edited(source, (old, new)))
    assert examined(path).verdict == verdict


@pytest.mark.full
def test_a_step_whose_way_back_remembers_the_last_use_only_is_called_once(tmp_path: Path) -> None:
    source = (FILES / "remembers_its_steps.py").read_text()
    path = tmp_path / "one_use.py"
    path.write_text(edited(source, ("self.steps.pop()", "self.steps[-1]")))
    with SubmissionProcess(path) as process:
        assert process.api is not None
        assert not process.api.sequence
    with SubmissionProcess(FILES / "remembers_its_steps.py") as process:
        assert process.api is not None
        assert process.api.sequence


@pytest.mark.full
def test_the_targets_of_a_cross_entropy_of_vectors_have_a_single_1(tmp_path: Path) -> None:
    path = tmp_path / "vectors.py"
    source = edited(
        FILES / "network_with_a_loss.py",
        ("-np.log(y[np.arange(len(targets)), targets]).sum()", "-np.sum(targets * np.log(y))"),
        ("do = self.y[t].copy()", "do = self.y[t] - targets[t]"),
        ("            do[targets[t]] -= 1\n", ""),
    )
    path.write_text(source)
    examination = examined(path)
    assert examination.verdict == "right", examination.text
    assert examination.api is not None
    assert set(examination.api.gradients) == set(examination.api.names)
    path.write_text(edited(source, ("drh * hp * self.r[t]", "drh * self.r[t]")))
    examination = examined(path)
    assert examination.verdict == "wrong"
    assert examination.outcome("equation-10").status == "wrong"


def test_a_loss_reads_all_steps_and_what_it_does_not_depend_on_is_told(tmp_path: Path) -> None:
    source = (FILES / "network_with_a_loss.py").read_text()
    path = tmp_path / "no_reset.py"
    path.write_text(edited(source, ("(self.r[t] * hp)", "hp")))
    with SubmissionProcess(path) as process:
        assert process.api is not None
        assert process.api.text.endswith("nothing that it answers depends on Wr, Ur, br")
        assert "Uz" in process.api.names


def test_a_script_is_not_trained_and_a_text_that_is_not_here_has_another_in_its_place() -> None:
    with SubmissionProcess(FILES / "script.py") as process:
        assert process.api is not None
        told = " ".join(process.notes)
    assert "shakespeare.txt is not here" in told
    assert "are not run" in told


def test_one_array_under_two_names_is_the_gradient_of_two_parameters(tmp_path: Path) -> None:
    path = tmp_path / "alias.py"
    path.write_text(
        "import numpy as np\n\n\nclass RNNCell:\n"
        "    def __init__(self, d, h):\n        self.W, self.U = np.ones((d, h)), np.ones((h, h))\n"
        "        self.b1, self.b2 = np.zeros(h), np.zeros(h)\n"
        "    def forward(self, x, h):\n        self.x, self.h = x, h\n"
        "        self.n = np.tanh(x @ self.W + h @ self.U + self.b1 + self.b2)\n        return self.n\n"
        "    def backward(self, d):\n        d = d * (1 - self.n**2)\n"
        "        self.dW, self.dU = self.x.T @ d, self.h.T @ d\n        self.db1 = self.db2 = d.sum(0)\n"
        "        return d @ self.W.T, d @ self.U.T\n"
    )
    with SubmissionProcess(path) as process:
        assert process.api is not None
        assert process.api.gradients == {"W": "dW", "U": "dU", "b1": "db1", "b2": "db2"}


def test_of_a_linear_layer_beside_nothing_recurrent_no_verdict_is_given(tmp_path: Path) -> None:
    path = tmp_path / "linear.py"
    path.write_text(
        "import numpy as np\n\n\nclass Linear:\n"
        "    def __init__(self, input_size, hidden_size):\n"
        "        self.W = np.ones((input_size, hidden_size))\n"
        "    def forward(self, x):\n        self.x = x\n        return x @ self.W\n"
        "    def backward(self, d):\n        self.dW = self.x.T @ d\n        return d @ self.W.T\n"
    )
    examination = examined(path)
    assert (examination.verdict, examination.reason) == ("not_examined", "another_api")


@pytest.mark.parametrize(
    ("way_back", "text"),
    [
        ("for layer in self.layers: d = layer.backward(d)", "backward raised"),
        ("d = self.layers[1].backward(d[..., :-1])", "RNNLayer, a part of it, is right"),
    ],
    ids=["from-the-first-layer-to-the-last", "with-a-unit-left-out"],
)
def test_of_a_whole_that_raises_no_part_makes_a_right_file(way_back: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "stack.py"
    path.write_text(
        "import numpy as np\n\n\nclass RNNLayer:\n"
        "    def __init__(self, d, h):\n        self.W, self.U = np.ones((d, h)), np.ones((h, h))\n"
        "    def forward(self, xs):\n        hs = [np.zeros((xs.shape[1], len(self.U)))]\n"
        "        for x in xs: hs.append(np.tanh(x @ self.W + hs[-1] @ self.U))\n"
        "        self.xs, self.hs = xs, np.array(hs)\n        return self.hs[1:]\n"
        "    def backward(self, ds):\n        self.dW, self.dU, dh = 0 * self.W, 0 * self.U, 0\n"
        "        dxs = np.zeros_like(self.xs)\n        for t in reversed(range(len(ds))):\n"
        "            a = (ds[t] + dh) * (1 - self.hs[t + 1] ** 2)\n"
        "            self.dW += self.xs[t].T @ a\n            self.dU += self.hs[t].T @ a\n"
        "            dh, dxs[t] = a @ self.U.T, a @ self.W.T\n        return dxs\n\n\n"
        "class Stack:\n    def __init__(self, d, h):\n        self.layers = [RNNLayer(d, h), RNNLayer(h, h)]\n"
        "    def forward(self, xs):\n        for layer in self.layers: xs = layer.forward(xs)\n        return xs\n"
        f"    def backward(self, d):\n        {way_back}\n        return d\n"
    )
    examination = examined(path)
    assert (examination.verdict, examination.reason) == ("not_examined", "another_api")
    assert text in examination.text


def test_what_is_made_of_the_part_that_is_judged_and_cannot_be_called_is_told(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    model = (
        "class Model:\n    def __init__(self, path): self.layer = open(path), GRU\n    def backward(self, a, b): pass\n"
    )
    path.write_text((FILES / "lists.py").read_text() + model)
    with SubmissionProcess(path) as process:
        assert process.api is not None
        assert any("Model is not judged: no way to call it was found" in note for note in process.notes)


def searched(path: Path, most: int) -> int:
    """How many signs come while it is tried how a file is driven, in this process: a file of our own."""
    signs: list[None] = []
    asked = Asked(str(path), {**api_of(form_named()), "others": {}}, most=most, a_sign=TRIALS_A_SIGN)
    loaded(path.read_bytes(), asked, lambda: signs.append(None))
    return len(signs)


def test_the_search_for_how_a_file_is_driven_is_counted_and_tells_that_it_goes_on() -> None:
    signs = searched(FILES / "lists.py", most=1000)
    assert 0 < signs < 1000 // TRIALS_A_SIGN
    with pytest.raises(Refused, match="it was tried 3 times, and no more is tried"):
        searched(FILES / "lists.py", most=3)


GATES = """
import numpy as np


class GRUCell:
    def __init__(self, input_size, hidden_size):
        shapes = {"W": (hidden_size, input_size), "U": (hidden_size, hidden_size), "b": (hidden_size, 1)}
        self.W, self.U, self.b = ({n: np.zeros(shape) for n in "zrc"} for shape in shapes.values())

    def forward(self, x, h):
        s = lambda a: 1 / (1 + np.exp(-a))
        z = s(self.W["z"] @ x + self.U["z"] @ h + self.b["z"])
        r = s(self.W["r"] @ x + self.U["r"] @ h + self.b["r"])
        c = np.tanh(self.W["c"] @ x + self.U["c"] @ (r * h) + self.b["c"])
        self.kept = x, h, z, r, c
        return (1 - z) * h + z * c

    def backward(self, dh):
        x, h, z, r, c = self.kept
        dc, dz = dh * z * (1 - c**2), dh * (c - h) * z * (1 - z)
        dr = (self.U["c"].T @ dc) * h * r * (1 - r)
        d = {"z": (dz, h), "r": (dr, h), "c": (dc, r * h)}
        dW, dU = {n: g @ x.T for n, (g, _) in d.items()}, {n: g @ a.T for n, (g, a) in d.items()}
        db = {n: g.sum(axis=1, keepdims=True) for n, (g, _) in d.items()}
        return ANSWER
"""


@pytest.mark.parametrize(
    ("answer", "at"),
    [
        ("dW, dU, db", "{whole}['{gate}']"),
        ("{'W': dW, 'U': dU, 'b': db}", "['{name}']['{gate}']"),
        ("{n: {'W': dW[n], 'U': dU[n], 'b': db[n]} for n in d}", "['{gate}']['{name}']"),
        ("{f'd{k}{n}': v[n] for k, v in zip('WUb', (dW, dU, db)) for n in v}", "['d{name}{gate}']"),
    ],
)
def test_of_arrays_by_one_key_in_several_dicts_each_has_its_own_gradient(answer: str, at: str, tmp_path: Path) -> None:
    path = tmp_path / "gates.py"
    path.write_text(GATES.replace("ANSWER", answer))
    with SubmissionProcess(path) as process:
        assert process.api is not None
        found = process.api.gradients
    whole = {"W": "[0]", "U": "[1]", "b": "[2]"}
    assert found == {
        f"{n}['{g}']": "returned" + at.format(name=n, gate=g, whole=whole[n]) for n in "WUb" for g in "zrc"
    }


@pytest.mark.parametrize(
    ("kept", "parameters"),
    [("self.params = [self.W, self.U, self.b]", "self.params"), ("pass", "(self.W, self.U, self.b)")],
)
def test_gradients_in_a_list_belong_to_attributes_in_its_order(kept: str, parameters: str, tmp_path: Path) -> None:
    path = tmp_path / "listed.py"
    path.write_text(
        "import numpy as np\n\n\nclass RNNCell:\n"
        "    def __init__(self, d, h):\n        self.W, self.U, self.b = np.ones((d, h)), np.ones((h, h)), np.ones(h)\n"
        f"        {kept}\n        self.grads = [np.zeros_like(p) for p in {parameters}]\n"
        "    def forward(self, x, h):\n        self.x, self.h = x, h\n"
        "        self.n = np.tanh(x @ self.W + h @ self.U + self.b)\n        return self.n\n"
        "    def backward(self, d):\n        d = d * (1 - self.n**2)\n        self.grads[0][...] = self.x.T @ d\n"
        "        self.grads[1][...], self.grads[2][...] = self.h.T @ d, d.sum(0)\n"
        "        return d @ self.W.T, d @ self.U.T\n"
    )
    with SubmissionProcess(path) as process:
        assert process.api is not None
        assert process.api.gradients == {"W": "grads[0]", "U": "grads[1]", "b": "grads[2]"}


def test_a_file_of_which_no_gradient_of_a_parameter_is_found_is_not_right(tmp_path: Path) -> None:
    path = tmp_path / "hidden.py"
    path.write_text(
        GATES.replace("ANSWER", "dh_prev").replace(
            "        db =",
            "        dh_prev = dh * (1 - z) + (self.U['c'].T @ dc) * r + self.U['z'].T @ dz + self.U['r'].T @ dr\n"
            "        db =",
        )
    )
    examination = examined(path)
    assert (examination.verdict, examination.reason) == ("not_examined", "another_api")
