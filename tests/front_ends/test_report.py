"""The report: what is said of an examination, in which words, and how much of it a teacher lets out."""

import io
import re
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from gru.calculus import formula
from gru.examiner import examine
from gru.examiner.fact import Diagnosis, Fact
from gru.examiner.judging.limit_parts import explain_limit
from gru.examiner.outcome import Entry, Examination, Outcome
from gru.examiner.state.companions import COMPANIONS, Companion
from gru.layer import Sizes
from gru.layers.gru.cell import GRUCell
from gru.layers.gru.equations import EQUATIONS, sigmoid
from gru.layers.gru.forms import CHAPTER
from gru.layers.gru.paths import PATHS
from gru.mistakes import catalogue
from gru.problem import find
from gru.report import data, feedback, lesson, limits, numbers, one_outcome, terminal, text, words
from gru.report.result import Result
from gru.report.sentences import said
from gru.submission.trusted import TrustedCells
from tests.examiner.planted import Formula, Learner, Planted, state_mistakes
from tests.forms import FORMS

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def dzr_without_state(cell: Any, at: Any) -> Any:
    return (at["dzn"] @ at["wn"].mT) * at["r"] * (1 - at["r"])


def dh_without_update(cell: Any, at: Any) -> Any:
    terms = at["in_grad"] * (1 - at["z"]), (at["dzn"] @ at["wn"].mT) * at["r"], at["dzr"] @ at["wr"].mT
    return sum(terms)


def overflowing(cell: Any, at: Any) -> Any:
    return sigmoid(at["h_p"] @ at["wr"] + at["x"] @ at["ur"]) * np.nan


def swapped(number: int) -> Formula:
    return lambda cell, at: FORMS["swapped"].equations[number](at)


CELLS: dict[str, dict[str, Formula]] = {
    "right": {},
    "one": {"dzr": dzr_without_state},
    "two": {"dzr": dzr_without_state, "dh": dh_without_update},
    "nan": {"r": overflowing},
    "scaled": {"dzr": lambda cell, at: 1.25 * EQUATIONS[10](at)},
    "swapped": {EQUATIONS[number].name: swapped(number) for number in (4, 8, 9, 23)},
}


class Numbers(GRUCell):
    """A cell that answers with numbers of no meaning, of the right shapes."""

    def number(self, shape: tuple[int, ...]) -> Any:
        return np.full(shape, 0.5)

    def _spoil(self, names: str) -> None:
        for name in names.split():
            setattr(self, name, self.number(getattr(self, name).shape))

    def forward(self, x: Any, h_p: Any, W: Any, U: Any) -> Any:
        super().forward(x, h_p, W, U)
        self._spoil("z r n h")

    def backward(self, h_p: Any, in_grad: Any) -> None:
        super().backward(h_p, in_grad)
        self._spoil("dzz dzn dzr dwn dun dwr dur dwz duz dh dx dW dU")


class Zeros(Numbers):
    def number(self, shape: tuple[int, ...]) -> Any:
        return np.zeros(shape)


class Noise(Numbers):
    def number(self, shape: tuple[int, ...]) -> Any:
        return np.random.default_rng().normal(size=shape)


@cache
def examination(name: str) -> Examination:
    """The examination of a cell with the formulas of this name, or of one that answers with mere numbers."""
    spoilt = {"constant": Numbers, "zeros": Zeros, "noise": Noise}
    cell = spoilt.get(name) or type("GRUCell", (Learner,), {"replaced": CELLS[name]})
    with np.errstate(all="ignore"):
        return examine(TrustedCells(cell), effort="quick")


def result(name: str, level: feedback.Feedback = "full") -> Result:
    return Result("alice.py", "0" * 64, feedback.told(examination(name), level), seconds=0.25)


def message(name: str, level: feedback.Feedback = "full") -> str:
    return "\n".join(text.message(result(name, level)))


def labelled(report: str, label: str) -> list[str]:
    """The lines of a report with this label, without it."""
    return [line[13:] for line in report.splitlines() if line[:13].strip() == label]


ALL = (*CELLS, "constant", "zeros", "noise")

# The message


def test_the_first_wrong_equation_is_told_in_full() -> None:
    report = message("one")
    block = report[report.index("equation (10), dzr: wrong") :]
    assert (
        block
        == """\
equation (10), dzr: wrong
  quantity   dzr = ∂loss/∂z_rt, shape (batch, hidden) = (1, 1)
  at         batch 1, input 1, hidden 1, problem 0 of seed 0
             submission   measured   submission / measured
  [0, 0]       0.017185   0.003386                  5.0753
  error      4.1 of the largest entry; limit 4.5e-13
  note       (2) (9) are right here: the mistake is inside (10)
  note       (13) (14) (19) (20) (23) (24) inherit it
  help       the factor h_prev is missing: dzr = (dzn @ Wh.T) * h_prev * r * (1 - r)
  because    the loss reaches r through (r ∘ h_prev)·W_h: back through W_hᵀ, times h_prev, and σ′ = r(1 − r)
  again      gru check alice.py --only equation-10 --problem 0:0"""
    )


def test_the_table_has_every_check_in_the_order_of_the_chapter() -> None:
    checks = [row.check for row in text.rows(examination("one"))]
    assert checks == [outcome.check for outcome in examination("one").outcomes]
    assert checks[4:8] == ["equation-1", "equation-2", "equation-3", "equation-4"]


def test_two_mistakes_are_one_told_in_full_and_one_in_short() -> None:
    report = message("two")
    assert report.count("  help  ") == 1
    assert "  equation (23), dh: the term dzz @ Wz.T is missing; error" in report
    assert labelled(report, "inherited") == ["(13) (14) (19) (20) (24): right formulas on wrong values, " + SOURCE]


SOURCE = "from what is wrong above"


def test_a_right_cell_is_told_what_a_pass_means() -> None:
    last = message("right").splitlines()[-1]
    assert re.fullmatch(
        r"right: every derivative \(8\)–\(24\); a difference above \de-1\d of a block's largest entry "
        r"would have been found",
        last,
    )


@pytest.mark.full
def test_the_convention_in_force_is_always_told() -> None:
    for name in ALL:
        assert labelled(message(name), "convention") == ["h = (1 - z) * h_prev + z * h̃"]


def test_another_convention_is_told_in_one_sentence_and_once() -> None:
    report = message("swapped")
    assert labelled(report, "followed") == [
        "another form of the GRU, swapped: gru explain convention/swapped shows it",
    ]
    assert labelled(report, "help") == [
        "z weighs the old state here: h = z * h_prev + (1 - z) * h̃; right is h = (1 - z) * h_prev + z * h̃"
    ]


@pytest.mark.parametrize(
    ("id", "line"),
    [
        ("chapter", "h = (1 - z) * h_prev + z * h̃"),
        ("swapped", "h = z * h_prev + (1 - z) * h̃"),
        ("torch", "h̃ = tanh(r * (h_prev @ Wh) + x @ Uh), h = z * h_prev + (1 - z) * h̃"),
        ("chapter-rzn", "h = (1 - z) * h_prev + z * h̃, W and U stacked in the order r, z, h̃"),
    ],
)
def test_each_convention_is_told_by_its_formulas(id: str, line: str) -> None:
    assert text.convention(FORMS[id]) == line


def test_how_to_run_a_case_again_keeps_the_convention() -> None:
    (outcome,) = (o for o in examination("one").outcomes if o.status == "wrong")
    assert one_outcome.block(outcome, "a b.py", asked=FORMS["torch"])[-1].endswith(
        "gru check 'a b.py' --only equation-10 --problem 0:0 --convention torch"
    )


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", ["zeros", "constant", "noise"])
def test_a_cell_that_is_wrong_everywhere_gets_a_short_report(name: str) -> None:
    report = message(name)
    assert "wrong everywhere: none of the 21 equations is right" in report
    assert len(report.splitlines()) < 20
    assert report.count("  help  ") <= 1


def test_nan_is_told_where_it_first_appears_along_the_equations() -> None:
    report = message("nan")
    assert "along the equations, NaN or infinity appears first in (2)" in labelled(report, "note")
    assert labelled(report, "not told")[0].startswith("(3) (4) (8)")


def test_a_mistake_that_is_not_known_is_described_and_the_right_formula_told() -> None:
    report = message("scaled")
    assert "dzr is 1.25 times the right value" in labelled(report, "note")
    assert labelled(report, "help") == ["the right formula is dzr = (dzn @ Wh.T) * h_prev * r * (1 - r)"]


def test_an_outcome_without_numbers_or_mistake_is_told_all_the_same() -> None:
    outcome = Outcome(
        "interface",
        "wrong",
        problem="0:3",
        sizes=Sizes(2, 1, 1),
        facts=(Fact.of("raised", raised="forward raised ValueError"),),
    )
    assert one_outcome.block(outcome, "alice.py") == [
        "interface: wrong",
        "  found      forward raised ValueError",
        "  at         batch 2, input 1, hidden 1, problem 3 of seed 0",
        "  again      gru check alice.py --only interface --problem 0:3",
    ]


def test_a_submission_that_could_not_be_examined_is_told_why() -> None:
    lost = Examination("not_examined", (), 0, "normal", "timed_out", "forward took longer than 10 s")
    lines = text.message(Result("alice.py", None, lost, 10.0))
    assert lines[0] == "alice.py: not examined (timed out)"
    assert lines[-1] == "  reason     forward took longer than 10 s"


def test_single_precision_is_told() -> None:
    single = replace(examination("right"), precision="float32")
    assert labelled("\n".join(text.heading(Result("alice.py", None, single, 0.1))), "precision")


@pytest.mark.parametrize("name", ALL)
def test_no_message_talks_down(name: str) -> None:
    assert not set(re.findall(r"\w+", message(name).lower())) & {"you", "your", "just", "simply"}


def test_several_files_are_summed_up_in_a_line() -> None:
    assert text.summary(["right", "wrong", "wrong"], failures=1) == (
        "4 files: 1 right, 2 wrong, 1 lost to a failure of gru itself"
    )


STATE_MISTAKES = [
    planted
    for planted in state_mistakes()
    if planted.id.endswith(
        ("is added to that of the last call", "has dropout", "dwn", "dW", "is changed", "writeable", "contiguous")
    )
]


@pytest.mark.one_in(4)
@pytest.mark.parametrize("planted", STATE_MISTAKES, ids=lambda planted: planted.id)
def test_what_is_wrong_with_a_state_is_told_with_what_is_right(planted: Planted) -> None:
    with np.errstate(all="ignore"):
        found = examine(TrustedCells(planted.cell), problem=find("2,3,4,3/ordinary/float64/0")).outcome("state")
    assert found.status == "wrong"
    report = "\n".join(one_outcome.block(found, "alice.py"))
    assert len(labelled(report, "found")) == len(labelled(report, "help")) == 1


@pytest.mark.one_in(4)
@pytest.mark.parametrize("planted", STATE_MISTAKES, ids=lambda planted: planted.id)
def test_what_is_random_in_forward_is_told_from_what_backward_adds_up(planted: Planted) -> None:
    with np.errstate(all="ignore"):
        found = examine(TrustedCells(planted.cell), problem=find("2,3,4,3/ordinary/float64/0")).outcome("state")
    assert found.mistake is not None
    at_random = "state/forward-differs" in found.mistake.ids
    added_up = "state/added-up" in found.mistake.ids
    assert at_random == planted.id.endswith("has dropout")
    assert added_up == planted.id.endswith("is added to that of the last call")


@pytest.mark.parametrize("companion", COMPANIONS, ids=lambda companion: companion.kind)
def test_every_way_to_put_a_problem_again_has_its_help(companion: Companion) -> None:
    assert lesson.explained(f"state/{companion.kind}")


# Nothing steers a terminal


@given(st.text())
@pytest.mark.full
def test_what_is_printed_is_one_line_and_printable(anything: str) -> None:
    assert words.printable(anything).isprintable()


@given(st.text())
def test_what_is_printable_stays_as_it_is(anything: str) -> None:
    if anything.isprintable():
        assert words.printable(anything) == anything


@given(st.text(min_size=1))
def test_no_text_of_a_submission_reaches_a_terminal_as_it_is(anything: str) -> None:
    outcome = Outcome(
        "interface", "wrong", problem="0:3", sizes=Sizes(2, 1, 1), facts=(Fact.of("raised", raised=anything),)
    )
    lost = Examination("not_examined", (outcome,), 0, "normal", "crashed", anything)
    assert all(line.isprintable() for line in text.message(Result(anything, None, lost, 1.0)))


@pytest.mark.parametrize("name", ALL)
def test_colour_says_nothing_that_words_do_not(name: str) -> None:
    stream = io.StringIO()
    terminal.show_rich(result(name), Console(file=stream, force_terminal=True, color_system="truecolor", width=300))
    coloured = stream.getvalue()
    assert ANSI.search(coloured)
    assert ANSI.sub("", coloured).replace("─", "").split() == message(name).split()


def test_no_progress_is_shown_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal.progress("alice.py") as advance:
        advance(1, 2)
    assert capsys.readouterr() == ("", "")


# Numbers side by side

finite = st.floats(allow_nan=False, allow_infinity=False, width=32)


@given(finite, finite)
def test_two_numbers_that_differ_are_written_differently(first: float, second: float) -> None:
    _, line = numbers.side_by_side([Entry((0, 0), first, second)], "measured")
    left, right = line.removeprefix("  [0, 0]").split()[:2]
    assert (left == right) == (first == second)


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_written_as_such(number: float) -> None:
    _, line = numbers.side_by_side([Entry((0, 0), number, 0.5)], "measured")
    assert str(number) in line


@given(st.floats(min_value=1e-300, max_value=1e300))
def test_a_promise_is_never_sharper_than_what_was_measured(number: float) -> None:
    assert number <= float(numbers.rounded_up(number)) <= 2 * number


@given(st.sampled_from(["wn", "h_p", "n", "dzn", "z", "in_grad", "-", "(", " * "]), st.text())
def test_spelling_twice_changes_nothing_more(name: str, anything: str) -> None:
    once = FORMS["chapter"].spelled(f"{anything} {name}")
    assert FORMS["chapter"].spelled(once) == once


# How much is told


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("level", feedback.LEVELS)
def test_no_level_changes_the_verdict(name: str, level: feedback.Feedback) -> None:
    assert result(name, level).examination.verdict == examination(name).verdict


@pytest.mark.parametrize("name", ALL)
def test_none_tells_the_verdict_only(name: str) -> None:
    report = message(name, "none")
    assert report.splitlines()[0] == f"alice.py: {examination(name).verdict}"
    assert len(report.splitlines()) == 3
    assert data.document([result(name, "none")])["results"][0]["outcomes"] == []


def test_location_tells_the_equation_and_not_the_mistake() -> None:
    report = message("one", "location")
    assert "equation (10), dzr: wrong" in report
    assert "0.017185" in report
    assert not labelled(report, "help") + labelled(report, "because")


def test_hint_tells_the_kind_of_mistake_and_not_which() -> None:
    report = message("one", "hint")
    assert labelled(report, "help") == ["a factor or a term is missing"]
    assert "dzn @" not in report


def test_hint_tells_what_was_seen_of_a_mistake_that_is_not_known() -> None:
    assert labelled(message("scaled", "hint"), "help") == ["dzr is 1.25 times the right value"]


@pytest.mark.parametrize("level", ["location", "hint"])
def test_another_convention_is_not_told_below_full(level: feedback.Feedback) -> None:
    assert "z weighs" not in str(data.document([result("swapped", level)])) + message("swapped", level)
    assert "followed" not in message("swapped", level)


@pytest.mark.parametrize(
    ("level", "mistake"),
    [
        ("location", None),
        ("hint", {"id": None, "text": "a factor or a term is missing", "formula": None}),
        (
            "full",
            {
                "id": "equation-10/no-h-prev",
                "text": "the factor h_prev is missing",
                "formula": "dzr = (dzn @ Wh.T) * h_prev * r * (1 - r)",
            },
        ),
    ],
)
def test_the_document_holds_the_mistake_as_far_as_it_is_told(level: feedback.Feedback, mistake: Any) -> None:
    (outcome,) = (o for o in data.document([result("one", level)])["results"][0]["outcomes"] if o["status"] == "wrong")
    assert outcome["mistake"] == mistake


def test_several_ids_are_joined_in_the_document() -> None:
    one, another = (Fact.known(mistake) for mistake in catalogue(8)[:2])
    both = Diagnosis("equation-8", ((one,), (another,)), condition=Fact.of("hidden-one"))
    (outcome,) = (replace(o, mistake=both) for o in examination("one").outcomes if o.status == "wrong")
    told = replace(result("one"), examination=replace(examination("one"), outcomes=(outcome,)))
    assert data.document([told])["results"][0]["outcomes"][0]["mistake"] == {
        "id": ",".join(mistake.id for mistake in catalogue(8)[:2]),
        "text": "; or, what is the same here: ".join(map(said, (one, another))) + "; only where hidden = 1",
        "formula": None,
    }


# Lessons


@pytest.mark.parametrize("number", [number for number, e in EQUATIONS.items() if e.name in PATHS])
def test_the_factors_of_every_path_multiply_to_the_equation(number: int) -> None:
    """At sizes 1, where every product is an ordinary one: Σ over paths of Π over factors."""
    values = lesson.values_of(find("0:0"))
    product = sum(
        np.prod([formula.evaluate(formula.parse(value), values) for _, value in chain])
        for chain in PATHS[EQUATIONS[number].name]
    )
    np.testing.assert_allclose(product, EQUATIONS[number](values).item(), rtol=1e-12)


def test_every_derivative_but_the_sums_has_its_factors() -> None:
    assert set(PATHS) == {e.name for n, e in EQUATIONS.items() if n >= 8 and not e.is_sum}


@pytest.mark.parametrize("topic", ["10", "(10)", "dzr", "equation-10"])
def test_an_equation_is_explained_by_any_of_its_names(topic: str) -> None:
    lines = lesson.explained(topic)
    assert lines[0] == "equation (10), dzr"
    assert "  formula    dzr = (dzn @ Wh.T) * h_prev * r * (1 - r)" in lines
    assert "  depends    (13) (14) (23) (24) are made of it, and through them (19) (20)" in lines
    assert {mistake.id for mistake in catalogue(10)} <= {line.split()[0] for line in lines if line}


@pytest.mark.parametrize("number", EQUATIONS)
def test_every_equation_is_explained(number: int) -> None:
    lines = lesson.explained(str(number))
    assert lines[0].startswith(f"equation ({number})")
    assert all(line.isprintable() for line in lines)


def test_a_mistake_is_worked_out_in_numbers() -> None:
    assert lesson.explained("equation-10/no-h-prev")[-4:] == [
        "  worked     batch 1, input 1, hidden 1 (problem 0:0)",
        "  with       dzn = -0.1001, Wh = -0.6888, h_prev = 0.197, r = 0.5266",
        "  wrong      dzr = ((-0.1001) * (-0.6888)) * 0.5266 * (1 - 0.5266) = 0.01718",
        "  right      dzr = ((-0.1001) * (-0.6888)) * 0.197 * 0.5266 * (1 - 0.5266) = 0.003386",
    ]


def test_a_mistake_that_does_not_show_at_sizes_1_is_worked_out_where_it_does() -> None:
    lines = "\n".join(lesson.explained("equation-10/untransposed-wn"))
    assert "batch 1, input 1, hidden 2, as it does not show at sizes 1 (problem 0:1)" in lines


def test_everything_that_a_report_can_name_is_explained() -> None:
    for topic in lesson.topics():
        assert lesson.explained(topic), topic
    worked = [m.id for number in EQUATIONS for m in catalogue(number)]
    assert [id for id in worked if "  worked " not in "\n".join(lesson.explained(id))] == []


@pytest.mark.parametrize("name", ALL)
def test_every_id_in_a_report_can_be_explained(name: str) -> None:
    ids = [id for outcome in examination(name).outcomes if outcome.mistake for id in outcome.mistake.ids]
    assert all(lesson.explained(id) for id in ids)
    assert set(ids) <= set(lesson.topics())


def test_an_unknown_topic_is_answered_with_the_nearest() -> None:
    with pytest.raises(KeyError) as raised:
        lesson.explained("equation-10/no-h-pre")
    assert "equation-10/no-h-prev" in raised.value.args[0]


# The parts of a limit


@pytest.mark.parametrize("check", ["equation-1", "equation-10", "equation-17"])
def test_the_parts_of_a_limit_make_the_limit(check: str) -> None:
    e = explain_limit(check, find("2,3,4,3/ordinary/float64/0"))
    assert e.limit == pytest.approx(e.roundings * e.unit_roundoff * e.forms + e.oracle + e.apart)
    written = "\n".join(limits.limit_explained(e, CHAPTER))
    for part in (e.roundings, e.unit_roundoff, e.forms, e.oracle, e.limit, e.detects):
        assert f"{part:.2e}" in written


def test_a_limit_is_explained_for_equations_only() -> None:
    with pytest.raises(ValueError, match="'split' is not the check of an equation; those with a limit are equation-1"):
        explain_limit("split", find("0:0"))
