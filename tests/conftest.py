"""What all tests share: how long something takes on a busy machine fails none of them."""

import os
import sys

from hypothesis import HealthCheck, settings

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_xdist_auto_num_workers() -> int:
    """Half as many workers again as there are cores: tests of the window wait for half of their time."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return -(-3 * cores // 2)
