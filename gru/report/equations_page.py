"""The page docs/equations.md: every equation of the chapter, its shapes, and the mistakes people make in it.

Made from the tables of the equations and of the mistakes, as lines of Markdown. It writes no file.
"""

import re
from collections.abc import Iterator

from gru.calculus import formula
from gru.layers.gru.equations import EQUATIONS, EXPOSED, Equation
from gru.layers.gru.shapes import DIMENSIONS
from gru.mistakes import HINTS, IDEAS, catalogue, right_formula
from gru.report.words import name_of, numbered, spelled

PARTS = {
    "Forward": range(1, 8),
    "Backward, one step": range(8, 17),
    "Backward, summed over the steps": range(17, 23),
    "Backward, out of the cell": range(23, 25),
}
"""The parts of the chapter, and the equations in each."""

INTRODUCTION = """\
# The equations

This page is made from the table in `gru/layers/gru/equations.py` and the catalogue in `gru/mistakes.py`.

Vectors are rows, and there is no bias. `∘` is the elementwise product, `·` the matrix product, `σ` the logistic
sigmoid. Each equation stands here in the chapter's letters, and below that as a line of Python in the letters of a
report: `h_prev` is the attribute `h_p` of a cell, `h̃` is `n`, `Wz Wr Wh` are `wz wr wn`, and `Uz Ur Uh` are
`uz ur un`.

Below an equation are the mistakes that are known in it, by kind. `gru explain` works one out in numbers:
`gru explain equation-10/no-h-prev`. The sums (17)–(22), and (5)–(7), which a cell does not show, have no mistakes of
their own."""

_GIVEN = {
    "x": "x_t",
    "h_p": "h_{t-1}",
    "in_grad": "δ_t",
    **{"wz": "W_z", "wr": "W_r", "wn": "W_h"},
    **{"uz": "U_z", "ur": "U_r", "un": "U_h"},
}
_SYMBOLS = {equation.name: equation.symbol for equation in EQUATIONS.values()} | _GIVEN
_SIGNS = {".T": "ᵀ", "@": "·", "*": "∘", "-": "−", "sigmoid": "σ"}


def page() -> str:
    """The whole page, as Markdown."""
    lines = [INTRODUCTION, "", *_notation()]
    for title, numbers in PARTS.items():
        lines += ["", f"## {title}"]
        for number in numbers:
            lines += ["", *_section(EQUATIONS[number])]
    return "\n".join(lines) + "\n"


def in_symbols(equation: Equation) -> str:
    """An equation in the chapter's letters: `δ_zr = (δ_zh̃ · W_hᵀ) ∘ h_{t-1} ∘ r_t ∘ (1 − r_t)`."""
    if equation.is_sum:
        return f"{equation.symbol} = Σ_t {_SYMBOLS[equation.inputs[0]]}"
    parts = re.split(r"(\w+|\.T|[@*-])", formula.text(equation.expression))
    return f"{equation.symbol} = " + "".join(_SYMBOLS.get(part, _SIGNS.get(part, part)) for part in parts)


def _notation() -> Iterator[str]:
    """What a cell is given, with its shape."""
    yield "| given | in a cell | shape |"
    yield "|---|---|---|"
    for name, symbol in _GIVEN.items():
        yield f"| `{symbol}` | `{name}` | {_shape(name)} |"
    for name in ("W", "U"):
        yield f"| the three `{name}` stacked in the order z, r, h̃ | `{name}` | {_shape(name)} |"


def _section(equation: Equation) -> Iterator[str]:
    """One equation: what it is, its formula twice, what it is made of, and the mistakes in it."""
    yield f"### ({equation.number}) {name_of(equation)}"
    yield ""
    yield f"{equation.quantity[0].upper()}{equation.quantity[1:]}, of shape {_shape(equation.name)}. {_place(equation)}"
    yield ""
    yield "```text"
    yield in_symbols(equation)
    yield f"{name_of(equation)} = Σ_t {equation.inputs[0]}" if equation.is_sum else spelled(right_formula(equation))
    yield "```"
    if equation.number in IDEAS:
        yield ""
        yield f"Why: {IDEAS[equation.number]}."
    yield from _mistakes(equation)


def _shape(name: str) -> str:
    return f"({', '.join(DIMENSIONS[name])})"


def _place(equation: Equation) -> str:
    """Where an equation stands among the others."""
    made_of = [other.number for other in EQUATIONS.values() if other.name in equation.inputs]
    part_of = [other.number for other in EQUATIONS.values() if equation.name in other.inputs]
    words = [f"Made of {numbered(made_of)}."] if made_of else []
    words += [f"Part of {numbered(part_of)}."] if part_of else []
    words += [] if equation in EXPOSED else ["A cell does not show it."]
    return " ".join(words)


def _mistakes(equation: Equation) -> Iterator[str]:
    """The catalogue of an equation, the last parts of the ids by kind."""
    known = catalogue(equation.number)
    if not known:
        return
    yield ""
    yield f"| mistakes in ({equation.number}) | `equation-{equation.number}/…` |"
    yield "|---|---|"
    for kind, text in HINTS.items():
        slugs = [mistake.id.partition("/")[2] for mistake in known if mistake.kind == kind]
        if slugs:
            yield f"| {text} | {' '.join(f'`{slug}`' for slug in slugs)} |"
