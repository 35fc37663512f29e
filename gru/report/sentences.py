"""The sentences of a report: what a fact says, what is right in its place, and what sort of mistake it is.

`kinds` has the words of every kind. It decides nothing, and knows no format.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from gru.examiner.fact import Diagnosis, Fact
from gru.layer import Form
from gru.mistakes import HINTS, right_formula
from gru.report.kinds import KINDS
from gru.report.kinds.kind import KEPT

Particulars = Mapping[str, Any]


OR = "; or, what is the same here: "

<<<<<<< HEAD
=======
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
    if "exponent" in p:
        return (
            f"with {p['given']} 2^{p['exponent']} times as large and its weights as many times smaller, forward gives "
            f"the same, and {p['name']} does not become as many times larger: the parameters are perturbed, not derived"
        )
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
        "sizes": "the sizes that are written into the file are small",
        "differs": "the cell gives something else while that is done",
        "too-few": "forward puts {seen:,} numbers through exp, tanh and their like, of {gates:,}",
    }
    return f"how backward finds its gradients was not counted: {why[p['why']].format(**p)}"


def _raised(p: Particulars) -> str:
    when = "in the second use of a cell, " if p.get("is_again") else ""
    return f"{when}{p['raised']}" + (f"; {said(p['beside'])}" if p.get("beside") else "")


def _expected(p: Particulars) -> str:
    return f"({', '.join(p['dimensions'])}) = {p['shape']}"


def _of_source(p: Particulars) -> str:
    return f"{_SOURCES[p['source']]} {p['name']}"


def _progress(p: Particulars) -> str:
    return f"{p['right']} of {p['pairs']} pairs of {p['bits']} bits are right after {p['epochs']} epochs of training"


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


def _ratio(p: Particulars) -> str:
    """The factor; near 1, what it is beside 1, of which more digits are seen."""
    excess = p["excess"]
    if abs(excess) < 1e-3:
        return f"{p['name']} is 1 {'-' if excess < 0 else '+'} {abs(excess):.3g} times the right value"
    return f"{p['name']} is {1 + excess:.5g} times the right value"


def _size(p: Particulars) -> str:
    names = {"batch": "the number of rows in the batch", "steps": "the number of steps"}
    size: str = p["size"]
    return names.get(size, f"the {size} size")


def _clipped(p: Particulars, what: str = "the right value") -> str:
    low, high = p["low"], p["high"]
    if low is not None and high is not None:
        bounds = f"to ±{high:.4g}" if low == -high else f"to between {low:.4g} and {high:.4g}"
    else:
        bounds = f"at {low if high is None else high:.4g}"
    return f"{p.get('whole') or p['name']} is {what}, clipped {bounds}"


def _inside(p: Particulars) -> str:
    function = "σ" if p["function"] == "sigmoid" else "tanh"
    if p["what"] == "constant":
        return f"{p['number']:.4g} is added to the pre-activation before {function} is applied"
    return f"{function} is applied to {1 + p['number']:.4g} times the pre-activation"


_SIZES = {"batch": "rows in the batch", "input": "input", "hidden": "hidden", "steps": "steps"}


def _any_of(p: Particulars) -> str:
    """Conditions that went together: no more is known than that it is one of them."""
    return "only " + ", or ".join(said(fact).removeprefix("only ") for fact in p["facts"])


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


def _not_finite(p: Particulars) -> str:
    where = f", only in problems that are {' or '.join(p['regimes'])}" if p["regimes"] else ""
    made_of = "all that it is made of is finite" if p["is_shown"] else "what is shown of what it is made of is finite"
    return f"{p['name']} is NaN or infinite, and {made_of}{where}"


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
    "added-up": Words(
        "state",
        "{name} is added to that of the call before: a second call with the same arguments gives twice the first",
        "a gradient is added to that of the call before, as where += stands for =",
        "make the gradient anew in every call, with =; the network adds up the gradients of its steps itself",
    ),
    "sign-flips": Words(
        "state",
        "{name} has another sign when the same cell computes it again of the same arguments",
        "a value has another sign from call to call",
        "nothing of an earlier call goes into a result",
    ),
    "every-call": Words(
        "state",
        "{name} is another one at every call with the same arguments",
        "a value is another one at every call: a random number goes into it, or what earlier calls left",
        "nothing random, and nothing of an earlier call, goes into a result",
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
        lambda p: f"{p['whole']} is not the blocks {', '.join(p['blocks'])}, stacked",
        "a stacked gradient is not the gradients of the blocks, stacked",
    ),
    "stack-averaged": Words(
        "merge",
        "{whole} is the blocks in the right order, divided by the number of rows in the batch",
        "a stacked gradient is divided by the number of rows in the batch",
        hint=HINTS["batch"],
    ),
    "stack-ratio": Words(
        "merge",
        "{whole} is the blocks in the right order, times {ratio:.5g}",
        "a stacked gradient is that of the blocks times a number",
        hint=HINTS["count"],
    ),
    "stack-coarse": Words(
        "merge",
        "{whole} is the blocks in the right order, in {precision}: digits are lost",
        "a stacked gradient is in a coarser precision than the blocks",
        hint="digits are lost",
    ),
    "stack-clipped": Words(
        "merge",
        lambda p: _clipped(p, "the blocks in the right order"),
        "a stacked gradient is clipped",
        hint="the gradients are clipped",
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
    "coarse": Words(
        "equation",
        "{name} is the right value in {precision}: digits are lost",
        "the value went through a coarser precision than it was computed in",
    ),
    "rounded": Words(
        "equation", "{name} is the right value rounded to {decimals} decimals", "the value is the right one, rounded"
    ),
    "clipped": Words("equation", _clipped, "the value is the right one, clipped"),
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
    "multiple-added": Words(
        "equation", "{number:.4g} times {what} is added to {name}", "a multiple of what the cell is given is added"
    ),
    "one-row": Words(
        "equation",
        "{name} is made of the {which} row of the batch alone; it is a sum over all rows",
        "a sum over the rows of a batch takes one of them alone",
    ),
    "inside": Words("equation", _inside, "the activation function is applied to something else"),
    "varies": Words(
        "equation",
        "{name} is another one when the same cell computes it again of the same values",
        "the value is random, or changes from call to call",
        hint=_KEPT,
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
    "right-by-chance": Words(
        "equation",
        "{name} is right by chance: for the submission's own {of}, which is wrong, the formula is wrong too",
        "two mistakes undo each other: the value is right, and neither formula is",
    ),
    # what stands beside an outcome
    "not-shown": Words("", "not shown"),
    "vouched-for": Words("", "not shown; all that depends on it is right"),
    "worked-out": Words("", "{name} is not shown; it was worked out from what is made of it"),
    "explains-all": Words("", "{name} is not shown; this mistake explains all that is shown"),
    "state-of-formula": Words("", "the gradients are not linear in δ, or rows are mixed, as wrong formulas make them"),
    "sum-of-silent": Words("", "a sum of blocks that tell nothing"),
    "another-form": Words("", lambda p: p["form"].text_beside(p["asked"])),
    "not-in-form": Words(
        "",
        lambda p: (
            f"there is nothing of the kind in the convention that is followed: {p['form'].text_beside(p['asked'])}"
        ),
    ),
    "right-in-form": Words(
        "", lambda p: f"right in the convention that is followed: {p['form'].text_beside(p['asked'])}"
    ),
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
    "as-recognised": Words("", "the forward pass was recognised by it"),
    "over-steps": Words("", "{name} is wrong over several steps, and all that it is made of is right"),
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
    "raised-at": Words("", _raised_at),
    "other-on-second-use": Words("", _second_use),
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
    # where a formula is wrong
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
    # of a diagnosis, what sort it is alone
    "hint": Words("", "{text}"),
}
"""Every kind of fact."""

>>>>>>> 2c71689 (A perturbed backward pass shows in a change of units, whatever exponential it has)

def said(fact: Fact) -> str:
    """The sentence on a fact."""
    mistake = fact.particulars.get("mistake")
    if mistake is not None:
        text: str = mistake.text
        return text
    if fact.kind.startswith("order-"):
        return _order(fact.particulars)
    words = KINDS[fact.kind].said
    told = {name: _told(value) for name, value in fact.particulars.items()}
    return words.format(**told) if isinstance(words, str) else words(told)


def _told(value: Any) -> Any:
    """A particular; its sentence where it is a fact itself, or a tuple of facts."""
    if isinstance(value, Fact):
        return said(value)
    return tuple(map(_told, value)) if isinstance(value, tuple) and type(value) is tuple else value


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
    return said(diagnosis.condition) if diagnosis.condition else ""


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
        return words.hint or KEPT
    return said(fact) if not diagnosis.is_known else ""
