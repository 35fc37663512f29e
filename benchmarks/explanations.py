"""How many explanations of wrong cells are right, absent and false: `python benchmarks/explanations.py [STYLE …]`.

The cells are those of tests/examiner/edits.py, the rules those of tests/examiner/explained.py. It asserts nothing.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.examiner.edits import STYLES, wrong_cells
from tests.examiner.explained import count


def main() -> None:
    """Print the counts of each style, and what is not right."""
    for style in sys.argv[1:] or STYLES:
        counts, remarks = count(wrong for wrong in wrong_cells() if wrong.style == style)
        total = sum(counts.values())
        shares = ", ".join(f"{counts[rating]} {rating}" for rating in ("right", "absent", "false"))
        print(f"{style}: {total} wrong cells: {shares} ({counts['right'] / total:.0%} right)")
        for remark in remarks:
            print(f"  {remark}")


if __name__ == "__main__":
    main()
