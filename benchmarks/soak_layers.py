"""Random problems over all layers, forms and biases, put to right cells: none of them may be called wrong.

    python benchmarks/soak_layers.py [COUNT]

Each problem has sizes, a regime, a precision, a form and a cell of its own; the number of false alarms is printed.
"""

import sys
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from gru.examiner.judging.case import judge_uses
from gru.examiner.judging.reference import Reference
from gru.layer import Form, Sizes
from gru.layers.registry import HOMES, layer_named
from gru.problem import REGIMES, Specification, find, identify
from gru.submission.trusted import TrustedCells
from tests.layers.cells import cell_of
from tests.layers.right_lstm import CELLS

COUNT = 20_000


def main(count: int) -> int:
    """Put so many problems, and print what was called wrong."""
    warnings.simplefilter("ignore")
    random = np.random.default_rng(15)
    forms = [form for id in HOMES for form in layer_named(id).forms.values()]
    cells = {id(form): [cell_of(form), *_by_hand(form)] for form in forms}
    alarms = 0
    for number in range(count):
        form = forms[random.integers(len(forms))]
        cell = cells[id(form)][random.integers(len(cells[id(form)]))]
        batch, inputs, hidden = (int(size) for size in random.integers(1, 7, size=3))
        sizes = Sizes(batch, inputs, hidden, int(random.integers(1, 5)))
        if random.random() < 0.1:
            grown = str(random.choice(["batch", "input", "hidden"]))
            sizes = sizes._replace(**{grown: int(random.integers(20, 65)), "steps": 1})
        precision = "float32" if random.random() < 0.1 else "float64"
        regime = str(random.choice(list(REGIMES)))
        problem = find(identify(Specification(sizes, regime, precision), number), form)
        reference = Reference.of(problem, form)
        (recording,) = TrustedCells(cell, form).run([reference.job()])
        with np.errstate(all="ignore"):
            wrong = [f.check for case in judge_uses(reference, recording) for f in case.findings if f.status == "wrong"]
        if wrong or recording.raised:
            alarms += 1
            print(f"{form.layer.id} {form.id} {cell.__name__} {problem.id}: {recording.raised or wrong}")
    print(f"{count} problems over {len(forms)} forms of {len(HOMES)} layers: {alarms} called wrong")
    return alarms


def _by_hand(form: Form) -> Iterable[type]:
    """The cells of other hands that are written in this form: the LSTM's own, with biases or without."""
    return CELLS.values() if form.layer.id == "lstm" and form.id in ("chapter", "no-bias") else ()


if __name__ == "__main__":
    sys.exit(bool(main(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT)))
