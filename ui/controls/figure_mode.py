"""Whether widgets are being drawn for a figure, rather than for the screen.

On the screen a widget may show a picture that it has kept. In a figure everything is drawn anew: lines and
letters then stay lines and letters in a vector file, and are sharp in an enlarged picture. What belongs to
the hands of the user is left out: the cursor always, the frame of what is chosen where a map stands alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager

_depth = 0
_alone = 0


def drawing_figure() -> bool:
    """Whether a figure is being drawn."""
    return _depth > 0


def drawing_alone() -> bool:
    """Whether the figure is a single map or plot, without the panel around it.

    Nothing beside it then says where its rows and columns are, or what is chosen in it and why.
    """
    return _alone > 0


@contextmanager
def figure_mode(alone: bool = False) -> Iterator[None]:
    """Tell all widgets that what they draw meanwhile is for a figure; `alone`: a figure of one of them."""
    global _depth, _alone
    _depth, _alone = _depth + 1, _alone + alone
    try:
        yield
    finally:
        _depth, _alone = _depth - 1, _alone - alone
