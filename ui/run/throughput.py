"""Images a second, measured over the last second of wall-clock time."""

from collections import deque

_WINDOW_SECONDS = 1.0


class Throughput:
    """A moving rate that settles within a second and does not jump about."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()
        self._images = 0

    def restart(self) -> None:
        """Forget the past, after a pause."""
        self._marks.clear()

    def add(self, images: int, now: float) -> float:
        """Count `images` finished at time `now` (seconds) and return the rate; 0 until it can be told."""
        self._images += images
        self._marks.append((now, self._images))
        while len(self._marks) > 2 and now - self._marks[0][0] > _WINDOW_SECONDS:
            self._marks.popleft()
        start, images_then = self._marks[0]
        return (self._images - images_then) / (now - start) if now - start > 0.05 else 0.0
