"""What the options of pytest ask for: the process of a submission, the form of the layer, a course's own adapter.

It starts nothing. What cannot be is a UsageError that names the option.
"""

from pathlib import Path

import pytest

from gru.files import NOTEBOOK
from gru.layer import Form, LayerError
from gru.layers.registry import form_described
from gru.report.words import printable
from gru.submission.confinement import ConfinementError
from gru.submission.contract import SubmissionFailure
from gru.submission.limits import CALLS_IN_ALL
from gru.submission.notebook import NotebookSupportError, require
from gru.submission.process import SubmissionProcess
from gru.submission.source import check_file
from gru.submission.taught import Taught

SEARCHES = 2
"""How many times as long as `gru check` all calls of a submission may take: the battery, then what Hypothesis draws."""


def process(config: pytest.Config, path: Path) -> SubmissionProcess:
    """The process of the submission at `path`, not started. Raises UsageError where there can be none."""
    option = config.option
    try:
        check_file(str(path))
        if path.suffix.lower() == NOTEBOOK:
            require()
        return SubmissionProcess(
            path,
            time_limit=option.submission_time_limit,
            memory_limit=option.submission_memory_limit,
            whole_limit=SEARCHES * CALLS_IN_ALL * option.submission_time_limit,
            isolation=option.submission_isolation,
            form=form(config),
            name=option.submission_name,
            adapter=_adapter(config),
        )
    except SubmissionFailure as failure:
        raise pytest.UsageError(f"--submission {printable(option.submission)}: {failure.text}") from None
    except NotebookSupportError as error:
        raise pytest.UsageError(f"--submission: {error}") from None
    except ConfinementError as error:
        raise pytest.UsageError(f"--submission-{error}") from None
    except ValueError as error:
        raise pytest.UsageError(f"--submission-{str(error).replace('_', '-', 1)}") from None


def form(config: pytest.Config) -> Form:
    """The form of the layer that is asked for. Raises UsageError where there is no such form."""
    option = config.option
    try:
        return form_described(option.submission_form, option.submission_layer)
    except (LookupError, LayerError) as error:
        raise pytest.UsageError(f"--submission-layer, --submission-form: {error.args[0]}") from None


def _adapter(config: pytest.Config) -> Taught | None:
    """The course's own adapter. Raises UsageError where it cannot be read."""
    given = config.option.submission_adapter
    try:
        return None if given is None else Taught.read(config.invocation_params.dir / given)
    except (OSError, ValueError) as error:
        raise pytest.UsageError(f"--submission-adapter: {error}") from None
