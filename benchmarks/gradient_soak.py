"""Gradient checks of hand-written backward passes, right and wrong: no false alarm, and what is missed.

    python benchmarks/gradient_soak.py [--checks N] [--start SEED] [--minutes M] [--slow]

Every kind of function in `tests/gradient/functions.py`, scales from 1e-6 to 1e6, single and double precision; of three
checks one is of a right gradient. Prints a line for whatever is not as it should be, and counts; exits 1 on a false
alarm. Sequences of 200 steps and saturated LSTM steps, a second each, are left out unless `--slow` is given: without
them a check takes 20 ms, and 50,000 a quarter of an hour.
"""

import argparse
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from gru.gradient import GradientCheck, check_vjp
from tests.gradient.functions import MAKERS, MISTAKES, Case, in_precision, wrong

SLOW = ("rnn_of_200_steps", "lstm_step")
NOTHING = 1e-9
"""What differences of the forward pass cannot show, beside |function|/|argument|: a mistake below that is none here.
In single precision it is a thousand roundings."""

VISIBLE = 5e-4
"""What a mistake must change at least, beside the largest entry, to count as one."""


def main() -> int:
    """Run the checks and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checks", type=int, default=50_000)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--slow", action="store_true")
    options = parser.parse_args()
    names = [name for name in MAKERS if options.slow or name not in SLOW]
    counts: Counter[tuple[str, str]] = Counter()
    begin, seed = time.monotonic(), options.start
    while counts.total() < options.checks and time.monotonic() - begin < 60 * options.minutes:
        for name in names:
            for dtype in (np.float64, np.float32):
                counts += one(name, seed, dtype)
        seed += 1
    print(
        f"seeds {options.start} to {seed - 1}, {len(names)} kinds, {counts.total()} checks, "
        f"{time.monotonic() - begin:.0f} s"
    )
    for (what, verdict), count in sorted(counts.items()):
        print(f"{what:6} {verdict:12} {count:7}")
    return 1 if counts["right", "wrong"] else 0


def one(name: str, seed: int, dtype: Any) -> Counter[tuple[str, str]]:
    """A right gradient and two wrong ones of one function."""
    rng = np.random.default_rng([seed, *name.encode(), dtype == np.float32])
    scale = float(10 ** rng.uniform(-6, 6))
    counts: Counter[tuple[str, str]] = Counter()
    with np.errstate(all="ignore"):
        case = in_precision(MAKERS[name](rng, scale), dtype)
        found = check_vjp(*case, seed=seed)
        counts["right", found.verdict] += 1
        if found.verdict != "right":
            tell(name, seed, dtype, scale, "right", found)
        truth, value = gradients(case, seed)
        for mistake in rng.permutation(list(MISTAKES))[:2]:
            argument = int(rng.integers(len(truth)))
            planted = wrong(case, str(mistake), argument, rng)
            largest = float(np.max(np.abs(truth[argument]), initial=0.0))
            changed = float(np.max(np.abs(gradients(planted, seed)[0][argument] - truth[argument]), initial=0.0))
            floats = [a for a in case[2] if np.asarray(a).dtype.kind == "f"]
            natural = value / float(np.max(np.abs(floats[argument])))
            nothing = max(NOTHING, 2**10 * float(np.finfo(dtype).eps)) * natural
            if not changed > max(VISIBLE * largest, nothing):
                continue
            found = check_vjp(*planted, seed=seed)
            counts["wrong", found.verdict] += 1
            if found.verdict != "wrong":
                tell(name, seed, dtype, scale, f"{mistake} in {argument}", found)
    return counts


def gradients(case: Case, seed: int) -> tuple[list[Any], float]:
    """What a backward pass claims for the cotangent that the check draws, and the size of what is differentiated."""
    forward, backward, arguments = case
    result, rng = forward(*arguments), np.random.default_rng([seed, 1])
    parts = result if isinstance(result, tuple) else (result,)
    drawn = [rng.standard_normal(np.shape(part)) for part in parts]
    cotangent = tuple(drawn) if isinstance(result, tuple) else drawn[0]
    value = sum(float(np.sum(np.abs(part * one))) for part, one in zip(parts, drawn, strict=True))
    return [np.asarray(part, dtype=float) for part in backward(cotangent, *arguments)], value


def tell(name: str, seed: int, dtype: Any, scale: float, what: str, found: GradientCheck) -> None:
    """One line on a check that did not go as it should."""
    print(
        f"{name} {seed} {dtype.__name__} {scale:.1e} {what}: {found.verdict}: {str(found).splitlines()[0]}", flush=True
    )


if __name__ == "__main__":
    sys.exit(main())
