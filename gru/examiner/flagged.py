"""A submission in another API with a flag switched: is every gradient the derivative of its forward pass then?

Asked where all is right as it is. It knows no layer, and prints nothing.
"""

from dataclasses import replace

from gru.examiner.bench import Bench
from gru.examiner.fact import Fact
from gru.examiner.outcome import Outcome
from gru.examiner.own_forward import FEWER, judge_own
from gru.submission.contract import CellError, Runner
from gru.submission.driven import Api

WITH_FLAG = "with-flag"


def judge_flags(runner: Runner, api: Api, seed: int, outcomes: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
    """The outcomes, with those gradients as wrong that are wrong with a flag switched. Raises SubmissionFailure.

    What nothing drives with the flag switched is not judged so, and that is told.
    """
    for flag, default in api.flags.items():
        told = {"flag": flag, "value": not default}
        try:
            with runner.with_flag(flag) as switched:
                own = judge_own(Bench(runner, switched), seed, numbers=FEWER)
            can_tell = not switched.alike and bool(switched.gradients)
        except CellError:
            can_tell = False
        if not can_tell:
            outcomes = _with_a_note(outcomes, Fact.of("not-with-flag", **told))
            continue
        if lost := _lost(Bench(runner, api), Bench(runner, switched)):
            outcomes = _with_a_note(outcomes, Fact.of("lost-with-flag", names=lost, **told))
        wrong = {
            outcome.check: replace(outcome, facts=(Fact.of(WITH_FLAG, **told), *outcome.facts))
            for outcome in own.outcomes
            if outcome.is_of_gradient and outcome.status == "wrong"
        }
        known = {outcome.check for outcome in outcomes}
        outcomes = tuple(
            wrong.get(outcome.check, outcome) if outcome.status == "right" else outcome for outcome in outcomes
        )
        outcomes += tuple(outcome for check, outcome in wrong.items() if check not in known)
    return outcomes


def _lost(bench: Bench, switched: Bench) -> tuple[str, ...]:
    """The gradients that are shown as the file is and not with a flag switched, of what there is in both."""
    gone = [name for name in bench.shown if name not in switched.shown]
    return tuple(name for name in gone if name not in bench.api.names or name in switched.api.names)


def _with_a_note(outcomes: tuple[Outcome, ...], fact: Fact) -> tuple[Outcome, ...]:
    return tuple(replace(o, facts=(*o.facts, fact)) if o.check == "interface" else o for o in outcomes)
