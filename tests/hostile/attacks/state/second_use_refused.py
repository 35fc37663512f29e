"""It adds to the gradients before, and lets no cell be used twice by raising there.

Comes of it: wrong, interface
"""

from right_cell import GRUCell as Right


class GRUCell(Right):
    used = False

    def forward(self, x, h_p, W, U):
        if self.used:
            raise RuntimeError("a cell can be used once")
        super().forward(x, h_p, W, U)
        self.used = True
