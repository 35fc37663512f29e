"""What is said to be counted is below zero, has 400 digits, and is no number.

Comes of it: wrong, equation-10
"""

from worker import protocol
from wrong_cell import GRUCell

__all__ = ["GRUCell"]

pack_answer = protocol.pack_answer


def pack(id, answer):
    if answer["counted"]:
        answer = answer | {"counted": {"forward": -1, "backward": 10**400, "calls": True}}
    return pack_answer(id, answer)


protocol.pack_answer = pack
