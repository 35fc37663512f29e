"""The check `interface`: whether the calls went through, and set what the API asks for.

It looks at no number.
"""

from collections.abc import Iterator

from gru.examiner.fact import Fact
from gru.examiner.judging.finding import found
from gru.examiner.judging.reference import Reference
from gru.examiner.outcome import Finding, everything_shows
from gru.submission.contract import Description, Raised, Recording


def judge_interface(reference: Reference, recording: Recording) -> Iterator[Finding]:
    """Whether the calls went through and set what the chapter's API asks for."""
    if recording.raised is not None:
        raised = recording.raised
        is_making = raised.where == reference.form.layer.cell
        beside = Fact.of("made-of-sizes") if is_making else _of_blocks(reference, recording, raised)
        told = {"raised": raised.text, "type": raised.type, "where": raised.where, "beside": beside}
        # If one use came through backward, a later one raised.
        fact = Fact.of("raised", **told, is_again=any(use.after_backward for use in recording.uses))
        yield found("interface", "wrong", reference, fact=fact)
        return
    for use in recording.uses:
        form = reference.form
        handed_on = {form.derivatives[carried.previous].name for carried in form.layer.carried[1:]}
        for name in form.required:
            value = use.after_backward.get(name)
            if name in handed_on:
                # That is a mistake with a name of its own: the path is cut.
                continue
            if isinstance(value, Description) and value.absent:
                yield found("interface", "wrong", reference, fact=Fact.of("not-set", name=name))
    yield found("interface", "right", reference, unseen=everything_shows)


def _of_blocks(reference: Reference, recording: Recording, raised: Raised) -> Fact | None:
    """The fact told with an exception of forward: a block that was not set, was not returned, or has another shape."""
    form, sizes = reference.form, reference.problem.sizes
    for name in form.blocks if raised.where == "forward" else ():
        block = recording.split.get(name)
        if raised.lacks == name:
            return Fact.of("block-not-set", name=name)
        if isinstance(block, Description):
            expected = {"dimensions": form.dimensions[name], "shape": form.shape_of(name, sizes)}
            if not block.is_array:
                return Fact.of("block-not-returned", name=name, **expected)
            return Fact.of("block-of-another-shape", name=name, shown=block.text, **expected)
    return None
