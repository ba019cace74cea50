"""What all columns of the network share."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from ui.controls.stage_title import StageTitle
from ui.panels.feature_maps.explain import Explained
from ui.panels.feature_maps.links import Mark
from ui.panels.feature_maps.picture import Picture
from ui.panels.feature_maps.plan import Column

MARK_ROLES = ("feeds", "receptive", "winner", "selected")
"""Roles of the outlines by which cells are linked."""


class ColumnRequests(QObject):
    """What columns ask for and tell of the pointer; one object serves all columns of a network.

    * `cellHovered`, `cellClicked`: A cell of a stage; of a kernel: the column's key and (filter,
      input, row, column).
    * `cellLeft`: the pointer has left the cells.
    * `moveRequested`: arrow keys ask for the pinned cell to move by rows and columns.
    * `channelRequested`: group and channel to show.
    * `classRequested`: class whose logit is to be taken apart; None for the predicted one.
    * `relativeRequested`: whether the evidence is to be relative to a blank image.
    * `enlargeRequested`, `foldRequested`: key of the column.
    """

    cellHovered = Signal(object)
    cellClicked = Signal(object)
    cellLeft = Signal()
    moveRequested = Signal(int, int)
    channelRequested = Signal(int, int)
    classRequested = Signal(object)
    relativeRequested = Signal(bool)
    enlargeRequested = Signal(str)
    foldRequested = Signal(str)


class StageColumn(QWidget):
    """What all columns share: the head with its buttons.

    * `title`, `caption`: of the head.
    """

    def __init__(
        self,
        column: Column,
        title: str,
        caption: str,
        requests: ColumnRequests,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.column, self.requests = column, requests
        self._painted: Picture | None = None
        self.head = StageTitle(title, caption, self)

    def draw(self, picture: Picture, explained: Explained) -> None:
        """Show the values of the column, and outline the cells that belong to the marked one."""
        raise NotImplementedError

    def set_side(self, side: int) -> None:
        """Make room for maps of this side, in logical pixels; nothing where there are none."""

    def _is_new(self, picture: Picture) -> bool:
        """Whether a picture is another than the one whose values are painted; from now on it is that one."""
        is_new, self._painted = picture is not self._painted, picture
        return is_new

    def _marks(self, explained: Explained) -> tuple[Mark, ...]:
        return () if explained.links is None else explained.links.of(self.column.stage)

    def _add_fold_button(self) -> QWidget:
        button = self.head.add_button("chevron-left", "Fold this column")
        button.clicked.connect(self._on_fold_clicked)
        return button

    def _on_fold_clicked(self) -> None:
        self.requests.foldRequested.emit(self.column.key)
