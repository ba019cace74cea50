"""What the user of the trials has asked for."""

import time
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Settings:
    """How long and how much.

    Attributes
    ----------
    minutes : float
        For all parts together.
    seeds : tuple of int
    events : int or None
        Events of each seed of the monkey; None: as many as fit into its time.
    replay : Path or None
        Log of the monkey that is played again.
    logs : Path
        Where logs are kept.
    extra : tuple of str
        Further arguments of the monkey's process.
    """

    minutes: float
    seeds: tuple[int, ...]
    events: int | None
    replay: Path | None
    logs: Path
    extra: tuple[str, ...] = ()
    _end: float = field(default=0.0, init=False)

    def begin(self, seconds: float) -> None:
        """Give the next part its time."""
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds that are left to the part; never negative."""
        return max(self._end - time.monotonic(), 0.0)
