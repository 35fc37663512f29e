"""Whether a backward pass was derived, or found by perturbing the forward pass. It counts, and never looks at a clock.

Perturbing one's own forward pass gives right values and no derivation. It needs new numbers through exp and
tanh for every parameter; a derived backward pass needs few, however it is written. It judges no value.
"""

from dataclasses import dataclass, replace
from math import isqrt, prod
from typing import TYPE_CHECKING

import numpy as np

from gru.calculus import formula
from gru.examiner.fact import Diagnosis, Fact, of_one
from gru.examiner.proportion import PERTURBED, judge_proportion
from gru.layer import Form, Sizes
from gru.layers.gru.forms import CHAPTER
from gru.problem import Specification, draw
from gru.submission.contract import CellError, Counted, Job, Recording, Runner, SubmissionFailure

if TYPE_CHECKING:
    from gru.examiner.bench import Bench

BATCH, INPUT, HIDDEN = (1, 2), (20, 40), (40, 60)
"""The sizes are drawn from these, so that no file can know them. They are large, so that the two ways are far apart."""

DERIVED = 4
"""The most numbers that a derived backward pass puts through exp or tanh again, for each gate, unit and row.

Each is at most recomputed through two exponentials, e^a and e^-a, and its slope through two more.
"""


@dataclass(frozen=True)
class Cost:
    """What was found: `wrong` tells why a backward pass is no derivation, `unknown` why that cannot be said."""

    wrong: Fact | None = None
    unknown: Fact | None = None

    @property
    def diagnosis(self) -> Diagnosis | None:
        """The diagnosis of a backward pass that perturbs."""
        return of_one("state", self.wrong) if self.wrong else None


def judge_cost(runner: Runner, seed: int, form: Form = CHAPTER, *, is_right: bool = True) -> Cost:
    """Whether a submission found its gradients by perturbing its forward pass.

    Where all its values are right, it is also told when that could not be seen. Raises SubmissionFailure where the
    submission fails to run.
    """
    out_of_proportion = judge_proportion(runner, seed, form) if is_right else None
    if out_of_proportion and out_of_proportion.kind == PERTURBED:
        return Cost(out_of_proportion)
    job = _job(seed, form)
    (counted,) = runner.run([job])
    if counted.counted is None:
        return Cost() if not is_right else Cost(unknown=Fact.of("uncounted", why="not-run"))
    wrong = _perturbed(job.form, job.sizes, counted.counted)
    return Cost(wrong, None if wrong or not is_right else out_of_proportion or _not_counted(runner, job, counted))


def cost_driven(bench: "Bench", form: Form, seed: int) -> Fact | None:
    """As `judge_cost`, of a submission in another API whose forward pass is of this form: what is to be told.

    Where the file fixes small sizes, the two ways are too near to each other, and nothing is counted.
    """
    sizes = _sizes(seed)
    if bench.possible(sizes)[1:] != sizes[1:]:
        return Fact.of("uncounted", why="sizes")
    try:
        problem = bench.problem(f"{seed}:cost", sizes, np.random.default_rng([seed, *b"cost"]))
        count = bench.count(problem, _most(form, problem.sizes))
    except (CellError, SubmissionFailure):
        count = None
    if count is None:
        return Fact.of("uncounted", why="not-run")
    gates = _gates(form) * problem.sizes.batch * problem.sizes.hidden
    too_few = Fact.of("uncounted", why="too-few", seen=count.forward, gates=gates) if count.forward < gates else None
    return _perturbed(form, problem.sizes, count) or too_few


def _perturbed(form: Form, sizes: Sizes, count: Counted) -> Fact | None:
    """The fact that the gradients were found by perturbing, with the evidence; None where there is no evidence."""
    batch, inputs, hidden, _ = sizes
    parameters = sum(prod(form.shape_of(stack.name, sizes)) for stack in form.stacks)
    common = {"sizes": sizes, "parameters": parameters}
    most = _most(form, sizes)
    if count.backward > most:
        derived = DERIVED * _gates(form) * batch * hidden
        return Fact.of("perturbed", most=most, forward=count.forward, derived=derived, **common)
    # A derived pass calls forward at most once for each quantity that it computes. Perturbing takes at least one pass
    # for each row of a weight matrix. The limit is the geometric mean of the two.
    if count.calls > isqrt(len(form.shown_backward) * (inputs + hidden)):
        return Fact.of("perturbed", calls=count.calls, **common)
    return None


def _not_counted(runner: Runner, job: Job, counted: Recording) -> Fact | None:
    """Why nothing can be said of a submission that was not found to perturb; None where it can."""
    assert counted.counted is not None
    (plain,) = runner.run([replace(job, most=0)])
    if not _is_same(plain, counted):
        return Fact.of("uncounted", why="differs")
    seen, gates = counted.counted.forward, _gates(job.form) * job.sizes.batch * job.sizes.hidden
    return Fact.of("uncounted", why="too-few", seen=seen, gates=gates) if seen < gates else None


def _gates(form: Form) -> int:
    """How many numbers go through σ or tanh in the forward pass, for each unit and row."""
    return sum(formula.text(e.expression).count(f) for e in form.forward_shown for f in ("sigmoid(", "tanh("))


def _sizes(seed: int) -> Sizes:
    """The sizes that the seed draws, of one step."""
    random = np.random.default_rng([seed, *b"cost"])
    batch, inputs, hidden = (int(random.integers(low, high, endpoint=True)) for low, high in (BATCH, INPUT, HIDDEN))
    return Sizes(batch, inputs, hidden, 1)


def _most(form: Form, sizes: Sizes) -> int:
    """The limit on the different numbers that a backward pass puts through exp, tanh and their like.

    Perturbing has to move at least each unit of the reset gate, and each of these moves puts `hidden` numbers through
    tanh. The limit is the geometric mean of that and the most that a derived pass needs.
    """
    batch, _, hidden, _ = sizes
    return isqrt(DERIVED * _gates(form) * batch * hidden * batch * hidden * hidden)


def _job(seed: int, form: Form) -> Job:
    """A problem like any other, of sizes that the seed draws."""
    problem = draw(Specification(_sizes(seed)), f"{seed}:cost", form)
    arrays = {form.layer.input: problem.x, **problem.parameters}
    for carried, state in zip(form.layer.carried, problem.initial, strict=True):
        arrays |= {carried.previous: state[np.newaxis], carried.upstream: problem.upstream}
    return Job(problem.id, problem.sizes, form, arrays, most=_most(form, problem.sizes))


def _is_same(plain: Recording, counted: Recording) -> bool:
    """Whether the cell showed the same to a bit while it was counted, or failed both times."""
    if len(plain.uses) != len(counted.uses) or (plain.raised is None) != (counted.raised is None):
        return False
    return all(
        np.array_equal(value, np.asarray(after.after_backward.get(name)), equal_nan=True)
        for use, after in zip(plain.uses, counted.uses, strict=True)
        for name, value in use.after_backward.items()
        if isinstance(value, np.ndarray)
    )
