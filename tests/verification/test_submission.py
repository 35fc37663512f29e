"""The tests that `pytest --submission=FILE` runs on a file, here on the project's own cell unless one is given."""

from gru.verification.test_submission import *  # noqa: F403
