"""The class as a page: students by checks as a map, the mistakes that were made, the points, and who could not be run.

It says what the overview says, and judges nothing. What a student's name or file holds is escaped.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from markupsafe import Markup

from gru.grading.overview import (
    MARKS,
    columns_of,
    mistakes_made,
    notes_of,
    points,
    reason_of,
    remarks_in,
    same_files,
    shown,
    totals,
)
from gru.grading.record import Record
from gru.report.html import template
from gru.report.words import words

BINS = 10
"""Bars of the distribution of points."""

MOST_LISTED = 12
"""Mistakes that are seen at once: a class of 200 makes fifty, most of them once, and more stands below them."""

SIGNS = {**MARKS, "right": "·", "wrong": "✗", "inherited": "↓", "missing": "–"}
"""What stands in a cell of the map: told by its shape as well as by its colour."""

SCRIPT = """
for (const head of document.querySelectorAll("#class thead tr:first-child th")) {
  const button = document.createElement("button");
  button.textContent = head.textContent;
  head.replaceChildren(button);
  button.addEventListener("click", () => {
    const body = document.querySelector("#class tbody"), column = head.cellIndex;
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = (row) => row.cells[column].dataset.key ?? row.cells[column].textContent;
    const rows = [...body.rows].sort((a, b) => key(a).localeCompare(key(b), undefined, {numeric: true}));
    body.replaceChildren(...(down ? rows.reverse() : rows));
  });
}
"""
"""Sorts the map by the column that is clicked; the page is complete without it."""


def class_page(records: Sequence[Record], links: Mapping[str, str], *, anonymous: bool = False) -> str:
    """The page.

    Args:
        records: Those of the class.
        links: Where each student's own page is, beside this one; students without one have no link.
        anonymous: Whether names, and all that tells who somebody is, are left out.
    """
    ordered = sorted(records, key=_mark) if anonymous else list(records)
    names = {r.student: f"student {n}" for n, r in enumerate(ordered, 1)} if anonymous else shown(ordered)
    columns = columns_of(ordered)
    maxima, titles = {record.maximum for record in records}, {record.title for record in records}
    maximum = maxima.pop() if len(maxima) == 1 else None
    rows = [
        {
            "name": names[record.student],
            "link": None if anonymous else _address(links.get(record.student)),
            "points": points(record) if maximum is None else f"{record.score:g}" if record.score is not None else "–",
            "score": "" if record.score is None else f"{record.score:g}",
            "cells": [(status, SIGNS.get(status, "")) for status in _statuses(record, columns)],
            "why": "" if record.verdict in ("right", "wrong") else words(record.reason or record.verdict),
        }
        for record in ordered
    ]
    wrong = [sum(record.statuses.get(check) == "wrong" for record in records) for check in columns]
    unexamined = [r for r in ordered if r.verdict == "not_examined"]
    return template("class.html").render(
        title=titles.pop() if len(titles) == 1 else "The class",
        totals=list(totals(records)),
        maximum=maximum,
        heads=list(columns.values()),
        wrong=wrong,
        most=max(wrong, default=0),
        rows=rows,
        key=[(sign, words(status)) for status, sign in SIGNS.items()],
        mistakes=mistakes_made(records),
        most_listed=MOST_LISTED,
        bars=_bars(records),
        unexamined=[(names[r.student], reason_of(r) if anonymous else r.text or reason_of(r)) for r in unexamined],
        notes=[] if anonymous else [(names[student], said) for student, said in notes_of(ordered).items()],
        remarks=[] if anonymous else [(names[student], said) for student, said in remarks_in(ordered).items()],
        same=[[names[student] for student in students] for students in same_files(ordered)],
        script=Markup(SCRIPT),
        script_hash=base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode(),
    )


def _mark(record: Record) -> str:
    """An order that tells nothing of the names."""
    return hashlib.sha256(f"{record.key} {record.student}".encode()).hexdigest()


def _address(link: str | None) -> str | None:
    """A path as an address: a name may hold what an address gives a meaning."""
    return None if link is None else quote(link)


def _statuses(record: Record, columns: Mapping[str, str]) -> list[str]:
    return [record.statuses.get(check, "") for check in columns]


def _bars(records: Sequence[Record]) -> list[tuple[str, int, float]]:
    """The distribution of points: from where to where, how many, and as a share of the most."""
    scored = [record for record in records if record.score is not None and record.maximum]
    if not scored:
        return []
    maximum = max(record.maximum for record in scored)
    counts = Counter(min(int(BINS * (record.score or 0) / maximum), BINS - 1) for record in scored)
    most = max(counts.values())
    edges = [f"{maximum * n / BINS:.3g} – {maximum * (n + 1) / BINS:.3g}" for n in range(BINS)]
    return [(edge, counts[n], counts[n] / most) for n, edge in enumerate(edges)]
