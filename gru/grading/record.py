"""What is kept of one student's submission: the verdict, the points of each check, what the student is told.

Plain data, which goes into the gradebook and out to every export. Points are awarded here and nowhere else.
"""

import base64
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from gru.examiner.outcome import Examination, Outcome
from gru.grading.restored import restored
from gru.grading.rubric import Item, Rubric, equal_points
from gru.layer import Form
from gru.report.another_api import has_no_place
from gru.report.feedback import told
from gru.report.html import page
from gru.report.one_outcome import block
from gru.report.result import Result
from gru.report.sentences import explanation
from gru.report.text import message
from gru.report.words import printable, words
from gru.submission.remarks import Remark

FAILED = "failed_to_grade"
"""The verdict where `gru` itself failed: it is no zero."""


@dataclass(frozen=True)
class Credit:
    """The points of one check.

    `output` is what the student is told of it, at the rubric's level; `mistake` is what is known of
    it, for the teacher, and empty where nothing is.
    """

    check: str
    points: float
    maximum: float
    status: str
    visibility: str
    output: str
    mistake: str = ""


@dataclass(frozen=True)
class Record:
    """One student's row.

    `verdict` is `right`, `wrong`, `not_examined` with its `reason`, or `failed_to_grade`, which has no `score`;
    nor has what is in `another_api`. `statuses` holds the outcome of every check, worth points or not. `feedback`
    is the student's message, `page` the same as HTML. `submission` is the path in the class's export, `key` what
    it was judged by. `name`, `id`, `late` and `attempt` are as the school's system tells them, `notes` what a
    teacher should know of the hand-in, `remarks` what is unusual in the source: those are for no student.
    """

    student: str
    submission: str
    sha256: str | None
    key: str
    verdict: str
    reason: str | None
    text: str
    score: float | None
    maximum: float
    title: str
    credits: tuple[Credit, ...]
    statuses: Mapping[str, str]
    feedback: str
    visibility: str
    isolation: str
    seed: int
    seconds: float
    name: str = ""
    id: str = ""
    late: str = ""
    attempt: int | None = None
    notes: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
    page: str = ""

    def as_data(self) -> dict[str, Any]:
        """The record as JSON holds it, its page compressed."""
        return asdict(self) | {"page": _packed(self.page)}

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> Self:
        """The record that `as_data` has made, once JSON has held it. Raises ValueError where it is damaged."""
        page = {"page": _unpacked(data["page"])} if isinstance(data, dict) and "page" in data else {}
        return restored(cls, {**data, **page} if page else data)


def _packed(page: str) -> str:
    return base64.b64encode(zlib.compress(page.encode())).decode("ascii")


def _unpacked(packed: Any) -> str:
    """The page again. Raises ValueError where it is damaged."""
    try:
        return zlib.decompress(base64.b64decode(packed)).decode()
    except (zlib.error, TypeError) as error:
        raise ValueError(f"the page cannot be read: {error}") from None


def record_of(student: str, result: Result, rubric: Rubric, key: str = "") -> Record:
    """The record of an examination, in full, under a rubric."""
    examination = result.examination
    credits = credits_of(result, rubric)
    return Record(
        student=printable(student),
        submission=printable(result.submission),
        sha256=result.sha256,
        key=key,
        verdict=examination.verdict,
        reason=examination.reason,
        text=examination.text,
        score=None if _is_for_the_teacher(result) else round(sum(credit.points for credit in credits), rubric.rounding),
        maximum=rubric.maximum,
        title=rubric.title,
        credits=credits,
        statuses=_statuses(examination, result.asked),
        feedback=_feedback(result, rubric, credits),
        page=_page(result, rubric, credits),
        visibility=rubric.visibility,
        isolation=result.isolation,
        seed=examination.seed,
        seconds=round(result.seconds, 3),
        notes=(*result.notes, *([FOR_THE_TEACHER] if _is_for_the_teacher(result) else [])),
    )


FOR_THE_TEACHER = "the equations that are asked for were not judged: no points and no zero, the teacher decides"
"""What is told of a submission in another API that the rubric has no points for."""


def _is_for_the_teacher(result: Result) -> bool:
    """Whether no points can be given: another API is no fault of the student's, but equations were not judged in it.

    Nor were those of the layer that was asked for where the forward pass is none of its forms. What fails to run has
    no points in any API.
    """
    examination = result.examination
    if examination.reason in ("another_api", "adapter_failed"):
        return True
    if examination.reason:
        return False
    judged = any(outcome.is_of_equation for outcome in examination.outcomes)
    return examination.api is not None and not (judged and examination.form.layer is result.asked.layer)


def _statuses(examination: Examination, asked: Form) -> dict[str, str]:
    """The status of every check; in another API of those that were asked for, and of its own gradients as one."""
    if not examination.api:
        return {outcome.check: outcome.status for outcome in examination.outcomes}
    own = {o.check: o.status for o in examination.outcomes if o.check in asked.checks}
    gradients = [o.status for o in examination.outcomes if o.is_of_gradient]
    worst = next((s for s in ("wrong", "not_examined") if s in gradients), "right")
    return own | ({"gradients": worst} if gradients else {})


def failure_of(student: str, submission: str, rubric: Rubric, key: str, text: str) -> Record:
    """The record where `gru` itself failed: every check is there, none has points, and there is no score.

    Args:
        student: The student's id.
        submission: The path of the hand-in.
        rubric: What the points are for.
        key: That of the task.
        text: What failed.
    """
    return Record(
        student=printable(student),
        submission=printable(submission),
        sha256=None,
        key=key,
        verdict=FAILED,
        reason=None,
        text=text,
        score=None,
        maximum=rubric.maximum,
        title=rubric.title,
        credits=tuple(Credit(i.check, 0.0, i.points, "not_examined", i.visibility, "") for i in rubric.items),
        statuses={},
        feedback=f"{printable(submission)}: failed to grade\n  gru itself failed; this is no verdict, and no zero\n",
        visibility=rubric.visibility,
        isolation="",
        seed=0,
        seconds=0.0,
    )


WITHOUT_PLACE = ("split", "merge")
"""Checks on how the chapter's API stacks its parameters, which no other API has."""

OF_BACKWARD = ("state", "merge")
"""Checks of the interface that tell nothing where a backward pass computes nothing."""


def credits_of(result: Result, rubric: Rubric) -> tuple[Credit, ...]:
    """The points of each item. A submission that failed to run has none, whatever was found before.

    It may have stopped on purpose where it would have been found wrong.
    """
    examination = result.examination
    outcomes = {outcome.check: outcome for outcome in examination.outcomes}
    shown = {outcome.check: outcome for outcome in _told(result, rubric).outcomes}
    items = {item.check: item for item in rubric.items}
    statuses = {outcome.status for outcome in examination.outcomes if outcome.is_of_equation}
    computes = not statuses or "right" in statuses
    derived = {equation.id for equation in result.form.exposed if equation.of is not None}
    derives = not statuses or any(o.status in ("right", "inherited") for o in outcomes.values() if o.check in derived)
    asks = rubric.source != equal_points(rubric.feedback, result.asked).source
    # A bias of a form that was not asked for has no item.
    beside = any(o.status == "wrong" and o.is_of_equation and o.check not in items for o in examination.outcomes)

    def earned(item: Item) -> bool:
        outcome = outcomes.get(item.check)
        if examination.api and statuses and (outcome is None or (has_no_place(outcome) and not asks)):
            # What the API has no place for costs nothing, unless the teacher's rubric asks for it.
            return outcome is not None or item.check in WITHOUT_PLACE
        if outcome is None or examination.verdict == "not_examined":
            return False
        if not outcome.is_of_equation and not (derives if item.check in OF_BACKWARD else computes):
            # Zeros depend on nothing, and are merged in any order.
            return False
        if examination.api and item.check == "interface" and beside:
            return False
        own = outcome.status == "right" or (item.inherited and outcome.status == "inherited")
        return own and all(earned(items[other]) for other in item.requires)

    def credit(item: Item) -> Credit:
        outcome = outcomes.get(item.check)
        has = earned(item)
        lacking = [other for other in item.requires if not earned(items[other])]
        return Credit(
            item.check,
            item.points if has else 0.0,
            item.points,
            outcome.status if outcome else "not_examined",
            item.visibility,
            _output(shown.get(item.check), result, lacking),
            _mistake(outcome, result.form),
        )

    return tuple(credit(item) for item in rubric.items)


def _told(result: Result, rubric: Rubric) -> Examination:
    return told(result.examination, rubric.feedback, result.form, rubric.levels())


def _feedback(result: Result, rubric: Rubric, credits: tuple[Credit, ...]) -> str:
    """The report at the rubric's level, and the points below it; nothing of what is hidden."""
    said = message(replace(result, examination=_told(result, rubric)))
    if _is_for_the_teacher(result):
        return "\n".join([*said, "", f"points  {FOR_THE_TEACHER}"]) + "\n"
    seen = [credit for credit in credits if credit.visibility != "hidden"]
    width = max((len(credit.check) for credit in seen), default=0)
    points = [f"  {credit.check:<{width}}  {credit.points:g} of {credit.maximum:g}" for credit in seen]
    total = f"points  {sum(c.points for c in seen):g} of {sum(c.maximum for c in seen):g}"
    return "\n".join([*said, "", total, *points]) + "\n"


def _page(result: Result, rubric: Rubric, credits: tuple[Credit, ...]) -> str:
    """The same as a page."""
    shown = replace(result, examination=_told(result, rubric))
    if _is_for_the_teacher(result):
        return page(shown, [("all", FOR_THE_TEACHER)])
    seen = [credit for credit in credits if credit.visibility != "hidden"]
    points = [(credit.check, f"{credit.points:g} of {credit.maximum:g}") for credit in seen]
    total = f"{sum(c.points for c in seen):g} of {sum(c.maximum for c in seen):g}"
    return page(shown, [("all", total), *points])


def _output(outcome: Outcome | None, result: Result, lacking: list[str]) -> str:
    """What a student is told of one check: in full where it is wrong, else in a word."""
    if outcome is None:
        return ""
    said = block(outcome, result.submission, asked=result.form) if outcome.status == "wrong" else []
    said = said or [words(outcome.status)]
    if lacking:
        said = [*said, f"no points without {', '.join(lacking)}"]
    return "\n".join(said)


def _mistake(outcome: Outcome | None, form: Form) -> str:
    """What a class makes wrong alike: the mistake's own words, of known ones; of a call that fails, what it raised."""
    if outcome is None or outcome.status != "wrong":
        return ""
    if outcome.mistake and outcome.mistake.ids:
        return form.spelled(explanation(outcome.mistake))
    raised = next((fact.particulars for fact in outcome.facts if "type" in fact.particulars), None)
    return f"{raised['where']} raised {raised['type']}" if raised else ""
