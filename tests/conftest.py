"""What all tests share: how long something takes on a busy machine fails none of them.

Nor does chance: the examples of property tests are the same in each run. Other ones are tried with
`--hypothesis-profile search`.
"""

import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("repeatable", settings.get_profile("search"), derandomize=True)
settings.load_profile("repeatable")


def pytest_xdist_auto_num_workers() -> int:
    """Twice as many workers as there are cores: tests of the window wait for half of their time."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return 2 * cores


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Let each worker begin with other files: each is compiled by one of them, and the others read it."""
    report = yield
    worker = getattr(collector.config, "workerinput", None)
    if worker is not None and isinstance(collector, pytest.Directory):
        turn = len(report.result) * int(worker["workerid"].removeprefix("gw")) // worker["workercount"]
        report.result = report.result[turn:] + report.result[:turn]
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Let the long ones begin first: no worker is left with one of them when the others have finished.

    Those that use one window after another come in one piece, so that each worker opens it once.
    """
    items.sort(key=lambda item: item.path)  # as all workers have to have them, before they are shuffled
    yield
    slow = {item for item in items if item.get_closest_marker("slow") is not None}
    items.sort(key=lambda item: (item not in slow, (item in slow) == shares_window(item)))


def shares_window(test: pytest.Item) -> bool:
    """Whether a test uses the whole program as the one before has left it, with a new document."""
    return "session" in getattr(test, "fixturenames", ()) and test.get_closest_marker("alone") is None
