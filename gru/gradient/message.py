"""A gradient check told to a reader: at most fifteen lines, and what is wrong first."""

from gru.gradient.outcome import TOLD, Comparison, GradientCheck, StateFinding

LINES = 15

_STATE = {
    "changes-argument": "the {who} changes its argument {detail}: work on a copy",
    "changes-cotangent": "the {who} changes the cotangent that it is given: work on a copy",
    "second-call": "the {who} gives another result when it is called again with the same arguments: it keeps state",
    "adds-up": "the {who} adds to what it returned before: set that to zero before each call",
    "order-of-calls": "the {who} gives another result after a call with other arguments: it keeps state",
    "random": "the {who} is random: it gives another result each time it is called; fix its seed",
    "returns-argument": "the {who} returns the memory of its argument {detail}: changing the result changes that",
    "returns-buffer": "the {who} returns the same memory at every call: the next call overwrites the result",
    "prints": "the {who} prints; its output was held back, beginning with {detail!r}",
}


def told(check: GradientCheck) -> str:
    """The whole message."""
    wrong = [c for c in check.comparisons if c.verdict == "wrong"]
    unsure = [c for c in check.comparisons if c.verdict == "cannot_tell" and c.reason != "random"]
    right = [c.argument for c in check.comparisons if c.verdict == "right"]
    lines = [line for comparison in wrong[:2] for line in _comparison(comparison)]
    if len(wrong) > 2:
        lines.append(f"wrong too: {', '.join(c.argument for c in wrong[2:])}")
    lines += [state_told(finding) for finding in check.state if finding.kind not in TOLD]
    lines += [line for comparison in unsure[: 1 if wrong else 3] for line in _comparison(comparison)]
    if right:
        lines.append(f"right: {', '.join(right[:8])}{', …' if len(right) > 8 else ''}")
    rest = [_kinks(c) for c in check.comparisons if c.kinks and c.verdict == "right"]
    rest += [state_told(finding) for finding in check.state if finding.kind in TOLD]
    rest += [*check.blind, *check.notes]
    lines += [f"note: {one}" for one in rest[: LINES - len(lines) - 1]]
    return "\n".join([*lines[: LINES - 1], f"again: {check.again}"])


def _comparison(c: Comparison) -> list[str]:
    if c.reason == "shape":
        return [f"{c.argument}: wrong: the gradient has shape {c.pattern}, but {c.argument} has shape {c.shape}"]
    place = f"{c.argument}{list(c.entry)}" if c.directions is None and c.entry else c.argument
    along = f" along random direction {c.entry[0]}" if c.directions is not None and c.entry else ""
    numbers = f"claimed {c.claimed:.9g}, measured {c.measured:.9g} ± {c.error:.1g}"
    if c.verdict == "cannot_tell":
        return [f"{place}: cannot tell{along}: {numbers}", f"  {_reason(c)}"]
    ratio = f", ratio {_ratio(c.ratio)}" if c.measured and c.claimed else ""
    lines = [f"{place}: wrong{along}: {numbers}{ratio}"]
    if c.reason == "not finite":
        lines.append(f"  {c.wrong} of {c.size} entries are not finite, where the measured derivative is")
    elif c.directions is None and c.size > 1:
        are = "is" if c.wrong == 1 else "are"
        lines.append(f"  {c.wrong} of {c.size} entries of the gradient by {c.argument} {are} wrong")
    if c.pattern:
        lines.append(f"  the claimed gradient {c.pattern}")
    return lines


def _ratio(ratio: float) -> str:
    """The ratio, with the difference from 1 where that would not show."""
    return f"{ratio:.6g}" if f"{ratio:.6g}" != "1" else f"1 {'+' if ratio > 1 else '-'} {abs(ratio - 1):.1g}"


def _reason(c: Comparison) -> str:
    if c.reason == "unverified":
        return "the complex step gives this, and differences of the function are too rough to confirm it"
    if c.reason == "meeting":
        return "kinks meet here, and it is far from the slopes beside them: give the gradient as a function"
    if c.reason == "underflow":
        return "the function underflows here: the claimed slope would show below the smallest number; try larger inputs"
    if c.reason == "rounded claim":
        return (
            f"rounding hides it: the claimed gradient moves by up to {c.error:.1g} with the last digits of what it is "
            f"made of, and the largest entry is {c.largest:.1g}; try inputs that saturate less, or are better scaled"
        )
    if c.reason == "fixed":
        return "it may be rounding: give the gradient as a function, which can be run again"
    return (
        f"rounding hides it: the error bar is {c.error:.1g}, the largest entry {c.largest:.1g}; "
        "try better scaled inputs, or fewer steps"
    )


def _kinks(c: Comparison) -> str:
    places = ", ".join(str(list(k)) for k in c.kinks[:3]) + (", …" if len(c.kinks) > 3 else "")
    return f"a kink at {c.argument}{places}: the slope depends on the side, and the claimed one is in between"


def state_told(finding: StateFinding) -> str:
    """One finding in a sentence."""
    return _STATE[finding.kind].format(who=finding.who, detail=finding.detail)
