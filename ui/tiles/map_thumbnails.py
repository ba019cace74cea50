"""All maps of a stage as thumbnails, of which only those in sight are drawn."""

import math
from collections.abc import Iterable, Sequence
from typing import override

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QScrollBar, QSizePolicy, QWidget

from cnnviz.quantities import format_cell, format_value
from ui.cells.outlines import CellBlock
from ui.controls.cached_drawing import CachedDrawing
from ui.theme import Theme
from ui.tiles.map_tiles import MapTiles
from ui.tiles.tile_layout import Shelf, TileLayout
from ui.tiles.tile_marks import TileMarks

_SMALLEST = 22
_LARGEST = 192


class MapThumbnails(MapTiles):
    """Maps on one scale, as large as the room allows; more than fit are scrolled. One of them is chosen."""

    #: Number of the map that the user has chosen.
    mapSelected = Signal(int)
    #: Map, row and column of the cell under the pointer.
    cellHovered = Signal(int, int, int)
    #: The pointer has left the maps.
    mapLeft = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        self._noun = "map"
        self._marks = TileMarks()
        self._tiles = TileLayout(1, 1.0, 1.0, 0.0, 0.0, False)
        self._cell: tuple[int, int, int] | None = None  # under the pointer
        self._revision = 0
        self._maps = CachedDrawing()  # the maps without marks; drawn once for many repaints
        self._frames = CachedDrawing()  # frames and captions; drawn once for many values
        super().__init__(parent)
        self._bar = QScrollBar(Qt.Orientation.Vertical, self)
        self._bar.hide()
        self._bar.valueChanged.connect(self._show)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        # It paints its own ground, so that what lies below need not be painted with every movement.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    # -- what is shown -------------------------------------------------------------------------------------

    def set_noun(self, noun: str) -> None:
        """What one of the maps is called in tool tips, such as "filter"."""
        self._noun = noun

    @override
    def set_current(self, index: int | None) -> None:
        """Choose a map and scroll to it, or choose none."""
        if index != self._current:
            if index is not None:
                self._scroll_to(index)
            self._revision += 1
        super().set_current(index)

    def scroll_bar(self) -> QScrollBar:
        """What scrolls the maps, where they would be too small without."""
        return self._bar

    def set_marks(self, role: str, blocks: Sequence[CellBlock], maps: Iterable[int] | None = None) -> None:
        """Outline blocks of cells in some maps, in place of those that had this role before.

        * `role`: any role of an outline.
        * `maps`: numbers of the maps; all when None.
        """
        if self._marks.set(role, blocks, maps):
            self.update()

    def marked(self, role: str) -> dict[int, tuple[CellBlock, ...]]:
        """Blocks that are outlined in a role, by the number of the map."""
        return self._marks.of(role, self.count)

    @override
    def _restyle(self, theme: Theme) -> None:
        super()._restyle(theme)
        self._revision += 1
        self._arrange()

    @override
    def _show(self) -> None:
        self._revision += 1
        super()._show()
        if self._pointer is not None and self.cell_at(self._pointer) != self._cell:
            QTimer.singleShot(0, self, self._point_again)

    # -- where things are ----------------------------------------------------------------------------------

    @override
    def tile_rect(self, index: int) -> QRectF:
        return self._tiles.tile(index, self._offset())

    @override
    def visible_range(self) -> range:
        return self._tiles.in_sight(self._offset(), self.height(), self.count)

    def cell_at(self, point: QPointF) -> tuple[int, int, int] | None:
        """Map, row and column at a point of the widget, or None."""
        index = self._part_at(point)
        if self._values is None or index is None:
            return None
        tile, (_, rows, cols) = self.tile_rect(index), self._values.shape
        row = int((point.y() - tile.top()) / tile.height() * rows)
        col = int((point.x() - tile.left()) / tile.width() * cols)
        return index, min(row, rows - 1), min(col, cols - 1)

    @override
    def sizeHint(self) -> QSize:
        side = self._theme.px(44)
        return QSize(4 * side, 2 * side)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(_SMALLEST + 4), self._theme.px(_SMALLEST + 4))

    @override
    def _columns(self) -> int:
        return self._tiles.columns

    @override
    def _arrange(self) -> None:
        """Choose the columns that make the maps largest; scroll where they would be too small."""
        if self._values is None:
            return
        px, (_, rows, cols) = self._theme.px, self._values.shape
        shelf = Shelf(self.count, rows, cols, self.devicePixelRatioF(), float(px(5)), float(px(_LARGEST)))
        wide, high = float(self.width() - 4), float(self.height() - 4)
        tiles = shelf.fitted(wide, high, float(self.fontMetrics().height()))
        if tiles.width < px(40):  # without room for captions larger maps serve better
            tiles = shelf.fitted(wide, high, 0.0)
        if tiles.width < px(_SMALLEST):
            tiles = shelf.scrolled(wide - self._bar.sizeHint().width() - px(2), float(px(_SMALLEST)))
        self._tiles = tiles
        total = 4 + math.ceil(self.count / tiles.columns) * tiles.step - tiles.gap
        self._bar.setVisible(tiles.scrolls)
        self._bar.setPageStep(max(self.height(), 1))
        self._bar.setSingleStep(max(round(tiles.step), 1))
        self._bar.setRange(0, max(math.ceil(total - self.height()), 0) if tiles.scrolls else 0)

    def _offset(self) -> int:
        return self._bar.value()

    def _scroll_to(self, index: int) -> None:
        tile = self.tile_rect(index)
        if tile.top() < 0:
            self._bar.setValue(math.floor(self._offset() + tile.top() - 2))
        elif tile.bottom() > self.height():
            self._bar.setValue(math.ceil(self._offset() + tile.bottom() - self.height() + 2))

    # -- events --------------------------------------------------------------------------------------------

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self._bar.sizeHint().width()
        self._bar.setGeometry(self.width() - wide, 0, wide, self.height())
        self._arrange()
        self._show()
        if self._current is not None:
            self._scroll_to(self._current)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._tiles.scrolls:
            self._bar.wheelEvent(event)
        else:
            event.ignore()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._point_again()

    @override
    def _on_hovered(self, part: int | None) -> None:
        self._point_again()

    @override
    def _tip(self, part: int) -> str:
        cell = None if self._pointer is None else self.cell_at(self._pointer)
        if self._values is None or cell is None:
            return ""
        where = f"{format_cell(cell, self._noun)}: {format_value(self._values[cell].item(), 4)}"
        return f"{self.toolTip()}\n{where}".strip()

    @override
    def _tell_chosen(self, index: int) -> None:
        self.mapSelected.emit(index)

    def _point_again(self) -> None:
        """Tell which cell lies under the pointer now, if it is another."""
        cell = None if self._pointer is None else self.cell_at(self._pointer)
        if cell != self._cell:
            self._cell = cell
            if cell is None:
                self.mapLeft.emit()
            else:
                self.cellHovered.emit(*cell)

    # -- painting ------------------------------------------------------------------------------------------

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._values is None or not self.visible_range():
            painter.fillRect(event.rect(), self._theme.color("surface"))
            return
        self._maps.paint(painter, self, self._revision, self._paint_maps, covers=True)
        shown = self.visible_range()
        self._marks.draw(painter, shown, self.tile_rect, self._values.shape[1:], self._theme)
        if self._current is not None and self._current in shown and self._is_chosen(self._current):
            self._paint_frame(painter, self._current, self.tile_rect(self._current))

    def _paint_maps(self, painter: QPainter) -> None:
        key = (self._tiles, self._offset(), self.count, self._current, self._theme)
        self._frames.paint(painter, self, key, self._paint_frames, covers=True)
        for index in self.visible_range():
            self._paint_tile(painter, index, self.tile_rect(index))

    def _paint_frames(self, painter: QPainter) -> None:
        """Paint frames and captions, which stay the same while the values change."""
        painter.fillRect(self.rect(), self._theme.color("surface"))
        for index in self.visible_range():
            rect = self.tile_rect(index)
            self._draw_frame(painter, rect, "border", 1)
            self._paint_caption(painter, index, rect, self._tiles.caption)

    @override
    def _caption_height(self) -> float:
        return self._tiles.caption

    @override
    def _caption_of(self, index: int) -> str:
        return str(index)
