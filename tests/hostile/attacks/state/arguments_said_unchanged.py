"""It sets its arguments to zero once it has read them, and patches away what the worker would say of that.

Comes of it: wrong, state
"""

from right_cell import GRUCell as Right
from worker import exercise

for kind in vars(exercise).values():
    for name in ("changed", "_bytes", "_differing"):
        if hasattr(kind, name):
            setattr(kind, name, lambda *_: set())


class GRUCell(Right):
    def backward(self, h_p, in_grad):
        super().backward(h_p, in_grad)
        if in_grad.flags.writeable:
            in_grad[:] = 0
