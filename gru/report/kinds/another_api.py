"""The words for what is found of a submission in another API.

It decides nothing.
"""

from gru.examiner.entries import COUNTS
from gru.report.kinds.kind import Particulars, Words


def _raised_at(p: Particulars) -> str:
    at = f" at {p['sizes']}" if p["sizes"] else ""
    return f"{p['raised']}{at}" + ("; judged at other sizes" if p["is_judged"] else "")


def _argument(p: Particulars) -> str:
    """What a gradient of a submission in another API belongs to."""
    name: str = p["name"]
    return {"dx": "the input", "dh": "the first state"}.get(name, name)


def _entries(p: Particulars) -> str:
    clipped = f": they are clipped to ±{p['clipped']:g}" if p["clipped"] is not None else ""
    if p["decay"] is not None:
        name, number = _argument(p), f"{abs(p['decay']):.3g}"
        if p["decay"] < 0:
            return f"the gradient of {name} lacks {number} times {name}, the derivative of the loss's penalty on it"
        return f"the gradient of {name} has {number} times {name} in it, which the loss does not"
    pattern = f": it {p['pattern']}" if p["pattern"] is not None else ""
    return f"{p['count']} of {p['size']} entries of the gradient of {_argument(p)} are wrong{clipped}{pattern}"


NUMBERS = {2.0: "twice", 0.5: "half", -1.0: "the negative of", -2.0: "-2 times", -0.5: "-1/2 times"}
SHARES = ("1/2", "1/the number of rows", "1/the number of steps", "1/the width of the output")
SLOPES = {"sigmoid": "σ", "tanh": "tanh", "softmax": "the softmax", "": "its activation"}


def _from_above(p: Particulars) -> str:
    head, slip = p["head"], p["slip"]
    begin = "what comes from the output to the states"
    if slip.is_flat:
        return f"{begin} lacks the derivative of {SLOPES[head.squash]}"
    if slip.twice:
        return f"{begin} has the derivative of {SLOPES[slip.twice]} in it, which does not belong there"
    if slip.factor != 1:
        return f"{begin} is {NUMBERS[slip.factor]} the right one"
    part = SHARES[slip.place]
    return f"{begin} {'lacks' if head.share[slip.place] else 'has'} the factor {part}, unlike the loss"


def _common_factor(p: Particulars) -> str:
    number = f"{NUMBERS[p['number']]} " if p["number"] != 1 else ""
    parts = [f"{how} {' and '.join(f'the number of {COUNTS[size]}' for size in p[at])}"
             for how, at in (("times", "times"), ("divided by", "over")) if p[at]]  # fmt: skip
    return f"every gradient is {number}the right one{''.join(f', {part}' for part in parts)}"


def _not_linear_in_own(p: Particulars) -> str:
    clipped = f": it is clipped to ±{p['clipped']:g}" if p["clipped"] is not None else ""
    return f"the gradient of {_argument(p)} is not linear in the upstream gradient{clipped}"


def _second_use(p: Particulars) -> str:
    if "name" not in p:
        return "forward gives something else on a second use of the same object"
    return f"the gradient of {_argument(p)} is another one on a second use of the same object"


def _last_apart(p: Particulars) -> str:
    names = ", ".join(_argument({"name": name}) for name in p["names"])
    return (
        "what backward is given for the last state apart is not added to the gradient from above at the last step: "
        f"the gradient of {names} is another one"
    )


def _lost_with_flag(p: Particulars) -> str:
    names = " and of ".join(_argument({"name": name}) for name in p["names"])
    return f"with {p['flag']}={p['value']} no gradient of {names} is found in the right shape"


def _writes_into(p: Particulars) -> str:
    names = {"x": "the input", "h_0": "the first state", "delta": "the upstream gradient"}
    given = " and ".join(names[name] for name in p["names"])
    return f"it writes into {given} that it is given: a caller who uses that again finds other numbers"


KINDS: dict[str, Words] = {
    "said": Words("", "{text}"),
    "no-gradient": Words(
        "", lambda p: f"no gradient is shown of {', '.join(_argument({'name': name}) for name in p['names'])}"
    ),
    "by-gradients": Words("", "not shown; every gradient over several steps that is made of it is right"),
    "as-recognised": Words("", "the forward pass was recognised by it"),
    "over-steps": Words("", "{name} is wrong over several steps, and all that it is made of is right"),
    "from-above": Words("", _from_above),
    "one-of-each-position": Words(
        "", "where a position comes twice, the gradient of {name} is that of one step: = in place of +="
    ),
    "common-factor": Words("", _common_factor),
    "not-told-apart": Words("", "something is wrong over several steps, and no single known mistake explains it"),
    "not-handed-on": Words(
        "equation",
        "what is found for {carried.symbol} is not handed on to the step before, or not added to its δ",
        "what comes back from the next step is a part of δ: it is added to what comes from above, at every step",
        hint="the way back through the steps",
    ),
    **{
        kind: Words(
            "equation",
            f"the gradients of the steps are not all added up: {what}",
            "a weight is used at every step, so its gradient is the sum of those of all steps",
            hint="the sum over the steps",
        )
        for kind, what in {
            "only-done-last": "the one of the first step, which is done last, is all that is left (= in place of +=)",
            "only-done-first": "the one of the last step, which is done first, is all that is kept",
            "not-done-last": "the first step is left out",
            "not-done-first": "the last step is left out",
            "mean": "they are divided by the number of steps",
        }.items()
    },
    "no-place": Words("", "this API has no place for it"),
    "hidden-gradient": Words("", "the gradient of this parameter is not shown"),
    "updates": Words("", "backward changes the parameters itself; a second use was not judged"),
    "writes-into": Words("", _writes_into),
    "last-apart": Words("", _last_apart),
    "with-flag": Words("", lambda p: f"with {p['flag']}={p['value']} alone"),
    "not-with-flag": Words("", lambda p: f"with {p['flag']}={p['value']} it could not be driven, and was not judged"),
    "lost-with-flag": Words("", _lost_with_flag),
    "raised-at": Words("", _raised_at),
    "other-on-second-use": Words("", _second_use),
    "gradient-not-linear": Words("", _not_linear_in_own),
    "not-a-number": Words("", lambda p: f"the gradient of {_argument(p)} holds NaN or infinity"),
    "gradient-order": Words(
        "merge",
        lambda p: (
            f"the blocks of {p['name']} stand in the order {', '.join(p['order'])}, "
            f"those of {p['parameter']} in the order {', '.join(p['right'])}"
        ),
        "the blocks of a gradient stand in another order than those of its parameter",
        hint="the order of the blocks is wrong",
    ),
    "entries": Words("", _entries),
    "along": Words(
        "",
        lambda p: (
            f"the gradient of {_argument(p)} differs along a direction, by less than a difference of one entry shows"
        ),
    ),
    "cannot-tell": Words("", "cannot tell: {why}"),
}
