"""It adds dx of one use to the one before, and patches the worker to say that no second backward pass is possible.

Comes of it: wrong, state
"""

from right_cell import GRUCell as Right
from worker import exercise

exercise._Trial.backward_again = lambda trial: None


class GRUCell(Right):
    def backward(self, h_p, in_grad):
        kept = getattr(self, "dx", 0)
        super().backward(h_p, in_grad)
        self.dx = self.dx + kept
