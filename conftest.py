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


def _profile(config: pytest.Config) -> str:
    """The profile that was asked for; else that of a grade where one is given, and on CI."""
    graded = os.environ.get("CI") or config.getoption("submission")
    return config.getoption("hypothesis_profile", None) or ("ci" if graded else "dev")


def pytest_configure(config: pytest.Config) -> None:
    """Load the profile; Hypothesis has one named `ci` of its own, and loads that where it sees fit."""
    settings.load_profile(_profile(config))


def pytest_report_header(config: pytest.Config) -> str:
    """Which profile the examples are drawn with."""
    return f"Hypothesis profile: {_profile(config)}"
