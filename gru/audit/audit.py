"""An audit: a teacher's tests run on every cell, and what that says of them.

It runs nothing itself, and judges the tests by their exit status alone.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory

from gru import __version__
from gru.audit.advice import Advice, advise
from gru.audit.cells import Cell, right_cells, wrong_cells
from gru.audit.edits import edits
from gru.audit.runs import AuditError, Grader, Ran, Runs, files_of
from gru.audit.watch import Watched, read, watching
from gru.layer import Form

NOTHING_COLLECTED, NOT_USED = 5, 4
"""Exit statuses of pytest: there is no test; the command line is wrong."""

CANNOT_BE_IMPORTED = 'raise ImportError("gru audit asks whether the tests import this file")\n'

OnProgress = Callable[[int, int], None]
"""Is told how many runs are done, and of how many."""


Judge = Callable[[str], str | None]
"""Tells of a file the first check that is wrong in it: empty where all is right, None where it cannot be examined."""


@dataclass(frozen=True)
class Solution:
    """A teacher's own right solution, which wrong cells are made of in place of those of the catalogue.

    Attributes:
        source: The file.
        judge: Tells which of its changes are wrong: of those that pass, as some change nothing.
    """

    source: str
    judge: Judge

    @property
    def right(self) -> Cell:
        """The solution as it is."""
        return Cell("right/solution", "", "the solution as it is", self.source)


@dataclass(frozen=True)
class Finding:
    """How the tests have ended on one cell; `wrong_in` is the check that a change of a solution is wrong in."""

    cell: Cell
    ran: Ran
    wrong_in: str = ""

    @property
    def passes(self) -> bool:
        """Whether the tests pass."""
        return self.ran.result == "passed"


@dataclass(frozen=True)
class Audit:
    """What is known of a teacher's tests.

    Attributes:
        form: The form of the layer that they are about.
        findings: One for each cell, the right ones first.
        advice: What would catch the wrong cells that pass.
        unchanged: How many changes of a solution pass and change no gradient.
        unexamined: How many pass and cannot be examined.
    """

    tests: Grader
    form: Form
    findings: tuple[Finding, ...]
    advice: Advice
    unchanged: int = 0
    unexamined: int = 0

    @property
    def wrong(self) -> list[Finding]:
        """Those of the wrong cells."""
        return [finding for finding in self.findings if not finding.cell.is_right]

    @property
    def right(self) -> list[Finding]:
        """Those of the right cells."""
        return [finding for finding in self.findings if finding.cell.is_right]

    @property
    def survivors(self) -> list[Finding]:
        """The wrong cells that pass."""
        return [finding for finding in self.wrong if finding.passes]

    @property
    def refused(self) -> list[Finding]:
        """The right cells that fail."""
        return [finding for finding in self.right if not finding.passes]

    @property
    def by_check(self) -> dict[str, tuple[int, int]]:
        """For each check, how many cells it finds wrong, and how many of these pass; in the order of a report.

        Where they are changes of a solution, for each function that they are in.
        """
        checks = dict.fromkeys(finding.cell.check for finding in self.wrong)
        order = [*filter(checks.__contains__, self.form.checks), *(c for c in checks if c not in self.form.checks)]
        return {
            check: (
                sum(finding.cell.check == check for finding in self.wrong),
                sum(finding.cell.check == check for finding in self.survivors),
            )
            for check in order
        }

    @property
    def unchecked(self) -> list[str]:
        """The checks of which every wrong cell passes: the tests do not check them."""
        return [check for check, (count, passed) in self.by_check.items() if passed == count]


class Kept:
    """The runs that are done, as lines of JSON in a file, each under a key of all that it depends on.

    `written` are the files that an audit itself writes: the tests do not depend on them, wherever they are.
    """

    def __init__(self, path: Path, tests: Grader, written: Iterable[Path] = ()) -> None:
        self._path, self._of_tests = path, _digest(tests, {file.resolve() for file in (path, *written)})
        self._known: dict[str, Ran] = {}
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        for line in lines:
            # The last line of a run that was ended may be half a line.
            with suppress(ValueError, KeyError, TypeError):
                data = json.loads(line)
                self._known[data["key"]] = Ran(data["result"], data["status"], data["seconds"], tuple(data["tail"]))

    def get(self, source: str) -> Ran | None:
        """The run on this file, if it is done."""
        return self._known.get(self._key(source))

    def put(self, source: str, ran: Ran) -> None:
        """Keep a run."""
        line = json.dumps({"key": self._key(source), **asdict(ran)})
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    def _key(self, source: str) -> str:
        return hashlib.sha256(f"{self._of_tests} {source}".encode()).hexdigest()


def _digest(tests: Grader, written: Set[Path]) -> str:
    """What a run depends on beside the cell."""
    own = [tests.place, tests.folder, tests.target, tests.module, tests.command, tests.time_limit, __version__]
    digest = hashlib.sha256(repr([str(part) for part in own]).encode())
    for path in files_of(tests.root):
        if path not in (tests.root / tests.module, *written) and path.is_file():
            name = path.relative_to(tests.root).as_posix().encode("utf-8", "surrogateescape")
            digest.update(hashlib.sha256(name).digest() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def audit(
    tests: Grader,
    form: Form,
    *,
    only: Iterable[str] | None = None,
    jobs: int = 1,
    kept: Kept | None = None,
    on_progress: OnProgress = lambda done, total: None,
    solution: Solution | None = None,
) -> Audit:
    """Run the tests on every cell.

    Args:
        tests: The tests.
        form: The form of the layer that they ask for.
        only: The checks whose wrong cells are tried; by default all.
        jobs: How many runs are under way at once.
        kept: Where runs are kept, and taken from.
        on_progress: Is told of each run.
        solution: What wrong cells are made of, where they are not to be those of the catalogue.

    Raises:
        AuditError: The tests say nothing: they fail on a right cell, or do not import the module.
    """
    if solution is not None:
        return _of_solution(tests, form, solution, jobs, kept, on_progress)
    right, wrong = right_cells(form), wrong_cells(form, only)
    if not wrong:
        raise AuditError("there is no wrong cell for these checks: the sums over the steps are not a cell's")
    with Runs(tests) as runs:
        _require_sound(tests, form, right[0], runs)
        watched = _watched(tests, form, right[0], runs)
    findings = _found(tests, [*right, *wrong], jobs, kept, on_progress)
    survivors = [f.cell for f in findings if f.passes and not f.cell.is_right]
    return Audit(tests, form, tuple(findings), advise(form, right[0], survivors, watched))


def _of_solution(
    tests: Grader, form: Form, solution: Solution, jobs: int, kept: Kept | None, on_progress: OnProgress
) -> Audit:
    """The audit with changes of a solution. Of those that pass, only what is found wrong counts."""
    if (found := solution.judge(solution.source)) != "":
        what = "cannot be examined" if found is None else f"is wrong in {found}"
        raise AuditError(f"the solution {what}; expected a right one: gru check FILE tells more")
    cells = [solution.right, *edits(solution.source)]
    with Runs(tests) as runs:
        _require_sound(tests, None, solution.right, runs)
    findings = _found(tests, cells, jobs, kept, on_progress)
    passing = [finding for finding in findings if finding.passes and not finding.cell.is_right]
    judged: dict[str, str | None] = {}
    for finding in passing:
        judged[finding.cell.id] = solution.judge(finding.cell.source)
        on_progress(len(cells) + len(judged), len(cells) + len(passing))
    counted = [replace(f, wrong_in=judged.get(f.cell.id) or "") for f in findings if judged.get(f.cell.id, "?")]
    unseen = Advice((), 0, (), of_tests=False)
    values = [*judged.values()]
    return Audit(tests, form, tuple(counted), unseen, values.count(""), values.count(None))


def _require_sound(tests: Grader, form: Form | None, right: Cell, runs: Runs) -> None:
    """Raise AuditError where the tests do not pass on a right cell, or pass whatever the module holds."""
    ran = runs.run(tests.source_of(right))
    if ran.result == "timed_out":
        raise AuditError(f"the tests had not ended after {tests.time_limit:g} s on a right cell: --time-limit")
    if ran.result == "failed":
        raise AuditError("\n".join([_why_not(tests, form, ran, runs), *(f"  {line}" for line in ran.tail)]))
    if runs.run(CANNOT_BE_IMPORTED).result == "passed":
        raise AuditError(
            f"the tests pass though {tests.student} cannot be imported: they import another file, or none. "
            "Expected tests that import the module that --module names"
        )


def _why_not(tests: Grader, form: Form | None, ran: Ran, runs: Runs) -> str:
    by_pytest = not tests.command
    if by_pytest and ran.status == NOTHING_COLLECTED:
        return f"there is no test in {tests.title}: pytest has collected nothing"
    if by_pytest and ran.status == NOT_USED:
        return f"pytest cannot run {tests.title}:"
    if form is None:
        return f"the tests fail on the solution itself, in the place of {tests.student}. What they printed:"
    for other in form.layer.forms.values():
        if other is not form and runs.run(tests.source_of(right_cells(other)[0])).result == "passed":
            return f"the tests fail on a right cell of the form {form.id}; they pass on one of --form {other.id}"
    return (
        f"the tests fail on a right cell in the place of {tests.student}, so that they tell nothing of wrong ones. "
        "For tests of another API name a right solution in it: --solution FILE. What they printed:"
    )


def _watched(tests: Grader, form: Form, right: Cell, runs: Runs) -> Watched:
    """What the tests do with a cell; nothing where they fail on one that writes it down."""
    with TemporaryDirectory(prefix="gru-audit-") as folder:
        file = Path(folder) / "watched"
        ran = runs.run(tests.source_of(replace(right, source=watching(right, form, file))))
        return read(file, form) if ran.result == "passed" else Watched((), frozenset())


def _found(
    tests: Grader, cells: Sequence[Cell], jobs: int, kept: Kept | None, on_progress: OnProgress
) -> list[Finding]:
    sources = {cell.id: tests.source_of(cell) for cell in cells}
    known: Mapping[str, Ran] = (
        {id: ran for id, source in sources.items() if (ran := kept.get(source))} if kept is not None else {}
    )
    found = dict(known)
    on_progress(len(found), len(cells))
    with _pool(tests, jobs) as submit:
        waiting = {submit(sources[cell.id]): cell for cell in cells if cell.id not in known}
        for future in as_completed(waiting):
            cell, ran = waiting[future], future.result()
            found[cell.id] = ran
            if kept is not None:
                kept.put(sources[cell.id], ran)
            on_progress(len(found), len(cells))
    return [Finding(cell, found[cell.id]) for cell in cells]


@contextmanager
def _pool(tests: Grader, jobs: int) -> Iterator[Callable[[str], Future[Ran]]]:
    """Runs in so many threads; whatever ends it, what is under way is ended with it."""
    free: SimpleQueue[Runs] = SimpleQueue()
    with ThreadPoolExecutor(jobs) as executor, ExitStack() as stack:
        for _ in range(jobs):
            free.put(stack.enter_context(Runs(tests)))

        def run(source: str) -> Ran:
            runs = free.get()
            try:
                return runs.run(source)
            finally:
                free.put(runs)

        try:
            yield lambda source: executor.submit(run, source)
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            raise
