"""The words for what the check `state` finds.

It decides nothing.
"""

from collections.abc import Callable

from gru.report.kinds.kind import Particulars, Words

CHANGES = {
    "weights": "other weights",
    "upstream": "another δ",
    "input": "another x",
    "state": "another h_prev",
    "everything": "other arguments and another batch size",
}
"""What is drawn anew for a second use of the same cells."""


_BACKWARD_ANEW = (
    "a backward pass makes every gradient anew: nothing of an earlier call, and nothing random, goes into it"
)


_LAYOUT = "use operations that do not depend on how an array lies in memory"


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
        given, name = p["given"], p["name"]
        large, grows = {
            "weightless": (f"columns of {given} that have no weights", f"{name} does not grow as they do"),
            "weights-of-zero": (f"the weights of columns of {given} that are zero", f"{name} does not grow as they do"),
            "one-row": (f"a row of {given} that has no weights and no δ", f"{name} is another one"),
        }[p["what"]]
        so = "the gradients are found by perturbing, not derived"
        return f"with {large} 2^{p['exponent']} times as large, forward gives the same, and {grows}: {so}"
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
        "proportion": "forward does not give the same where columns of {given} without weights are large",
        "too-few": "forward puts {seen:,} numbers through exp, tanh and their like, of {gates:,}",
    }
    return f"how backward finds its gradients was not counted: {why[p['why']].format(**p)}"


KINDS: dict[str, Words] = {
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
    "of-another-step": Words(
        "state",
        "{name} is right where one cell is used by itself, and wrong with a cell for each step: they use something of "
        "each other",
        "cells are right by themselves, and wrong with one for each step: they use something of each other",
        "keep what backward needs on the cell itself, not on the class, in the module or in an argument",
    ),
    "perturbed": Words(
        "state",
        _perturbed,
        "the gradients are found by perturbing the forward pass, and not derived",
        "derive each gradient by the chain rule, from what forward has computed",
        "the gradients are not derived",
    ),
    "uncounted": Words("state", _uncounted, "how backward finds its gradients could not be counted"),
}
