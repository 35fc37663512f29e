"""An audit of a teacher's tests as text, as a page and as data. It judges nothing, and runs nothing."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from gru import __version__
from gru.audit.advice import Advice
from gru.audit.audit import Audit, Finding
from gru.layer import Form
from gru.report.html import template
from gru.report.words import line, printable, title_of, words

SCHEMA = 1
"""Goes up when a key changes its meaning or is left out; new keys may come at any time."""

MOST_LISTED = 5
"""Wrong cells of one check that the text names; the page and the data name all."""

UNCONFINED = "your tests ran with your rights, as they are; only their time was limited"


def text(audit: Audit) -> list[str]:
    """The lines of the report."""
    lines = [heading(audit), line("tests", f"{audit.tests.title}; {UNCONFINED}"), "", *_table(audit)]
    if audit.unchanged or audit.unexamined:
        lines += ["", line("left out", left_out(audit))]
    if audit.unchecked:
        lines += ["", line("unchecked", f"{_titles(audit, audit.unchecked)}: every wrong cell passes")]
    for title, part in (
        ("right cells that fail", list(_refused(audit))),
        (advice_heading(audit.advice), list(_advice(audit.advice))),
        ("what the tests do not see", list(_unseen(audit))),
        ("wrong cells that pass", list(_survivors(audit))),
    ):
        lines += ["", title, *part] if part else []
    return lines


def heading(audit: Audit) -> str:
    """What was found, in a sentence."""
    wrong, right = len(audit.wrong), len(audit.right)
    passing = f"{len(audit.survivors)} of {wrong} wrong cells pass"
    return f"{passing}, and {right - len(audit.refused)} of {right} right ones"


def left_out(audit: Audit) -> str:
    """Which changes of a solution are not counted."""
    parts = (
        (audit.unchanged, "changes no gradient", "change no gradient"),
        (audit.unexamined, "cannot be examined", "cannot be examined"),
    )
    return "of what passes: " + ", ".join(f"{n} {one if n == 1 else many}" for n, one, many in parts if n)


def _unseen(audit: Audit) -> Iterator[str]:
    """The checks that the passing changes of a solution are wrong in, those of most first."""
    counts = Counter(finding.wrong_in for finding in audit.survivors if finding.wrong_in)
    for check, count in counts.most_common():
        yield f"  {count:>4} of {len(audit.survivors)}  {title(check, audit.form)}"


def _said(finding: Finding, form: Form) -> str:
    """What is wrong with a cell."""
    where = f" ({title(finding.wrong_in, form)})" if finding.wrong_in else ""
    return f"{finding.cell.text if where else form.spelled(finding.cell.text)}{where}"


def _titles(audit: Audit, checks: list[str]) -> str:
    return "; ".join(title(check, audit.form) for check in checks)


def title(check: str, form: Form) -> str:
    """How a check is called."""
    found = next((equation for equation in form.exposed if equation.id == check), None)
    return check if found is None else title_of(found)


def _table(audit: Audit) -> Iterator[str]:
    """For each check, how many wrong cells there are, and how many pass."""
    rows = [(title(check, audit.form), *counts) for check, counts in audit.by_check.items()]
    width = max(len(name) for name, _, _ in rows)
    yield f"  {'':<{width}}  wrong cells  pass"
    for name, count, passed in rows:
        yield f"  {name:<{width}}  {count:>11}  {passed or '–':>4}"


def _refused(audit: Audit) -> Iterator[str]:
    for finding in audit.refused:
        yield printable(f"  {finding.cell.text}{_ended(finding)}")


def _survivors(audit: Audit) -> Iterator[str]:
    for check in audit.by_check:
        passing = [finding for finding in audit.survivors if finding.cell.check == check]
        if passing:
            yield f"  {title(check, audit.form)}"
            yield from (printable(f"    {_said(f, audit.form)}") for f in passing[:MOST_LISTED])
            if len(passing) > MOST_LISTED:
                yield f"    and {len(passing) - MOST_LISTED} more"
    late = sum(finding.ran.result == "timed_out" for finding in audit.wrong)
    if late:
        yield f"  {late} more had not ended after {audit.tests.time_limit:g} s, which tells neither way"


def _ended(finding: Finding) -> str:
    return "" if finding.ran.result == "failed" else f" ({words(finding.ran.result)})"


def advice_heading(advice: Advice) -> str:
    """What the advice is about."""
    if not advice.survivors:
        return ""
    of = (
        "the numbers that the tests use" if advice.of_tests else "the smallest numbers; those of the tests are not seen"
    )
    return f"what would catch them, tried on {of}"


def _advice(advice: Advice) -> Iterator[str]:
    """The changes, each with what it catches together with those before it."""
    for number, step in enumerate(advice.steps):
        yield f"  {step.catches:>4} of {advice.survivors}  {'and ' if number else ''}{step.change.text}"
    if advice.uncaught and advice.survivors:
        yield f"  none of these catches {', '.join(advice.uncaught[:MOST_LISTED])}" + (
            f" and {len(advice.uncaught) - MOST_LISTED} more" if len(advice.uncaught) > MOST_LISTED else ""
        )


def document(audit: Audit) -> dict[str, Any]:
    """The whole as data, schema 1."""
    return {
        "schema": SCHEMA,
        "version": __version__,
        "layer": audit.form.layer.id,
        "form": audit.form.id,
        "tests": audit.tests.title,
        "module": audit.tests.student,
        "checks": [
            {"check": check, "wrong": count, "passed": passed} for check, (count, passed) in audit.by_check.items()
        ],
        "unchecked": audit.unchecked,
        "cells": [
            {
                "id": finding.cell.id,
                "check": finding.cell.check or None,
                "right": finding.cell.is_right,
                "text": finding.cell.text,
                "result": finding.ran.result,
                "status": finding.ran.status,
                "seconds": round(finding.ran.seconds, 3),
                "wrong_in": finding.wrong_in or None,
            }
            for finding in audit.findings
        ],
        "advice": [{"id": s.change.id, "text": s.change.text, "catches": s.catches} for s in audit.advice.steps],
        "uncaught": list(audit.advice.uncaught),
        "left_out": {"unchanged": audit.unchanged, "unexamined": audit.unexamined},
    }


def json_of(audit: Audit) -> str:
    """The document as text."""
    return json.dumps(document(audit), indent=1, allow_nan=False) + "\n"


def page(audit: Audit) -> str:
    """The report as a page of its own: every wrong cell that passes, with its source."""
    by_check = audit.by_check
    return template("audit.html").render(
        heading=heading(audit),
        tests=audit.tests.title,
        unconfined=UNCONFINED,
        rows=[(title(check, audit.form), count, passed) for check, (count, passed) in by_check.items()],
        unchecked=_titles(audit, audit.unchecked),
        refused=[(f.cell.text, f.cell.source) for f in audit.refused],
        left_out=left_out(audit) if audit.unchanged or audit.unexamined else "",
        unseen=[line.strip() for line in _unseen(audit)],
        advice_heading=advice_heading(audit.advice),
        advice=[line.strip() for line in _advice(audit.advice)],
        survivors=[
            (
                title(check, audit.form),
                [(_said(f, audit.form), f.cell.source) for f in audit.survivors if f.cell.check == check],
            )
            for check, (_, passed) in by_check.items()
            if passed
        ],
    )
