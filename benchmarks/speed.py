"""How fast the project is, beside what it is held against in the same run: ratios, in Markdown.

    python benchmarks/speed.py [--repeats 9] [--submission examples/submissions/right.py]

What is compared takes turns, and every figure is the median over the rounds of the ratio within one
round, so that a machine that others use as well slows both sides. One thread for all. The times
are printed for scale only: they are this machine's, on this day.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gru import oracle
from gru.examiner.judging.reference import Reference
from gru.layers.gru import equations, parameters
from gru.problem import Problem, find

Array = Any
Times = dict[str, list[float]]

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")

ROOT = Path(__file__).parents[1]

PROBLEM = "8,8,16,4/ordinary/float64/0"
"""Batch 8, input 8, hidden 16, steps 4: W has 768 entries, U 384, x 256 and h_0 128; 1,536 in all."""

DIFFERENCE = 1e-5
"""The step of the central differences: near the cube root of the unit roundoff, where they are best."""


@dataclass(frozen=True)
class Row:
    """One line of the table: a figure that is to be at least, or at most, its target, if it has one."""

    what: str
    figure: float
    target: float | None = None
    unit: str = "×"
    at_least: bool = False

    def __str__(self) -> str:
        line = f"| {self.what} | {self.figure:.2f} {self.unit} |"
        if self.target is None:
            return f"{line} | |"
        met = self.figure >= self.target if self.at_least else self.figure <= self.target
        return f"{line} {'≥' if self.at_least else '≤'} {self.target:g} {self.unit} | {'met' if met else 'missed'} |"


def main() -> None:
    """Print the table, and what the time of `gru check` goes to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--submission", type=Path, default=ROOT / "examples" / "submissions" / "right.py")
    options = parser.parse_args()
    if any(os.environ.get(name) != number for name, number in ONE_THREAD.items()):
        # A library reads how many threads it may have when it is loaded, which it already is.
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | ONE_THREAD)
    print("| what | figure | target | |")
    print("|---|---|---|---|")
    for measure in (
        gradients,
        imports,
        partial(check, submission=options.submission),
        partial(whole_tool, submission=options.submission),
    ):
        for row in measure(options.repeats):
            print(row, flush=True)
    print_spending(options.repeats, options.submission)


def in_turns(calls: Mapping[str, Callable[[], Any]], repeats: int) -> Times:
    """The seconds that each call takes in each round, all of them one after another in every round."""
    times: Times = {name: [] for name in calls}
    for call in calls.values():
        call()
    for _ in range(repeats):
        for name, call in calls.items():
            begin = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - begin)
    return times


def ratio(times: Times, above: str, below: str) -> float:
    """The median over the rounds of the ratio in one round."""
    return statistics.median(a / b for a, b in zip(times[above], times[below], strict=True))


def gradients(repeats: int) -> list[Row]:
    """The oracle beside loops of central differences over the same equations."""
    problem = find(PROBLEM)
    forward_passes = {"chapter": chapter_loss, "shortest": shortest_loss}
    measured = oracle.full_gradient(problem)
    for loss in forward_passes.values():
        for name, gradient in central_differences(loss, problem).items():
            np.testing.assert_allclose(gradient, measured[name], atol=1e-7)
    loops = {name: partial(central_differences, loss, problem) for name, loss in forward_passes.items()}
    times = in_turns(
        {
            "full": partial(oracle.full_gradient, problem),
            "set": lambda: Reference(problem).truth,
            "complex": partial(oracle.full_gradient, problem, arithmetic="complex"),
            **loops,
        },
        repeats,
    )
    return [
        Row("loop of central differences / the oracle's gradient", ratio(times, "chapter", "full"), 10, at_least=True),
        Row("the same with the shortest NumPy / the oracle", ratio(times, "shortest", "full"), 10, at_least=True),
        Row("all left-hand sides (8)–(24) / the oracle's gradient", ratio(times, "set", "full"), 2),
        Row("the oracle in complex numbers / in pairs", ratio(times, "complex", "full"), 1, at_least=True),
    ]


Loss = Callable[[Problem, Mapping[str, Array]], Any]


def central_differences(loss: Loss, problem: Problem) -> dict[str, Array]:
    """The gradient in W, U, x and h_0 as every course teaches it: one entry after another, up and down."""
    at = {name: getattr(problem, name).copy() for name in ("W", "U", "x", "h_0")}
    gradients = {name: np.empty_like(array) for name, array in at.items()}
    for name, array in at.items():
        for index in np.ndindex(array.shape):
            here = array[index]
            array[index] = here + DIFFERENCE
            above = loss(problem, at)
            array[index] = here - DIFFERENCE
            gradients[name][index] = (above - loss(problem, at)) / (2 * DIFFERENCE)
            array[index] = here
    return gradients


def chapter_loss(problem: Problem, at: Mapping[str, Array]) -> Any:
    """The loss of a sequence by the project's own equations (1)–(4)."""
    wz, wr, wn = parameters.split(at["W"], problem.sizes.hidden)
    uz, ur, un = parameters.split(at["U"], problem.sizes.input)
    h, loss = at["h_0"], 0.0
    for x_t, from_above in zip(at["x"], problem.upstream, strict=True):
        z = equations.update_gate(h, x_t, wz, uz)
        r = equations.reset_gate(h, x_t, wr, ur)
        n = equations.candidate(r, h, x_t, wn, un)
        h = equations.hidden_state(z, n, h)
        loss += (from_above * h).sum()
    return loss


def shortest_loss(problem: Problem, at: Mapping[str, Array]) -> Any:
    """The same with the least work: a sigmoid that may overflow."""
    hidden, inputs = problem.sizes.hidden, problem.sizes.input
    wz, wr, wn = at["W"][:hidden], at["W"][hidden : 2 * hidden], at["W"][2 * hidden :]
    uz, ur, un = at["U"][:inputs], at["U"][inputs : 2 * inputs], at["U"][2 * inputs :]
    h, loss = at["h_0"], 0.0
    for x_t, from_above in zip(at["x"], problem.upstream, strict=True):
        z = 1 / (1 + np.exp(-(h @ wz + x_t @ uz)))
        r = 1 / (1 + np.exp(-(h @ wr + x_t @ ur)))
        n = np.tanh((r * h) @ wn + x_t @ un)
        h = h + z * (n - h)
        loss += (from_above * h).sum()
    return loss


def imports(repeats: int) -> list[Row]:
    """What the package costs beyond NumPy: the bare `import gru`, and with the names it offers."""
    lines = {
        "numpy": "import numpy",
        "gru": "import numpy; import gru",
        "model": "import numpy; from gru import GRUCell, GRUSequence, Gradients",
    }
    times = in_turns({name: partial(python, "-c", line) for name, line in lines.items()}, 2 * repeats)

    def over(name: str) -> float:
        return 1e3 * statistics.median(t - n for t, n in zip(times[name], times["numpy"], strict=True))

    return [
        Row("`import gru` over `import numpy`", over("gru"), 15, "ms"),
        Row("`from gru import GRUCell, GRUSequence` over `import numpy`", over("model"), 15, "ms"),
    ]


def check(repeats: int, submission: Path) -> list[Row]:
    """`gru check` of a right submission, the whole process, beside starting Python with NumPy and SciPy."""
    times = in_turns(
        {
            "check": partial(python, "-m", "gru", "check", str(submission)),
            "start": partial(python, "-c", "import numpy, scipy"),
            "bare": partial(python, "-c", "import numpy"),
        },
        repeats,
    )
    times["allowed"] = [4 * start + 1 for start in times["start"]]
    return [
        Row("`gru check` / (4 × `import numpy, scipy` + 1 s)", ratio(times, "check", "allowed"), 1),
        Row("`gru check` / `import numpy, scipy`", ratio(times, "check", "start")),
        Row(
            "`gru check` over `import numpy`",
            statistics.median(c - b for c, b in zip(times["check"], times["bare"], strict=True)),
            0.6,
            "s",
        ),
    ]


def whole_tool(repeats: int, submission: Path) -> list[Row]:
    """`gru check` and pytest on a wrong submission beside a right one."""
    wrong = submission.with_name("dzr_without_h_prev.py")
    tests = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--submission")
    times = in_turns(
        {
            "right": partial(python, "-m", "gru", "check", str(submission)),
            "wrong": partial(python, "-m", "gru", "check", str(wrong), statuses=(1,)),
            "pytest right": partial(python, *tests, str(submission)),
            "pytest wrong": partial(python, *tests, str(wrong), statuses=(1,)),
        },
        max(1, repeats // 3),
    )
    return [
        Row("`gru check` of a wrong file / of a right one", ratio(times, "wrong", "right"), 1.5),
        Row("`pytest --submission` of a right file / `gru check`", ratio(times, "pytest right", "right")),
        Row("`pytest --submission` of a wrong file / of a right one", ratio(times, "pytest wrong", "pytest right")),
    ]


def print_spending(repeats: int, submission: Path) -> None:
    """What the time of `gru check` goes to: its stages, one after another, in processes of their own."""
    shares: Times = {}
    for _ in range(repeats):
        begin = time.perf_counter()
        lines = python(str(ROOT / "benchmarks" / "stages.py"), str(submission)).stderr.splitlines()
        whole = time.perf_counter() - begin
        stages = {name: float(seconds) for name, seconds in (line.split("\t") for line in lines)}
        for name, seconds in {"interpreter": whole - sum(stages.values()), **stages}.items():
            shares.setdefault(name, []).append(seconds / whole)
    print("\n| stage of `gru check`, one after another | share |")
    print("|---|---|")
    for name, share in shares.items():
        print(f"| {name} | {100 * statistics.median(share):.0f} % |")


def python(*arguments: str, statuses: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess[str]:
    """A fresh Python that has ended as it should; where it has not, the end of this one, with what it said."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environment = os.environ | {"PYTHONPATH": path}
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment, cwd=ROOT)
    if done.returncode not in statuses:
        sys.exit(f"{' '.join(arguments)} ended with status {done.returncode}:\n{done.stdout}{done.stderr}")
    return done


if __name__ == "__main__":
    main()
