"""A thread of its own answers jobs before they are asked for.

Comes of it: not_examined, protocol
"""

import threading

from worker import protocol, write
from wrong_cell import GRUCell

__all__ = ["GRUCell"]


def answer():
    while True:
        write(protocol.pack({"kind": "answer", "id": "0"}, ()))


threading.Thread(target=answer, daemon=True).start()
