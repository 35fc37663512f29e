"""The report as a page: what the text says, with the graph of the equations, formulas, and maps of the differences.

Words and order are those of the text; nothing here decides a verdict. Whatever a submission says is escaped, and cut.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import PurePath
from typing import Any

import jinja2
from markupsafe import Markup

from gru import mistakes
from gru.examiner.outcome import Block, Outcome
from gru.layer import Form
from gru.report import lesson, mathml, text
from gru.report.found import title_in
from gru.report.graph import graph
from gru.report.one_outcome import title
from gru.report.result import Result
from gru.report.words import Line, NumberRow, printable, words

LONGEST = 2000
"""Characters of one text that a page shows."""


@dataclass
class Section:
    """A part of the report below one heading: what is said by its label, and tables of numbers."""

    title: str = ""
    facts: list[tuple[str, list[str]]] = field(default_factory=list)
    table: list[tuple[str, ...]] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    figures: Markup | None = None

    def says(self, line: Line) -> None:
        """Add a fact; those of one label after one another stand below it once."""
        if self.facts and self.facts[-1][0] == line.label:
            self.facts[-1][1].append(line.text)
        else:
            self.facts.append((line.label, [line.text]))


def page(result: Result, points: Sequence[tuple[str, str]] = ()) -> str:
    """The report as a page of its own, which asks for nothing from anywhere.

    Args:
        result: What was found, cut down to what is to be told.
        points: What each check has earned, in words, where there are points.
    """
    return template("page.html").render(title=result.submission, body=fragment(result, points))


def fragment(result: Result, points: Sequence[tuple[str, str]] = ()) -> Markup:
    """The report as the inside of a page, with its style: what a notebook shows."""
    examination = result.examination
    facts = [said for said in text.heading(result) if isinstance(said, Line) and said.text != examination.text]
    name = PurePath(result.submission).name or result.submission
    outcomes = examination.outcomes
    first = first_wrong(outcomes)
    rows = text.rows(examination)
    return Markup(
        template("report.html").render(
            name=name,
            verdict=examination.verdict,
            sentence=sentence(result, first),
            facts=[("file", result.submission)] * (name != result.submission) + [(f.label, f.text) for f in facts],
            graph=_graph(outcomes, result.form, first),
            sections=list(_sections(result, first)),
            points=points,
            header=text.HEADER,
            rows=[(row.status.replace(" ", "_"), row) for row in rows],
        )
    )


def first_wrong(outcomes: Sequence[Outcome]) -> Outcome | None:
    """The first wrong equation, which is shown in the middle; None where none is wrong."""
    return next((outcome for outcome in outcomes if outcome.status == "wrong" and outcome.is_of_equation), None)


def sentence(result: Result, first: Outcome | None) -> str:
    """The verdict in a sentence; `first` is the first wrong outcome of an equation."""
    examination = result.examination
    verdict = words(examination.verdict).capitalize()
    if examination.verdict == "right":
        return f"{verdict} in all that was asked for"
    if examination.verdict == "not_examined":
        return ": ".join(filter(None, (verdict, examination.text)))
    wrong = [first] if first else [outcome for outcome in examination.outcomes if outcome.status == "wrong"]
    return f"{verdict}, first in {title_in(result, wrong[0])}" if wrong else verdict


def _graph(outcomes: Sequence[Outcome], form: Form, first: Outcome | None) -> Markup:
    statuses = {outcome.check: outcome.status for outcome in outcomes if outcome.is_of_equation}
    if len(statuses) < 2 or set(statuses.values()) == {"not_examined"}:
        return Markup()
    return graph(form, statuses, first.check if first else None)


def _sections(result: Result, first: Outcome | None) -> Iterator[Section]:
    """The details of the text, taken apart at its empty lines."""
    section = Section()
    for line in [*text.below(result), ""]:
        if isinstance(line, Line):
            section.says(line)
        elif isinstance(line, NumberRow):
            section.table.append(line.cells)
        elif line and not section.title:
            section.title = line.strip()
        elif line:
            section.others.append(line.strip())
        elif section != Section():
            if first and section.title.startswith(title(first, result.form)):
                section.figures = _figures(first, result.form)
            yield section
            section = Section()


# Formulas and figures


def _figures(outcome: Outcome, form: Form) -> Markup:
    """The formulas of a wrong equation side by side, worked numbers, and the map of the differences."""
    mistake = outcome.mistake
    known = _known(mistake.ids[0], form) if mistake and len(mistake.ids) == 1 and mistake.equation else None
    parts: dict[str, Any] = {"block": _map(outcome.block) if outcome.block else Markup(), "formulas": [], "worked": []}
    if known is not None:
        right, name = known.equation.expression, known.equation.name
        marked, others = mathml.differing(known.expression, right)
        parts["formulas"] = [
            ("likely written", mathml.equation(name, known.expression, form.symbols, marked)),
            ("right", mathml.equation(name, right, form.symbols, others)),
        ]
        lines = lesson.mistake_explained(known, form)
        parts["worked"] = [(line.label, line.text) for line in lines[4:] if isinstance(line, Line)]
    elif mistake and mistake.equation and outcome.name and not form.named[outcome.name].is_sum:
        equation = form.named[outcome.name]
        parts["formulas"] = [("right", mathml.equation(equation.name, equation.expression, form.symbols))]
    return Markup(template("figures.html").render(**parts))


def _known(id: str, form: Form) -> mistakes.Mistake | None:
    """The mistake of the catalogue with this id; None for what is told without a formula."""
    try:
        return mistakes.find(id, form)
    except (KeyError, LookupError, ValueError):
        return None


def _map(block: Block) -> Markup:
    """A block as three small tables: the submission's, the measured, and the difference as colour and number."""
    largest = max(
        (abs(a - b) for a, b in zip(_flat(block.submission), _flat(block.measured), strict=True)), default=0.0
    )
    apart = [
        [(a - b, abs(a - b) / largest if largest else 0.0) for a, b in zip(own, true, strict=True)]
        for own, true in zip(block.submission, block.measured, strict=True)
    ]
    return Markup(template("map.html").render(submission=block.submission, measured=block.measured, apart=apart))


def _flat(rows: Sequence[Sequence[float]]) -> list[float]:
    return [value for row in rows for value in row]


# Templates


@cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("gru.report"),
        autoescape=True,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["words"] = words
    return environment


def template(name: str) -> jinja2.Template:
    """The template of this name: whatever is put into it is escaped, and cut."""
    return _templates().get_template(name)


def _shown(value: Any) -> Any:
    """What a page shows of a value: text without what cannot be printed, and not too much of it."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return printable(value if len(value) <= LONGEST else f"{value[: LONGEST - 1]}…")
