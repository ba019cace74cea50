"""What the drawings of Filters & maps ask for."""

from cnnviz.drawing import Ask
from ui.state import PinnedCell


class Choose(Ask):
    """Give a field of the choices another value."""

    name: str
    value: object


class PlaySweep(Ask):
    """Let the sweep run, or pause it."""


class StepSweep(Ask):
    """Sweep one cell further."""


class EndSweep(Ask):
    """Leave the sweep."""


class PointAt(Ask):
    """Look at a cell."""

    cell: PinnedCell


class PressCell(Ask):
    """Pin a cell, or free it if it is pinned; take the logit of a class apart where one is given."""

    cell: PinnedCell
    index: int | None = None


class PinCell(Ask):
    """Pin a cell; None frees the pinned one."""

    cell: PinnedCell | None


class MovePin(Ask):
    """Move the pinned cell."""

    rows: int
    cols: int


class ShowChannel(Ask):
    """Show a channel in all columns of a group."""

    group: int
    channel: int


class Enlarge(Ask):
    """Enlarge a column, or give it its usual size."""

    key: str


class ZoomBy(Ask):
    """Make the cells of the enlarged map larger."""

    steps: int


class ScrollMap(Ask):
    """Bring a row and a column of the enlarged map to its upper left."""

    corner: tuple[int, int]
