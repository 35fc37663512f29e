"""The words for what is found of an equation.

It decides nothing.
"""

from gru.mistakes import HINTS, cut_path
from gru.report.kinds.kind import KEPT, Particulars, Words, clipped, expected

_NOTHING = "no formula"


_ORDINALS = {0: "first", 1: "second", 2: "third", -1: "last"}


def _line(kind: str, index: int) -> str:
    """`the last row`: a row or column, counted from the first or, where negative, from the last."""
    if index in _ORDINALS:
        return f"the {_ORDINALS[index]} {kind}"
    return f"{kind} {index}" if index >= 0 else f"{kind} {-index} from the last"


def _place(p: Particulars) -> str:
    """Which row, column or entry is wrong."""
    lines = [_line(kind, p[kind]) for kind in ("row", "column") if p[kind] is not None]
    where = lines[0] if len(lines) == 1 else f"the entry in {lines[0]} and {lines[1]}"
    return f"only {where} of {p['name']} is wrong"


def _coefficient(p: Particulars) -> str:
    if not p["coefficient"]:
        return f"the term {p['term']} is missing"
    return f"the term {p['term']} counts {p['coefficient']:.4g} times"


def _ratio(p: Particulars) -> str:
    """The factor. Near 1, its distance from 1 is told, which shows more digits."""
    excess = p["excess"]
    if abs(excess) < 1e-3:
        return f"{p['name']} is 1 {'-' if excess < 0 else '+'} {abs(excess):.3g} times the right value"
    return f"{p['name']} is {1 + excess:.5g} times the right value"


def _size(p: Particulars) -> str:
    names = {"batch": "the number of rows in the batch", "steps": "the number of steps"}
    size: str = p["size"]
    name = names.get(size, f"the {size} size")
    return f"the square root of {name}" if p["is_root"] else name


_ALTERED = {
    "sign": "{name} is the sign of the right value: only -1, 0 and 1",
    "floor": "{name} is the right value rounded down to a whole number",
    "trunc": "{name} is the right value cut to a whole number",
    "tanh": "tanh is applied to {name}, and does not belong there",
    "sigmoid": "σ is applied to {name}, and does not belong there",
    "square": "{name} is the square of the right value",
    "zero-below-diagonal": "{name} is zero below the diagonal, and right elsewhere",
    "zero-above-diagonal": "{name} is zero above the diagonal, and right elsewhere",
    "zero-on-diagonal": "{name} is zero on the diagonal, and right elsewhere",
    "zero-off-diagonal": "{name} is zero everywhere but on the diagonal",
    "columns-reversed": "{name} has its columns in reverse order",
    "rows-reversed": "{name} has its rows in reverse order",
}


def _rows_mixed(p: Particulars) -> str:
    left, right = p["parts"]
    done = ("summed", "averaged in one of the two, and summed in the other,", "averaged")[p["means"]]
    return f"the rows of {left} and of {right} are {done} before the product: each row meets every other row"


def _other_slope(p: Particulars) -> str:
    return f"{p['line']} stands where the derivative of {_function(p)}, {p['slope']}, belongs"


def _function(p: Particulars) -> str:
    return "σ" if p["function"] == "sigmoid" else "tanh"


def _multiple(p: Particulars) -> str:
    times = "" if p["number"] == 1 else f"{p['number']:.4g} times "
    return f"{times}{p['what']} is added to {p['name']}"


def _inside(p: Particulars) -> str:
    if p["what"] == "constant":
        return f"{p['number']:.4g} is added to the pre-activation before {_function(p)} is applied"
    return f"{_function(p)} is applied to {1 + p['number']:.4g} times the pre-activation"


def _other_function(p: Particulars) -> str:
    return f"{p['name']} is {p['line']} of its pre-activation a, where {_function(p)}(a) belongs"


def _not_finite(p: Particulars) -> str:
    where = f", only in problems that are {' or '.join(p['regimes'])}" if p["regimes"] else ""
    made_of = "all that it is made of is finite" if p["is_shown"] else "what is shown of what it is made of is finite"
    return f"{p['name']} is NaN or infinite, and {made_of}{where}"


def _not_there(p: Particulars) -> str:
    return f"{p['name']} is {p['shown'] or 'never set'}"


KINDS: dict[str, Words] = {
    "zero": Words("equation", "{name} is zero everywhere", "every number is zero: nothing is computed", hint=_NOTHING),
    "constant": Words(
        "equation",
        "{name} is one number throughout",
        "one number stands throughout: nothing is computed",
        hint=_NOTHING,
    ),
    "not-finite": Words(
        "equation",
        _not_finite,
        "NaN or infinity arises here, from finite numbers: most often e to the power of a large number",
        hint="a number is out of range",
    ),
    "coefficient": Words("equation", _coefficient, "a term counts more or less than once"),
    "ratio": Words("equation", _ratio, "the value is the right one times a number, the same throughout"),
    "divided-by-size": Words(
        "equation", lambda p: f"{p['name']} is divided by {_size(p)}", "the value is the right one divided by a size"
    ),
    "times-size": Words(
        "equation", lambda p: f"{p['name']} is multiplied by {_size(p)}", "the value is the right one times a size"
    ),
    "no-sign": Words(
        "equation",
        "{name} has lost its sign: it is the absolute value of the right one",
        "the value is the right one without its sign",
    ),
    "is-another": Words(
        "equation",
        "{name} has the numbers of {other}",
        "the value is that of another quantity: it was overwritten, or another name was meant",
    ),
    "altered": Words(
        "equation",
        lambda p: _ALTERED[p["how"]].format(**p),
        "the value is the right one with something done to it that is no part of the formula",
    ),
    "rows-mixed": Words(
        "equation", _rows_mixed, "the rows of a batch are added up before they are multiplied, each by its own"
    ),
    "other-slope": Words(
        "equation", _other_slope, "the derivative of the activation function is not this one", hint=HINTS["derivative"]
    ),
    "root-of-slope": Words(
        "equation",
        lambda p: (
            f"the square root of {p['slope']} stands where {p['slope']}, the derivative of {_function(p)}, belongs"
        ),
        "the derivative of the activation function is not this one",
        hint=HINTS["derivative"],
    ),
    "coarse": Words(
        "equation",
        "{name} is the right value in {precision}: digits are lost",
        "the value went through a coarser precision than it was computed in",
    ),
    "rounded": Words(
        "equation", "{name} is the right value rounded to {decimals} decimals", "the value is the right one, rounded"
    ),
    "clipped": Words("equation", clipped, "the value is the right one, clipped"),
    "cut-off": Words(
        "equation",
        "{name} is zero where the right value is no larger than {below:.3g}, and right from {above:.3g} on",
        "the value is zero where the right one is small",
    ),
    "constant-added": Words("equation", "{number:.4g} is added to {name}", "a constant is added to the right value"),
    "added-to-slope": Words(
        "equation",
        "{number:.3g} is added to {what} in {name}",
        "a small number is added to the derivative of the activation function",
    ),
    "multiple-added": Words("equation", _multiple, "a multiple of what the cell is given is added"),
    "one-row": Words(
        "equation",
        "{name} is made of the {which} row of the batch alone; it is a sum over all rows",
        "a sum over the rows of a batch takes one of them alone",
    ),
    "inside": Words("equation", _inside, "the activation function is applied to something else"),
    "other-function": Words("equation", _other_function, "another function stands where σ or tanh belongs"),
    "varies": Words(
        "equation",
        "{name} is another one when the same cell computes it again of the same values",
        "the value is random, or changes from call to call",
        hint=KEPT,
    ),
    "other-part": Words(
        "equation",
        lambda p: f"{p['line']} stands where {p['part']} belongs" if p["part"] else f"{p['name']} is {p['line']}",
        "something else stands where a part of the formula belongs",
    ),
    "place": Words("equation", _place, "only one row, column or entry is wrong"),
    "right-elsewhere": Words("equation", "{name} is right elsewhere", "the formula is right on some problems"),
    "cut-path": Words("equation", lambda p: cut_path(p["carried"]), hint=HINTS["missing"]),
    "not-there": Words("equation", _not_there, "an attribute is never set"),
    "another-kind": Words(
        "equation",
        lambda p: f"{p['name']} is {p['shown']}; expected an array of float64 of shape {expected(p)}",
        "an attribute is no array of the right shape and dtype",
    ),
    "unsure": Words(
        "equation",
        lambda p: f"{p['name']} is wrong, and what it was made of is not known for sure: {', '.join(p['unknown'])}",
        "a value is wrong, and what it was made of is not known",
    ),
    "right-by-chance": Words(
        "equation",
        "{name} is right by chance: for the submission's own {of}, which is wrong, the formula is wrong too",
        "two mistakes undo each other: the value is right, and neither formula is",
    ),
}
