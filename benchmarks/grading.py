"""What grading a class costs: a table in Markdown.

    python benchmarks/grading.py [--students 200]
    python benchmarks/grading.py --cluster --students 1000

The class is the project's examples over and over, of which many answer the same, as in a class that was given formulas;
then cells of the catalogue, of which no two do; then one of which a tenth is hostile. `--cluster` starts a scheduler
and a worker for each processor on this machine, and holds them beside the same class without. On a machine that is busy
with something else the time of the processor tells more than that of the clock.
"""

import argparse
import itertools
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from gru.audit.cells import right_cells, wrong_cells
from gru.grading.gradebook import Gradebook
from gru.grading.record import Record
from gru.layers.gru.forms import CHAPTER

ROOT = Path(__file__).parents[1]
ORDINARY = sorted((ROOT / "examples" / "submissions").glob("*.py"))
HOSTILE = (
    "while True:\n    pass\n",
    "import time\ntime.sleep(1000)\n",
    "import os\nwhile True:\n    os.fork()\n",
    "hoard = []\nwhile True:\n    hoard.append(bytearray(2**24))\n",
    "while True:\n    print('z' * 65536)\n",
    "import os\nos._exit(0)\n",
    "import ctypes\nctypes.string_at(0)\n",
    "import socket\nsocket.create_connection(('127.0.0.1', 80))\n",
    "import threading, time\nwhile True:\n    threading.Thread(target=time.sleep, args=(99,)).start()\n",
    "def f():\n    f()\n\n\nf()\n",
)
EVERY = 10
"""One in so many is hostile."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--cluster", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        one = start_alone()
        print(f"The bare start of Python with NumPy takes {one:.3f} s of a processor in this run.\n")
        heads = ("class", "jobs", "whole run, s", "a submission, s", "of a processor, s", "largest process, MiB")
        print(f"| {' | '.join((*heads, 'ordinary ones, median and 95 %', 'slowest hostile'))} |\n{'|---' * 8}|")
        if options.cluster:
            print(row(place, "ordinary, in one process", options.students, 0, options.jobs), flush=True)
            print(row(place, "ordinary, on a cluster", options.students, 0, options.jobs, cluster=True), flush=True)
        else:
            print(row(place, "ordinary only", options.students, 0, options.jobs), flush=True)
            print(row(place, "no two alike", options.students, 0, options.jobs, sources=different()), flush=True)
            print(row(place, "a tenth hostile", options.students, EVERY, options.jobs), flush=True)


def start_alone() -> float:
    """Processor seconds of `python -c "import numpy"`, the median of five."""
    return statistics.median(timed([sys.executable, "-c", "import numpy"])[1] for _ in range(5))


def timed(command: Sequence[str]) -> tuple[float, float]:
    """Seconds that a command takes, by the clock and of a processor, with all that it starts."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - began, used


def examples() -> list[str]:
    """The sources of the project's examples."""
    return [path.read_text(encoding="utf-8") for path in ORDINARY]


def different() -> list[str]:
    """The sources of right cells in several styles, and of those with one mistake of the catalogue each, mixed."""
    cells = [*right_cells(CHAPTER), *wrong_cells(CHAPTER)]
    random.Random(0).shuffle(cells)
    return [cell.source for cell in cells]


def row(
    place: Path,
    title: str,
    students: int,
    every: int,
    jobs: int,
    *,
    cluster: bool = False,
    sources: Sequence[str] | None = None,
) -> str:
    """One line: a class is written, graded, and read back from its gradebook."""
    course, out = place / title, place / f"{title} out"
    course.mkdir()
    ordinary, hostile = itertools.cycle(sources or examples()), itertools.cycle(HOSTILE)
    for number in range(students):
        bad = every and number % every == 0
        source = next(hostile if bad else ordinary)
        (course / f"{'hostile' if bad else 'ordinary'}{number:05}.py").write_text(source, encoding="utf-8")
    command = [sys.executable, "-m", "gru", "grade", str(course), "--out", str(out), "--jobs", str(jobs)]
    if cluster:
        with Cluster(place, jobs) as address:
            seconds, _ = timed([*command, "--scheduler", address])
            used = "–"
    else:
        seconds, processor = timed(command)
        used = f"{processor / students:.3f}"
    with Gradebook(out) as book:
        records = book.records()
    usual = sorted(record.seconds for record in records if record.student.startswith("ordinary"))
    worst = max((record for record in records if record.student.startswith("hostile")), key=_seconds, default=None)
    cells = [
        *(f"{students} {title}", f"{jobs}", f"{seconds:.1f}", f"{seconds / students:.3f}", used),
        f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f}",
        f"{statistics.median(usual):.2f} s, {usual[int(0.95 * len(usual))]:.2f} s",
        f"{worst.seconds:.1f} s, {worst.reason}" if worst else "–",
    ]
    return f"| {' | '.join(cells)} |"


def _seconds(record: Record) -> float:
    return record.seconds


class Cluster:
    """A scheduler, and so many workers of one thread, on this machine."""

    def __init__(self, place: Path, workers: int) -> None:
        self._file, self._workers = place / "scheduler.json", workers
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> str:
        import json

        self._start("scheduler", "--port", "0")
        while not self._file.exists():
            time.sleep(0.05)
        for _ in range(self._workers):
            self._start("worker", "--nthreads", "1", "--no-nanny")
        return str(json.loads(self._file.read_text(encoding="utf-8"))["address"])

    def _start(self, what: str, *arguments: str) -> None:
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", "--no-dashboard", "--host", "127.0.0.1"]
        command += ["--scheduler-file", str(self._file), *arguments]
        self._processes.append(subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL))

    def __exit__(self, *exception: object) -> None:
        for process in self._processes:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
