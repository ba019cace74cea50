"""Date and time where the user is, as texts.

Without the offset from UTC, of which nothing is shown: Python refuses that of a mistake in the environment
variable TZ.
"""

from datetime import datetime


def today() -> str:
    """Return the date, such as ``2024-02-29``."""
    return datetime.now().date().isoformat()


def now() -> str:
    """Return date and time, such as ``2024-02-29 09:30``."""
    return datetime.now().strftime("%Y-%m-%d %H:%M")
