"""Settings of the project's own tests: Hypothesis profiles, and the plugin for `--submission`.

`dev` draws other examples every time; `ci` the same on every machine, so that two people grade a
submission alike; `thorough` draws many.
"""

import os

import pytest
from hypothesis import Phase, settings

pytest_plugins = ["gru.pytest_plugin", "pytester"]

# Explaining a failure runs a submission many times more and tells its author nothing.
_PHASES = [phase for phase in Phase if phase is not Phase.explain]

settings.register_profile("dev", deadline=None, max_examples=50, phases=_PHASES)
settings.register_profile("ci", deadline=None, max_examples=50, phases=_PHASES, derandomize=True, database=None)
settings.register_profile("thorough", deadline=None, max_examples=1000, phases=_PHASES, database=None)


def pytest_configure(config: pytest.Config) -> None:
    """Choose the profile, unless `--hypothesis-profile` does."""
    if not config.getoption("hypothesis_profile", None):
        graded = os.environ.get("CI") or config.getoption("submission")
        settings.load_profile("ci" if graded else "dev")
