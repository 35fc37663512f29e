"""What common rules of course graders let through: a table in Markdown, for docs/why-check-gradients.md.

    python benchmarks/course_checks.py

Each rule is put to every wrong cell of the catalogue that runs. The rules are written for this project, after what
graders in use do; the right values are those of a right cell, so that only the rule is measured.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru.audit.cells import Cell, right_cells, wrong_cells
from gru.layer import Form
from gru.layers.registry import form_named
from gru.submission.recording import api_of

Array = NDArray[Any]
COMPARED = ("h", "dW", "dU", "dh", "dx")
"""What every rule looks at: what the chapter's network uses of a cell."""


@dataclass(frozen=True)
class Rule:
    """A rule of a grader.

    Attributes:
        text: What it does.
        agrees: Whether a value passes beside the right one.
        sizes: Rows of the batch, inputs, hidden units.
        weights: The standard deviation of the parameters; None for one over the square root of the rows of a block.
        state: The size of the first state.
        upstream: The size of the upstream gradient, which is random; None for ones.
    """

    text: str
    agrees: Callable[[Array, Array], bool]
    sizes: tuple[int, int, int] = (3, 5, 4)
    weights: float | None = None
    state: float = 1.0
    upstream: float | None = 1.0


def relative(value: Array, right: Array) -> bool:
    """The largest relative error of an entry, as CS231n takes it, is below 1e-7."""
    return bool((np.abs(value - right) <= 1e-7 * np.maximum(1e-8, np.abs(value) + np.abs(right))).all())


def close(rtol: float, atol: float) -> Callable[[Array, Array], bool]:
    """`numpy.allclose` with these tolerances."""
    return lambda value, right: bool(np.allclose(value, right, rtol=rtol, atol=atol))


def first_entry(value: Array, right: Array) -> bool:
    """One entry of the block, as a sheet prints it, to four digits."""
    return f"{value.flat[0]:.4g}" == f"{right.flat[0]:.4g}"


RULES = (
    Rule("relative error 1e-7, random numbers, sizes that differ", relative),
    Rule("rtol 1e-4, atol 1e-8, one row", close(1e-4, 1e-8), sizes=(1, 5, 4)),
    Rule("atol 0.01, parameters of 0.01", close(0, 0.01), weights=0.01),
    Rule("one entry of each block, to four digits", first_entry),
    Rule("relative error 1e-7, upstream gradient of ones", relative, upstream=None),
    Rule("relative error 1e-7, first state zero", relative, state=0.0),
    Rule(
        "relative error 1e-7, first state zero, one row, upstream of ones",
        relative,
        sizes=(1, 5, 4),
        state=0.0,
        upstream=None,
    ),
    Rule("rtol 1e-4, atol 1e-4, upstream gradient of 1e-6", close(1e-4, 1e-4), upstream=1e-6),
)


def main() -> None:
    """Print the table."""
    form = form_named()
    wrong = [cell for cell in wrong_cells(form) if cell.check != "state" and shown(cell, RULES[0], form) is not None]
    print(f"| rule | of {len(wrong)} wrong cells that run, pass |")
    print("|---|---|")
    for rule in RULES:
        right = shown(right_cells(form)[0], rule, form)
        assert right is not None
        passing = sum(passes(rule, shown(cell, rule, form), right) for cell in wrong)
        print(f"| {rule.text} | {passing} |")


def passes(rule: Rule, values: Mapping[str, Array] | None, right: Mapping[str, Array]) -> bool:
    """Whether a rule lets a cell through that shows these values, or raises."""
    if values is None:
        return False
    return all(values[name].shape == right[name].shape and rule.agrees(values[name], right[name]) for name in COMPARED)


def shown(cell: Cell, rule: Rule, form: Form) -> dict[str, Array] | None:
    """What a cell shows on the numbers of a rule; None where it raises."""
    made: dict[str, Any] = {}
    exec(compile(cell.source, cell.id, "exec"), made)  # of our own making
    _, inputs, hidden = rule.sizes
    arrays, api = numbers(rule, form), api_of(form)
    running = made[api["cell"]](inputs, hidden)
    try:
        with np.errstate(all="ignore"):
            running.forward(*(arrays[name].copy() for name in api["forward"]))
            running.backward(*(arrays[name].copy() for name in api["backward"]))
    except (ValueError, AttributeError):
        return None
    return {name: getattr(running, name) for name in COMPARED}


def numbers(rule: Rule, form: Form) -> dict[str, Array]:
    """The arguments of a cell under a rule."""
    random = np.random.default_rng(0)
    batch, inputs, hidden = rule.sizes
    carried, layer = form.layer.carried[0], form.layer
    arrays = {layer.input: random.normal(size=(batch, inputs))}
    arrays[carried.previous] = rule.state * random.uniform(-1, 1, size=(batch, hidden))
    drawn = random.normal(size=(batch, hidden))
    arrays[carried.upstream] = np.ones_like(drawn) if rule.upstream is None else rule.upstream * drawn
    for stack in form.stacks:
        rows = hidden if stack.rows == "hidden" else inputs
        scale = 1 / np.sqrt(rows) if rule.weights is None else rule.weights
        arrays[stack.name] = scale * random.normal(size=(len(stack.gates) * rows, hidden))
    return arrays


if __name__ == "__main__":
    main()
