"""How many explanations of wrong cells are right, absent and false: `python benchmarks/explanations.py [STYLE …]`.

The cells are those of tests/examiner/edits.py, the rules those of tests/examiner/explained.py. It asserts nothing.
"""

import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from gru.examiner import examine
from gru.submission.trusted import TrustedCells
from tests.examiner.edits import STYLES, wrong_cells
from tests.examiner.explained import rate


def main() -> None:
    """Print what is not right as it comes, and the counts of each style."""
    for style in sys.argv[1:] or STYLES:
        counts: Counter[str] = Counter()
        for wrong in (wrong for wrong in wrong_cells() if wrong.style == style):
            rating, why = rate(wrong, examine(TrustedCells(wrong.cell)))
            counts[rating] += 1
            if rating != "right":
                print(f"  {rating}: {wrong.id}: {why}", flush=True)
        total = sum(counts.values())
        shares = ", ".join(f"{counts[rating]} {rating}" for rating in ("right", "absent", "false"))
        print(f"{style}: {total} wrong cells: {shares} ({counts['right'] / total:.0%} right)", flush=True)


if __name__ == "__main__":
    main()
