"""Maps of two images, all channels small or one of them large."""

import math
from typing import override

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnviz.quantities import format_value
from ui.controls.pointed import PointedWidget
from ui.theme import Theme, follow_theme, ui_font
from ui.tiles.pair_display import PairDisplay
from ui.tiles.pair_image import MapPair, PairView, Side
from ui.tiles.pair_tile import TileGeometry, is_inside


class PairGrid(PointedWidget[int]):
    """Tiles, one a channel, on one scale; one of them is the current one.

    Parameters
    ----------
    parent : QWidget, optional
    """

    #: Channel that the user has chosen, by click or by arrow key.
    channelSelected = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = PairDisplay()
        self._current = 0
        self._alone = False
        self._caption = "filter"
        self._about = ""
        self._tiles: list[TileGeometry] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        follow_theme(self)

    # -- what is shown -------------------------------------------------------------------------------------

    @property
    def pair(self) -> MapPair | None:
        """What is shown."""
        return self._shown.pair

    @property
    def view(self) -> PairView:
        """How it is shown."""
        return self._shown.view

    def current(self) -> int:
        """Channel that is chosen."""
        return self._current

    def set_pair(self, pair: MapPair | None) -> None:
        """Show maps; None shows the placeholder."""
        before = None if self.pair is None else self.pair.shape
        self._shown.set_pair(pair)
        if (None if pair is None else pair.shape) != before:
            self._tiles = None
        self._ask_again()
        self.update()

    def set_view(self, view: PairView) -> None:
        """Choose how the two images are shown."""
        if self._shown.set_view(view):
            self._tiles = None
            self.update()

    def set_phase(self, phase: Side) -> None:
        """Say which image the flicker shows."""
        if self._shown.set_phase(phase):
            self.update()

    def set_current(self, channel: int) -> None:
        """Choose a channel."""
        if channel != self._current:
            self._current = channel
            self.update()

    def set_alone(self, alone: bool) -> None:
        """Show the current channel alone and large, or all of them."""
        if alone != self._alone:
            self._alone = alone
            self._tiles = None
            self.update()

    def is_alone(self) -> bool:
        """Whether the current channel is shown alone."""
        return self._alone

    def set_highlight(self, block: tuple[int, int, int, int] | None) -> None:
        """Outline a block of cells (row, column, rows, columns) of the current channel, or none."""
        if self._shown.set_highlight(block):
            self.update()

    def set_caption(self, noun: str) -> None:
        """Say what a channel is called, for tool tips."""
        self._caption = noun

    def set_about(self, text: str) -> None:
        """Tool tip of the maps as a whole; the cell under the pointer is added to it."""
        self._about = text
        self.setToolTip(text)

    @override
    def _restyle(self, theme: Theme) -> None:
        self._shown.set_theme(theme)
        self._tiles = None
        self.setFont(ui_font(theme, theme.small_pt))

    def tile_rect(self, channel: int) -> QRectF:
        """Rectangle of a channel's tile; empty if it is not shown."""
        for shown, tile in zip(self._channels(), self._layout(), strict=True):
            if shown == channel:
                return tile.rect
        return QRectF()

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(320), self._theme.px(190))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(160), self._theme.px(126))

    # -- layout --------------------------------------------------------------------------------------------

    def _channels(self) -> range:
        if self.pair is None:
            return range(0)
        count = self.pair.shape[0]
        return range(self._current, self._current + 1) if self._alone else range(count)

    def _layout(self) -> list[TileGeometry]:
        if self._tiles is None:
            self._tiles = self._make_layout()
        return self._tiles

    def _make_layout(self) -> list[TileGeometry]:
        """Tiles in as many columns as make them largest, the whole block in the middle."""
        if self.pair is None:
            return []
        count, ratio = len(self._channels()), self.devicePixelRatioF()
        _, rows, cols = self.pair.shape
        sides, gap = self._shown.has_sides, self._theme.px(8 if count <= 16 else 4)
        best: tuple[float, int, TileGeometry] | None = None
        for columns in range(1, count + 1):
            lines = math.ceil(count / columns)
            wide = (self.width() - 6 - (columns - 1) * gap) / columns
            high = (self.height() - 6 - (lines - 1) * gap) / lines - self._label()
            if wide <= 0 or high <= 0:
                continue
            area = QRectF(0, 0, wide, min(high, wide * rows / cols) if not sides else high)
            tile = TileGeometry.fit(rows, cols, area, sides, ratio)
            if best is None or tile.grids[0].cell > best[0]:
                best = (tile.grids[0].cell, columns, tile)
        if best is None:
            return []
        return self._place(count, best[1], best[2].rect.size().toSize(), gap)

    def _place(self, count: int, columns: int, size: QSize, gap: int) -> list[TileGeometry]:
        assert self.pair is not None
        _, rows, cols = self.pair.shape
        lines, label = math.ceil(count / columns), self._label()
        step_x = size.width() + min(
            4 * gap, (self.width() - 6 - columns * size.width()) / max(columns - 1, 1)
        )
        step_y = size.height() + label + gap
        left = (self.width() - (columns - 1) * step_x - size.width()) / 2
        top = max((self.height() - (lines - 1) * step_y - size.height() - label) / 2, 3)
        tiles: list[TileGeometry] = []
        for place in range(count):
            line, column = divmod(place, columns)
            area = QRectF(
                round(left + column * step_x) - 1, round(top + line * step_y), size.width() + 2, size.height()
            )
            tiles.append(TileGeometry.fit(rows, cols, area, self._shown.has_sides, self.devicePixelRatioF()))
        return tiles

    def _label(self) -> int:
        """Height of the number under a tile; many small tiles have none."""
        count = len(self._channels())
        return self.fontMetrics().height() + 2 if 1 < count <= 16 else 0

    @override
    def _part_at(self, point: QPointF) -> int | None:
        for channel, tile in zip(self._channels(), self._layout(), strict=True):
            if tile.rect.contains(point):
                return channel
        return None

    # -- events --------------------------------------------------------------------------------------------

    @override
    def resizeEvent(self, event: object) -> None:
        self._tiles = None

    def text_at(self, point: QPointF) -> str:
        """Channel, cell and both values at a point of the widget, or ""."""
        channel = self._part_at(point)
        if self.pair is None or channel is None:
            return ""
        tile = self._layout()[channel - self._channels().start]
        cell = tile.cell_at(point)
        if cell is None:
            return f"{self._caption} {channel}"
        block = self.pair.compared
        if block is not None and not is_inside(block, *cell):
            return f"{self._caption} {channel}, row {cell[0]}, column {cell[1]}: has no counterpart"
        first, second = (maps[channel][cell] for maps in (self.pair.original, self.pair.shifted))
        return (
            f"{self._caption} {channel}, row {cell[0]}, column {cell[1]}: "
            f"original {format_value(float(first))}, shifted {format_value(float(second))}"
        )

    @override
    def _can_press(self, part: int) -> bool:
        return not self._alone

    @override
    def _press(self, part: int) -> None:
        self._select(part)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        about = f"{self._about}\n{self.text_at(event.position())}".strip()
        if about != self.toolTip():
            self.setToolTip(about)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        count = 0 if self.pair is None else self.pair.shape[0]
        keys = {
            Qt.Key.Key_PageUp: -1,
            Qt.Key.Key_PageDown: 1,
            Qt.Key.Key_Home: -count,
            Qt.Key.Key_End: count,
        }
        step = keys.get(Qt.Key(event.key()))
        if step is None or not count:
            super().keyPressEvent(event)
        else:
            self._select(min(max(self._current + step, 0), count - 1))

    def _select(self, channel: int) -> None:
        if channel != self._current:
            self.set_current(channel)
            self.channelSelected.emit(channel)

    # -- painting ------------------------------------------------------------------------------------------

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self.pair is None:
            self._paint_placeholder(painter)
            return
        # Before the window has laid out a smaller size there may be no room for a single tile.
        for channel, tile in zip(self._channels(), self._layout(), strict=False):
            self._shown.paint(painter, channel, tile)
            self._paint_frame(painter, channel, tile)

    def _paint_frame(self, painter: QPainter, channel: int, tile: TileGeometry) -> None:
        theme, rect = self._theme, tile.rect
        chosen = channel == self._current
        if chosen:
            self._shown.paint_highlight(painter, tile)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if chosen and (not self._alone or self.hasFocus()):
            painter.setPen(QPen(theme.color("accent"), 3 if self.hasFocus() else 2))
            painter.drawRect(rect.adjusted(-1, -1, 1, 1))
        elif channel == self._hovered and not self._alone:
            painter.setPen(QPen(theme.color("muted"), 1))
            painter.drawRect(rect.adjusted(-0.5, -0.5, 0.5, 0.5))
        if self._label():
            painter.setFont(self.font())
            below = QRectF(rect.left() - 8, rect.bottom() + 2, rect.width() + 16, self._label() - 2)
            painter.setPen(theme.color("text" if chosen else "muted"))
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, str(channel))
