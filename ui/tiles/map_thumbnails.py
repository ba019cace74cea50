"""All maps of a stage as thumbnails, of which only those in sight are drawn."""

import math
from collections.abc import Iterable, Sequence
from typing import override

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QSizePolicy, QToolTip, QWidget

from cnnviz.quantities import format_value
from ui.cells.outlines import CellBlock
from ui.controls.color_scale import ColorScale
from ui.controls.figure_mode import drawing_figure
from ui.controls.key_moves import moved_in_grid
from ui.theme import LIGHT, Theme, follow_theme, ui_font
from ui.tiles.tile_layout import Shelf, TileLayout
from ui.tiles.tile_marks import TileMarks

_SMALLEST = 22
_LARGEST = 96
_CAPTION = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop


class MapThumbnails(QAbstractScrollArea):
    """Maps on one scale, as large as the room allows; more than fit are scrolled. One of them is chosen.

    Parameters
    ----------
    parent : QWidget, optional
    """

    #: Number of the map that the user has chosen.
    mapSelected = Signal(int)
    #: Map, row and column of the cell under the pointer.
    cellHovered = Signal(int, int, int)
    #: The pointer has left the maps.
    mapLeft = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._values: NDArray[np.generic] | None = None
        self._scale = ColorScale()
        self._noun = "map"
        self._current: int | None = None
        self._hovered: tuple[int, int, int] | None = None
        self._marks = TileMarks()
        self._tiles = TileLayout(1, 1.0, 1.0, 0.0, 0.0, False)
        self._base = QPixmap()  # the maps without marks; drawn once for many repaints
        self._frames = QPixmap()  # frames and captions; drawn once for many values
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        # It paints its own ground, so that what lies below need not be painted with every movement.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        follow_theme(self)

    # -- what is shown -------------------------------------------------------------------------------------

    @property
    def values(self) -> NDArray[np.generic] | None:
        """Maps shown, of shape (m, h, w)."""
        return self._values

    @property
    def count(self) -> int:
        """Number of maps."""
        return 0 if self._values is None else len(self._values)

    def current(self) -> int | None:
        """Number of the chosen map."""
        return self._current

    def set_maps(
        self,
        values: NDArray[np.generic] | None,
        colormap: str = "signed",
        levels: tuple[float, float] | None = None,
    ) -> None:
        """Show maps.

        Parameters
        ----------
        values : ndarray of shape (m, h, w), or None
            Kept, not copied: it must not change.
        colormap : {"signed", "sequential", "grey"}
        levels : tuple of float, optional
            Limits of the common scale; from all values when None.

        Raises
        ------
        ValueError
            If `values` is not three-dimensional.
        """
        if values is not None and values.ndim != 3:
            raise ValueError(f"Thumbnails show an array of shape (m, h, w). Got shape {values.shape}.")
        old = None if self._values is None else self._values.shape
        self._values = values
        if values is not None:
            self._scale = ColorScale.of(values, colormap, levels)
        if old != (None if values is None else values.shape):
            self._hovered = None
            self._arrange()
            self.updateGeometry()
            self._frames = QPixmap()
        self._base = QPixmap()
        self.viewport().update()

    def set_noun(self, noun: str) -> None:
        """What one of the maps is called in tool tips, such as "filter"."""
        self._noun = noun

    def set_current(self, index: int | None) -> None:
        """Choose a map and scroll to it, or choose none."""
        if index != self._current:
            self._current = index
            if index is not None:
                self._scroll_to(index)
            self._refresh()

    def set_marks(self, role: str, blocks: Sequence[CellBlock], maps: Iterable[int] | None = None) -> None:
        """Outline blocks of cells in some maps, in place of those that had this role before.

        Parameters
        ----------
        role : {"receptive", "winner", "selected", "feeds", …}
            Any role of an outline.
        blocks : sequence of (row, column, rows, columns)
        maps : iterable of int, optional
            Numbers of the maps; all when None.
        """
        if self._marks.set(role, blocks, maps):
            self.viewport().update()

    def marked(self, role: str) -> dict[int, tuple[CellBlock, ...]]:
        """Blocks that are outlined in a role, by the number of the map."""
        return self._marks.of(role, self.count)

    def set_theme(self, theme: Theme) -> None:
        """Restyle."""
        self._theme = theme
        self.setFont(ui_font(theme, theme.small_pt))
        self._arrange()
        self.updateGeometry()
        self._refresh()

    # -- where things are ----------------------------------------------------------------------------------

    def tile_rect(self, index: int) -> QRectF:
        """Rectangle of a map, without its caption, in the coordinates of the viewport."""
        return self._tiles.tile(index, self.verticalScrollBar().value())

    def visible_range(self) -> range:
        """Numbers of the maps that are in sight, at least in part."""
        offset, high = self.verticalScrollBar().value(), self.viewport().height()
        return self._tiles.in_sight(offset, high, self.count)

    def cell_at(self, point: QPointF) -> tuple[int, int, int] | None:
        """Map, row and column at a point of the viewport, or None."""
        if self._values is None:
            return None
        for index in self.visible_range():
            tile = self.tile_rect(index)
            if tile.contains(point):
                _, rows, cols = self._values.shape
                row = int((point.y() - tile.top()) / tile.height() * rows)
                col = int((point.x() - tile.left()) / tile.width() * cols)
                return index, min(row, rows - 1), min(col, cols - 1)
        return None

    @override
    def sizeHint(self) -> QSize:
        side = self._theme.px(44)
        return QSize(4 * side, 2 * side)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(_SMALLEST + 4), self._theme.px(_SMALLEST + 4))

    def _arrange(self) -> None:
        """Choose the columns that make the maps largest; scroll where they would be too small."""
        if self._values is None or not self.count:
            return
        px = self._theme.px
        shelf = Shelf(
            count=self.count,
            rows=self._values.shape[1],
            cols=self._values.shape[2],
            ratio=self.devicePixelRatioF(),
            gap=float(px(5)),
            largest=float(px(_LARGEST)),
        )
        wide, high = float(self.width() - 4), float(self.height() - 4)
        tiles = shelf.fitted(wide, high, float(self.fontMetrics().height()))
        if tiles.width < px(40):  # without room for captions larger maps serve better
            tiles = shelf.fitted(wide, high, 0.0)
        if tiles.width < px(_SMALLEST):
            bar = self.verticalScrollBar().sizeHint().width() + px(2)
            tiles = shelf.scrolled(wide - bar, float(px(_SMALLEST)))
        self._tiles = tiles
        self._set_bar(tiles)

    def _set_bar(self, tiles: TileLayout) -> None:
        bar = self.verticalScrollBar()
        rows = math.ceil(self.count / tiles.columns)
        step = tiles.step
        total = 4 + rows * step - tiles.gap
        policy = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(
            policy.ScrollBarAlwaysOn if tiles.scrolls else policy.ScrollBarAlwaysOff
        )
        bar.setPageStep(max(self.height(), 1))
        bar.setSingleStep(max(round(step), 1))
        bar.setRange(0, max(math.ceil(total - self.height()), 0) if tiles.scrolls else 0)

    def _scroll_to(self, index: int) -> None:
        tile, bar = self.tile_rect(index), self.verticalScrollBar()
        if tile.top() < 0:
            bar.setValue(math.floor(bar.value() + tile.top() - 2))
        elif tile.bottom() > self.viewport().height():
            bar.setValue(math.ceil(bar.value() + tile.bottom() - self.viewport().height() + 2))

    # -- events --------------------------------------------------------------------------------------------

    @override
    def resizeEvent(self, event: QEvent) -> None:
        self._arrange()
        self._refresh()
        if self._current is not None and self.count:
            self._scroll_to(min(self._current, self.count - 1))

    @override
    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self._refresh()

    @override
    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            cell = self.cell_at(QPointF(event.pos()))
            if cell is not None and self._values is not None:
                value = format_value(self._values[cell].item(), 4)
                where = f"{self._noun} {cell[0]}, row {cell[1]}, column {cell[2]}: {value}"
                QToolTip.showText(event.globalPos(), f"{self.toolTip()}\n{where}".strip(), self)
                return True
        if event.type() == QEvent.Type.Leave:
            self._hover(None)
        return super().viewportEvent(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.cell_at(event.position()))

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        if cell is not None and event.button() == Qt.MouseButton.LeftButton:
            self._select(cell[0])
        else:
            super().mousePressEvent(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        place = moved_in_grid(event, self._current, self.count, self._tiles.columns)
        if place is None:
            event.ignore()
        elif place >= 0:
            self._select(place)

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def _select(self, index: int) -> None:
        self.set_current(index)
        self.mapSelected.emit(index)

    def _hover(self, cell: tuple[int, int, int] | None) -> None:
        if cell == self._hovered:
            return
        self._hovered = cell
        if cell is None:
            self.mapLeft.emit()
        else:
            self.cellHovered.emit(*cell)

    # -- painting ------------------------------------------------------------------------------------------

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        shown = self.visible_range()
        if self._values is None or not shown:
            QPainter(self.viewport()).fillRect(event.rect(), self._theme.color("surface"))
            return
        if not math.isclose(self._frames.devicePixelRatio(), self.devicePixelRatioF()):
            self._frames = QPixmap()
            self._base = QPixmap()
        if self._base.isNull():
            self._render_base(shown)
        painter = QPainter(self.viewport())
        if drawing_figure():
            painter.fillRect(event.rect(), self._theme.color("surface"))
            self._draw_frames(painter, shown)
            self._draw_maps(painter, shown)
        else:
            painter.drawPixmap(QPointF(0, 0), self._base)
        self._marks.draw(painter, shown, self.tile_rect, self._values.shape[1:], self._theme)
        if self._current is not None and self._current in shown:
            self._paint_frame(painter, self._current, 3 if self.hasFocus() else 2, "accent")

    def _render_base(self, shown: range) -> None:
        """Draw all maps in sight into a picture that serves until something but the marks changes."""
        if self._frames.isNull():
            self._render_frames(shown)
        self._base = QPixmap(self._frames)
        painter = QPainter(self._base)
        self._draw_maps(painter, shown)
        painter.end()

    def _draw_maps(self, painter: QPainter, shown: range) -> None:
        assert self._values is not None
        _, rows, cols = self._values.shape
        # One conversion for everything in sight; each map is a part of this tall picture.
        tall = self._scale.to_image(self._values[shown.start : shown.stop].reshape(-1, cols))
        cell = self._tiles.width / cols * self.devicePixelRatioF()
        # Cells of one or two pixels would differ in size without smoothing; larger ones hide the difference.
        smooth = cell < 4 and abs(cell - round(cell)) > 1e-6
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        for place, index in enumerate(shown):
            if drawing_figure():  # an SVG file has no parts of images
                painter.drawImage(self.tile_rect(index), tall.copy(0, place * rows, cols, rows))
            else:
                painter.drawImage(self.tile_rect(index), tall, QRectF(0, place * rows, cols, rows))

    def _render_frames(self, shown: range) -> None:
        """Draw frames and captions, which stay the same while the values change."""
        ratio = self.devicePixelRatioF()
        self._frames = QPixmap(self.viewport().size() * ratio)
        self._frames.setDevicePixelRatio(ratio)
        self._frames.fill(self._theme.color("surface"))
        painter = QPainter(self._frames)
        self._draw_frames(painter, shown)
        painter.end()

    def _draw_frames(self, painter: QPainter, shown: range) -> None:
        painter.setFont(self.font())
        for index in shown:
            self._paint_frame(painter, index, 1, "border")
            if self._tiles.caption:
                tile = self.tile_rect(index)
                below = QRectF(tile.left(), tile.bottom() + 1, tile.width(), self._tiles.caption)
                painter.setPen(self._theme.color("text" if index == self._current else "muted"))
                painter.drawText(below, _CAPTION, str(index))

    def _paint_frame(self, painter: QPainter, index: int, width: int, role: str) -> None:
        painter.setPen(QPen(self._theme.color(role), width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        grow = width / 2
        painter.drawRect(self.tile_rect(index).adjusted(-grow, -grow, grow, grow))

    def _refresh(self) -> None:
        """Draw everything anew."""
        self._base, self._frames = QPixmap(), QPixmap()
        self.viewport().update()
