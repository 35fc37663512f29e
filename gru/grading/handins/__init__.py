"""What a class has handed in, as schools' systems hand it over.

`entries` makes a row for each student; `layouts` tells which system it was, and each system has a module. Nothing of a
hand-in is run.
"""

from gru.grading.handins.entries import Entry, Export, digest, of_folder, read
from gru.grading.handins.layouts import LAYOUTS
from gru.grading.handins.tree import ExportRefusedError

__all__ = ["LAYOUTS", "Entry", "Export", "ExportRefusedError", "digest", "of_folder", "read"]
