"""Settings of the project's own tests: Hypothesis profiles.

`fixed` draws the same examples on every machine, so that a test passes or fails for everybody alike, and two people
grade a submission alike; `random` draws other examples every time, `thorough` many. `pytest` runs with the first;
`pytest -m full` runs every property once more with the second.
"""

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

pytest_plugins = ["pytester"]

# Explaining a failure runs a submission many times more and tells its author nothing.
_PHASES = [phase for phase in Phase if phase is not Phase.explain]

# How long an example takes depends on what else the machine does, and is no fault.
_SETTINGS: dict[str, Any] = {"deadline": None, "phases": _PHASES, "suppress_health_check": [HealthCheck.too_slow]}

settings.register_profile("fixed", **_SETTINGS, max_examples=15, derandomize=True, database=None)
settings.register_profile("random", **_SETTINGS, max_examples=50, print_blob=True)
settings.register_profile("thorough", **_SETTINGS, max_examples=1000, database=None)


def _is_full(config: pytest.Config) -> bool:
    return config.option.markexpr == "full"


def _profile(config: pytest.Config) -> str:
    """The profile that was asked for; else the one of this run."""
    return config.getoption("hypothesis_profile", None) or ("random" if _is_full(config) else "fixed")


def pytest_configure(config: pytest.Config) -> None:
    """Load the profile; Hypothesis has some of its own, and loads one of them where it sees fit."""
    settings.load_profile(_profile(config))


def pytest_report_header(config: pytest.Config) -> str:
    """Which profile the examples are drawn with."""
    return f"Hypothesis profile: {_profile(config)}"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark as `full` what is to be left to `pytest -m full`, or to be run by it once more.

    Of the cases of a test that is marked `one_in(n)`, one in n is run always, spread evenly, the first among them.
    Every property is run once more with random examples.
    """
    seen: Counter[str] = Counter()
    for item in items:
        if spread := item.get_closest_marker("one_in"):
            test = item.nodeid.partition("[")[0]
            if seen[test] % spread.args[0]:
                item.add_marker("full")
            seen[test] += 1
        if _is_full(config) and getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("full")
