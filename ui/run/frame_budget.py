"""How often the window draws while training runs, so that watching costs little of it."""

import time

_SHARE = 0.06
_FASTEST_MS, _SLOWEST_MS = 33, 150
_ADJUST_SECONDS = 0.4


class FrameBudget:
    """Finds the time between two frames at which the GUI thread uses a given share of its core.

    Training and window share one interpreter: what the window uses is lost to training. On a fast machine, or
    with little to draw, frames come at 30 a second; where they are dear, they become fewer, down to 7.

    * `share`: processor time of the GUI thread, as a part of the time that passes.
    """

    def __init__(self, share: float = _SHARE) -> None:
        self._share = share
        self._interval = 60.0
        self._start = (time.perf_counter(), time.thread_time())

    @property
    def milliseconds(self) -> int:
        """Time between two frames."""
        return round(self._interval)

    def restart(self) -> None:
        """Measure from now on: what was used before was not for frames."""
        self._start = (time.perf_counter(), time.thread_time())

    def adjust(self) -> None:
        """Look at what has been used since the last change; call it in the GUI thread, once a frame."""
        now, used = time.perf_counter(), time.thread_time()
        passed = now - self._start[0]
        if passed < _ADJUST_SECONDS:
            return
        factor = (used - self._start[1]) / passed / self._share
        # In small steps: one slow frame says little about the next.
        self._interval = min(max(self._interval * min(max(factor, 0.8), 1.25), _FASTEST_MS), _SLOWEST_MS)
        self._start = (now, used)
