"""Every kind of fact, with its words: one module for each check that finds it.

The one table of words for what the examiner finds as data. It decides nothing, and knows no format.
"""

from gru.report.kinds import another_api, beside, blocks, equation, interface, state, where
from gru.report.kinds.kind import Particulars, Words

__all__ = ["KINDS", "Particulars", "Words"]

KINDS: dict[str, Words] = {
    **state.KINDS,
    **interface.KINDS,
    **blocks.KINDS,
    **equation.KINDS,
    **beside.KINDS,
    **another_api.KINDS,
    **where.KINDS,
}
"""Every kind of fact."""
