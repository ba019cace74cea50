"""Date and time where the user is, as texts: the only place where a time becomes words.

Without the offset from UTC, of which nothing is shown: Python refuses that of a mistake in the environment
variable TZ.
"""

import time
from datetime import datetime


def today() -> str:
    """Return the date, such as ``2024-02-29``."""
    return datetime.now().date().isoformat()


def now() -> str:
    """Return date and time, such as ``2024-02-29 09:30``."""
    return datetime.now().strftime("%Y-%m-%d %H:%M")


def beside(time: str, other: str) -> str:
    """Return a time of `now` as it is said beside another one: without the date if that is the same."""
    date, _, clock = time.partition(" ")
    return clock if clock and date == other.partition(" ")[0] else time


def moment(seconds: float) -> str:
    """Return when it was, to follow "on": such as ``2024-02-29 at 09:30:05``.

    * `seconds`: since the epoch, as `time.time` and the system's times of files count.
    """
    return time.strftime("%Y-%m-%d at %H:%M:%S", time.localtime(seconds))
