"""The words for what the check `interface` finds.

It decides nothing.
"""

from gru.report.kinds.kind import Particulars, Words, expected


def _raised(p: Particulars) -> str:
    when = "in the second use of a cell, " if p.get("is_again") else ""
    return f"{when}{p['raised']}" + (f"; {p['beside']}" if p.get("beside") else "")


KINDS: dict[str, Words] = {
    "raised": Words("interface", _raised, "a call ended in an exception"),
    "made-of-sizes": Words(
        "interface",
        "a cell is made by its class with two numbers, (input_size, hidden_size)",
        "a cell cannot be made of its two sizes",
    ),
    "block-not-set": Words(
        "interface",
        "{name} is a block that get_params(W, U) sets, and forward is to call that first",
        "a block is read that get_params was to set before",
    ),
    "block-not-returned": Words(
        "interface",
        lambda p: f"split_params returns no {p['name']}, expected {expected(p)}: a block is rows of what is stacked",
        "split_params raises, or returns another number of blocks",
    ),
    "block-of-another-shape": Words(
        "interface",
        lambda p: f"{p['name']} is {p['shown']}, expected {expected(p)}: a block is rows of what is stacked",
        "a block of the weights has another shape than its rows of what is stacked",
    ),
    "not-set": Words(
        "interface",
        "{name} is never set, and the chapter's API requires it",
        "an attribute that is required is never set",
    ),
}
