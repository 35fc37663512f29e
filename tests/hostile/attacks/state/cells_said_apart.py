"""All its cells show one array for dh, and it patches away the comparison that would tell.

Comes of it: wrong, state
"""

import numpy as np
from right_cell import GRUCell as Right
from worker import exercise

exercise._differing = lambda before, after: []
exercise._identity = lambda value: None
exercise._Trial.backward_again = lambda trial: None
SHARED: dict[tuple[int, ...], np.ndarray] = {}


class GRUCell(Right):
    def backward(self, h_p, in_grad):
        super().backward(h_p, in_grad)
        shared = SHARED.setdefault(self.dh.shape, np.zeros(self.dh.shape))
        shared[:] = self.dh
        self.dh = shared
