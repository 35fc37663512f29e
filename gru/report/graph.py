"""The graph of a layer's equations as a drawing: what each is made of, and what was found of it.

It is drawn from the layer's table, in the order of the way of the loss: the forward pass, and below it the way back.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from gru.layer import Equation, Form
from gru.report.words import words

WIDTH, HEIGHT = 62, 42
"""Of the box of one equation."""

GAP, BETWEEN = 10, 34
"""Between boxes side by side, and between rows."""

LEAST = 0.6
"""The part of its width to which a drawing shrinks on a narrow page: its letters are small then, and can be read."""

LANE = 14
"""The width of the way past a row, for lines that end further below."""

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


@dataclass(frozen=True)
class _Place:
    """What stands in a row: an equation, or, as a lane, the way of lines from an equation above past this row."""

    name: str
    is_lane: bool = False

    @property
    def width(self) -> int:
        return LANE if self.is_lane else WIDTH


def graph(form: Form, statuses: Mapping[str, str], first: str | None = None) -> Markup:
    """The drawing as an element of SVG, with a text for those who do not see it.

    Args:
        form: The form of the layer whose equations are drawn.
        statuses: What was found of each check, by its id; others are drawn as not examined.
        first: The check that is lit: the first wrong equation.
    """
    equations = {equation.name: equation for equation in form.exposed}
    rows = [[e.name for e in row] for row in _rows(form)]
    lines = {(source, name) for row in rows for name in row for source in _sources(equations[name], equations, form)}
    places = _places(rows, lines)
    middles, width = _middles(places, lines)
    height = len(rows) * (HEIGHT + BETWEEN) - BETWEEN + 2 * GAP

    def box(name: str, row: int) -> _Box:
        status = "first" if equations[name].id == first else statuses.get(equations[name].id, "not_examined")
        return _Box(equations[name], status, middles[row][_Place(name)] - WIDTH / 2, GAP + row * (HEIGHT + BETWEEN))

    boxes = [box(name, n) for n, row in enumerate(rows) for name in row]
    row_of = {name: n for n, row in enumerate(rows) for name in row}
    drawn_lines = sorted({part for line in lines for part in _line(*line, row_of, middles)})
    drawn = Markup("").join([*map(_drawn_line, drawn_lines), *map(_drawn, boxes)])
    said = "; ".join(f"{box.equation.short} {box.equation.title}: {words(box.status)}" for box in boxes)
    return Markup(
        '<svg class="graph" viewBox="0 0 {:.0f} {}" width="{:.0f}" role="img" aria-label="{}" '
        'font-family="system-ui, sans-serif" style="max-width: 100%; min-width: {:.0f}px; height: auto">{}</svg>'
    ).format(width, height, width, f"The equations and what was found. {said}", LEAST * width, drawn)


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


def _sources(equation: Equation, shown: Mapping[str, Equation], form: Form) -> list[str]:
    """What an equation is made of within its own pass; every derivative is made of forward values besides."""
    made_of = set(equation.inputs)
    for name in equation.inputs:
        # What no cell shows has no box: what it is made of stands for it.
        made_of.update(() if name in shown or name not in form.named else form.named[name].inputs)
    return [name for name in shown if name in made_of and _goes_back(shown[name]) == _goes_back(equation)]


def _goes_back(equation: Equation) -> bool:
    return equation.of is not None or equation.is_sum


# Where everything stands


def _places(rows: Sequence[Sequence[str]], lines: Collection[tuple[str, str]]) -> list[list[_Place]]:
    """The equations of each row, and before them a lane for each equation above with a line to a row below."""
    row_of = {name: n for n, row in enumerate(rows) for name in row}
    return [
        [
            *(
                _Place(name, is_lane=True)
                for above in rows[:n]
                for name in above
                if any(source == name and row_of[target] > n for source, target in lines)
            ),
            *map(_Place, row),
        ]
        for n, row in enumerate(rows)
    ]


def _middles(
    places: Sequence[Sequence[_Place]], lines: Collection[tuple[str, str]]
) -> tuple[list[dict[_Place, float]], float]:
    """Where the middle of each place is, row by row, and the width of all.

    From the last row up, each stands above the mean of what it has lines to, so that few lines cross.
    """
    widths = [sum(place.width + GAP for place in row) - GAP for row in places]
    width = max(widths) + 2 * GAP
    found: list[dict[_Place, float]] = []
    for row, own in reversed(list(zip(places, widths, strict=True))):
        below = found[0] if found else {}

        def aim(place: _Place, below: Mapping[_Place, float] = below, row: Sequence[_Place] = row) -> float:
            targets = [x for other, x in below.items() if other == _Place(place.name, is_lane=True)]
            targets += [x for other, x in below.items() if not other.is_lane and (place.name, other.name) in lines]
            if targets:
                return sum(targets) / len(targets)
            equations = [other for other in row if not other.is_lane]
            return width / 2 + (equations.index(place) - (len(equations) - 1) / 2) * (WIDTH + GAP)

        x, middles = (width - own) / 2, {}
        for place in sorted(row, key=aim):
            middles[place] = x + place.width / 2
            x += place.width + GAP
        found.insert(0, middles)
    return found, width


Point = tuple[float, float]


def _line(
    source: str, target: str, row_of: Mapping[str, int], middles: Sequence[Mapping[_Place, float]]
) -> Iterator[tuple[Point, Point]]:
    """The parts of a line from row to row, and past each row on its lane."""
    at = (middles[row_of[source]][_Place(source)], GAP + row_of[source] * (HEIGHT + BETWEEN) + HEIGHT)
    for row in range(row_of[source] + 1, row_of[target] + 1):
        is_there = row == row_of[target]
        x = middles[row][_Place(target) if is_there else _Place(source, is_lane=True)]
        top = GAP + row * (HEIGHT + BETWEEN)
        yield at, (x, top)
        if not is_there:
            yield (x, top), (x, top + HEIGHT)
        at = (x, top + HEIGHT)


# What is drawn


def _drawn_line(part: tuple[Point, Point]) -> Markup:
    (x, y), (to_x, to_y) = part
    bend = (to_y - y) / 2
    return Markup(
        '<path d="M{:.0f} {:.0f} C{:.0f} {:.0f} {:.0f} {:.0f} {:.0f} {:.0f}" fill="none" stroke="#7a7a7a"/>'
    ).format(x, y, x, y + bend, to_x, to_y - bend, to_x, to_y)


def _drawn(box: _Box) -> Markup:
    fill, line, how, sign = STYLES[box.status]
    ink = "#ffffff" if box.status == "first" else "#1b1b1b"
    number = "" if box.equation.number is None else f"({box.equation.number})"
    # A name that nothing stands above is in the middle of its box.
    x, y = box.x + WIDTH / 2, box.y + HEIGHT / 2 - (0 if sign or number else 9)
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
