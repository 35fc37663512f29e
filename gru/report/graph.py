"""The graph of a layer's equations as a drawing: what each is made of, and what was found of it.

It is drawn from the layer's table, in the order of the way of the loss: the forward pass, and below it the way back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from gru.layer import Equation, Form
from gru.report.words import words

WIDTH, HEIGHT = 62, 42
"""Of the box of one equation."""

GAP, BETWEEN = 10, 34
"""Between boxes side by side, and between rows."""

STYLES = {
    "right": ("#ffffff", "#2f6f4f", 'stroke-width="1.2"', ""),
    "wrong": ("#ffd6d6", "#b00020", 'stroke-width="2"', "✗ "),
    "first": ("#b00020", "#7a0016", 'stroke-width="4"', "✗ "),
    "inherited": ("#f6f1e4", "#857a61", 'stroke-width="1.2" stroke-dasharray="5 3"', "↓ "),
    "missing": ("#ffffff", "#6b3fa0", 'stroke-width="2" stroke-dasharray="1 3"', "– "),
    "not_examined": ("#f2f2f2", "#7a7a7a", 'stroke-width="1" stroke-dasharray="2 3"', "? "),
}
"""Of each status: the fill, the line, how it is drawn, and the sign before the number, as colour is not enough."""


@dataclass(frozen=True)
class _Box:
    equation: Equation
    status: str
    x: float
    y: float


def graph(form: Form, statuses: Mapping[str, str], first: str | None = None) -> Markup:
    """The drawing as an element of SVG, with a text for those who do not see it.

    Args:
        form: The form of the layer whose equations are drawn.
        statuses: What was found of each check, by its id; others are drawn as not examined.
        first: The check that is lit: the first wrong equation.
    """
    rows = _rows(form)
    width = max(len(row) for row in rows) * (WIDTH + GAP) + GAP
    height = len(rows) * (HEIGHT + BETWEEN) - BETWEEN + 2 * GAP
    boxes = {box.equation.name: box for n, row in enumerate(rows) for box in _placed(row, n, width, statuses, first)}
    edges = Markup("").join(
        _edge(boxes[source], box) for box in boxes.values() for source in _sources(box, boxes, form)
    )
    drawn = Markup("").join(map(_drawn, boxes.values()))
    said = "; ".join(f"{box.equation.short} {box.equation.title}: {words(box.status)}" for box in boxes.values())
    return Markup(
        '<svg class="graph" viewBox="0 0 {} {}" width="{}" role="img" aria-label="{}" '
        'font-family="system-ui, sans-serif" style="max-width: 100%; height: auto">{}{}</svg>'
    ).format(width, height, width, f"The equations and what was found. {said}", edges, drawn)


def _rows(form: Form) -> list[list[Equation]]:
    """The equations with a check in rows: the forward pass, then the way back by what is the derivative of what."""
    shown = {equation.name: equation for equation in form.exposed}
    depth: dict[str, int] = {}
    for equation in form.ordered:
        depth[equation.name] = max((depth[name] + 1 for name in equation.inputs if name in depth), default=0)
    forward = [e for e in form.ordered if e.name in shown and e.of is None and not e.is_sum]
    back = [e for e in form.ordered if e.name in shown and e.of is not None]
    used = {name for equation in back for name in equation.inputs}
    inner = [equation for equation in back if equation.name in used]
    ends = [equation for equation in back if equation.name not in used]
    weights = [equation for equation in ends if equation.of in form.blocks]
    others = [equation for equation in ends if equation.of not in form.blocks]
    sums = [equation for equation in form.exposed if equation.is_sum]
    rows = [*_by_depth(forward, depth), *_by_depth(inner, depth), others, weights, sums]
    return [row for row in rows if row]


def _by_depth(equations: Sequence[Equation], depth: Mapping[str, int]) -> list[list[Equation]]:
    return [[e for e in equations if depth[e.name] == n] for n in sorted({depth[e.name] for e in equations})]


def _placed(
    row: Sequence[Equation], number: int, width: int, statuses: Mapping[str, str], first: str | None
) -> list[_Box]:
    start = (width - len(row) * (WIDTH + GAP) + GAP) / 2
    y = GAP + number * (HEIGHT + BETWEEN)
    return [
        _Box(e, "first" if e.id == first else statuses.get(e.id, "not_examined"), start + n * (WIDTH + GAP), y)
        for n, e in enumerate(row)
    ]


def _sources(box: _Box, boxes: Mapping[str, _Box], form: Form) -> list[str]:
    """What an equation is made of within its own pass; every derivative is made of forward values besides."""
    made_of = set(box.equation.inputs)
    for name in box.equation.inputs:
        # What no cell shows has no box: what it is made of stands for it.
        made_of.update(() if name in boxes or name not in form.named else form.named[name].inputs)
    return [name for name in boxes if name in made_of and _goes_back(boxes[name].equation) == _goes_back(box.equation)]


def _goes_back(equation: Equation) -> bool:
    return equation.of is not None or equation.is_sum


def _edge(source: _Box, target: _Box) -> Markup:
    x, y = source.x + WIDTH / 2, source.y + HEIGHT
    to_x, to_y = target.x + WIDTH / 2, target.y
    bend = (to_y - y) / 2
    return Markup(
        '<path d="M{:.0f} {:.0f} C{:.0f} {:.0f} {:.0f} {:.0f} {:.0f} {:.0f}" fill="none" stroke="#7a7a7a"/>'
    ).format(x, y, x, y + bend, to_x, to_y - bend, to_x, to_y)


def _drawn(box: _Box) -> Markup:
    fill, line, how, sign = STYLES[box.status]
    ink = "#ffffff" if box.status == "first" else "#1b1b1b"
    number = "" if box.equation.number is None else f"({box.equation.number})"
    x, y = box.x + WIDTH / 2, box.y + HEIGHT / 2
    return Markup(
        '<g class="{}"><rect x="{:.0f}" y="{:.0f}" width="{}" height="{}" rx="7" fill="{}" stroke="{}" {}/>'
        '<text text-anchor="middle" font-size="14" fill="{}"><tspan x="{:.0f}" y="{:.0f}">{}{}</tspan>'
        '<tspan x="{:.0f}" y="{:.0f}" font-weight="600">{}</tspan></text></g>'
    ).format(
        box.status,
        box.x,
        box.y,
        WIDTH,
        HEIGHT,
        fill,
        line,
        Markup(how),
        ink,
        x,
        y - 3,
        sign,
        number,
        x,
        y + 14,
        box.equation.title,
    )
