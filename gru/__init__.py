"""A GRU cell to read in one sitting, and a judge of hand-written gradients.

The names below are the model and the check of any gradient, loaded when first asked for, so that
`gru --help` need not wait for NumPy. `gru.numdiff`, `gru.oracle` and `gru.examiner` are imported by those who measure.
"""

# `python -m gru` runs this module while modules are still looked for in the current folder, which may be a stranger's:
# it imports only what Python has loaded by then.
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gru.gradient import check_gradient, check_vjp
    from gru.layers.gru.cell import GRUCell
    from gru.layers.gru.sequence import Gradients, GRUSequence
    from gru.notebook import check

__version__ = "0.1.0"

__all__ = ["GRUCell", "GRUSequence", "Gradients", "__version__", "check", "check_gradient", "check_vjp"]

_HOMES = {
    "check": "gru.notebook",
    "check_gradient": "gru.gradient",
    "check_vjp": "gru.gradient",
    "GRUCell": "gru.layers.gru.cell",
    "GRUSequence": "gru.layers.gru.sequence",
    "Gradients": "gru.layers.gru.sequence",
}


def __getattr__(name: str) -> "Any":
    """One of the names above, from the module where it is defined (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'gru' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
