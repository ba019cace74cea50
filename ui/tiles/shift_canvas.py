"""The image that is moved: take it with the mouse, or use the arrow keys."""

import math
from typing import override

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.controls.figure_mode import drawing_figure
from ui.controls.key_moves import is_plain, long_arrow_step
from ui.controls.painted import PaintedWidget
from ui.theme import Theme, follow_theme, ui_font
from ui.tiles.pair_image import SIDES, MapPair, PairView, Side
from ui.tiles.pair_tile import PairDisplay, TileGeometry, has_numbers


class ShiftCanvas(PaintedWidget):
    """An image and its shifted self. Dragging moves the shifted one by whole pixels.

    Arrow keys move it by 1 pixel, with Shift by 4; R puts it back.

    Parameters
    ----------
    parent : QWidget, optional
    """

    #: Pixels to the right and down that the user has moved the image to.
    shiftDragged = Signal(int, int)
    #: The user has let go of the image.
    released = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = PairDisplay()
        self._shift = (0, 0)
        self._limits = (13, 13)
        self._warning = ""
        self._center = QPointF()
        self._press: tuple[QPointF, tuple[int, int]] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        follow_theme(self)

    # -- what is shown -------------------------------------------------------------------------------------

    @property
    def pair(self) -> MapPair | None:
        """What is shown."""
        return self._shown.pair

    @property
    def shift(self) -> tuple[int, int]:
        """Pixels to the right and down."""
        return self._shift

    @property
    def is_dragged(self) -> bool:
        """Whether the user holds the image."""
        return self._press is not None

    def set_pair(self, pair: MapPair | None, shift: tuple[int, int]) -> None:
        """Show an image of shape (1, h, w) and its shifted self; None shows the placeholder.

        Parameters
        ----------
        pair : MapPair or None
            Ink, from 0 to 1.
        shift : tuple of int
            Pixels to the right and down that lie between the two.
        """
        is_new = pair is not None and (self.pair is None or pair.original is not self.pair.original)
        self._shown.set_pair(pair)
        self._shift = shift
        if pair is not None and is_new:
            self._center = _center_of_ink(pair)
            self._limit_height()
        self.setAccessibleDescription(f"moved by {shift[0]} to the right and {shift[1]} down")
        self._update_cursor()
        self.update()

    def set_view(self, view: PairView) -> None:
        """Choose how the two images are shown."""
        if self._shown.set_view(view):
            self.update()

    def set_phase(self, phase: Side) -> None:
        """Say which image the flicker shows."""
        if self._shown.set_phase(phase):
            self.update()

    def set_limits(self, dx: int, dy: int) -> None:
        """Largest shift to either side, in pixels."""
        self._limits = (dx, dy)

    def set_warning(self, text: str) -> None:
        """Warn in a corner of the image, or with "" stop warning."""
        if text != self._warning:
            self._warning = text
            self.update()

    def warning(self) -> str:
        """Text of the warning, or ""."""
        return self._warning

    def highlight(self) -> tuple[int, int, int, int] | None:
        """Block of pixels (row, column, rows, columns) that is outlined."""
        return self._shown.highlight

    def set_highlight(self, block: tuple[int, int, int, int] | None) -> None:
        """Outline a block of pixels (row, column, rows, columns), or none."""
        if self._shown.set_highlight(block):
            self.update()

    @override
    def _restyle(self, theme: Theme) -> None:
        self._shown.set_theme(theme)
        self.setFont(ui_font(theme, theme.small_pt))

    def pixel_center(self, row: int, col: int) -> QPointF:
        """Middle of a pixel of the shifted image, in the widget's coordinates."""
        geometry = self._tile()
        return QPointF() if geometry is None else geometry.grids[-1].cells(row, col).center()

    @override
    def sizeHint(self) -> QSize:
        side = self._theme.px(300)
        return QSize(side, side)

    @override
    def minimumSizeHint(self) -> QSize:
        side = self._theme.px(120)
        return QSize(side, side)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._limit_height()

    def _limit_height(self) -> None:
        """Leave to others the height that an image of this width has no use for."""
        _, rows, cols = (1, 1, 1) if self.pair is None else self.pair.shape
        height = max(math.ceil((self.width() - 4) * rows / cols) + 4, self.minimumSizeHint().height())
        if height != self.maximumHeight():
            self.setMaximumHeight(height)

    # -- moving --------------------------------------------------------------------------------------------

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.pair is None or event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        self._press = (event.position(), self._shift)
        self._update_cursor()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        geometry = self._tile()
        if self._press is None or geometry is None:
            return
        start, (dx, dy) = self._press
        way, cell = event.position() - start, geometry.grids[0].cell
        self._ask(dx + round(way.x() / cell), dy + round(way.y() / cell))

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._press is not None:
            self._press = None
            self._update_cursor()
            self.released.emit()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.move_by_key(event):
            super().keyPressEvent(event)

    def move_by_key(self, event: QKeyEvent) -> bool:
        """Move the image if the key is one of those that do; return whether it was."""
        if self.pair is None:
            return False
        step = long_arrow_step(event)
        if step is not None:
            self._ask(self._shift[0] + step[1], self._shift[1] + step[0])
        elif event.key() == Qt.Key.Key_R and is_plain(event):
            self._ask(0, 0)
        else:
            return False
        return True

    def _ask(self, dx: int, dy: int) -> None:
        most_x, most_y = self._limits
        shift = (min(max(dx, -most_x), most_x), min(max(dy, -most_y), most_y))
        if shift != self._shift:
            self.shiftDragged.emit(*shift)

    def _update_cursor(self) -> None:
        free = Qt.CursorShape.ArrowCursor if self.pair is None else Qt.CursorShape.OpenHandCursor
        self.setCursor(Qt.CursorShape.ClosedHandCursor if self._press is not None else free)

    # -- painting ------------------------------------------------------------------------------------------

    def _tile(self) -> TileGeometry | None:
        if self.pair is None:
            return None
        _, rows, cols = self.pair.shape
        area = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        if self._shown.has_sides:
            area.setTop(area.top() + self.fontMetrics().height() + 2)
        return TileGeometry.fit(rows, cols, area, self._shown.has_sides, self.devicePixelRatioF())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme, geometry = QPainter(self), self._theme, self._tile()
        if self.pair is None or geometry is None:
            self._paint_placeholder(painter)
            painter.setPen(theme.color("border"))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
            return
        self._shown.paint(painter, 0, geometry)
        self._shown.paint_highlight(painter, geometry)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._shown.view == "overlay" and self._shift != (0, 0) and not has_numbers(geometry.grids[0]):
            self._paint_arrow(painter, geometry)
        if self._shown.has_sides:
            self._paint_names(painter, geometry)
        if self._warning:
            self._paint_warning(painter, geometry.rect)
        if self.hasFocus() and not drawing_figure():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawRect(geometry.rect.adjusted(-1, -1, 1, 1))

    def _paint_names(self, painter: QPainter, geometry: TileGeometry) -> None:
        """Write over each of the two images which one it is."""
        line = self.fontMetrics().height()
        painter.setFont(self.font())
        painter.setPen(self._theme.color("text"))
        for name, grid in zip(SIDES, geometry.grids, strict=True):
            box = QRectF(grid.rect.left(), grid.rect.top() - line - 2, grid.rect.width(), line)
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)

    def _paint_arrow(self, painter: QPainter, geometry: TileGeometry) -> None:
        grid = geometry.grids[0]
        start = QPointF(grid.left, grid.top) + self._center * grid.cell
        end = start + QPointF(*self._shift) * grid.cell
        way = end - start
        length = math.hypot(way.x(), way.y())
        along = way / length
        across = QPointF(-along.y(), along.x())
        head = min(self._theme.px(7), length * 0.6)
        path = QPainterPath(start)
        path.lineTo(end)
        for side in (1, -1):
            path.moveTo(end)
            path.lineTo(end - along * head + across * (0.6 * side * head))
        for role, width in (("surface", 5.0), ("text", 2.0)):
            pen = QPen(self._theme.color(role), width * self._theme.scale)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            painter.drawPath(path)

    def _paint_warning(self, painter: QPainter, ground: QRectF) -> None:
        theme, px = self._theme, self._theme.px
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.color("warning"), 2))
        painter.drawRect(ground.adjusted(-0.5, -0.5, 0.5, 0.5))
        metrics = self.fontMetrics()
        text = metrics.elidedText(self._warning, Qt.TextElideMode.ElideRight, round(ground.width()) - px(24))
        box = QRectF(ground.left() + px(6), ground.top() + px(6), 0, metrics.height() + px(6))
        box.setWidth(metrics.horizontalAdvance(text) + px(14))
        painter.setPen(theme.color("warning"))
        painter.setBrush(theme.color("warning_soft"))
        painter.drawRoundedRect(box, px(4), px(4))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def _center_of_ink(pair: MapPair) -> QPointF:
    """Centre of gravity of the original, in pixels from the corner; the middle of a blank image."""
    ink = np.abs(pair.original[0]).astype(np.float64)
    rows, cols = ink.shape
    total = float(ink.sum())
    if total <= 0:
        return QPointF(cols / 2, rows / 2)
    x = float((ink.sum(axis=0) * (np.arange(cols) + 0.5)).sum()) / total
    y = float((ink.sum(axis=1) * (np.arange(rows) + 0.5)).sum()) / total
    return QPointF(x, y)
