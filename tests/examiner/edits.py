"""Wrong cells as people write them: the source of right cells in several styles, with one place edited.

Each edit knows what is true of it: the checks that are wrong, and the kinds of facts that explain them. They are
written apart from the catalogue of `gru.mistakes`, which knows only formulas. Nothing here examines anything.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

FORWARD = {
    "z": "sigmoid(hp @ wz + x @ uz)",
    "r": "sigmoid(hp @ wr + x @ ur)",
    "n": "tanh((r * hp) @ wn + x @ un)",
    "h": "(1 - z) * hp + z * n",
}
BACKWARD = {
    "dzz": "in_grad * (n - hp) * dsigmoid(z)",
    "dzn": "in_grad * z * dtanh(n)",
    "dzr": "(dzn @ wn.T) * hp * dsigmoid(r)",
    "dwn": "(r * hp).T @ dzn",
    "dun": "x.T @ dzn",
    "dwr": "hp.T @ dzr",
    "dur": "x.T @ dzr",
    "dwz": "hp.T @ dzz",
    "duz": "x.T @ dzz",
    "dW": "np.concatenate((dwz, dwr, dwn))",
    "dU": "np.concatenate((duz, dur, dun))",
    "dh": "in_grad * (1 - z) + (dzn @ wn.T) * r + dzr @ wr.T + dzz @ wz.T",
    "dx": "dzn @ un.T + dzr @ ur.T + dzz @ uz.T",
}
HELPERS = {
    "sigmoid": "1 / (1 + np.exp(-a))",
    "tanh": "np.tanh(a)",
    "dsigmoid": "a * (1 - a)",
    "dtanh": "1 - a ** 2",
}
SPLIT = {"split": "w[:size], w[size : 2 * size], w[2 * size :]"}
REQUIRED = ("h", "dW", "dU", "dh", "dx")

HEAD = """
import numpy as np
{module}
def sigmoid(a):
    return {sigmoid}

def tanh(a):
    return {tanh}

def dsigmoid(a):
    return {dsigmoid}

def dtanh(a):
    return {dtanh}

class GRUCell:
    {members}
    def __init__(self, input_size, hidden_size):
        self.input_size, self.hidden_size = input_size, hidden_size
        {made}

    def split_params(self, w, size):
        return {split}

    def get_params(self, W, U):
        self.wz, self.wr, self.wn = self.split_params(W, self.hidden_size)
        self.uz, self.ur, self.un = self.split_params(U, self.input_size)
"""


@dataclass(frozen=True, eq=False)
class Edit:
    """One change of a right cell, and what is true of the result.

    Attributes:
        id: What is done, in words.
        changes: The new text of each place that is changed: an equation, a helper, or a line that is added
            `before` or `after` forward or backward.
        wrong: The checks that are wrong, each with the kinds of facts that explain it rightly.
        hidden: The same where the intermediate values are not shown; None where it is the same.
        only: The styles in which the edit makes sense; empty for all.
    """

    id: str
    changes: Mapping[str, str]
    wrong: Mapping[str, frozenset[str]]
    hidden: Mapping[str, frozenset[str]] | None = None
    only: tuple[str, ...] = ()


STYLES = ("attributes", "helpers", "hidden")


@dataclass(frozen=True, eq=False)
class WrongCell:
    """An edit in a style."""

    edit: Edit
    style: str

    @property
    def id(self) -> str:
        return f"{self.edit.id} [{self.style}]"

    @property
    def wrong(self) -> Mapping[str, frozenset[str]]:
        hidden = self.edit.hidden
        return self.edit.wrong if self.style != "hidden" or hidden is None else hidden

    @property
    def cell(self) -> type:
        return cell_of(source(self.edit.changes, self.style))

    @property
    def open_cell(self) -> type:
        """The same mathematics with all values shown."""
        return cell_of(source(self.edit.changes, "helpers"))


def cell_of(text: str) -> type:
    """The class that a source defines."""
    names: dict[str, Any] = {}
    exec(compile(text, "<edited>", "exec"), names)
    cell = names["GRUCell"]
    assert isinstance(cell, type)
    return cell


def source(changes: Mapping[str, str], style: str) -> str:
    """A cell with these changes, in a style; no changes make a right one."""
    slots = HELPERS | SPLIT | {"module": "", "members": "", "made": "pass"} | FORWARD | BACKWARD | dict(changes)
    lines = [HEAD.format(**slots)]
    lines += ["    def forward(self, x, h_p, W, U):", "        self.get_params(W, U)"]
    lines += _method(FORWARD, slots, style, "forward", {"x": "x", "hp": "h_p"})
    lines += ["    def backward(self, h_p, in_grad):"]
    kept = {name: "_" * (style == "hidden" and name != "h") + name for name in ("x", *FORWARD)}
    lines += _method(BACKWARD, slots, style, "backward", {name: f"self.{own}" for name, own in kept.items()})
    lines += ["    def merge_params(self):", "        pass"]
    return "\n".join(lines) + "\n"


def _method(
    equations: Mapping[str, str], slots: Mapping[str, str], style: str, name: str, at: dict[str, str]
) -> list[str]:
    """The body of forward or backward: one line an equation, then what is shown of it."""
    weights = {f"{kind}{gate}": f"self.{kind}{gate}" for kind in "wu" for gate in "zrn"}
    if style == "attributes":
        names = at | weights | {"hp": "h_p"} | {e: f"self.{e}" for e in equations}
        if name == "forward":
            names["x"] = "x"
        body = [f"{names[e]} = {_written_out(slots[e])}" for e in equations]
    else:
        names = {"hp": "h_p"} | weights
        body = [f"{own} = {value}" for own, value in at.items() if own != value]
        body += [f"{e} = {slots[e]}" for e in equations]
        shown = (e for e in equations if style != "hidden" or e in REQUIRED)
        body += [f"self.{e} = {e}" for e in shown]
        if style == "hidden" and name == "forward":
            body += [f"self._{e} = {e}" for e in ("z", "r", "n")]
    body = [f"self.{'_' * (style == 'hidden')}x = x"] * (name == "forward") + body
    before, after = (slots.get(f"{place} {name}", "") for place in ("before", "after"))
    body = [*before.splitlines(), *body, *after.splitlines()]
    renamed = (re.sub(r"(?<![\w.])[a-zA-Z]\w*", lambda word: names.get(word[0], word[0]), line) for line in body)
    return [f"        {line}" for line in renamed]


def _written_out(text: str) -> str:
    """A formula with the slopes written out, as in the chapter."""
    text = re.sub(r"dsigmoid\((\w+)\)", r"\1 * (1 - \1)", text)
    return re.sub(r"dtanh\((\w+)\)", r"(1 - \1 * \1)", text)


def _edit(
    id: str,
    changes: Mapping[str, str],
    *kinds: str,
    at: str = "",
    only: tuple[str, ...] = (),
    hidden: Mapping[str, frozenset[str]] | None = None,
) -> Edit:
    """An edit of one equation that is wrong by itself; `at` where the check is not that of its first change."""
    return Edit(id, changes, {at or NUMBERS[next(iter(changes))]: frozenset(kinds)}, hidden, only)


NUMBERS = {
    name: f"equation-{number}"
    for name, number in zip(
        ("z", "r", "n", "h", "dzz", "dzn", "dzr", "dwn", "dun", "dwr", "dur", "dwz", "duz", "dh", "dx"),
        (1, 2, 3, 4, *range(8, 17), 23, 24),
        strict=True,
    )
}


def _formulas() -> Iterator[Edit]:
    """One slip in one formula."""
    a = {gate: f"hp @ w{gate} + x @ u{gate}" for gate in "zr"} | {"n": "(r * hp) @ wn + x @ un"}
    yield _edit("ReLU for tanh in n", {"n": f"np.maximum({a['n']}, 0)"}, "other-function")
    yield _edit("σ by three lines", {"r": f"np.clip(0.2 * ({a['r']}) + 0.5, 0, 1)"}, "other-function")
    yield _edit("z kept from 0 and 1", {"z": f"np.clip(sigmoid({a['z']}), 1e-6, 1 - 1e-6)"}, "clipped")
    yield _edit("h of r", {"h": "(1 - r) * hp + r * n"}, "r-for-z-throughout")
    yield _edit("dzz with σ′ of r", {"dzz": "in_grad * (n - hp) * dsigmoid(r)"}, "r-for-z-throughout")
    yield _edit("dzn clipped to ±0.3", {"dzn": "np.clip(in_grad * z * dtanh(n), -0.3, 0.3)"}, "clipped")
    yield _edit("dun without what is negative", {"dun": "np.maximum(x.T @ dzn, 0)"}, "clipped")
    yield _edit("dwr of the reset state", {"dwr": "(r * hp).T @ dzr"}, "r-too-many")
    yield _edit("dzr with σ′ inside", {"dzr": "((dzn * dsigmoid(r)) @ wn.T) * hp"}, "inside-r-one-minus-r")
    yield _edit("σ twice in z", {"z": f"sigmoid(sigmoid({a['z']}))"}, "activated-twice")
    yield _edit("no σ in r", {"r": a["r"]}, "not-activated")
    yield _edit("tanh for σ in r", {"r": f"tanh({a['r']})"}, "other-activation")
    yield _edit("σ for tanh in n", {"n": f"sigmoid({a['n']})"}, "other-activation")
    yield _edit("2σ − 1 for tanh", {"n": f"2 * sigmoid({a['n']}) - 1"}, "half-argument")
    yield _edit("tanh twice in n", {"n": f"tanh(tanh({a['n']}))"}, "activated-twice")
    yield _edit("σ without minus in z", {"z": f"1 / (1 + np.exp({a['z']}))"}, "no-minus", "one-minus")
    yield _edit("z takes W_r", {"z": "sigmoid(hp @ wr + x @ uz)"}, "wr-for-wz")
    yield _edit("no reset", {"n": "tanh(hp @ wn + x @ un)"}, "no-r")
    yield _edit("reset after", {"n": "tanh(r * (hp @ wn) + x @ un)"}, "of-reset-after", "of-torch")
    yield _edit("no input in r", {"r": "sigmoid(hp @ wr)"}, "no-x-ur")
    yield _edit("h with n twice", {"h": "(1 - z) * hp + z * n + z * n"}, "twice-z-n")
    yield _edit("h without z", {"h": "(1 - z) * hp + n"}, "no-z")
    yield _edit("h with a minus", {"h": "(1 - z) * hp - z * n"}, "minus-z-n")
    yield _edit("dzz without slope", {"dzz": "in_grad * (n - hp)"}, "no-sigmoid-derivative")
    yield _edit("dzz reversed", {"dzz": "in_grad * (hp - n) * dsigmoid(z)"}, "n-h-prev-reversed", "negated")
    yield _edit("dzz with tanh′", {"dzz": "in_grad * (n - hp) * (1 - z ** 2)"}, "tanh-derivative")
    yield _edit("dzz with σ′(σ)", {"dzz": "in_grad * (n - hp) * dsigmoid(sigmoid(z))"}, "activated-slope")
    yield _edit("dzz with ε", {"dzz": "in_grad * (n - hp) * (dsigmoid(z) + 1e-6)"}, "added-to-slope")
    yield _edit("dzz without δ", {"dzz": "(n - hp) * dsigmoid(z)"}, "no-delta")
    yield _edit("dzz plus a constant", {"dzz": "in_grad * (n - hp) * dsigmoid(z) + 0.01"}, "constant-added")
    yield _edit("dzz clipped", {"dzz": "np.clip(in_grad * (n - hp) * dsigmoid(z), -0.5, 0.5)"}, "clipped")
    yield _edit("dzz rounded", {"dzz": "np.round(in_grad * (n - hp) * dsigmoid(z), 4)"}, "rounded")
    yield _edit("dzz averaged", {"dzz": "in_grad * (n - hp) * dsigmoid(z) / x.shape[0]"}, "averaged")
    yield _edit("dzz without sign", {"dzz": "np.abs(in_grad * (n - hp) * dsigmoid(z))"}, "no-sign")
    yield _edit("dzn with tanh(n)", {"dzn": "in_grad * z * (1 - np.tanh(n) ** 2)"}, "activated-slope", "activated-n")
    yield _edit(
        "dzn with tanh′(1 − n²)",
        {"dzn": "in_grad * z * dtanh(1 - n ** 2)"},
        "slope-of-slope",
        only=("helpers", "hidden"),
    )
    yield _edit("dzn with 1 − n", {"dzn": "in_grad * z * (1 - n)"}, "n-not-squared")
    yield _edit("dzn with σ′", {"dzn": "in_grad * z * n * (1 - n)"}, "sigmoid-derivative")
    yield _edit("dzn with 1 + n²", {"dzn": "in_grad * z * (1 + n ** 2)"}, "1-n-n-plus")
    yield _edit("dzn with 1 − z", {"dzn": "in_grad * (1 - z) * dtanh(n)"}, "one-minus-z-for-z")
    yield _edit("dzn plus a constant", {"dzn": "in_grad * z * dtanh(n) + 1e-3"}, "constant-added")
    yield _edit("dzn 1.3 times", {"dzn": "1.3 * in_grad * z * dtanh(n)"}, "ratio")
    yield _edit("dzn slightly off", {"dzn": "in_grad * z * dtanh(n) * (1 + 3e-7)"}, "ratio")
    yield _edit("dzn in half precision", {"dzn": "(in_grad * z * dtanh(n)).astype(np.float16).astype(float)"}, "coarse")
    yield _edit("dzr without h_prev", {"dzr": "(dzn @ wn.T) * dsigmoid(r)"}, "no-h-prev")
    yield _edit("dzr without r", {"dzr": "(dzn @ wn.T) * hp * (1 - r)"}, "no-r")
    yield _edit(
        "dzr without W",
        {"dzr": "dzn * hp * dsigmoid(r)"},
        "no-wn-T",
        "of-reset-after",
        "no-dzn-wn-T",
        "no-product-wn-T",
    )
    yield _edit("dzr with W", {"dzr": "(dzn @ wn) * hp * dsigmoid(r)"}, "untransposed-wn")
    yield _edit("dzr from dzz", {"dzr": "(dzz @ wn.T) * hp * dsigmoid(r)"}, "dzz-for-dzn")
    yield _edit("dzr without h_prev and r", {"dzr": "(dzn @ wn.T) * (1 - r)"}, "no-h-prev", "no-r")
    yield _edit("dzr without h_prev and 1 − r", {"dzr": "(dzn @ wn.T) * r"}, "no-h-prev", "no-one-minus-r")
    yield _edit("dzr with n, negated", {"dzr": "-(dzn @ wn.T) * n * dsigmoid(r)"}, "n-for-h-prev", "negated")
    yield _edit("dwn without r", {"dwn": "hp.T @ dzn"}, "no-r")
    yield _edit("dwn averaged", {"dwn": "(r * hp).T @ dzn / len(x)"}, "averaged")
    yield _edit("dwn with weight decay", {"dwn": "(r * hp).T @ dzn + 0.01 * wn"}, "multiple-added")
    yield _edit("dwn plus ε", {"dwn": "(r * hp).T @ dzn + 1e-6"}, "constant-added")
    yield _edit("dwr with h", {"dwr": "h.T @ dzr"}, "h-for-h-prev")
    yield _edit("dwz of one row", {"dwz": "hp[:1].T @ dzz[:1]"}, "one-row")
    yield _edit("dur from dzn", {"dur": "x.T @ dzn"}, "dzn-for-dzr")
    yield _edit("duz negated", {"duz": "-x.T @ dzz"}, "negated")
    yield _edit(
        "duz without first entry",
        {"duz": "(x.T @ dzz) * (np.arange((x.T @ dzz).size).reshape((x.T @ dzz).shape) > 0)"},
        "place",
    )
    yield _edit(
        "dun without last column", {"dun": "(x.T @ dzn) * (np.arange(dzn.shape[1]) < dzn.shape[1] - 1)"}, "place"
    )
    yield _edit(
        "dh without first term",
        {"dh": "(dzn @ wn.T) * r + dzr @ wr.T + dzz @ wz.T"},
        "no-in-grad-1-z",
        "no-delta-1-z",
        "no-delta-one-minus-z",
    )
    yield _edit("dh without last term", {"dh": "in_grad * (1 - z) + (dzn @ wn.T) * r + dzr @ wr.T"}, "no-dzz-wz-T")
    yield _edit(
        "dh with a minus", {"dh": "in_grad * (1 - z) + (dzn @ wn.T) * r - dzr @ wr.T + dzz @ wz.T"}, "minus-dzr-wr-T"
    )
    yield _edit("dh without r", {"dh": "in_grad * (1 - z) + dzn @ wn.T + dzr @ wr.T + dzz @ wz.T"}, "no-r")
    yield _edit(
        "dh: no 1 − z, W_z not transposed",
        {"dh": "in_grad + (dzn @ wn.T) * r + dzr @ wr.T + dzz @ wz"},
        "no-one-minus-z",
        "untransposed-wz",
    )
    yield _edit(
        "dh without two terms",
        {"dh": "in_grad * (1 - z) + (dzn @ wn.T) * r"},
        "no-dzr-wr-T",
        "no-dzz-wz-T",
        "coefficient",
    )
    yield _edit(
        "dh with z and no r",
        {"dh": "in_grad * z + dzn @ wn.T + dzr @ wr.T + dzz @ wz.T"},
        "z-for-one-minus-z",
        "only-z",
        "no-r",
    )
    yield _edit(
        "dh with half a term",
        {"dh": "in_grad * (1 - z) + (dzn @ wn.T) * r + 0.3 * dzr @ wr.T + dzz @ wz.T"},
        "coefficient",
    )
    yield _edit("dx without a term", {"dx": "dzn @ un.T + dzr @ ur.T"}, "no-dzz-uz-T")
    yield _edit("dx with a term twice", {"dx": "dzn @ un.T + dzn @ un.T + dzr @ ur.T + dzz @ uz.T"}, "twice-dzn-un-T")
    yield _edit("dx averaged", {"dx": "(dzn @ un.T + dzr @ ur.T + dzz @ uz.T) / len(x)"}, "averaged")
    yield _edit("dx zero", {"dx": "np.zeros_like(x)"}, "zero")
    yield _edit("dx by input", {"dx": "(dzn @ un.T + dzr @ ur.T + dzz @ uz.T) / x.shape[1]"}, "divided-by-size")


def _misread() -> Iterator[Edit]:
    """One slip in one formula, of those that come from reading it wrongly."""
    yield _edit("dzz without brackets", {"dzz": "in_grad * (n - hp) * z * 1 - z"}, "no-brackets-one-minus-z")
    yield _edit(
        "dzz with δ times n alone", {"dzz": "in_grad * n - hp * dsigmoid(z)"}, "no-brackets-n-h-prev-3", only=STYLES[:2]
    )
    yield _edit("dzn with 1 − 2n²", {"dzn": "in_grad * z * (1 - 2 * n ** 2)"}, "other-slope")
    yield _edit("dzn with n³", {"dzn": "in_grad * z * (1 - n ** 3)"}, "n-three-times")
    yield _edit("dzn with 1 / cosh", {"dzn": "in_grad * z * np.sqrt(1 - n ** 2)"}, "root-of-slope")
    yield _edit("dzr of what comes to n", {"dzr": "((in_grad * z) @ wn.T) * hp * dsigmoid(r)"}, "dzn-before-slope")
    yield _edit("duz of what comes to z", {"duz": "x.T @ (in_grad * (n - hp))"}, "dzz-before-slope")
    yield _edit("dun with r", {"dun": "x.T @ (r * dzn)"}, "r-too-many")
    yield _edit("duz of sums", {"duz": "np.outer(x.sum(0), dzz.sum(0))"}, "rows-mixed")
    yield _edit("dwr above the diagonal", {"dwr": "np.triu(hp.T @ dzr)"}, "altered")
    yield _edit("dx in reverse", {"dx": "(dzn @ un.T + dzr @ ur.T + dzz @ uz.T)[:, ::-1]"}, "altered")
    yield _edit("dzn cut to whole numbers", {"dzn": "np.trunc(in_grad * z * dtanh(n))"}, "altered", only=STYLES[:2])
    yield _edit("dx as signs", {"dx": "np.sign(dzn @ un.T + dzr @ ur.T + dzz @ uz.T)"}, "altered")
    yield _edit("dwz by the root of the batch", {"dwz": "hp.T @ dzz / np.sqrt(len(x))"}, "divided-by-size")
    yield _edit(
        "dx with dzz and dzr exchanged", {"dx": "dzn @ un.T + dzz @ ur.T + dzr @ uz.T"}, "dzz-and-dzr-exchanged"
    )
    yield _edit(
        "dh with no transposed weight",
        {"dh": "in_grad * (1 - z) + (dzn @ wn) * r + dzr @ wr + dzz @ wz"},
        "untransposed-throughout",
    )
    yield _edit("dwr is dwz", {"dwr": "hp.T @ dzz"}, "dzz-for-dzr")
    yield _edit("h with tanh", {"h": "tanh((1 - z) * hp + z * n)"}, "altered")
    yield _edit("n by terms", {"n": "tanh((r * hp) @ wn) + tanh(x @ un)"}, "activated-by-terms")
    yield _edit("z by one term", {"z": "hp @ wz + sigmoid(x @ uz)"}, "activated-in-part-2")
    single = "np.concatenate((duz, dur, dun)).astype(np.float32)"
    yield _edit("dzn off by 1e-6, dU in float32", {"dzn": "in_grad * z * dtanh(n) * (1 + 1e-6)", "dU": single}, "ratio")


def _other_parts() -> Iterator[Edit]:
    """Something else in place of a part: a quotient, a power, a sum, a function of it, another term."""
    kind = "other-part"
    yield _edit("dzz with a division", {"dzz": "in_grad * (n - hp) * z / (1 - z)"}, kind)
    yield _edit("dzr of a mean", {"dzr": "(dzn @ wn.T) * hp.mean(axis=0) * dsigmoid(r)"}, kind)
    yield _edit("dzr with δ too", {"dzr": "(dzn @ wn.T + in_grad) * hp * dsigmoid(r)"}, kind)
    yield _edit("dun of two δ", {"dun": "x.T @ (dzn + dzz)"}, kind)
    yield _edit("dur of positive x", {"dur": "np.maximum(x, 0).T @ dzr"}, kind)
    yield _edit("duz of x²", {"duz": "(x ** 2).T @ dzz"}, kind)
    yield _edit("n with r on both terms", {"n": "tanh(r * (hp @ wn + x @ un))"}, kind)
    yield _edit("dwz with the sign of W_z", {"dwz": "hp.T @ dzz + 0.01 * np.sign(wz)"}, "multiple-added")
    yield _edit(
        "dh with slopes twice",
        {"dh": "in_grad * (1 - z) + (dzn @ wn.T) * r + (dzr * r) @ wr.T + (dzz * z) @ wz.T"},
        kind,
    )
    yield _edit(
        "tanh′ kept above 0.05", {"dtanh": "np.maximum(1 - a ** 2, 0.05)"}, kind, at="equation-9", only=STYLES[1:]
    )


def _helpers() -> Iterator[Edit]:
    """A slip in a helper, which every equation that calls it shares."""
    only = ("helpers", "hidden")
    both = {"equation-1": frozenset({"no-minus", "one-minus"}), "equation-2": frozenset({"no-minus", "one-minus"})}
    yield Edit("σ has lost its minus", {"sigmoid": "1 / (1 + np.exp(a))"}, both)
    clipped = frozenset({"clipped"})
    for size in (6, 20):
        changes = {"sigmoid": f"1 / (1 + np.exp(-np.clip(a, -{size}, {size})))"}
        yield Edit(f"σ clipped at ±{size}", changes, {"equation-1": clipped, "equation-2": clipped})
    yield Edit("tanh clipped at ±5", {"tanh": "np.tanh(np.clip(a, -5, 5))"}, {"equation-3": clipped})
    slopes = frozenset({"activated-slope"})
    yield Edit(
        "σ′ of σ",
        {"dsigmoid": "sigmoid(a) * (1 - sigmoid(a))"},
        {"equation-8": slopes, "equation-10": slopes},
        only=only,
    )
    squares = frozenset({"sigmoid-squared", "z-squared", "tanh-derivative"})
    yield Edit("σ′ as 1 − a²", {"dsigmoid": "1 - a ** 2"}, {"equation-8": squares, "equation-10": squares}, only=only)
    kinds = frozenset({"n-not-squared"})
    yield Edit("tanh′ not squared", {"dtanh": "1 - a"}, {"equation-9": kinds}, only=only)
    yield Edit(
        "tanh′ of tanh",
        {"dtanh": "1 - np.tanh(a) ** 2"},
        {"equation-9": frozenset({"activated-slope", "activated-n"})},
        only=only,
    )
    added = frozenset({"added-to-slope"})
    yield Edit("σ′ plus ε", {"dsigmoid": "a * (1 - a) + 1e-7"}, {"equation-8": added, "equation-10": added}, only=only)


def _where() -> Iterator[Edit]:
    """Formulas that are wrong on some problems only."""
    wrong = "(dzn @ wn.T) * dsigmoid(r)"
    right = "(dzn @ wn.T) * hp * dsigmoid(r)"
    for words, condition in {
        "batch above 1": "len(x) > 1",
        "batch 1": "len(x) == 1",
        "hidden above 8": "r.shape[1] > 8",
        "hidden above 30": "r.shape[1] > 30",
        "float32": "x.dtype == np.float32",
        "a large δ": "np.abs(in_grad).max() > 100",
        "a large state": "np.abs(hp).max() > 0.9",
    }.items():
        yield _edit(f"dzr wrong at {words}", {"dzr": f"{wrong} if {condition} else {right}"}, "no-h-prev")


def _several() -> Iterator[Edit]:
    """Two slips in two equations."""
    yield Edit(
        "(10) and (13) negated",
        {"dzr": "-(dzn @ wn.T) * hp * dsigmoid(r)", "dwr": "-hp.T @ dzr"},
        {"equation-10": frozenset({"negated"}), "equation-13": frozenset({"negated"})},
    )
    yield Edit(
        "(8) halved, (16) doubled",
        {"dzz": "0.5 * in_grad * (n - hp) * dsigmoid(z)", "duz": "2 * x.T @ dzz"},
        {"equation-8": frozenset({"halved"}), "equation-16": frozenset({"doubled"})},
    )
    yield Edit(
        "(9) without z, (23) without r",
        {"dzn": "in_grad * dtanh(n)", "dh": "in_grad * (1 - z) + dzn @ wn.T + dzr @ wr.T + dzz @ wz.T"},
        {"equation-9": frozenset({"no-z"}), "equation-23": frozenset({"no-r"})},
    )


def _stacks() -> Iterator[Edit]:
    """What is stacked, or taken apart, in another way."""
    merge = {"at": "merge", "only": ("attributes", "helpers")}
    yield _edit("dW in the order r, z, n", {"dW": "np.concatenate((dwr, dwz, dwn))"}, "order-r-z-n", **merge)  # type: ignore[arg-type]
    yield _edit("dW negated", {"dW": "-np.concatenate((dwz, dwr, dwn))"}, "stack-ratio", **merge)  # type: ignore[arg-type]
    yield _edit("dU averaged", {"dU": "np.concatenate((duz, dur, dun)) / len(x)"}, "stack-averaged", **merge)  # type: ignore[arg-type]
    yield _edit("dW clipped", {"dW": "np.clip(np.concatenate((dwz, dwr, dwn)), -0.1, 0.1)"}, "stack-clipped", **merge)  # type: ignore[arg-type]
    yield _edit(
        "dU in single precision",
        {"dU": "np.concatenate((duz, dur, dun)).astype(np.float32).astype(float)"},
        "stack-coarse",
        **merge,
    )  # type: ignore[arg-type]
    averaged = {"merge": frozenset({"stack-averaged"})}
    stacks = {kind: f"np.concatenate((d{kind.lower()}z, d{kind.lower()}r, d{kind.lower()}n))" for kind in "WU"}
    yield Edit("dW and dU averaged", {f"d{kind}": f"{whole} / len(x)" for kind, whole in stacks.items()}, averaged)
    yield Edit(
        "dW and dU averaged, and (8)",
        {f"d{kind}": f"{whole} / len(x)" for kind, whole in stacks.items()} | {"dzz": "in_grad * (n - hp) * z"},
        averaged | {"equation-8": frozenset({"no-one-minus-z"})},
    )
    clipped = {"merge": frozenset({"stack-clipped"})}
    yield Edit("dW and dU clipped", {f"d{k}": f"np.clip({whole}, -1, 1)" for k, whole in stacks.items()}, clipped)
    yield _edit(
        "split in the order r, z, n",
        {"split": "w[size : 2 * size], w[:size], w[2 * size :]"},
        "order-r-z-n",
        at="split",
        only=("attributes", "helpers"),
    )


def _states() -> Iterator[Edit]:
    """What is kept, shared, changed or random."""
    random = {"module": "random = np.random.default_rng(0)"}
    yield Edit(
        "noise in dzz",
        random | {"dzz": "in_grad * (n - hp) * dsigmoid(z) + 1e-4 * random.normal(size=z.shape)"},
        {"state": frozenset({"every-call"}), "equation-8": frozenset({"varies"})},
    )
    yield Edit(
        "dropout in h",
        random | {"h": "((1 - z) * hp + z * n) * (random.random(z.shape) < 0.8)"},
        {"state": frozenset({"forward-differs", "every-call"}), "equation-4": frozenset({"varies"})},
    )
    yield Edit(
        "the sign of dx flips",
        {
            "made": "self.sign = 1",
            "dx": "self.sign * (dzn @ un.T + dzr @ ur.T + dzz @ uz.T)",
            "after backward": "self.sign = -self.sign",
        },
        {"state": frozenset({"sign-flips"})},
    )
    yield Edit(
        "dW is added up",
        {
            "made": "self.total = 0",
            "dW": "self.total + np.concatenate((dwz, dwr, dwn))",
            "after backward": "self.total = self.dW",
        },
        {"state": frozenset({"added-up"})},
    )
    yield Edit(
        "in_grad is changed",
        {"after backward": "in_grad *= 0.5"},
        {"state": frozenset({"changed-argument", "read-only"})},
    )
    yield Edit(
        "dh is kept",
        {
            "made": "self.cache = {}",
            "dh": "self.cache.setdefault(1, in_grad * (1 - z) + (dzn @ wn.T) * r + dzr @ wr.T + dzz @ wz.T)",
        },
        {"state": frozenset({"kept-from-first-use"})},
    )
    yield Edit(
        "(8) with the z of the last cell",
        {
            "module": "last = {}",
            "after forward": "last['z'] = z",
            "dzz": "in_grad * (n - hp) * last['z'] * (1 - last['z'])",
        },
        {"state": frozenset({"of-another-step"})},
    )
    yield Edit(
        "every third call",
        {
            "module": "calls = [0]",
            "before forward": "calls[0] += 1",
            "dx": "(dzn @ un.T + dzr @ ur.T + dzz @ uz.T) * (1 if calls[0] % 3 else 2)",
        },
        {
            "state": frozenset({"kept-from-a-problem"}),
            "equation-24": frozenset({"ratio", "doubled"}),
        },
    )


@cache
def edits() -> tuple[Edit, ...]:
    """All of them."""
    return tuple(
        edit
        for made in (_formulas, _misread, _other_parts, _helpers, _where, _several, _stacks, _states)
        for edit in made()
    )


@cache
def wrong_cells() -> tuple[WrongCell, ...]:
    """Every edit in every style in which it makes sense."""
    return tuple(WrongCell(edit, style) for edit in edits() for style in STYLES if style in (edit.only or STYLES))


__all__ = ["STYLES", "Edit", "WrongCell", "edits", "source", "wrong_cells"]
