"""The sentences of a report: what each kind of fact says, what is right in its place, and what sort of mistake it is.

The one table of words for what the examiner finds as data. It decides nothing, and knows no format.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gru.examiner.fact import Diagnosis, Fact
from gru.layer import Form
from gru.mistakes import HINTS, cut_path, right_formula

Particulars = Mapping[str, Any]


@dataclass(frozen=True)
class Words:
    """What a report says of one kind of fact.

    `of` is the check that finds it, `equation` for those of any equation. `said` is the sentence, with the names of
    particulars in braces, or makes it of them. `explained` tells what it means, for `gru explain`; `right` what is
    right in its place, where that is no formula; `hint` what sort of mistake it is.
    """

    of: str
    said: str | Callable[[Particulars], str]
    explained: str = ""
    right: str = ""
    hint: str = ""


CHANGES = {
    "weights": "other weights",
    "upstream": "another δ",
    "input": "another x",
    "state": "another h_prev",
    "everything": "other arguments and another batch size",
}
"""What is drawn anew for a second use of the same cells."""

CONDITIONS = {
    "batch-one": "only where the batch has one row",
    "batch-several": "only where the batch has several rows",
    "input-not-hidden": "only where input and hidden differ",
    "input-is-hidden": "only where input = hidden",
    "hidden-one": "only where hidden = 1",
    "hidden-several": "only where hidden > 1",
    "input-several": "only where input > 1",
    "steps-several": "only where there are several steps",
    "state-not-zero": "only where the state is not zero",
    "state-zero": "only where the state is zero",
    "second-use": "only in the second use of a cell",
    "saturated": "only where the gates are saturated",
    "upstream-large": "only where the upstream gradient is large",
    "single-precision": "only in single precision",
}
"""Where a formula is wrong, if not everywhere."""

OR = "; or, what is the same here: "

_KEPT = "something is kept, shared or changed that should not be"
_BACKWARD_ANEW = (
    "a backward pass makes every gradient anew: nothing of an earlier call, and nothing random, goes into it"
)
_LAYOUT = "use operations that do not depend on how an array lies in memory"
_NOTHING = "no formula"
_SOURCES = {"cell": "the cell's", "split_params": "split_params:"}


def _differs(sentence: str) -> Callable[[Particulars], str]:
    """A sentence, and the quantity that shows it, or the exception that was raised."""
    return lambda p: f"{sentence} ({p['raised']})" if "raised" in p else f"{sentence} ({p['name']} differs)"


def _layout(words: str) -> Callable[[Particulars], str]:
    return _differs(f"the results change, or the call fails, when the arguments are {words}")


def _not_linear(p: Particulars) -> str:
    factor = f"{p['factor']:.0f}"
    return _differs(f"the gradients are not linear in in_grad: {factor} times it does not give {factor} times them")(p)


def _kept_from_first_use(p: Particulars) -> str:
    when = f"when a cell is used again with {CHANGES[p['change']]}"
    if "raised" in p:
        return f"{when}, {p['raised']}"
    what = {
        "the-first": "is still that of the first use",
        "added": "is added to that of the first use",
        "another": "is not what a new cell gives",
    }
    return f"{when}, {p['name']} {what[p['what']]}"


def _perturbed(p: Particulars) -> str:
    batch, inputs, hidden, _ = p["sizes"]
    where = f"at batch {batch}, input {inputs}, hidden {hidden}"
    so = f"the {p['parameters']:,} parameters are perturbed, not derived"
    if "calls" in p:
        return f"one backward pass calls forward {p['calls']:,} times, {where}: {so}"
    return (
        f"one backward pass puts more than {p['most']:,} different numbers through exp, tanh and their like, "
        f"{p['forward']:,} in forward, {where}: {so}; a derived pass needs at most {p['derived']:,}"
    )


def _uncounted(p: Particulars) -> str:
    why = {
        "not-run": "forward was not run",
        "differs": "the cell gives something else while that is done",
        "too-few": "forward puts {seen:,} numbers through exp, tanh and their like, of {gates:,}",
    }
    return f"how backward finds its gradients was not counted: {why[p['why']].format(**p)}"


def _raised(p: Particulars) -> str:
    return f"{p['raised']}; {said(p['beside'])}" if p.get("beside") else f"{p['raised']}"


def _expected(p: Particulars) -> str:
    return f"({', '.join(p['dimensions'])}) = {p['shape']}"


def _of_source(p: Particulars) -> str:
    return f"{_SOURCES[p['source']]} {p['name']}"


def _progress(p: Particulars) -> str:
    return f"{p['right']} of {p['pairs']} pairs of {p['bits']} bits are right after {p['epochs']} epochs of training"


def _place(p: Particulars) -> str:
    if None not in (p["row"], p["column"]):
        return f"only the entry [{p['row']}, {p['column']}] of {p['name']} is wrong"
    which = f"column {p['column']}" if p["row"] is None else f"row {p['row']}"
    return f"only {which} of {p['name']} is wrong"


def _not_finite(p: Particulars) -> str:
    where = f", only in problems that are {' or '.join(p['regimes'])}" if p["regimes"] else ""
    return f"{p['name']} is NaN or infinite, and all that it is made of is finite{where}"


def _raised_at(p: Particulars) -> str:
    at = f" at {p['sizes']}" if p["sizes"] else ""
    return f"{p['raised']}{at}" + ("; judged at other sizes" if p["is_judged"] else "")


def _argument(p: Particulars) -> str:
    """What a gradient of a submission in another API belongs to."""
    name: str = p["name"]
    return {"dx": "the input", "dh": "the first state"}.get(name, name)


def _not_linear_in_own(p: Particulars) -> str:
    clipped = f": it is clipped to ±{p['clipped']:g}" if p["clipped"] is not None else ""
    return f"the gradient of {_argument(p)} is not linear in the upstream gradient{clipped}"


def _second_use(p: Particulars) -> str:
    if "name" not in p:
        return "forward gives something else on a second use of the same object"
    return f"the gradient of {_argument(p)} is another one on a second use of the same object"


def _not_there(p: Particulars) -> str:
    return f"{p['name']} is {'never set' if p['shown'] is None else p['shown']}"


KINDS: dict[str, Words] = {
    # state
    "changed-argument": Words(
        "state",
        "the argument {name} is changed in place",
        "an argument is changed in place",
        "make a new array, a = a * b, where an argument is changed, a *= b",
    ),
    "shared": Words(
        "state",
        "{name} of one cell changes when another cell is used: the cells share it",
        "an array of one cell changes when another cell is used: the cells share it",
        "make every array in the method itself, not once on the class or in the module",
    ),
    "forward-differs": Words(
        "state",
        _differs("forward gives something else when it is called again"),
        "forward gives something else when it is called again with the same arguments",
        "forward makes its values of its arguments and the parameters alone: nothing random, nothing kept",
    ),
    "kept-from-forward": Words(
        "state",
        _differs("the same cell gives something else when forward and backward are called again"),
        "the same cell gives something else when forward and backward are called again with the same arguments",
        _BACKWARD_ANEW,
    ),
    "kept-from-first-use": Words(
        "state",
        _kept_from_first_use,
        "a cell that is used again, with other arguments, does not give what a new cell gives",
        "make every value anew, of the arguments of this call: nothing of an earlier call is used again",
    ),
    "kept-from-backward": Words(
        "state",
        _differs("the same cell gives something else when backward is called again"),
        "the same cell gives something else when backward is called again with the same arguments",
        _BACKWARD_ANEW,
    ),
    "read-only": Words(
        "state",
        _layout("read-only arrays"),
        "the results change, or the call fails, when the arguments are read-only arrays",
        "write into a new array, as an argument may be read-only",
    ),
    "fortran": Words(
        "state",
        _layout("Fortran-ordered arrays"),
        "the results change, or the call fails, when the arguments are Fortran-ordered arrays",
        _LAYOUT,
    ),
    "strided": Words(
        "state",
        _layout("strided arrays"),
        "the results change, or the call fails, when the arguments are strided arrays",
        _LAYOUT,
    ),
    "mixed-rows": Words(
        "state",
        _differs("the rows of a batch are mixed: row 0 alone gives something else"),
        "a row of a batch gives something else when it is alone: the rows are mixed",
        "row i of a result is made of row i of the arguments alone",
    ),
    "not-linear": Words(
        "state",
        _not_linear,
        "a multiple of in_grad does not give that multiple of the gradients",
        "every gradient is in_grad times something: no constant is added, nothing is clipped, rounded or random",
    ),
    "kept-from-a-problem": Words(
        "state",
        _differs("the results depend on the problems that came before"),
        "new cells give something else after other problems than before them",
        "keep nothing on the class or in the module",
    ),
    "perturbed": Words(
        "state",
        _perturbed,
        "the gradients are found by perturbing the forward pass, and not derived",
        "derive each gradient by the chain rule, from what forward has computed",
        "the gradients are not derived",
    ),
    "uncounted": Words("state", _uncounted, "how backward finds its gradients could not be counted"),
    # interface
    "raised": Words("interface", _raised, "a call ended in an exception"),
    "block-not-set": Words(
        "interface",
        "{name} is a block that get_params(W, U) sets, and forward is to call that first",
        "a block is read that get_params was to set before",
    ),
    "block-of-another-shape": Words(
        "interface",
        lambda p: f"{p['name']} is {p['shown']}, expected {_expected(p)}: a block is rows of what is stacked",
        "a block of the weights has another shape than its rows of what is stacked",
    ),
    "not-set": Words(
        "interface",
        "{name} is never set, and the chapter's API requires it",
        "an attribute that is required is never set",
    ),
    # split and merge
    "no-array": Words("split", lambda p: f"{_of_source(p)} is {p['shown']}", "a block is no array of the right kind"),
    "other-block": Words(
        "split", lambda p: f"{_of_source(p)} is not the block of that name", "a block is not the one of its name"
    ),
    "not-stacked": Words(
        "merge",
        lambda p: f"{p['whole']} is not {', '.join(p['blocks'])} stacked in this order",
        "a stacked gradient is not the gradients of the blocks, stacked",
    ),
    # any equation
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
    "coefficient": Words(
        "equation", "the term {term} counts {coefficient:.4g} times", "a term counts more or less than once"
    ),
    "ratio": Words(
        "equation", "{name} is {ratio:.6g} times the right value", "one factor too many, the same throughout"
    ),
    "place": Words("equation", _place, "only one row, column or entry is wrong"),
    "right-elsewhere": Words("equation", "{name} is right elsewhere", "the formula is right on some problems"),
    "cut-path": Words("equation", lambda p: cut_path(p["carried"]), hint=HINTS["missing"]),
    "not-there": Words("equation", _not_there, "an attribute is never set"),
    "another-kind": Words(
        "equation",
        lambda p: f"{p['name']} is {p['shown']}; expected an array of float64 of shape {_expected(p)}",
        "an attribute is no array of the right shape and dtype",
    ),
    "unsure": Words(
        "equation",
        lambda p: f"{p['name']} is wrong, and what it was made of is not known for sure: {', '.join(p['unknown'])}",
        "a value is wrong, and what it was made of is not known",
    ),
    # what stands beside an outcome
    "not-shown": Words("", "not shown"),
    "vouched-for": Words("", "not shown; all that depends on it is right"),
    "worked-out": Words("", "{name} is not shown; it was worked out from what is made of it"),
    "explains-all": Words("", "{name} is not shown; this mistake explains all that is shown"),
    "sum-of-silent": Words("", "a sum of blocks that tell nothing"),
    "another-form": Words("", lambda p: p["form"].text),
    "not-in-form": Words(
        "", lambda p: f"there is nothing of the kind in the convention that is followed: {p['form'].text}"
    ),
    "right-in-form": Words("", lambda p: f"right in the convention that is followed: {p['form'].text}"),
    # training
    "learned": Words("", _progress),
    "not-learned": Words("", lambda p: f"{_progress(p)}; with a right cell all pairs are right by then"),
    "none-learns": Words("", lambda p: f"{_progress(p)}; a right cell does not learn it from this start either"),
    "diverged": Words("", "the loss is no longer a finite number in epoch {epoch} of training"),
    # a submission in another API
    "said": Words("", "{text}"),
    "no-gradient": Words(
        "", lambda p: f"no gradient is shown of {', '.join(_argument({'name': name}) for name in p['names'])}"
    ),
    "by-gradients": Words("", "not shown; every gradient over several steps that is made of it is right"),
    "over-steps": Words("", "{name} is wrong over several steps, and all that it is made of is right"),
    "not-told-apart": Words("", "something is wrong over several steps, and no single known mistake explains it"),
    "not-handed-on": Words(
        "equation",
        "what is found for {carried.symbol} is not handed on to the step before, or not added to its δ",
        hint="the way back through the steps",
    ),
    **{
        kind: Words(
            "equation", f"the gradients of the steps are not all added up: {what}", hint="the sum over the steps"
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
    "updates": Words("", "backward changes the parameters itself; a second use was not judged"),
    "raised-at": Words("", _raised_at),
    "second-use": Words("", _second_use),
    "gradient-not-linear": Words("", _not_linear_in_own),
    "not-a-number": Words("", lambda p: f"the gradient of {_argument(p)} holds NaN or infinity"),
    "entries": Words("", lambda p: f"{p['count']} of {p['size']} entries of the gradient of {_argument(p)} are wrong"),
    "along": Words(
        "",
        lambda p: (
            f"the gradient of {_argument(p)} differs along a direction, by less than a difference of one entry shows"
        ),
    ),
    "cannot-tell": Words("", "cannot tell: {why}"),
    # of a diagnosis, what sort it is alone
    "hint": Words("", "{text}"),
}
"""Every kind of fact."""


def said(fact: Fact) -> str:
    """The sentence on a fact."""
    mistake = fact.particulars.get("mistake")
    if mistake is not None:
        text: str = mistake.text
        return text
    if fact.kind.startswith("order-"):
        return _order(fact.particulars)
    words = KINDS[fact.kind].said
    return words.format(**fact.particulars) if isinstance(words, str) else words(fact.particulars)


def _order(p: Particulars) -> str:
    verb = "taken" if p["check"] == "split" else "stacked"
    return f"the blocks are {verb} in the order {', '.join(p['order'])}"


def all_said(facts: Iterable[Fact]) -> str:
    """The sentences on several facts, each once."""
    return "; ".join(dict.fromkeys(map(said, facts)))


def is_no_number(fact: Fact) -> bool:
    """Whether a fact is about what is no array of the right kind: no formula was seen."""
    return fact.kind in ("another-kind", "no-array", "not-there", "raised")


# A diagnosis


def explanation(diagnosis: Diagnosis) -> str:
    """What is likely wrong, in a sentence; of a check whose facts say what was seen, what is right in its place."""
    rights = [KINDS[fact.kind].right for facts in diagnosis.alternatives for fact in facts if fact.kind in KINDS]
    if any(rights):
        return "; ".join(dict.fromkeys(filter(None, rights)))
    between = " and " if diagnosis.is_known else "; "
    return OR.join(between.join(dict.fromkeys(map(said, facts))) for facts in diagnosis.alternatives)


def right(diagnosis: Diagnosis, form: Form) -> str:
    """The right formula, or the right order of the blocks; empty where there is none to tell."""
    if diagnosis.equation is not None:
        return right_formula(diagnosis.equation)
    if any(f.kind.startswith("order-") or f.kind == "another-form" for facts in diagnosis.alternatives for f in facts):
        return f"the order is {', '.join(form.order)}"
    return ""


def idea(diagnosis: Diagnosis) -> str:
    """What the right formula rests on; empty where the mistake is another form, which rests on as much."""
    if diagnosis.equation is None or any(f.kind == "another-form" for facts in diagnosis.alternatives for f in facts):
        return ""
    return diagnosis.equation.idea


def condition(diagnosis: Diagnosis) -> str:
    """Where the mistake shows; empty where that is everywhere."""
    return CONDITIONS[diagnosis.condition] if diagnosis.condition else ""


def hint(diagnosis: Diagnosis) -> Diagnosis | None:
    """The diagnosis without its particulars: what sort of mistake it is; None where there is nothing to say."""
    hints = dict.fromkeys(_hint(fact, diagnosis) for facts in diagnosis.alternatives for fact in facts)
    text = "; ".join(filter(None, hints))
    fact = Fact.of("hint", text=text)
    return Diagnosis(diagnosis.check, ((fact,),) if text else (), None, diagnosis.condition, is_known=False)


def _hint(fact: Fact, diagnosis: Diagnosis) -> str:
    mistake = fact.particulars.get("mistake")
    if mistake is not None:
        text: str = HINTS[mistake.kind]
        return text
    if fact.kind.startswith("order-"):
        return "the order of the blocks is wrong"
    if fact.kind == "another-form":
        return f"this is another form of the {fact.particulars['form'].layer.title}"
    words = KINDS[fact.kind]
    if words.hint or words.of == "state":
        return words.hint or _KEPT
    return said(fact) if not diagnosis.is_known else ""
