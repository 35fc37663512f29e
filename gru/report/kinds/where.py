"""The words for where a formula is wrong.

It decides nothing.
"""

from gru.report.kinds.kind import Particulars, Words

_SIZES = {"batch": "rows in the batch", "input": "input", "hidden": "hidden", "steps": "steps"}


def _any_of(p: Particulars) -> str:
    """Conditions that went together: no more is known than that it is one of them."""
    return "only " + ", or ".join(said.removeprefix("only ") for said in p["facts"])


def _count(p: Particulars) -> str:
    size, wrong = p["size"], p["wrong"]
    return f"there are at most {wrong} {_SIZES[size]}" if size in ("batch", "steps") else f"{size} is at most {wrong}"


def _size_from(p: Particulars) -> str:
    """From which size on, and up to which it is right."""
    size, wrong, right = p["size"], p["wrong"], p["right"]
    if size in ("batch", "steps"):
        several = "several" if right == 1 and wrong == 2 else f"{wrong} or more"
        return f"only where there are {several} {_SIZES[size]}" + ("" if right == 1 else f"; up to {right} it is right")
    if right == 1 and wrong == 2:
        return f"only where {size} > 1"
    return f"only where {size} is {wrong} or more; up to {right} it is right"


KINDS: dict[str, Words] = {
    "second-use": Words("condition", "only in the second use of a cell"),
    "single-precision": Words("condition", "only in single precision"),
    "batch-one": Words("condition", "only where the batch has one row"),
    "hidden-one": Words("condition", "only where hidden = 1"),
    "input-one": Words("condition", "only where input = 1"),
    "steps-one": Words("condition", "only where there is one step"),
    "input-not-hidden": Words("condition", "only where input and hidden differ"),
    "input-is-hidden": Words("condition", "only where input = hidden"),
    "state-not-zero": Words("condition", "only where the state is not zero"),
    "state-zero": Words("condition", "only where the state is zero"),
    "size-from": Words("condition", _size_from),
    "size-up-to": Words("condition", lambda p: f"only where {_count(p)}; from {p['right']} on it is right"),
    "numbers-from": Words(
        "condition", "only where an entry of {name} is as large as {wrong:.3g}; up to {right:.3g} it is right"
    ),
    "numbers-up-to": Words(
        "condition", "only where no entry of {name} is above {wrong:.3g}; from {right:.3g} on it is right"
    ),
    "any-of": Words("condition", _any_of),
    "on-some": Words("condition", "on {wrong} of the {of} problems that could show it"),
    "hint": Words("", "{text}"),
}
