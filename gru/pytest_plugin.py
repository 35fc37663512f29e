"""The pytest plugin: `pytest --submission FILE`, and fixtures for tests about a cell in any repository.

A test about a cell asks for `require_right`. With a submission given, all other tests are
deselected. It judges nothing itself: outcomes come from the examiner, their text from the report.

A regression test of a hand-written cell, run with `pytest -p gru.pytest_plugin`::

    import pytest
    from gru.examiner import CHECKS
    from my_package import GRUCell

    @pytest.fixture(scope="session")
    def own_cell():
        return GRUCell

    @pytest.mark.parametrize("check", CHECKS)
    def test_cell(check, require_right):
        require_right(check)
"""

import argparse
import inspect
import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as drawn_with
from hypothesis import strategies as st

from gru.examiner import TRAINING, Examination, Outcome, examine
from gru.layer import Form
from gru.layers.gru.cell import GRUCell
from gru.layers.gru.forms import CHAPTER
from gru.problem import Effort, Problem, find
from gru.report import text
from gru.report.words import line, printable, words
from gru.strategies import problems
from gru.submission.confinement import ConfinementError, Isolation
from gru.submission.contract import Runner, SubmissionFailure
from gru.submission.limits import CALLS_IN_ALL, MEMORY_LIMIT, TIME_LIMIT
from gru.submission.notebook import ENDING, NotebookSupportError, require
from gru.submission.process import SubmissionProcess, check_file
from gru.submission.trusted import TrustedCells

SEARCHES = 2
"""How many times as long as `gru check` all calls of a submission may take: the battery, then what Hypothesis draws."""

_PROCESS = pytest.StashKey[SubmissionProcess]()


# The command line


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options; all but the first have a prefix, as other plugins have a seed too."""
    group = parser.getgroup("gru", "a hand-written GRU cell")
    group.addoption(
        "--submission",
        metavar="FILE",
        # pytest looks for its settings before it knows this option, and takes a word by itself for tests.
        help="run the tests that are about a cell on GRUCell of this file; --submission=FILE where it is outside the "
        "folder of the tests",
    )
    group.addoption(
        "--submission-seed", metavar="N", type=_seed, default=0, help="draws the problems (default: %(default)s)"
    )
    group.addoption(
        "--submission-effort",
        choices=get_args(Effort),
        default="normal",
        help="how many problems everybody with this seed is given (default: %(default)s)",
    )
    group.addoption(
        "--submission-time-limit",
        metavar="S",
        type=float,
        default=TIME_LIMIT,
        help="seconds for one call of a submission (default: %(default)s)",
    )
    group.addoption(
        "--submission-memory-limit",
        metavar="MIB",
        type=int,
        default=MEMORY_LIMIT,
        help="memory for a submission (default: %(default)s)",
    )
    group.addoption(
        "--submission-isolation",
        choices=get_args(Isolation),
        default="auto",
        help="what shuts a submission in (default: %(default)s)",
    )


def _seed(argument: str) -> int:
    """A seed from the command line."""
    if not argument.isdecimal():
        raise argparse.ArgumentTypeError(f"{argument!r} is no seed; expected a whole number, 0 or more")
    return int(argument)


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a submission that is no file, and limits that leave no room, before any test is collected."""
    option = config.option
    if option.submission is None:
        return
    if option.tbstyle == "auto":
        # The source of these tests says nothing of a submission; the message says it all.
        option.tbstyle = "short"
    path = config.invocation_params.dir / option.submission
    try:
        check_file(str(path))
        if path.suffix.lower() == ENDING:
            require()
        config.stash[_PROCESS] = SubmissionProcess(
            path,
            time_limit=option.submission_time_limit,
            memory_limit=option.submission_memory_limit,
            whole_limit=SEARCHES * CALLS_IN_ALL * option.submission_time_limit,
            isolation=option.submission_isolation,
        )
    except SubmissionFailure as failure:
        raise pytest.UsageError(f"--submission {printable(option.submission)}: {failure.text}") from None
    except NotebookSupportError as error:
        raise pytest.UsageError(f"--submission: {error}") from None
    except ConfinementError as error:
        raise pytest.UsageError(f"--submission-{error}") from None
    except ValueError as error:
        raise pytest.UsageError(f"--submission-{str(error).replace('_', '-', 1)}") from None


def pytest_report_header(config: pytest.Config) -> list[str]:
    """What is examined, and on which problems."""
    option = config.option
    submission = "none; own cell" if option.submission is None else printable(option.submission)
    lines = [
        f"submission: {submission}, seed {option.submission_seed}, effort {option.submission_effort}",
        f"convention: {text.convention()}",
    ]
    if _PROCESS in config.stash:
        confinement = config.stash[_PROCESS].confinement
        lines.append(f"isolation: {confinement.level}")
        if confinement.warning:
            lines.append(f"warning: {confinement.warning}")
    return lines


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With a submission given, keep the tests that are about a cell."""
    if config.option.submission is None:
        return
    about_a_cell = [item for item in items if "examinations" in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=[item for item in items if item not in about_a_cell])
    items[:] = about_a_cell


# What is found


@dataclass(frozen=True)
class Found:
    """What is said of one check in the end: its outcome, and the lines that tell it."""

    outcome: Outcome
    lines: list[str]


class _NotRightError(Exception):
    """A check is wrong on the problem that was drawn."""

    def __init__(self, outcome: Outcome, examination: Examination) -> None:
        super().__init__(outcome.check)
        self.outcome, self.examination = outcome, examination


@dataclass
class Examinations:
    """All examinations of one cell in a session: that of the battery, and of each problem that is drawn.

    Every problem is put to the cell once, however many tests ask for it. `name` is what messages
    call the cell's file, `failed` the examination in which it failed to run, after which none is made.
    """

    name: str
    runner: Runner
    seed: int = 0
    effort: Effort = "normal"
    battery: Examination = field(init=False)
    failed: Examination | None = field(default=None, init=False)
    _drawn: dict[tuple[str, str], Examination] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.battery = examine(self.runner, effort=self.effort, seed=self.seed)
        self.failed = self.battery if self.battery.reason else None

    def on(self, problem: Problem, convention: Form = CHAPTER) -> Examination:
        """The examination on one problem."""
        key = (problem.id, convention.id)
        if key not in self._drawn:
            examination = examine(self.runner, problem=problem, convention=convention)
            self._drawn[key] = examination
            if examination.reason and self.failed is None:
                self.failed = replace(examination, text=f"{examination.text}, on {problem}")
        return self._drawn[key]

    def found(self, check: str) -> Found:
        """What the battery and the problems that Hypothesis draws say of a check.

        It takes many problems to tell whether a wrong value is inherited, so that the battery
        decides that. A drawn problem can show a wrong formula, and a value that is wrong only there.
        Raises KeyError where there is no such check.
        """
        known = self.battery.outcome(check)
        if check == TRAINING:
            return self._told(known)
        if self.failed is None:
            found = self._searched(known)
            if self.failed is None:
                return found
        return self._cut_short(known, self.failed)

    def _searched(self, known: Outcome) -> Found:
        """The smallest problem that Hypothesis finds the check wrong on; else what is known."""
        spoilt: list[Outcome] = []
        try:
            self._search(problems(), known, spoilt)
            if known.status in ("wrong", "missing") and known.problem:
                self._search(st.just(find(known.problem)), known, spoilt)
        except _NotRightError as error:
            return self._falsified(known, error)
        if spoilt and known.status == "right":
            return self._told(replace(spoilt[0], status="inherited"))
        return self._told(known)

    def _search(self, candidates: st.SearchStrategy[Problem], known: Outcome, spoilt: list[Outcome]) -> None:
        """Raise _NotRightError on the smallest candidate that shows the check wrong.

        Outcomes with a wrong value, but none that is known to be this check's fault, go to `spoilt`.
        """
        # A form of the GRU that many problems tell is not always to be recognised on one.
        convention = CHAPTER if known.status == "wrong" else self.battery.form

        # The same seed for every check, or each would put other problems to the cell.
        @drawn_with(self.seed)
        @settings(database=None, deadline=None, print_blob=False, phases=_PHASES, suppress_health_check=_SUPPRESSED)
        @given(problem=candidates)
        def is_right_on(problem: Problem) -> None:
            examination = self.on(problem, convention)
            outcome = examination.outcome(known.check)
            if examination.reason is None and outcome.status in ("wrong", "missing"):
                raise _NotRightError(outcome, examination)
            if examination.reason is None and outcome.status != "right" and outcome.problems:
                spoilt.append(outcome)

        is_right_on()

    def _told(self, outcome: Outcome) -> Found:
        outcomes = self.battery.outcomes
        lines = text.block(outcome, self.name, outcomes)
        interface = self.battery.outcome("interface")
        if outcome.status == "not_examined" and interface.status == "wrong":
            lines.append(line("because", f"interface is wrong: {interface.text}"))
        return Found(outcome, lines)

    def _falsified(self, known: Outcome, error: _NotRightError) -> Found:
        """The problem that was found; the mistake is the battery's, which is the surer for its many problems."""
        outcome, outcomes = error.outcome, error.examination.outcomes
        if known.status == "wrong":
            outcome, outcomes = replace(outcome, mistake=known.mistake), self.battery.outcomes
        example = [printed for note in getattr(error, "__notes__", ()) for printed in note.splitlines()]
        return Found(outcome, [*text.block(outcome, self.name, outcomes), *example])

    def _cut_short(self, known: Outcome, failed: Examination) -> Found:
        """What was found before the cell failed to run, and why it did."""
        reason = words(failed.reason or "")
        if known.status in ("wrong", "missing"):
            lines = [*text.block(known, self.name, self.battery.outcomes), line("cut short", reason)]
            return Found(known, [*lines, line("reason", failed.text)])
        before = [line("before", f"{words(known.status)} until then")] if known.problems else []
        lines = [f"{text.title(known)}: not examined ({reason})", line("reason", failed.text), *before]
        return Found(replace(known, status="not_examined"), lines)

    def inheritance(self, outcome: Outcome) -> str:
        """One line on an inherited outcome, and on what is wrong."""
        wrong = [other for other in self.battery.outcomes if other.status == "wrong"]
        names = text.checks(wrong)
        why = outcome.text or "a right formula on wrong values"
        return printable(f"{text.title(outcome)}: inherited, {why}" + (f"; wrong: {names}" if wrong else ""))


_PHASES = (Phase.generate, Phase.shrink)

# How long a cell takes is for its time limit to judge.
_SUPPRESSED = (HealthCheck.too_slow,)


# The fixtures


@pytest.fixture(scope="session")
def own_cell() -> Any:
    """The class that is examined where no submission is given; to be overridden in another repository."""
    return GRUCell


@pytest.fixture(scope="session")
def examinations(request: pytest.FixtureRequest, own_cell: Any) -> Iterator[Examinations]:
    """What is found in this session, of the submission in its own process or of `own_cell` in this one."""
    config = request.config
    process = config.stash.get(_PROCESS, None)
    name = config.option.submission or os.path.relpath(inspect.getfile(own_cell), config.invocation_params.dir)
    with process or nullcontext(TrustedCells(own_cell)) as runner:
        yield Examinations(name, runner, config.option.submission_seed, config.option.submission_effort)


@pytest.fixture
def require_right(request: pytest.FixtureRequest, examinations: Examinations) -> Callable[[str], None]:
    """A function of a check's id, which fails the test with the check's message unless it is right.

    An inherited outcome is an expected failure. Check, equation, status and error become
    properties of the test in `--junitxml`. Raises KeyError where there is no such check.
    """

    def require(check: str) -> None:
        __tracebackhide__ = True
        if check == TRAINING and examinations.effort != "thorough":
            pytest.skip(f"{TRAINING} is asked for with --submission-effort thorough")
        found = examinations.found(check)
        outcome = found.outcome
        for name in ("check", "equation", "status", "error", "problem"):
            if (value := getattr(outcome, name)) is not None:
                # The fixture `record_property` warns of a family of JUnit's format, which would end these tests.
                request.node.user_properties.append((name, value))
        if outcome.status == "inherited":
            pytest.xfail(examinations.inheritance(outcome))
        if outcome.status != "right":
            raise AssertionError("\n".join(found.lines))

    return require
