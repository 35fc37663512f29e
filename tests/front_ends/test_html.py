"""The report as a page: it says what the text says, shows where, and nothing of a submission's is taken for markup."""

import ast
import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from markupsafe import Markup

from gru.examiner import examine
from gru.examiner.fact import Diagnosis, Fact
from gru.examiner.outcome import Block, Entry, Examination, Outcome
from gru.layer import Sizes
from gru.layers.gru.forms import CHAPTER
from gru.mistakes import catalogue
from gru.report import html, mathml, text
from gru.report.feedback import LEVELS, told
from gru.report.graph import STYLES, graph
from gru.report.result import Result
from gru.report.words import Line
from gru.submission.process import SubmissionProcess
from tests.commands import gru

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "submissions").glob("*.py"))
ANOTHER_API = Path(__file__).parents[2] / "examples" / "other_apis" / "one_sample.py"
LARGEST = 200_000

DARK_GROUND = "#e9e9e6"
"""What the graph stands on in a dark page."""

VOID = {"meta", "br", "hr", "img", "input", "link", "col"}


class Page(HTMLParser):
    """A page taken apart: its elements are closed in order, and what it says is kept."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == [], "elements that are never closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.said.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.said).split())


@cache
def result_of(name: str) -> Result:
    """What is found of an example, by the name of its file."""
    (path,) = (path for path in (*EXAMPLES, ANOTHER_API) if path.stem == name)
    with SubmissionProcess(path) as process:
        return Result(f"examples/{path.name}", process.sha256, examine(process, effort="quick"), 1.0)


RESULTS = ("dzr_without_h_prev", "right", "untransposed_dx", "accumulates", ANOTHER_API.stem)


@pytest.mark.one_in(5)
@pytest.mark.parametrize("name", RESULTS)
def test_a_page_says_all_that_the_text_says(name: str) -> None:
    page = Page(html.page(result_of(name)))
    for line in text.message(result_of(name)):
        parts = (line.label, line.text) if isinstance(line, Line) else line.split()
        missing = [part for part in parts if part.strip() and " ".join(part.split()) not in page.text]
        missing = [part for part in missing if part.rstrip(":") not in page.text]
        assert missing == [], line


@pytest.mark.one_in(5)
@pytest.mark.parametrize("name", RESULTS)
def test_a_page_is_small_and_asks_for_nothing(name: str) -> None:
    page = html.page(result_of(name))
    tags = Page(page).tags
    assert len(page.encode()) < LARGEST
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in tags}
    assert not {name for _, attributes in tags for name in attributes if name in ("src", "href") or name[:2] == "on"}
    assert "url(" not in page
    assert "@import" not in page


def test_a_page_can_be_heard() -> None:
    """Headings in their order, a header for each table's rows or columns, a text for the drawing."""
    tags = Page(html.page(result_of("dzr_without_h_prev"))).tags
    levels = [int(tag[1]) for tag, _ in tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(below <= above + 1 for above, below in pairwise(levels))
    assert ("html", {"lang": "en"}) in tags
    (drawing,) = (attributes for tag, attributes in tags if tag == "svg")
    assert drawing["role"] == "img"
    assert "(10) dzr: first" in str(drawing["aria-label"]).replace("wrong, the first", "first")
    assert {a.get("scope") for tag, a in tags if tag == "th"} == {"row", "col"}


def _luminance(colour: str) -> float:
    """The relative luminance of WCAG 2.2, of a colour such as #b00020 or #fff."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[k : k + 2], 16) / 255 for k in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


TEXT, LINES = 4.5, 3.0
"""The least contrast of text, and of lines that tell something: WCAG 2.2, level AA."""


def test_what_is_written_can_be_read_in_light_in_dark_and_on_paper() -> None:
    style = (Path(html.__file__).parent / "templates" / "style.html").read_text(encoding="utf-8")
    schemes = [
        dict(re.findall(r"--(\w+): (#\w+)", scheme))
        for scheme in re.findall(r"\.gru \{ (.*?--ground.*?)[;}]? *\}?$", style, re.MULTILINE)
    ]
    assert len(schemes) == 3
    for scheme in schemes:
        for ink in ("ink", "pale", "lit", "good"):
            assert contrast(scheme[ink], scheme["ground"]) >= TEXT, (ink, scheme)
        assert contrast(scheme["ink"], scheme["mark"]) >= TEXT, scheme


@pytest.mark.parametrize("status", STYLES)
def test_the_graph_can_be_read_on_its_grounds(status: str) -> None:
    fill, line, *_ = STYLES[status]
    drawn = str(
        graph(CHAPTER, {"equation-10": status.replace("first", "wrong")}, "equation-10" if status == "first" else None)
    )
    (ink,) = re.findall(rf'<g class="{status}"><rect [^>]*/><text [^>]*fill="(#\w+)"><tspan [^>]*>[^<]*\(10\)', drawn)
    assert contrast(ink, fill) >= TEXT
    for ground in ("#ffffff", DARK_GROUND):
        assert max(contrast(line, ground), contrast(fill, ground)) >= LINES
        assert all(contrast(edge, ground) >= LINES for edge in re.findall(r'<path [^>]*stroke="(#\w+)"', drawn))


def test_the_first_wrong_equation_is_lit_and_others_are_pale() -> None:
    page = html.page(result_of("dzr_without_h_prev"))
    assert re.findall(r'<g class="(first|wrong)">.*?\((\d+)\)', page) == [("first", "10")]
    assert re.findall(r'<g class="inherited">.*?\((\d+)\)', page) == ["23", "24", "13", "14", "19", "20"]
    assert page.count('<g class="right">') == 14


def test_the_formula_and_what_differs_is_shown() -> None:
    page = html.page(result_of("dzr_without_h_prev"))
    (marked,) = re.findall(r'<mrow class="differs"[^>]*>(.*?)</mrow>', page)
    assert marked == "<msub><mi>h</mi><mi>t−1</mi></msub>"
    assert "likely written" in page
    assert Page(page).text.count("0.01718") >= 1


def test_blocks_of_several_entries_are_mapped() -> None:
    assert "<caption>difference</caption>" in html.page(result_of("untransposed_dx"))
    assert "<caption>" not in html.page(result_of("dzr_without_h_prev"))


@pytest.mark.parametrize("level", LEVELS)
def test_levels_of_feedback_hold(level: Any) -> None:
    result = result_of("dzr_without_h_prev")
    page = html.page(replace(result, examination=told(result.examination, level)))
    assert ("equation (10), dzr: wrong" in page) == (level != "none")
    assert ("<math" in page) == (level == "full")
    assert ("a factor" in page or "the factor" in page) == (level in ("hint", "full"))
    assert ("h_prev is missing" in page) == (level == "full")


# Hostile texts

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>&\"'\x1b[31m\u202e\u200f{{ 7 * 7 }}]]>--><!--"
HUGE = "<b>" + "x" * 10_000_000


@pytest.mark.one_in(2)
@pytest.mark.parametrize("said", [HOSTILE, HUGE], ids=["hostile", "huge"])
def test_nothing_that_a_submission_says_is_markup(said: str) -> None:
    fact = Fact.of("said", text=said)
    mistake = Diagnosis("equation-10", ((fact,),))
    entries = (Entry((0, 0), float("nan"), float("inf")),)
    block = Block(((float("nan"), 1.0),), ((float("inf"), 1e300),))
    wrong = Outcome(
        *("equation-10", "wrong", 10, "dzr", 1.0, 0.5, None, said, Sizes(1, 1, 1)),
        entries,
        1,
        (fact,),
        mistake,
        block,
    )
    other = Outcome("interface", "wrong", problem=said, sizes=Sizes(1, 1, 1), facts=(fact,), problems=1)
    right = Outcome("equation-9", "right", 9, "dzn", facts=(fact,), problems=1)
    for outcomes in ((wrong, right),) if said is HUGE else ((wrong, right), (other, right), (right,)):
        for verdict in ("wrong", "not_examined"):
            examination = Examination(verdict, outcomes, 0, "normal", reason=None, text=said)
            result = Result(said, None, examination, 1.0, said, said, notes=(said,))
            page = html.page(result, [(said, said)])
            tags = {tag for tag, _ in Page(page).tags}
            assert not tags & {"script", "img", "b"}
            assert not {"\x1b", "\u202e", "\u200f"} & set(page)
            assert "49" not in Page(page).said
            assert len(page.encode()) < LARGEST


# Formulas


def marks(formula: str, other: str) -> tuple[list[str], list[str]]:
    trees = [ast.parse(text, mode="eval").body for text in (formula, other)]
    marked = mathml.differing(*trees)
    return tuple(  # type: ignore[return-value]
        [ast.unparse(node) for node in ast.walk(tree) if id(node) in ids]
        for tree, ids in zip(trees, marked, strict=True)
    )


@pytest.mark.parametrize(
    ("wrong", "right", "expected"),
    [
        ("a * b", "a * b", ([], [])),
        ("a * r", "a * h * r", ([], ["h"])),
        ("a * h * h * r", "a * h * r", (["h"], [])),
        ("a * b * c", "a * b * d", (["c"], ["d"])),
        ("a + b", "a + b + c", ([], ["c"])),
        ("a @ w", "a @ w.T", (["w"], ["w.T"])),
        ("(a @ u.T) * r", "(a @ w.T) * r", (["u"], ["w"])),
        ("a * (1 - z)", "a * (1 - z * z)", ([], ["z"])),
        ("-a", "a", (["-a"], ["a"])),
        ("sigmoid(a)", "tanh(a)", (["sigmoid(a)"], ["tanh(a)"])),
        ("a - b", "b - a", (["a", "b"], ["b", "a"])),
    ],
)
def test_what_differs_is_found(wrong: str, right: str, expected: tuple[list[str], list[str]]) -> None:
    assert marks(wrong, right) == expected


def test_every_formula_of_the_catalogue_is_written() -> None:
    """As MathML that is closed in order, with something marked wherever two formulas differ."""
    for equation in CHAPTER.exposed:
        for mistake in catalogue(equation.key):
            marked, others = mathml.differing(mistake.expression, equation.expression)
            assert marked or others, mistake.id
            written = mathml.equation(equation.name, mistake.expression, CHAPTER.symbols, marked)
            assert isinstance(written, Markup)
            Page(written)


def test_every_form_has_a_graph() -> None:
    for form in CHAPTER.layer.forms.values():
        drawing = graph(form, {})
        Page(drawing)
        assert drawing.count("<rect") == len(form.exposed)


# The command


def test_the_command_writes_a_page(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    done = gru("check", EXAMPLES[0], "--effort", "quick", "--html", target)
    assert done.exit_code in (0, 1)
    assert Page(target.read_text(encoding="utf-8")).tags[0][0] == "html"


def test_a_page_is_of_one_file(tmp_path: Path) -> None:
    arguments = ["check", str(EXAMPLES[0]), str(EXAMPLES[1]), "--html", str(tmp_path / "report.html")]
    done = gru(*arguments)
    assert done.exit_code == 2
    assert "a page is a report on one submission; there are 2" in done.stderr


def test_a_class_gets_pages(tmp_path: Path) -> None:
    course = tmp_path / "class"
    course.mkdir()
    (course / "<b>al.py").write_bytes(EXAMPLES[0].read_bytes())
    arguments = ["grade", str(course), "--out", str(tmp_path / "out"), "--effort", "quick"]
    assert gru(*arguments).exit_code == 0
    page = (tmp_path / "out" / "feedback" / "<b>al.html").read_text(encoding="utf-8")
    assert "b" not in {tag for tag, _ in Page(page).tags}
    assert "24 of 25" in page
