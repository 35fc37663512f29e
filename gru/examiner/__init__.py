"""The examiner: runs the checks on a submission and returns what it found, as data."""

from gru.examiner.examination import examine
from gru.examiner.outcome import CHECKS, Entry, Examination, Outcome

__all__ = ["CHECKS", "Entry", "Examination", "Outcome", "examine"]
