"""Mistakes in files in other APIs: each is named on the equation in which it is, in every family and style."""

from pathlib import Path

import pytest

from gru.examiner import Examination, examine
from gru.submission.process import SubmissionProcess
from tests.adapters.written import Style, mistakes_of, sample, source, styles
from tests.edited import edited
from tests.effort import of_this_run

FILES = Path(__file__).with_name("files")

MISTAKES = {
    "single_attributes": [
        ("drh = self.Wh.T @ an", "drh = self.Wh @ an", "equation-10"),
        ("(self.n - self.hidden)", "(self.hidden - self.n)", "equation-8"),
        ("self.Wx.T @ an + self.Wzx.T", "self.Wx.T @ an - self.Wzx.T", "equation-24"),
        ("self.dWx += np.outer(an", "self.dWx += 1.000001 * np.outer(an", "equation-12"),
        ("self.x, self.hidden = x, h\n", "self.x, self.hidden = getattr(self, 'x', x), h\n", "state"),
    ],
    "single_two_biases": [
        ("dr = dtanh * self.inner", "dr = dtanh * self.Wnh.dot(self.hidden)", "equation-10"),
        ("self.dbnh += (dtanh * self.r)[0]", "self.dbnh += dtanh[0]", "gru/dcn"),
        ("delta * self.z + dz @ self.Wzh", "delta * self.z", "equation-23"),
        ("dn = delta * (1 - self.z)", "dn = delta * self.z", "equation-9"),
        ("dz @ self.Wzx + dr", "dz @ self.Wzx - dr", "equation-24"),
    ],
    "lists": [
        ("db = da.sum(axis=0)", "db = da.mean(axis=0)", "gru/dbz"),
        ("dh_prev = dh_next * (1 - z)", "dh_prev = dh_next * z", "equation-23"),
        ("dz = dh_next * (g - h_prev)", "dz = dh_next * (h_prev - g)", "equation-8"),
        ("(r * h_prev).T @ dg", "h_prev.T @ dg", "equation-11"),
        ("self.grads[0][...] = dWx", "self.grads[0][...] = dWx.astype(np.float16)", "equation-12"),
    ],
    "functions_with_cache": [
        ("        dWh += dWh_t", "        dWh = dWh_t", "equation-17"),
        ("gru_step_backward(dh[:, t] + dprev, caches[t])", "gru_step_backward(dh[:, t], caches[t])", "equation-23"),
        ("dr = drh * prev_h * r", "dr = drh * r", "equation-10"),
        ("(1 - z) * (1 - n * n)", "(1 - z) * (1 - n)", "equation-9"),
        ("(r * prev_h).T.dot(dn)", "prev_h.T.dot(dn)", "equation-11"),
    ],
    "dict_columns": [
        ("back[:n_a] * r + ", "back[:n_a] + ", "equation-23"),
        ('"dWu": du @ concat.T', '"dWu": np.clip(du @ concat.T, -5, 5)', "state"),
        ("dc = da_next * u *", "dc = da_next *", "equation-9"),
        ('"dxt": both[n_a:] + back[n_a:]', '"dxt": both[n_a:]', "equation-24"),
        ("dr = back[:n_a] * a_prev * r", "dr = back[:n_a] * r", "equation-10"),
    ],
    "sequence_batch_first": [
        ("dh = dh * z + drh * r", "dh = dh * z + drh", "equation-23"),
        ("dX[:, t] = ", "dX[:, T - 1 - t] = ", "equation-24"),
        ("for t in range(T - 1, -1, -1)", "for t in range(T - 1, 0, -1)", "equation-18"),
        ("dz = dh * (h - n) * z * (1 - z)", "dz = dh * (h - n) * z", "equation-8"),
        ('("h", dn, r * h)', '("h", dn, h)', "equation-11"),
    ],
    "one_array": [
        ("self.dWc += dc @ w.T", "self.dWc = dc @ w.T", "equation-17"),
        ("dh = dh * (1 - z) + dv[i:] + dw[i:] * r", "dh = dh * (1 - z) + dv[i:] + dw[i:]", "equation-23"),
        ("dz = dh * (c - h)", "dz = dh * (c - h) / 2", "equation-8"),
        ("dr = dw[i:] * h * r", "dr = dw[i:] * r", "equation-10"),
        ("dv[1:i] + dw[1:i]", "dv[1:i] - dw[1:i]", "equation-24"),
    ],
    "data_and_grad": [
        ("self.bias.grad += da.sum(0)", "self.bias.grad += db.sum(0)", "gru/dbn"),
        ("dr = dn * q * r", "dr = dn * h * r", "equation-10"),
        ("self.Wi.grad += x.T @ da", "self.Wi.grad += x.T @ db", "equation-12"),
        ("dz = grad_output * (h - n)", "dz = grad_output * (n - h)", "equation-8"),
        ("grad_output * z + db @", "grad_output * (1 - z) + db @", "equation-23"),
    ],
    "made_in_forward": [
        ("dn @ self.Wh.T + dz @ self.Wz.T", "dn @ self.Wh.T", "equation-24"),
        ("self.x_t, self.h_prev = x_t, h_prev", "self.x_t, self.h_prev = x_t.astype(np.float16),h_prev", "equation-12"),
        ("(1 - self.n**2)", "(1 - self.n)", "equation-9"),
        ("dr = q * self.h_prev * self.r", "dr = q * self.r", "equation-10"),
        ('("h", dn, self.r * self.h_prev)', '("h", dn, self.h_prev)', "equation-11"),
    ],
    "two_gates_stacked": [
        ("q * prev_h * r * (1 - r)", "q * prev_h * r", "equation-10"),
        ("dbht = dt.sum(0)", "dbht = dt[0]", "gru/dbn"),
        ("dt = dcurrent_h * u *", "dt = dcurrent_h *", "equation-9"),
        ("(r * prev_h).T.dot(dt)", "prev_h.T.dot(dt)", "equation-11"),
        ("dx = dt.dot(Wxt.T) + dg.dot(Wx.T)", "dx = dg.dot(Wx.T)", "equation-24"),
    ],
    "lstm_columns": [
        ('g["dc_prev"] = dc * ft', 'g["dc_prev"] = dc_next * ft', "lstm/dc"),
        ("dc_next + ot * (1", "dc_next + (1", "lstm/delta_c"),
        ("dft = dc * c_prev", "dft = dc * c_next", "lstm/dzf"),
        ("dcct = dc * it * (1 - cct**2)", "dcct = dc * it * (1 - cct)", "lstm/dzg"),
        ('"dbo": dot.sum(1, keepdims=True)', '"dbo": dot.mean(1, keepdims=True)', "lstm/dbo"),
    ],
    "lstm_sequence": [
        ("dstates[:, t] + dh, dc, Wx", "dstates[:, t] + dh, 0 * dc, Wx", "lstm/dc"),
        ("dstates[:, t] + dh, dc, Wx", "dstates[:, t], dc, Wx", "lstm/dh"),
        ("dc + dh * o * (1", "dc + dh * (1", "lstm/delta_c"),
        ("dzi = dc * g * i * (1 - i)", "dzi = dc * g * i", "lstm/dzi"),
        ("da.sum(axis=0)", "da.mean(axis=0)", "lstm/dbf"),
    ],
    "objects_that_hold": [
        ("df = self.s_prev * ds", "df = self.state.s * ds", "lstm/dzf"),
        ("ds = self.state.o * top_diff_h + top_diff_s", "ds = self.state.o * top_diff_h", "lstm/delta_c"),
    ],
    "peepholes": [
        (" + self.p_o * do + dc_next", " + dc_next", "lstm/delta_c"),
        ("do * self.c\n", "do * c_prev\n", "lstm/dpo"),
        (" + self.p_f * df\n", "\n", "lstm/dc"),
    ],
    "static_passes": [
        ("(1 - tanhCt**2)", "(1 - tanhCt)", "lstm/delta_c"),
        ("dC[t - 1] += gates_f[t, :, d : 2 * d] * dC[t]", "dC[t - 1] += dC[t]", "lstm/dc"),
    ],
    "two_states_in_a_tuple": [
        ("dc = dc + dh * o", "dc = dh * o", "lstm/delta_c"),
        ("dc * c_prev * f", "dc * c * f", "lstm/dzf"),
        ("self.db = da.sum(0)", "self.db = da[0]", "lstm/dbf"),
        ("dh * t * o * (1 - o)", "dh * c * o * (1 - o)", "lstm/dzo"),
        ("dxh[:, -H:], dc * f", "dxh[:, -H:], dc", "lstm/dc"),
    ],
    "updates_in_backward": [
        ("self.db = d\n", "self.db = 2 * d\n", "rnn/db"),
        ("(1 - self.h1**2)", "(1 - self.h1)", "rnn/dz"),
        ("dx = self.W.T @ d", "dx = -self.W.T @ d", "rnn/dx"),
        ("np.outer(d, self.h0)", "np.outer(d, self.h1)", "rnn/dW"),
        ("dh_prev = self.U.T @ d", "dh_prev = self.U @ d", "rnn/dh"),
    ],
}  # fmt: skip
"""For each family what stands in a right file, what stands in its place, and the first check that is wrong then."""

EVERY = [(name, *mistake) for name, mistakes in MISTAKES.items() for mistake in mistakes]
ONE_EACH = [(name, *mistakes[0]) for name, mistakes in MISTAKES.items()]


def first_wrong(path: Path) -> tuple[str | None, Examination]:
    """The first check that is wrong, but for those on the file's own gradients."""
    with SubmissionProcess(path) as process:
        examination = examine(process, effort=of_this_run())
    wrong = (o.check for o in examination.outcomes if o.status == "wrong" and not o.check.startswith("gradient-"))
    return next(wrong, None), examination


def require_named(name: str, old: str, new: str, check: str, tmp_path: Path) -> None:
    text = (FILES / f"{name}.py").read_text()
    (tmp_path / f"{name}.py").write_text(edited(text, (old, new)))
    first, examination = first_wrong(tmp_path / f"{name}.py")
    assert (examination.verdict, first) == ("wrong", check), examination


@pytest.mark.one_in(30)
@pytest.mark.parametrize(("name", "old", "new", "check"), ONE_EACH)
def test_a_mistake_is_named_on_its_equation(name: str, old: str, new: str, check: str, tmp_path: Path) -> None:
    require_named(name, old, new, check, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize(("name", "old", "new", "check"), EVERY)
def test_every_mistake_is_named_on_its_equation(name: str, old: str, new: str, check: str, tmp_path: Path) -> None:
    require_named(name, old, new, check, tmp_path)


def require_found(style: Style, mistake: str | None, tmp_path: Path) -> None:
    (tmp_path / "gru.py").write_text(source(style, mistake))
    first, examination = first_wrong(tmp_path / "gru.py")
    assert examination.recognition is not None
    assert examination.recognition.mapped is not None, examination.recognition.parted
    assert (examination.verdict, first) == ("wrong" if mistake else "right", mistake), examination


@pytest.mark.full
@pytest.mark.parametrize(("style", "mistake"), sample(6), ids=str)
def test_a_style_is_recognised_and_its_mistake_named(style: Style, mistake: str, tmp_path: Path) -> None:
    require_found(style, mistake, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize(
    ("style", "mistake"), [(s, mistake) for s in styles() for mistake in (None, *mistakes_of(s))], ids=str
)
def test_every_style_is_recognised_and_each_mistake_named(style: Style, mistake: str | None, tmp_path: Path) -> None:
    require_found(style, mistake, tmp_path)
