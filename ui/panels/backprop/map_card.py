"""A map with its title, its colour bar and the key of its marks."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cnnviz.routing import Target
from ui.cells.block import Block
from ui.cells.excerpt_map import ExcerptMap
from ui.cells.mark_legend import MarkLegend
from ui.controls.labels import SectionTitle
from ui.controls.layouts import fill
from ui.controls.pace import single_shot
from ui.panels.backprop.contents import MapContent
from ui.panels.backprop.scaled_bar import ScaledBar
from ui.theme import Theme, follow_theme

#: Side of a cell, in pixels at scale 1, in which a number of three figures has room.
NUMBER_CELL = 45
_COORDINATES = 24  # beside and below the cells
_SMALLEST, _LARGEST = 3, 10


class MapCard(QWidget):
    """Title, map, colour bar and marks.

    Signals
    -------
    pointed : int, int
        Row and column under the pointer.
    left
        The pointer has left the map.
    chosen : Target
        What was clicked.
    revealRequested
        The map is covered and was clicked.
    resized
        Another number of cells may fit.
    """

    pointed = Signal(int, int)
    left = Signal()
    chosen = Signal(object)
    revealRequested = Signal()
    resized = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._content: MapContent | None = None
        self._settling = single_shot(self, self.resized)
        self._scale = 1.0
        self.title = SectionTitle("")
        self.map = ExcerptMap()
        self.map.show_lines()
        self.map.set_coordinates(True)
        self.map.set_alignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.bar = ScaledBar()
        self.legend = MarkLegend()
        below = fill(QHBoxLayout(), self.bar, (self.legend, 1), spacing=8)
        self._layout = fill(QVBoxLayout(self), spacing=4)
        self._head = fill(QHBoxLayout(), (self.title, 1), spacing=8)
        self._layout.addLayout(self._head)
        self._layout.addWidget(self.map, 1)
        self._layout.addLayout(below)
        self._layout.addStretch(0)
        self.map.cellPointed.connect(self.pointed)
        self.map.cellLeft.connect(self.left)
        self.map.cellChosen.connect(self._on_chosen)
        follow_theme(self)

    def content(self) -> MapContent | None:
        """What is shown."""
        return self._content

    def set_theme(self, theme: Theme) -> None:
        """Scale."""
        self._scale = theme.scale

    def add_to_title(self, widget: QWidget) -> None:
        """Put a control at the right of the title."""
        self._head.addWidget(widget)

    def fitting_side(self) -> int:
        """How many cells with numbers fit along a side of the map."""
        side = min(self.width(), self._room()) - _COORDINATES * self._scale
        return min(max(int(side // (NUMBER_CELL * self._scale)), _SMALLEST), _LARGEST)

    def _room(self) -> int:
        """Height that the map could have: what is taken by nothing else in the card."""
        taken = self.title.height() + self.bar.height() + 3 * self._layout.spacing()
        return max(self.height() - taken, 0)

    def show_map(self, content: MapContent, block: Block | None, window: int = 0) -> None:
        """Show a block of a map, the whole of it when None; `window`: side of the windows of a pool."""
        self._content = content
        whole = content.is_whole
        self.map.set_excerpt(
            content.grid.values,
            None if whole else block,
            content.colormap,
            content.levels,
            hatched=content.hatched,
            struck=content.struck,
            blank=content.grid.blank,
            is_precise=whole,
            window=window,
            marks=content.marks,
            beside=content.beside,
        )
        self.map.setToolTip(content.tooltip)
        self.map.setAccessibleName(", ".join(filter(None, (content.title, content.caption))))
        self.title.set_text(content.title)
        self.title.set_caption(content.caption)
        self.title.setToolTip(content.tooltip)
        # In the unit of the numbers: comparable with them at a glance.
        self.bar.set_scale(content.colormap, content.levels, self.map.number_exponent)
        self._limit_height()
        self.legend.set_marks(content.marks)
        for role in ("receptive", "winner"):
            self.map.outline_blocks(dict(content.outlines).get(role, ()), role)

    def outline_cell(self, cell: tuple[int, int] | None, role: str) -> None:
        """Outline one cell of the whole map, or none."""
        self.map.outline(() if cell is None else (cell,), role)

    def _limit_height(self) -> None:
        """Give the map no more height than its width can use, so that its colour bar stays close to it."""
        if self.map.shape != (0, 0) and self.width() > 0:
            self.map.setMaximumHeight(max(self.map.useful_height(self.width()), 24))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell that another number of cells may fit."""
        super().resizeEvent(event)
        self._limit_height()
        # Later: a layout may be in the middle of its work, in the middle of a drawing.
        self._settling.start()

    def _on_chosen(self, row: int, col: int) -> None:
        if self.map.is_covered():
            self.revealRequested.emit()
            return
        target: Target | None = None if self._content is None else self._content.target(row, col)
        if target is not None:
            self.chosen.emit(target)
