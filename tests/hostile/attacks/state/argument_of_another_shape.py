"""It gives one of its arguments another shape in place, once it has read it.

Comes of it: wrong, state
"""

from right_cell import GRUCell as Right


class GRUCell(Right):
    def backward(self, h_p, in_grad):
        super().backward(h_p, in_grad)
        if in_grad.flags.c_contiguous and in_grad.flags.writeable:
            in_grad.shape = (in_grad.size,)
