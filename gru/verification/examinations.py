"""What is found of one cell in a session of pytest: on the battery, and on the problems that Hypothesis draws.

It judges nothing itself: outcomes come from the examiner, their text from the report.
"""

from dataclasses import dataclass, field, replace

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as drawn_with
from hypothesis import strategies as st

from gru.examiner import TRAINING, Examination, Outcome, examine
from gru.examiner.fact import Fact
from gru.layer import Form
from gru.layers.gru.forms import CHAPTER
from gru.problem import Effort, Problem, find
from gru.report import another_api
from gru.report.one_outcome import block, checks, title
from gru.report.sentences import all_said
from gru.report.words import line, printable, words
from gru.strategies import problems
from gru.submission.contract import Runner

_PHASES = (Phase.generate, Phase.shrink)

_SUPPRESSED = (HealthCheck.too_slow,)
"""How long a cell takes is for its time limit to judge."""


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
    form: Form = CHAPTER
    battery: Examination = field(init=False)
    failed: Examination | None = field(default=None, init=False)
    _drawn: dict[tuple[str, str], Examination] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.battery = examine(self.runner, effort=self.effort, seed=self.seed, form=self.form)
        self.failed = self.battery if self.battery.reason else None

    def on(self, problem: Problem, form: Form) -> Examination:
        """The examination on one problem."""
        key = (problem.id, form.id)
        if key not in self._drawn:
            examination = examine(self.runner, problem=problem, form=form)
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
        if self.battery.api is not None:
            failed = self.battery if self.battery.reason else None
            return self._cut_short(Outcome(check, "not_examined"), failed) if failed else self._in_own_names(check)
        known = self.battery.outcome(check)
        if check == TRAINING:
            return self._told(known)
        if self.failed is None:
            found = self._searched(known)
            if self.failed is None:
                return found
        return self._cut_short(known, self.failed)

    def is_without(self, check: str) -> bool:
        """Whether nothing can be said of a check by itself, as the submission is in another API."""
        if self.battery.api is None or self.battery.reason or check == "interface":
            return False
        outcome = next((outcome for outcome in self.battery.outcomes if outcome.check == check), None)
        return outcome is None or another_api.is_not_shown(outcome) or not self._has_equations

    @property
    def _has_equations(self) -> bool:
        return any(outcome.is_of_equation for outcome in self.battery.outcomes)

    def _in_own_names(self, check: str) -> Found:
        """What is said of a submission in another API.

        Under `interface` stands all that has no test of its own: where no equation is named, the verdict as a whole.
        """
        battery = self.battery
        if check != "interface":
            return Found(battery.outcome(check), self._block_in_own_names(battery.outcome(check)))
        with_test = {equation.id for equation in self.form.exposed} | {"state"} if self._has_equations else set()
        wrong = [outcome for outcome in battery.outcomes if outcome.status == "wrong"]
        is_explained = any(outcome.check in with_test and outcome.is_of_equation for outcome in wrong)
        left = [
            outcome
            for outcome in wrong
            if outcome.check not in with_test and not (is_explained and outcome.is_of_gradient)
        ]
        lines = [f"{self.name}: {words(battery.verdict)}"]
        for outcome in left:
            lines += self._block_in_own_names(outcome)
        verdict = "right" if wrong and not left else battery.verdict
        return Found(Outcome("interface", verdict, facts=(Fact.of("said", text=battery.text),)), lines)

    def _block_in_own_names(self, outcome: Outcome) -> list[str]:
        if not outcome.is_of_equation:
            return another_api.block(outcome, self.name)
        names = another_api.names(outcome, self.battery)
        return block(outcome, self.name, self.battery.outcomes, asked=self.battery.form, names=names)

    def _searched(self, known: Outcome) -> Found:
        """The smallest problem that Hypothesis finds the check wrong on; else what is known."""
        spoilt: list[Outcome] = []
        try:
            self._search(problems(form=self.form), known, spoilt)
            if known.status in ("wrong", "missing") and known.problem:
                self._search(st.just(find(known.problem, self.form)), known, spoilt)
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
        form = self.form if known.status == "wrong" else self.battery.form

        # The same seed for every check, or each would put other problems to the cell.
        @drawn_with(self.seed)
        @settings(database=None, deadline=None, print_blob=False, phases=_PHASES, suppress_health_check=_SUPPRESSED)
        @given(problem=candidates)
        def is_right_on(problem: Problem) -> None:
            examination = self.on(problem, form)
            outcome = examination.outcome(known.check)
            if examination.reason is None and outcome.status in ("wrong", "missing"):
                raise _NotRightError(outcome, examination)
            if examination.reason is None and outcome.status != "right" and outcome.problems:
                spoilt.append(outcome)

        is_right_on()

    def _told(self, outcome: Outcome) -> Found:
        outcomes = self.battery.outcomes
        lines = block(outcome, self.name, outcomes, asked=self.form)
        interface = self.battery.outcome("interface")
        if outcome.status == "not_examined" and interface.status == "wrong":
            lines.append(line("because", f"interface is wrong: {all_said(interface.facts)}"))
        return Found(outcome, lines)

    def _falsified(self, known: Outcome, error: _NotRightError) -> Found:
        """The problem that was found; the mistake is the battery's, which is the surer for its many problems."""
        outcome, outcomes = error.outcome, error.examination.outcomes
        if known.status == "wrong":
            outcome, outcomes = replace(outcome, mistake=known.mistake), self.battery.outcomes
        example = [printed for note in getattr(error, "__notes__", ()) for printed in note.splitlines()]
        return Found(outcome, [*block(outcome, self.name, outcomes, asked=self.form), *example])

    def _cut_short(self, known: Outcome, failed: Examination) -> Found:
        """What was found before the cell failed to run, and why it did."""
        reason = words(failed.reason or "")
        if known.status in ("wrong", "missing"):
            lines = [*block(known, self.name, self.battery.outcomes, asked=self.form), line("cut short", reason)]
            return Found(known, [*lines, line("reason", failed.text)])
        before = [line("before", f"{words(known.status)} until then")] if known.problems else []
        lines = [f"{title(known, self.form)}: not examined ({reason})", line("reason", failed.text), *before]
        return Found(replace(known, status="not_examined"), lines)

    def inheritance(self, outcome: Outcome) -> str:
        """One line on an inherited outcome, and on what is wrong."""
        wrong = [other for other in self.battery.outcomes if other.status == "wrong"]
        names = checks(wrong, self.form)
        why = all_said(outcome.facts) or "a right formula on wrong values"
        return printable(f"{title(outcome, self.form)}: inherited, {why}" + (f"; wrong: {names}" if wrong else ""))
