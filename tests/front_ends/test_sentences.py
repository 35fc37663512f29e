"""The sentences of a report: every kind of fact has one, is explained, and says what it is given."""

import ast
from pathlib import Path

import pytest

import gru.examiner
from gru.examiner.fact import Diagnosis, Fact
from gru.examiner.judging.limit_parts import explain_limit
from gru.layers.gru.forms import CHAPTER, GRU
from gru.mistakes import catalogue
from gru.problem import find
from gru.report import lesson, limits
from gru.report.kinds import KINDS
from gru.report.sentences import explanation, said


def kinds_found() -> set[str]:
    """The kinds that stand in the examiner, wherever it makes a fact."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in Path(gru.examiner.__file__).parent.rglob("*.py")]
    calls = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))
    of = (call for call in calls if ast.unparse(call.func) == "Fact.of" and call.args)
    return {str(call.args[0].value) for call in of if isinstance(call.args[0], ast.Constant)}


def test_every_kind_of_fact_has_a_sentence() -> None:
    found = kinds_found()
    assert len(found) > 60
    assert found - KINDS.keys() == set()


@pytest.mark.parametrize("kind", [kind for kind, words in KINDS.items() if words.explained])
def test_every_kind_that_a_check_finds_is_explained(kind: str) -> None:
    of = KINDS[kind].of
    topic = f"{'equation-10' if of == 'equation' else of}/{kind}"
    assert topic in lesson.topics()
    lines = lesson.explained(topic)
    assert lines[0] == f"{topic}: {KINDS[kind].explained}"


def test_a_form_is_told_by_the_respects_in_which_it_departs() -> None:
    torch, after = GRU.forms["torch"], GRU.forms["reset-after"]
    told = said(Fact.of("another-form", form=after, asked=torch))
    assert told == "z weighs the new state here: h = (1 - z) * h_prev + z * h̃"
    assert said(Fact.of("another-form", form=after, asked=CHAPTER)) == after.text


def test_two_mistakes_with_the_same_words_are_told_once() -> None:
    slips = ("equation-8/r-for-z", "equation-8/r-for-z-2")
    known = [Fact.known(mistake) for mistake in catalogue(8) if mistake.id in slips]
    assert len(known) == 2
    assert explanation(Diagnosis("equation-8", (tuple(known),))) == "r stands where z belongs"


def test_an_exception_says_that_it_came_in_a_second_use() -> None:
    raised = {"raised": "forward raised ValueError", "beside": None}
    assert said(Fact.of("raised", **raised, is_again=False)) == "forward raised ValueError"
    assert said(Fact.of("raised", **raised, is_again=True)) == "in the second use of a cell, forward raised ValueError"


@pytest.mark.parametrize(("form", "first"), [("chapter", "in_grad * (1 - z)"), ("torch", "in_grad * z")])
def test_a_limit_is_that_of_the_formula_of_the_form(form: str, first: str) -> None:
    asked = GRU.forms[form]
    lines = limits.limit_explained(explain_limit("equation-23", find("1,1,2,1/ordinary/float64/0"), asked), asked)
    assert lines[2].startswith(f"  formula    dh = {first} + ")
