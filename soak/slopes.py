"""What a process holds, and whether it grows."""

import os
from collections.abc import Sequence
from pathlib import Path
from statistics import median

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

    The median of the slopes between all pairs (Theil and Sen): a single step, such as a cache that is filled
    once, does not count as growth.
    """
    at = list(range(len(values))) if places is None else list(places)
    first = len(values) // 3
    points = list(zip(at[first:], values[first:], strict=True))
    if len(points) > 240:
        points = points[:: len(points) // 120]
    slopes = [
        (later[1] - sooner[1]) / (later[0] - sooner[0])
        for number, sooner in enumerate(points)
        for later in points[number + 1 :]
        if later[0] != sooner[0]
    ]
    return median(slopes) if slopes else 0.0
