"""The words that stand beside an outcome, and those for what training shows.

It decides nothing.
"""

from gru.report.kinds.kind import Particulars, Words


def _progress(p: Particulars) -> str:
    return f"{p['right']} of {p['pairs']} pairs of {p['bits']} bits are right after {p['epochs']} epochs of training"


KINDS: dict[str, Words] = {
    "not-shown": Words("", "not shown"),
    "vouched-for": Words("", "not shown; all that depends on it is right"),
    "worked-out": Words("", "{name} is not shown; it was worked out from what is made of it"),
    "explains-all": Words("", "{name} is not shown; this mistake explains all that is shown"),
    "state-of-formula": Words("", "the gradients are not linear in δ, or rows are mixed, as wrong formulas make them"),
    "raised-by-formula": Words(
        "",
        lambda p: f"calls raise where shapes do not go together: the formula for {' and '.join(p['names'])} makes them",
    ),
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
    "learned": Words("", _progress),
    "not-learned": Words("", lambda p: f"{_progress(p)}; with a right cell all pairs are right by then"),
    "none-learns": Words("", lambda p: f"{_progress(p)}; a right cell does not learn it from this start either"),
    "diverged": Words("", "the loss is no longer a finite number in epoch {epoch} of training"),
}
