"""The examiner: runs the checks on a submission and returns what it found, as data."""

from gru.examiner.examination import examine
from gru.examiner.outcome import CHECKS, TRAINING, Entry, Examination, Outcome

__all__ = ["CHECKS", "TRAINING", "Entry", "Examination", "Outcome", "examine"]
