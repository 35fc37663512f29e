"""Which bias is which block, where several act alike: two biases of one gate that are added to each other.

It runs nothing: each bias was switched on by itself before, and seen to act as one block.
"""

from collections.abc import Mapping, Sequence

from gru.examiner.mapping.places import Place
from gru.layer import Form


def assigned(acts_as: Mapping[Place, Sequence[str]], form: Form) -> dict[str, Place] | None:
    """A place for every block that has one; None where more biases act as a block than there are.

    Those that act alike stand in the order in which the two sets stand at the gates that tell them apart.
    """
    order = [stack.name for stack in form.stacks]
    stack_of = {block: order.index(stack.name) for stack in form.stacks for block in stack.blocks}
    places = list(acts_as)
    telling = {stack_of[blocks[0]]: places.index(place) for place, blocks in acts_as.items() if len(blocks) == 1}
    reverse = list(telling) != sorted(telling, key=lambda stack: telling[stack]) if len(telling) == 2 else False
    chosen: dict[str, Place] = {}
    for blocks in dict.fromkeys(tuple(blocks) for blocks in acts_as.values()):
        alike = [place for place in places if tuple(acts_as[place]) == blocks]
        if len(alike) > len(blocks):
            return None
        ordered = sorted(blocks, key=lambda block: stack_of[block])[: len(alike)]
        if reverse and len(alike) > 1:
            ordered.reverse()
        chosen |= dict(zip(ordered, alike, strict=True))
    return chosen
