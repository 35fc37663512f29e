"""It shows objects whose type has a name that steers a terminal.

Comes of it: wrong, equation-24
"""

from right_cell import GRUCell as Right


class GRUCell(Right):
    def backward(self, h_p, in_grad):
        super().backward(h_p, in_grad)
        self.dx = type("\x9b2J\x1b[31m\u2066" * 99, (), {})()
