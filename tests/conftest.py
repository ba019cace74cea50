"""What all tests share: how long something takes on a busy machine fails none of them.

Nor does chance: the examples of property tests are the same in each run. Other ones are tried with
`--hypothesis-profile search`.
"""

import os
import sys

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("repeatable", settings.get_profile("search"), derandomize=True)
settings.load_profile("repeatable")


def pytest_xdist_auto_num_workers() -> int:
    """Twice as many workers as there are cores: tests of the window wait for half of their time."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return 2 * cores


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the long ones begin first: no worker is left with one of them when the others have finished."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
