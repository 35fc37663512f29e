"""What `gru check --explain-limit` says: the parts of a limit, as lines of text.

It measures nothing: the parts come from `gru.examiner.judging.limit_parts`.
"""

from gru.examiner.judging.limit_parts import Explanation
from gru.layer import Form
from gru.report.words import line, printable, title_of


def limit_explained(explanation: Explanation, form: Form) -> list[str]:
    """The parts of a limit, one a line, in the order in which they are multiplied and added.

    The formula is that of the form that the limit belongs to.
    """
    e = explanation
    at = f"{e.sizes}" + ("" if e.step is None else f", step {e.step + 1} of {e.sizes.steps}")
    parts = [
        ("", e.roundings, "bound of the roundings of the right formula, in units of one"),
        ("×", e.unit_roundoff, f"unit roundoff of {e.precision}"),
        ("×", e.forms, "as many times as many roundings in an algebraically equal form"),
        ("+", e.oracle, "the oracle's own rounding, in double precision"),
        *([("+", e.apart, "the sum measured at once and step by step")] if e.equation.is_sum else []),
        ("=", e.limit, f"the limit; {_relative(e.limit, e.largest)}"),
        ("", e.deviation, f"the right formula itself is off by; {_relative(e.deviation, e.limit, 'the limit')}"),
        ("", e.detects, f"a larger difference is always found; {_relative(e.detects, e.largest)}"),
    ]
    return [
        f"limit of {title_of(e.equation)}, on problem {e.problem}",
        line("at", at),
        line("formula", form.spelled(e.equation.formula)),
        *(printable(f"  {sign:1} {number:10.2e}   {text}") for sign, number, text in parts),
    ]


def _relative(number: float, unit: float, of: str = "the block's largest entry") -> str:
    return f"{number / unit:.1e} of {of}" if unit else f"{of} is 0"
