"""The shapes that parameters of given names may have, where a file is given them: tried, and never believed."""

import re
from collections.abc import Iterator, Sequence
from itertools import product

from .names import BIAS, OF_INPUT, WEIGHT

OF_OUTPUT = (re.compile(r"y|out", re.IGNORECASE), re.compile(r"y|out|^_?[vco]$", re.IGNORECASE))
"""Weights by these names lead from the states to an output: those that do, then those that may."""


def shapes_of(names: Sequence[str]) -> Iterator[dict[str, str]]:
    """The shapes that weights and biases of these names may have, one assumption for all of them at a time.

    Weights of the input and of the state apart, or of both side by side; gates apart, or stacked; each as rows or
    as columns. What leads to an output is (hidden, output) beside them.
    """
    weights = [n for n in names if WEIGHT.search(n) and not BIAS.search(n)]
    biases = [n for n in names if BIAS.search(n)]
    if not weights or len(weights) + len(biases) != len(names):
        return
    for pattern in (*OF_OUTPUT, None):
        leading = [n for n in weights if pattern and pattern.search(n[1:])]
        if (not pattern or leading) and len(leading) < len(weights):
            yield from _shapes_with(weights, biases, leading, pattern)


def _shapes_with(
    weights: Sequence[str], biases: Sequence[str], leading: Sequence[str], pattern: re.Pattern[str] | None
) -> Iterator[dict[str, str]]:
    """The shapes, where some weights lead to an output, and with them the biases by names of that pattern."""
    inner = [n for n in weights if n not in leading]
    apart = [n for n in biases if pattern and pattern.search(n[1:])]
    rest = [n for n in biases if n not in apart]
    for columns, bias in product((False, True), ("k", "1,k", "k,1") if biases else ("k",)):
        form = {"k": "{}", "1,k": "1,{}", "k,1": "{},1"}[bias]
        out = dict.fromkeys(leading, "output,hidden" if columns else "hidden,output")
        out |= {n: form.format("output") for n in apart}
        for widths, sizes in _assumptions(inner, rest):
            rows = {n: f"{widths[n]},{sizes[n]}" if columns else f"{sizes[n]},{widths[n]}" for n in inner}
            yield rows | {n: form.format(widths[n]) for n in rest} | out
        if len(inner) == 2:
            # All gates on a first axis: (3, hidden, input) and (3, hidden, hidden).
            for gates in (3, 4):
                sizes = {n: "input" if is_of_input(n, inner, False) else "hidden" for n in inner}
                rows = {n: f"{gates},hidden,{sizes[n]}" if columns else f"{gates},{sizes[n]},hidden" for n in inner}
                yield rows | {n: f"{gates},{form.format('hidden')}" for n in rest} | out


def _assumptions(weights: Sequence[str], biases: Sequence[str]) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """How wide each weight and bias is, and what each weight is given."""
    count = len(weights)
    every = (*weights, *biases)
    stacks = (1,) if count >= 5 else (3, 4, 1, 2) if count == 2 else (1, 3, 4) if count in (3, 4) else (3, 4, 1)
    for stacked in stacks:
        width = "hidden" if stacked == 1 else f"{stacked}*hidden"
        if count > 1:
            for by_u in (False, True):
                sizes = {n: "input" if is_of_input(n, weights, by_u) else "hidden" for n in weights}
                yield dict.fromkeys(every, width), sizes
        yield dict.fromkeys(every, width), dict.fromkeys(weights, "input+hidden")
        if count == 1 and not biases:
            yield dict.fromkeys(every, width), dict.fromkeys(weights, "1+input+hidden")
    if count == 4:
        # Two gates stacked, and the candidate apart.
        sizes = dict(zip(weights, ("input", "hidden") * 2, strict=True))
        if [OF_INPUT.search(n[1:]) is None for n in weights[:2]] == [True, False]:
            sizes = dict(zip(weights, ("hidden", "input") * 2, strict=True))
        widths = {n: "2*hidden" if k < 2 else "hidden" for k, n in enumerate(weights)}
        widths |= {n: "2*hidden" if k < len(biases) / 2 else "hidden" for k, n in enumerate(biases)}
        yield widths, sizes


def is_of_input(name: str, weights: Sequence[str], by_u: bool) -> bool:
    """Whether a weight is the input's: by an x in its name where others have none, else by its letter."""
    rest = [n for n in weights if OF_INPUT.search(n[1:])]
    if rest and len(rest) < len(weights):
        return name in rest
    letters = sorted({n.strip("_")[0].lower() for n in weights})
    if "r" in letters and len(letters) > 1:
        # R for recurrent, beside W or K.
        return name.strip("_")[0].lower() != "r"
    if len(letters) < 2:
        # Two letters of one thing each, such as Waa beside Wax, or the first half.
        return weights.index(name) < len(weights) / 2
    return (name.strip("_")[0].lower() == "u") == by_u
