"""The words for what the checks `split` and `merge` find.

It decides nothing.
"""

from gru.mistakes import HINTS
from gru.report.kinds.kind import Particulars, Words, clipped

_SOURCES = {"cell": "the cell's", "split_params": "split_params:"}


def _of_source(p: Particulars) -> str:
    return f"{_SOURCES[p['source']]} {p['name']}"


def _order(p: Particulars) -> str:
    verb = "taken" if p["check"] == "split" else "stacked"
    return f"the blocks are {verb} in the order {', '.join(p['order'])}"


KINDS: dict[str, Words] = {
    "order": Words("", _order, hint="the order of the blocks is wrong"),
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
        lambda p: clipped(p, "the blocks in the right order"),
        "a stacked gradient is clipped",
        hint="the gradients are clipped",
    ),
}
