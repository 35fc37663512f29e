"""What all tests share: the process that workers are forked from, as in `gru grade`, the chapter's network, and the
effort of this run.

It changes nothing of what runs in a worker, or of what it is shut in by.
"""

from collections.abc import Iterator
from contextlib import closing

import pytest

from gru.submission import keeper, process
from gru.submission.channel import Connection
from gru.submission.confinement import Confinement
from gru.submission.starter import AVAILABLE, Starter
from gru.subtraction.demonstration import Run, Task, run
from tests import effort


def pytest_configure(config: pytest.Config) -> None:
    """Tell the tests how many problems to put."""
    effort.begin(is_full=config.option.markexpr in ("full", "soak"))


@pytest.fixture(scope="session", autouse=AVAILABLE)
def shared_starter() -> Iterator[None]:
    """A worker for which no other starter is given is forked from one that all tests share: a start costs a third."""
    with closing(Starter()) as shared, pytest.MonkeyPatch.context() as patch:

        def launched(shut_in: Confinement, starter: Starter | None) -> Connection:
            return keeper.launched(shut_in, starter or shared)

        patch.setattr(process, "launched", launched)
        yield


@pytest.fixture(scope="session")
def chapter() -> Run:
    """The chapter's own setting, trained once: hidden 4, batch 1, rate 0.1, at most 100 epochs, a tenth held out."""
    return run(Task())


@pytest.fixture
def started_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each worker is a Python of its own, as where one file is examined."""
    monkeypatch.setattr(process, "launched", keeper.launched)
