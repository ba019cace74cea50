"""What a process holds, and whether it grows."""

import os
from collections.abc import Sequence
from pathlib import Path
from statistics import median

_MOST_POINTS = 150
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def rss_mb() -> float:
    """Memory of this process in megabytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE / 1e6


def descriptors() -> int:
    """Open files of this process."""
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 -- a Path for each would be measured, too


def threads() -> int:
    """Threads of this process, those of Qt among them."""
    return len(os.listdir("/proc/self/task"))  # noqa: PTH208 -- likewise


def slope(values: Sequence[float], places: Sequence[float] | None = None) -> float:
    """Return the growth of the last two thirds, by unit of `places` (one a value if not given).

    What grows does so in the first half of them and in the second: the smaller of the two slopes counts, so
    that a single step, such as a cache that is filled once, is no growth.
    """
    at = list(range(len(values))) if places is None else list(places)
    points = list(zip(at, values, strict=True))[len(values) // 3 :]
    middle = len(points) // 2
    first, second = _middle_slope(points[: middle + 1]), _middle_slope(points[middle:])
    return min(first, second, key=abs) if first * second > 0 else 0.0


def _middle_slope(points: list[tuple[float, float]]) -> float:
    """Return the median of the slopes between all pairs (Theil and Sen)."""
    points = points[:: len(points) // _MOST_POINTS + 1]
    slopes = [
        (later[1] - sooner[1]) / (later[0] - sooner[0])
        for number, sooner in enumerate(points)
        for later in points[number + 1 :]
        if later[0] != sooner[0]
    ]
    return median(slopes) if slopes else 0.0
