"""Whether widgets are being drawn for a figure, rather than for the screen.

On the screen a widget may show a picture that it has kept. In a figure everything is drawn anew: lines and
letters then stay lines and letters in a vector file, and are sharp in an enlarged picture.
"""

from collections.abc import Iterator
from contextlib import contextmanager

_depth = 0


def drawing_figure() -> bool:
    """Whether a figure is being drawn."""
    return _depth > 0


@contextmanager
def figure_mode() -> Iterator[None]:
    """Tell all widgets that what they draw meanwhile is for a figure."""
    global _depth
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1
