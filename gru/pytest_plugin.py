"""The pytest plugin: `pytest --submission=FILE`, and fixtures for tests about a cell in any repository.

A test about a cell asks for `require_right`. With a submission given, all other tests are deselected, and nothing in
the folder of the submission is imported, collected or read as settings. Every run of pytest loads this module where the
package is installed, so what judges is imported when a test asks for it.

A regression test of a hand-written cell::

    import pytest
    from gru.examiner import CHECKS
    from my_package import GRUCell

    @pytest.fixture(scope="session")
    def own_cell():
        return GRUCell

    @pytest.mark.parametrize("check", CHECKS)
    def test_cell(check, require_right):
        require_right(check)
"""

import argparse
import inspect
import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gru import seed
from gru.submission.limits import MEMORY_LIMIT, TIME_LIMIT

if TYPE_CHECKING:
    from gru.submission.process import SubmissionProcess
    from gru.verification.examinations import Examinations

_PROCESS: "pytest.StashKey[SubmissionProcess]" = pytest.StashKey()
_AGAIN = pytest.StashKey[list[str]]()
_FOREIGN = pytest.StashKey[Path]()


# The command line


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options; all but the first have a prefix, as other plugins have a seed too."""
    group = parser.getgroup("gru", "a hand-written GRU cell")
    group.addoption("--submission", metavar="FILE", help="run the tests that are about a cell on GRUCell of this file")
    group.addoption(
        "--submission-layer",
        metavar="LAYER",
        default="gru",
        help="what the file is: gru, lstm, rnn, or a file that holds a layer (default: %(default)s)",
    )
    group.addoption(
        "--submission-form",
        metavar="FORM",
        default="chapter",
        help="the form of the layer: an id, a library's name, or z=old,bias=one (default: %(default)s)",
    )
    group.addoption(
        "--submission-seed",
        metavar="N",
        type=_seed,
        default=seed.KNOWN,
        help="draws the problems; random draws it (default: %(default)s)",
    )
    group.addoption(
        "--submission-effort",
        choices=("quick", "normal", "thorough"),
        default="normal",
        help="how many problems everybody with this seed is given (default: %(default)s)",
    )
    group.addoption(
        "--submission-time-limit",
        metavar="S",
        type=float,
        default=TIME_LIMIT,
        help="seconds for one call of a submission (default: %(default)s)",
    )
    group.addoption(
        "--submission-memory-limit",
        metavar="MIB",
        type=int,
        default=MEMORY_LIMIT,
        help="memory for a submission (default: %(default)s)",
    )
    group.addoption(
        "--submission-isolation",
        choices=("auto", "strict", "process"),
        default="auto",
        help="what shuts a submission in (default: %(default)s)",
    )
    group.addoption(
        "--submission-name", metavar="NAME", help="which class or function of the file: the first that can be examined"
    )
    group.addoption(
        "--submission-adapter", metavar="FILE", help="a course's own adapter: how a file in its API is driven"
    )
    group.addoption(
        "--submission-show-output",
        action="store_true",
        help="show the last lines that the submission printed, also where no call raised",
    )


def _seed(argument: str) -> int:
    """A seed from the command line. One that is drawn stands in the header, and can be given again."""
    try:
        return seed.read(argument)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


# What pytest reads


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, object, object]:
    """Where pytest looked at what belongs to a submission, load nothing from there: it is started again."""
    given, invocation = early_config.known_args_namespace, early_config.invocation_params
    if given.submission is not None:
        from gru.verification import boundary

        submission = invocation.dir / given.submission
        asked = [path for path in _paths(given.file_or_dir, invocation.dir) if path.exists() and path != submission]
        again = boundary.arguments(invocation.args, submission, invocation.dir, asked)
        if again is None:
            _refuse_tests_of(submission, asked, invocation.dir)
        else:
            theirs = boundary.foreign(submission, [invocation.dir])
            _refuse_settings_in(theirs, early_config)
            boundary.forget(submission.parent)
            early_config.stash[_AGAIN] = again
            given.noconftest = True
    return (yield)


def _refuse_settings_in(theirs: Path, config: pytest.Config) -> None:
    """Raise UsageError where settings that belong to a submission may have brought code of theirs into this process."""
    from gru.verification import boundary

    if config.inipath is None or not boundary.is_within(config.inipath, theirs):
        return
    if boundary.may_run_code(config.getini):
        raise pytest.UsageError(
            f"pytest has read {config.inipath}, which lies with the submission and can run code in this process, or "
            "write files: start pytest in a folder of your own, and write --submission=FILE, with ="
        )


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | pytest.ExitCode | None:
    """Start pytest again where its first look at the arguments took the submission for tests."""
    if _AGAIN not in config.stash:
        return None
    return pytest.main(config.stash[_AGAIN], config.invocation_params.plugins)


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a submission that is no file, and limits that leave no room, before any test is collected."""
    option = config.option
    if option.submission is None:
        return
    if option.tbstyle == "auto":
        # The source of these tests says nothing of a submission; the message says it all.
        option.tbstyle = "short"
    from gru.verification import asked

    path = config.invocation_params.dir / option.submission
    _draw_boundary(config, path)
    config.stash[_PROCESS] = asked.process(config, path)


def _draw_boundary(config: pytest.Config, path: Path) -> None:
    """Keep in mind which folder is not looked at. Raises UsageError where tests in it are asked for."""
    started_in = config.invocation_params.dir
    config.stash[_FOREIGN] = _refuse_tests_of(path, _paths(config.args, started_in), started_in)


def _paths(arguments: Iterable[str], started_in: Path) -> list[Path]:
    """The files and folders of tests that are named."""
    return [started_in / argument.partition("::")[0] for argument in arguments]


def _refuse_tests_of(submission: Path, asked: Iterable[Path], started_in: Path) -> Path:
    """The folder that belongs to the submission. Raises UsageError where tests in it are asked for."""
    from gru.verification import boundary

    theirs = boundary.foreign(submission, [started_in, *asked])
    for tests in asked:
        if tests.exists() and boundary.is_within(tests, theirs):
            raise pytest.UsageError(
                f"{os.path.relpath(tests, started_in)} lies in the folder of the submission, from which nothing is "
                f"collected; --pyargs {boundary.TESTS} has the tests of a cell"
            )
    return theirs


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each equation of the layer that is asked for, where a test asks for `equation`."""
    marked = any("equation" in mark.args[:1] for mark in metafunc.definition.iter_markers("parametrize"))
    if {"require_right", "equation"} <= set(metafunc.fixturenames) and not marked:
        from gru.verification import asked

        equations = asked.form(metafunc.config).exposed
        ids = [e.name if e.number is None else f"{e.number}-{e.name}" for e in equations]
        metafunc.parametrize("equation", equations, ids=ids)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """What is examined, and on which problems."""
    option = config.option
    if option.submission is None:
        return []
    from gru.report import text
    from gru.report.words import printable
    from gru.verification import asked

    confinement = config.stash[_PROCESS].confinement
    lines = [
        f"submission: {printable(option.submission)}, seed {option.submission_seed}, effort {option.submission_effort}",
        f"convention: {text.convention(asked.form(config))}",
        f"isolation: {confinement.level}",
    ]
    return [*lines, f"warning: {confinement.warning}"] if confinement.warning else lines


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The last lines that the submission printed, where a call raised or they are asked for."""
    process = config.stash.get(_PROCESS, None)
    if process is None or not (process.has_raised or config.option.submission_show_output):
        return
    from gru.report.words import printable

    lines = [printable(said) for said in process.printed]
    if lines:
        terminalreporter.section("the last lines that the submission printed")
        terminalreporter.write_line("\n".join(lines))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With a submission given, leave its folder alone."""
    if _FOREIGN not in config.stash:
        return None
    from gru.verification import boundary

    return boundary.is_within(collection_path, config.stash[_FOREIGN]) or None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With a submission given, keep the tests that are about a cell. Raises UsageError where there are none."""
    if config.option.submission is None:
        return
    about_a_cell = [item for item in items if "examinations" in getattr(item, "fixturenames", ())]
    if not about_a_cell:
        raise pytest.UsageError("none of the tests here is about a cell; --pyargs gru.verification has those that are")
    config.hook.pytest_deselected(items=[item for item in items if item not in about_a_cell])
    items[:] = about_a_cell


# The fixtures


@pytest.fixture(scope="session")
def own_cell() -> Any:
    """The class that is examined where no submission is given; to be overridden in another repository."""
    from gru.layers.gru.cell import GRUCell

    return GRUCell


@pytest.fixture(scope="session")
def examinations(request: pytest.FixtureRequest, own_cell: Any) -> "Iterator[Examinations]":
    """What is found in this session, of the submission in its own process or of `own_cell` in this one."""
    from gru.submission.trusted import TrustedCells
    from gru.verification import asked
    from gru.verification.examinations import Examinations

    config = request.config
    process = config.stash.get(_PROCESS, None)
    name = config.option.submission or os.path.relpath(inspect.getfile(own_cell), config.invocation_params.dir)
    form = asked.form(config)
    with process or nullcontext(TrustedCells(own_cell, form)) as runner:
        yield Examinations(name, runner, config.option.submission_seed, config.option.submission_effort, form)


@pytest.fixture
def require_right(request: pytest.FixtureRequest, examinations: "Examinations") -> Callable[[str], None]:
    """A function of a check's id, which fails the test with the check's message unless it is right.

    An inherited outcome is an expected failure. Check, equation, status and error become
    properties of the test in `--junitxml`. Raises KeyError where there is no such check.
    """
    from gru.examiner import TRAINING

    def require(check: str) -> None:
        __tracebackhide__ = True
        if check == TRAINING and examinations.effort != "thorough":
            pytest.skip(f"{TRAINING} is asked for with --submission-effort thorough")
        if check in ("split", "merge") and check not in examinations.form.checks:
            pytest.skip(f"a {examinations.form.layer.title} has no check {check}")
        if examinations.is_without(check):
            pytest.skip("the submission is in another API, in which that cannot be seen by itself: see interface")
        found = examinations.found(check)
        outcome = found.outcome
        for name in ("check", "equation", "status", "error", "problem"):
            if (value := getattr(outcome, name)) is not None:
                # The fixture `record_property` warns of a family of JUnit's format, which would end these tests.
                request.node.user_properties.append((name, value))
        if outcome.status == "inherited":
            pytest.xfail(examinations.inheritance(outcome))
        if outcome.status != "right":
            raise AssertionError("\n".join(found.lines))

    return require
