"""It raises exceptions whose type and message hold escapes, line ends and marks that turn a line around.

Comes of it: wrong, interface
"""

from right_cell import GRUCell as Right


class GRUCell(Right):
    def backward(self, h_p, in_grad):
        raise type("\u202eError\x1b[2J" * 999, (Exception,), {})("\r\n\x1b]0;title\x07" * 9999)
