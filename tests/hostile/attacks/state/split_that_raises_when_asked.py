"""Its `split_params` takes the blocks in another order, and raises where the worker asks for them by themselves.

Comes of it: wrong, split
"""

import sys

from right_cell import GRUCell as Right


class GRUCell(Right):
    def split_params(self, w, size):
        if "forward" not in sys._getframe(2).f_code.co_name:
            raise RuntimeError
        return super().split_params(w, size)
