"""Whatever a submission shows, it is judged: no exception, no warning, and a check says what is wrong.

`Replayed` puts odd things into what a cell showed. The default run draws a few, `-m full` tries every
attribute with every kind of value.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import pytest

from gru.examiner import Examination, examine, proportion
from gru.grading.record import record_of
from gru.grading.rubric import EQUAL_POINTS
from gru.layers.gru.forms import CHAPTER
from gru.report.data import json_of
from gru.report.result import Result
from gru.report.text import message
from gru.submission.contract import Job, Recording
from gru.submission.trusted import TrustedCells
from tests.hostile.replayed import IN, ODD, WHEN, Oddity, Replayed

EXAMPLES = Path(__file__).parents[2] / "examples" / "submissions"
NAMES = (*CHAPTER.kept, *CHAPTER.shown_forward, *CHAPTER.shown_backward)

A_FEW = 4
"""Random combinations in the default run, for each cell: enough that all parts of an answer are met."""


@dataclass
class Recorded(TrustedCells):
    """The recordings of a cell, as they come."""

    cell_class: Any
    recordings: dict[str, Recording] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(self.cell_class)

    def run(self, jobs: Iterable[Job]) -> Iterator[Recording]:
        """As the cell answers; each answer is kept."""
        for recording in super().run(jobs):
            self.recordings[recording.job_id] = recording
            yield recording


@cache
def _recorded(cell: str) -> Mapping[str, Recording]:
    """What a cell of `SOURCES` showed, by its name."""
    namespace: dict[str, Any] = {}
    exec(SOURCES[cell], namespace)
    recorded = Recorded(namespace["GRUCell"])
    examine(recorded, effort="quick")
    for factor in proportion.FACTORS:
        # Which of these is asked for depends on what is shown.
        with patch.object(proportion, "FACTORS", (factor,)):
            proportion.judge_proportion(recorded, 0, CHAPTER)
    return recorded.recordings


def _source(name: str) -> str:
    return (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")


SOURCES = {
    "right": _source("right"),
    "dx wrong at hidden 1": _source("right").replace("self.dx = ", "self.dx = (self.h.shape[1] == 1) + "),
    "one equation wrong": _source("dzr_without_h_prev"),
    "another form": _source("swapped_gate"),
    "another order": _source("merged_r_first"),
}


def _is_judged(recorded: Mapping[str, Recording], *oddities: Oddity) -> Examination:
    """The examination of what was shown with these oddities in it; every report of it can be made."""
    examination = examine(Replayed(recorded, oddities), effort="quick")
    result = Result("cell.py", None, examination, 0.0)
    assert message(result)
    assert json_of([result])
    record = record_of("student", result, EQUAL_POINTS)
    assert record.verdict == examination.verdict
    return examination


@pytest.mark.full
def test_a_list_for_h_is_judged_beside_a_mistake_that_shows_at_hidden_1() -> None:
    examination = _is_judged(_recorded("dx wrong at hidden 1"), Oddity("h", "a list", "always"))
    wrong = {outcome.check for outcome in examination.outcomes if outcome.status == "wrong"}
    assert {"equation-4", "equation-24"} <= wrong


@pytest.mark.one_in(6)
@pytest.mark.parametrize("cell", SOURCES)
def test_odd_values_are_judged(cell: str) -> None:
    random = Random(cell)
    for _ in range(A_FEW):
        _is_judged(_recorded(cell), *_drawn(random))


@pytest.mark.full
@pytest.mark.parametrize("name", NAMES)
def test_every_kind_of_odd_value_of_every_attribute_is_judged(name: str) -> None:
    """Every kind on one cell: all kinds on all cells took twenty minutes and met nothing more."""
    random = Random(name)
    for kind in ODD:
        oddity = Oddity(name, kind, random.choice(list(WHEN)), random.choice(IN))
        _is_judged(_recorded(random.choice(list(SOURCES))), oddity, *_drawn(random))


def _drawn(random: Random) -> list[Oddity]:
    choices = list(NAMES), list(ODD), list(WHEN), [*IN, *["all"] * len(IN)]
    return [Oddity(*map(random.choice, choices)) for _ in range(random.choice((1, 1, 2, 3)))]
