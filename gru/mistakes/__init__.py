"""The catalogue of mistakes: wrong formulas for a layer's equations, with names and explanations.

Most are made by rule from the right formula, so that it also holds what nobody thought of; the
common ones have words of their own. It knows formulas, and no submission.
"""

from gru.mistakes.common import cut_path, slope_of
from gru.mistakes.known import Mistake, catalogue, changes, find
from gru.mistakes.parts import HINTS, Kind

__all__ = ["HINTS", "Kind", "Mistake", "catalogue", "changes", "cut_path", "find", "slope_of"]
