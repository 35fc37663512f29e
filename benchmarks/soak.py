"""Random problems put to right cells, however these are written: none may be called wrong.

    python benchmarks/soak.py [--problems N] [--cells K] [--start I]

All regimes, both precisions and awkward sizes. Prints the largest error in units of its limit for
each check and regime; exits 1 where a check is anything but right, and says on which problem.
"""

import argparse
import contextlib
import io
import multiprocessing
import os
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

# Two processes share two cores; NumPy reads this when it is first imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from gru.examiner.interface import judge_interface  # noqa: E402
from gru.examiner.judging.case import judge_uses  # noqa: E402
from gru.examiner.judging.reference import CHANGES, Reference  # noqa: E402
from gru.examiner.outcome import CHECKS, Finding  # noqa: E402
from gru.examiner.state.companions import COMPANIONS, companion_job, judge_companion, judge_recording  # noqa: E402
from gru.examiner.state.reuse import judge_reuse, reuse_job  # noqa: E402
from gru.layer import Sizes  # noqa: E402
from gru.problem import PRECISIONS, REGIMES, Specification, find, identify  # noqa: E402
from gru.submission.trusted import TrustedCells  # noqa: E402
from tests.examiner.right_cells import CELLS  # noqa: E402

CHUNK = 20
"""How many problems a process takes at a time."""

PUT_TWICE_EVERY = 5
"""Every fifth problem is put in other ways and with other arguments too, as the check `state` asks."""

SAY_EVERY = 20.0
"""Seconds between two lines on how far it is."""

NAMES = list(CELLS)

Place = tuple[str, str, str]
"""Check, regime, and the precision that was judged at."""


@dataclass
class Tally:
    """What some problems have shown: the largest error in units of its limit at each place, and false alarms."""

    largest: dict[Place, tuple[float, str]] = field(default_factory=dict)
    alarms: list[str] = field(default_factory=list)
    problems: int = 0
    findings: int = 0

    def add(self, finding: Finding, regime: str, precision: str, cell: str) -> None:
        """One finding of a cell."""
        self.findings += 1
        where = f"{cell} on {finding.problem}"
        if finding.status not in ("right", "missing"):
            self.alarms.append(f"{finding.check} is {finding.status}: {where} {finding.fact or ''}")
        comparison = finding.comparison
        if comparison is not None and comparison.limit > 0:
            found = comparison.error / comparison.limit, where
            place = finding.check, regime, precision
            self.largest[place] = max(self.largest.get(place, found), found)

    def merge(self, other: "Tally") -> None:
        """Add what other problems have shown."""
        for place, found in other.largest.items():
            self.largest[place] = max(self.largest.get(place, found), found)
        self.alarms += other.alarms
        self.problems += other.problems
        self.findings += other.findings


def specification(index: int) -> Specification:
    """The specification of random problem number `index`."""
    random = np.random.default_rng([2024, index])
    regime = str(random.choice(list(REGIMES)))
    return Specification(sizes(random), regime, PRECISIONS[int(random.random() < 0.3)])


def sizes(random: np.random.Generator) -> Sizes:
    """Small sizes most often; else ones among them, one that is large, all equal, or many steps."""
    batch, inputs, hidden = (int(size) for size in random.integers(1, 7, size=3))
    steps = int(random.choice([1, 1, 2, 3, 4, 12]))
    small = Sizes(batch, inputs, hidden, steps)
    match str(random.choice(["small", "ones", "large", "equal", "long"], p=[0.5, 0.2, 0.15, 0.1, 0.05])):
        case "ones":
            return Sizes(*(size if random.random() < 0.5 else 1 for size in small))
        case "large":
            grown = str(random.choice(["batch", "input", "hidden"]))
            return small._replace(**{grown: int(random.integers(20, 65)), "steps": min(steps, 3)})
        case "equal":
            return Sizes(hidden, hidden, hidden, steps)
        case "long":
            return small._replace(steps=int(random.integers(20, 61)))
    return small


def soak(indices: range, cells: int) -> Tally:
    """Put these problems to `cells` cells each, every cell in its turn."""
    tally = Tally()
    warnings.simplefilter("ignore")
    with contextlib.redirect_stdout(io.StringIO()):
        for index in indices:
            wanted = specification(index)
            reference = Reference.of(find(identify(wanted, index)))
            for turn in range(cells):
                name = NAMES[(index * cells + turn) % len(NAMES)]
                for finding, precision in findings(reference, CELLS[name], put_twice=index % PUT_TWICE_EVERY == 0):
                    tally.add(finding, wanted.regime, precision, name)
            tally.problems += 1
    return tally


def findings(reference: Reference, cell: type, *, put_twice: bool) -> Iterator[tuple[Finding, str]]:
    """All findings on a cell, each with the precision that it was judged at."""
    runner, given = TrustedCells(cell), reference.problem.precision
    (recording,) = runner.run([reference.job(2 if put_twice else 1)])
    for finding in (*judge_interface(reference, recording), *judge_recording(reference, recording)):
        yield finding, given
    for case in judge_uses(reference, recording):
        for finding in case.findings:
            yield finding, str(np.dtype(case.evidence.dtype))
    if put_twice:
        for companion in COMPANIONS:
            (other,) = runner.run([companion_job(companion, reference.job())])
            for finding in judge_companion(companion, reference, recording, other):
                yield finding, given
        for change in CHANGES:
            changed = reference.reused(change)
            jobs = [reference.job(), reuse_job(changed, change), reuse_job(changed, change, goes_on=False)]
            first, again, new = runner.run(jobs)
            for finding in judge_reuse(changed, change, first, again, new):
                yield finding, given
            for case in judge_uses(changed, again):
                for finding in case.findings:
                    yield finding, str(np.dtype(case.evidence.dtype))


def main() -> int:
    """Run the problems on all cores, print what they showed; 1 where anything was not right."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problems", type=int, default=100_000, help="how many (default: 100,000)")
    parser.add_argument("--cells", type=int, default=3, help="how many cells each problem is put to (default: 3)")
    parser.add_argument("--start", type=int, default=0, help="the number of the first problem (default: 0)")
    arguments = parser.parse_args()
    total = run(range(arguments.start, arguments.start + arguments.problems), arguments.cells)
    report(total)
    return 1 if total.alarms else 0


def run(indices: range, cells: int) -> Tally:
    """All of these problems, in as many processes as there are cores; progress goes to standard error."""
    total, begin, said = Tally(), time.perf_counter(), 0.0
    chunks = [(indices[start : start + CHUNK], cells) for start in range(0, len(indices), CHUNK)]
    with multiprocessing.get_context("spawn").Pool() as pool:
        for tally in pool.imap_unordered(soak_chunk, chunks):
            total.merge(tally)
            seconds = time.perf_counter() - begin
            if seconds - said > SAY_EVERY or total.problems == len(indices):
                said, rate = seconds, total.problems / seconds
                line = f"{total.problems} of {len(indices)} problems, {rate:.0f}/s, {len(total.alarms)} false alarms"
                print(line, file=sys.stderr, flush=True)
    return total


def soak_chunk(chunk: tuple[range, int]) -> Tally:
    """`soak` with its arguments in one, as a pool passes them."""
    return soak(*chunk)


def report(total: Tally) -> None:
    """Two tables, one a precision; then where the largest errors were, and all false alarms."""
    print(f"{total.problems} problems, {len(NAMES)} right cells, {total.findings} findings")
    for precision in PRECISIONS:
        print(f"\nThe largest error in units of its limit, judged at {precision}\n")
        print(f"{'':12}" + "".join(f"{regime:>16}" for regime in REGIMES))
        for check in CHECKS:
            row = [total.largest.get((check, regime, precision), (None, ""))[0] for regime in REGIMES]
            if any(value is not None for value in row):
                print(f"{check:12}" + "".join(f"{'' if value is None else format(value, '.3f'):>16}" for value in row))
    print("\nThe five largest")
    for (check, _, precision), (value, where) in sorted(total.largest.items(), key=lambda item: -item[1][0])[:5]:
        print(f"  {value:.3f}  {check} at {precision}, {where}")
    print(f"\n{len(total.alarms)} false alarms")
    for alarm in total.alarms:
        print(f"  {alarm}")


if __name__ == "__main__":
    sys.exit(main())
