"""What all columns of the network share."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ui.controls.stage_title import StageTitle
from ui.panels.feature_maps.explain import Explained
from ui.panels.feature_maps.picture import Picture
from ui.panels.feature_maps.plan import Column

MARK_ROLES = ("feeds", "receptive", "winner", "selected")
"""Roles of the outlines by which cells are linked."""


class StageColumn(QWidget):
    """What all columns share: the head with its buttons, and the signals.

    Parameters
    ----------
    column : Column
    parent : QWidget, optional

    Signals
    -------
    cellHovered, cellClicked : PinnedCell
        A cell of the column's stage.
    cellLeft
        The pointer has left the cells.
    moveRequested : int, int
        Arrow keys ask for the pinned cell to move by rows and columns.
    channelSelected : int
        A thumbnail was chosen.
    enlargeRequested, foldRequested : str
        Key of the column.
    """

    cellHovered = Signal(object)
    cellClicked = Signal(object)
    cellLeft = Signal()
    moveRequested = Signal(int, int)
    channelSelected = Signal(int)
    enlargeRequested = Signal(str)
    foldRequested = Signal(str)

    def __init__(self, column: Column, title: str, caption: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.column = column
        self._painted: Picture | None = None
        self.head = StageTitle(title, caption, self)

    def draw(self, picture: Picture, explained: Explained) -> None:
        """Show the values of the column, and outline the cells that belong to the marked one."""
        raise NotImplementedError

    def _is_new(self, picture: Picture) -> bool:
        """Whether a picture is another than the one whose values are painted; from now on it is that one."""
        is_new, self._painted = picture is not self._painted, picture
        return is_new

    def set_side(self, side: int) -> None:
        """Make room for maps of this side, in logical pixels."""
        raise NotImplementedError
