"""A subtraction written out as the chapter writes it. Bits go in and text comes out; nothing is learned or printed."""

from collections.abc import Sequence

from gru.calculus.arrays import Array
from gru.subtraction.data import Data, to_number


def written_out(data: Data, predicted: Array) -> str:
    """Each sample of `data` with its predicted bits (samples, steps), in the chapter's form."""
    return "\n".join(
        example(inputs[:, 0], inputs[:, 1], labels[:, 0], bits)
        for inputs, labels, bits in zip(data.inputs, data.labels, predicted, strict=True)
    )


def example(a: Array, b: Array, difference: Array, predicted: Array) -> str:
    """One subtraction, all bits lowest first as the network takes them; shown highest first.

    The last line but one is what the network takes the answer to be, right or wrong.
    """
    first = f"  x1: {_row(a)}"
    return "\n".join(
        (
            first,
            f"- x2: {_row(b)}",
            "-" * len(first),
            f"true: {_row(difference)}",
            f"pred: {_row(predicted)}",
            f"{to_number(a)} - {to_number(b)} = {to_number(predicted)}",
            "=" * (len(first) + 2),
        )
    )


def _row(bits: Sequence[int] | Array) -> str:
    return f"[{', '.join(str(int(bit)) for bit in reversed(bits))}]"
