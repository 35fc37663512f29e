"""The pages docs/equations.md, docs/lstm.md and docs/rnn.md: every equation of a layer, and the mistakes in it.

Made from the tables of the equations and of the mistakes, as lines of Markdown. It writes no file.
"""

import re
from collections.abc import Iterator

from gru.calculus import formula
from gru.layer import Equation, Form
from gru.layers.gru.forms import CHAPTER
from gru.mistakes import HINTS, catalogue
from gru.report.words import listed

PARTS = {
    "Forward": range(1, 8),
    "Backward, one step": range(8, 17),
    "Backward, summed over the steps": range(17, 23),
    "Backward, out of the cell": range(23, 25),
}
"""The parts of the chapter, and the equations in each."""

INTRODUCTION = """\
# The equations

This page is made from the table in `gru/layers/gru/equations.py` and the catalogue in `gru/mistakes/`.

Vectors are rows, and there is no bias. `∘` is the elementwise product, `·` the matrix product, `σ` the logistic
sigmoid. Each equation stands here in the chapter's letters, and below that as a line of Python in the letters of a
report: `h_prev` is the attribute `h_p` of a cell, `h̃` is `n`, `Wz Wr Wh` are `wz wr wn`, and `Uz Ur Uh` are
`uz ur un`.

Below an equation are the mistakes that are known in it, by kind. `gru explain` works one out in numbers:
`gru explain equation-10/no-h-prev`. The sums (17)–(22), and (5)–(7), which a cell does not show, have no mistakes of
their own."""

_COUNTS = {2: "two", 3: "three", 4: "four"}
_SIGNS = {".T": "ᵀ", "@": "·", "*": "∘", "-": "−", "sigmoid": "σ"}


def page(form: Form = CHAPTER) -> str:
    """The whole page of a layer, as Markdown."""
    lines = [INTRODUCTION if form is CHAPTER else _introduction(form), "", *_notation(form)]
    for title, equations in _parts(form).items():
        lines += ["", f"## {title}"]
        for equation in equations:
            lines += ["", *_section(equation, form)]
    return "\n".join(lines) + "\n"


def _introduction(form: Form) -> str:
    layer = form.layer
    blocks = {block for stack in form.stacks for block in stack.blocks}
    names = [(name, text) for name, text in form.spelling.items() if name not in blocks]
    written = ", ".join(f"`{name}` is written `{text}`" for name, text in names)
    return f"""\
# The {layer.title}

This page is made from the table in `gru/layers/{layer.id}/equations.py` and the catalogue in `gru/mistakes/`.
`gru check --layer {layer.id} FILE` examines a file with a class `{layer.cell}`, whose methods are
`{_call(form, "forward")}` and `{_call(form, "backward")}`.

Vectors are rows. `∘` is the elementwise product, `·` the matrix product, `σ` the logistic sigmoid. Each equation stands
here in the letters of a text, and below that as a line of Python in the letters of a report, in which {written}.

Below an equation are the mistakes that are known in it, by kind: `gru explain --layer {layer.id} ID` works one out."""


def _call(form: Form, method: str) -> str:
    before = [carried.previous for carried in form.layer.carried]
    upstream = [carried.upstream for carried in form.layer.carried]
    given = [form.layer.input, *before, *(s.name for s in form.stacks)] if method == "forward" else [*before, *upstream]
    return f"{method}({', '.join(given)})"


def _parts(form: Form) -> dict[str, list[Equation]]:
    """The equations under their headings."""
    if form is CHAPTER:
        return {title: [form.equations[number] for number in numbers] for title, numbers in PARTS.items()}
    outputs = {form.layer.input, *(carried.previous for carried in form.layer.carried)}
    equations = list(form.named.values())
    return {
        "Forward": list(form.forward),
        "Backward, one step": [e for e in equations if e.of is not None and e.of not in outputs],
        "Backward, summed over the steps": list(form.sums),
        "Backward, out of the cell": [e for e in equations if e.of in outputs],
    }


def in_symbols(equation: Equation, form: Form = CHAPTER) -> str:
    """An equation in the chapter's letters: `δ_zr = (δ_zh̃ · W_hᵀ) ∘ h_{t-1} ∘ r_t ∘ (1 − r_t)`."""
    if equation.is_sum:
        return f"{equation.symbol} = Σ_t {form.symbols[equation.inputs[0]]}"
    parts = re.split(r"(\w+|\.T|[@*-])", formula.text(equation.expression))
    return f"{equation.symbol} = " + "".join(form.symbols.get(part, _SIGNS.get(part, part)) for part in parts)


def _notation(form: Form) -> Iterator[str]:
    """What a cell is given, with its shape."""
    yield "| given | in a cell | shape |"
    yield "|---|---|---|"
    blocks = [block for stack in form.stacks for block in stack.blocks]
    for name in (*(name for name in form.given if name not in form.blocks), *blocks):
        yield f"| `{form.symbols[name]}` | `{name}` | {_shape(form, name)} |"
    order = form.spelled(", ".join(form.layer.gates))
    for stack in form.stacks:
        if stack.is_stacked:
            name, count = stack.name, _COUNTS[len(stack.gates)]
            yield f"| the {count} `{name}` stacked in the order {order} | `{name}` | {_shape(form, name)} |"


def _section(equation: Equation, form: Form) -> Iterator[str]:
    """One equation: what it is, its formula twice, what it is made of, and the mistakes in it."""
    yield f"### {equation.short} {equation.title}" if equation.number is not None else f"### {equation.title}"
    yield ""
    meaning = f"{equation.quantity[0].upper()}{equation.quantity[1:]}"
    yield f"{meaning}, of shape {_shape(form, equation.name)}. {_place(equation, form)}"
    yield ""
    yield "```text"
    yield in_symbols(equation, form)
    yield f"{equation.title} = Σ_t {equation.inputs[0]}" if equation.is_sum else form.spelled(equation.formula)
    yield "```"
    if equation.idea:
        yield ""
        yield f"Why: {equation.idea}."
    yield from _mistakes(equation, form)


def _shape(form: Form, name: str) -> str:
    return f"({', '.join(form.dimensions[name])})"


def _place(equation: Equation, form: Form) -> str:
    """Where an equation stands among the others."""
    made_of = [other for other in form.named.values() if other.name in equation.inputs]
    part_of = [other for other in form.named.values() if equation.name in other.inputs]
    words = [f"Made of {listed(made_of)}."] if made_of else []
    words += [f"Part of {listed(part_of)}."] if part_of else []
    words += [] if equation.has_check and (equation.is_shown or equation.is_sum) else ["A cell does not show it."]
    return " ".join(words)


def _mistakes(equation: Equation, form: Form) -> Iterator[str]:
    """The catalogue of an equation, the last parts of the ids by kind."""
    known = catalogue(equation.key, form)
    if not known:
        return
    yield ""
    yield f"| mistakes in {equation.short} | `{equation.id}/…` |"
    yield "|---|---|"
    for kind, text in HINTS.items():
        slugs = [mistake.id.rpartition("/")[2] for mistake in known if mistake.kind == kind]
        if slugs:
            yield f"| {text} | {' '.join(f'`{slug}`' for slug in slugs)} |"
