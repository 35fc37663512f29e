"""The class as a page: all that the overview says, small, sortable, and without names where they are not to be seen."""

from dataclasses import replace
from pathlib import Path

import pytest

from gru.examiner.outcome import CHECKS
from gru.grading.class_page import class_page
from gru.grading.overview import overview
from gru.grading.record import Credit, Record, failure_of
from gru.grading.rubric import EQUAL_POINTS
from tests.front_ends.test_html import HOSTILE, Page

STATUSES = ("right", "wrong", "inherited", "missing", "not_examined")


def record(student: str, number: int = 0) -> Record:
    """A record with something of everything in it."""
    made = failure_of(student, f"{student}.py", EQUAL_POINTS, f"key {number}", "")
    statuses = {check: STATUSES[(n + number) % len(STATUSES)] for n, check in enumerate(CHECKS)}
    credits = (Credit("equation-10", 0.0, 1.0, "wrong", "visible", "", "the factor h_prev is missing"),)
    return replace(
        made, verdict="wrong", score=float(number % 26), statuses=statuses, credits=credits, sha256=str(number // 2)
    )


def test_it_says_what_the_overview_says() -> None:
    records = [
        record("alice"),
        record("bob", 1),
        replace(record("carol", 2), verdict="not_examined", reason="timed_out", text="forward took more than 10 s"),
        replace(record("dan", 4), late="2 hours", notes=("a.py is examined",)),
        failure_of("erin", "erin.py", EQUAL_POINTS, "", ""),
    ]
    page = Page(class_page(records, {"alice": "feedback/alice.html"}))
    for said in (
        "5 students: 3 wrong, 1 not examined, 1 failed to grade",
        "points: 1.75 on average, of 25",
        "how many are wrong 1 1 1 1",
        "4 equation (10) the factor h_prev is missing",
        "1 not examined timed out",
        "carol forward took more than 10 s",
        "dan late by 2 hours; a.py is examined",
        "alice, bob",
        "points of 25",
        "alice 0",
    ):
        assert said in page.text
    assert [a["href"] for tag, a in page.tags if tag == "a"] == ["feedback/alice.html"]


def test_every_status_has_its_own_sign_and_word() -> None:
    page = Page(class_page([record("alice")], {}))
    cells = {(a["class"], a["title"]) for tag, a in page.tags if tag == "td" and str(a.get("class")).startswith("s ")}
    assert cells == {(f"s {status}", status.replace("_", " ")) for status in STATUSES}


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_overview_fits_the_terminal(width: int) -> None:
    told = "its file is not Python at all, " * 5 + "and it is told"
    records = [
        record("a student with a name that is much longer than others", 1),
        replace(record("carol", 2), verdict="not_examined", reason="timed_out", text=told),
    ]
    lines = overview(records, width)
    assert max(map(len, lines)) <= width
    (long,) = (line for line in lines if line.startswith("a stude"))
    marks = [
        {"right": ".", "wrong": "X", "inherited": "i", "missing": "-"}.get(s, "?") for s in records[0].statuses.values()
    ]
    assert long.replace(" ", "").endswith("1of25" + "".join(marks))
    assert "…" in long
    assert "carol" in lines[lines.index(long) + 1]
    assert told in " ".join(" ".join(lines).split())
    # The heads are read downwards.
    heads = lines[: lines.index(long)]
    last = max(map(len, heads))
    assert "".join(line.ljust(last)[-1] for line in heads).split() == ["24"]


def test_two_hundred_students_are_below_a_megabyte() -> None:
    records = [record(f"a student with quite a name {n}", n) for n in range(200)]
    page = class_page(records, {r.student: f"feedback/{r.student}.html" for r in records})
    assert len(page.encode()) < 10**6
    Page(page)


def test_nobody_is_named_where_names_are_not_to_be_seen() -> None:
    records = [
        replace(record(name, n), name=f"Name of {name}", id=f"id-{name}", late="late", notes=(f"a note on {name}",))
        for n, name in enumerate(("alice", "bob", "carol", "dan"))
    ]
    page = class_page(records, {r.student: f"feedback/{r.student}.html" for r in records}, anonymous=True)
    assert not [name for name in ("alice", "bob", "carol", "dan") if name in page]
    assert "student 4" in page
    assert "<a " not in page
    assert "student 1, student" in page or "student 2, student" in page


@pytest.mark.parametrize("anonymous", [False, True])
def test_nothing_that_a_student_chose_is_markup(anonymous: bool) -> None:
    hostile = replace(
        record(HOSTILE), name=HOSTILE, id=HOSTILE, late=HOSTILE, notes=(HOSTILE,), text=HOSTILE, verdict="not_examined"
    )
    hostile = replace(hostile, credits=(replace(hostile.credits[0], mistake=HOSTILE, check=HOSTILE),), reason=HOSTILE)
    page = Page(class_page([hostile], {HOSTILE: f"feedback/{HOSTILE}.html"}, anonymous=anonymous))
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert "img" not in {tag for tag, _ in page.tags}
    assert not {"\x1b", "\u202e"} & set(page.text)


def test_an_empty_class_has_a_page() -> None:
    assert "no students" in Page(class_page([], {})).text


def test_it_sorts_in_a_browser(tmp_path: Path) -> None:
    """In a real one, where there is one: a click on a head sorts by it, and the policy lets the script run."""
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = Path("/usr/bin/chromium")
    if not chromium.exists():
        pytest.skip("there is no browser")
    records = [record("alice", 3), record("bob", 12), record("carol", 1)]
    (tmp_path / "class.html").write_text(class_page(records, {}), encoding="utf-8")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-sync"]
    with playwright.sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=chromium, args=quiet)
        page = browser.new_page()
        page.goto(f"file://{tmp_path}/class.html")
        page.click("text=points >> nth=0")
        names = page.eval_on_selector_all("#class tbody th", "heads => heads.map(head => head.textContent)")
        browser.close()
    assert names == ["carol", "alice", "bob"]
