"""A GRU cell to read in one sitting, and a judge of hand-written gradients.

The names below are the model. `gru.numdiff`, `gru.oracle` and `gru.examiner` are imported by
those who measure; nothing here loads anything but NumPy.
"""

from gru.cell import GRUCell
from gru.sequence import Gradients, GRUSequence

__version__ = "0.1.0"

__all__ = ["GRUCell", "GRUSequence", "Gradients", "__version__"]
