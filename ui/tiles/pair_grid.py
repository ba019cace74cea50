"""Maps of two images, all channels small or one of them large."""

import math
from typing import override

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QWidget

from cnnviz.quantities import format_cell, format_together
from ui.controls.map_legend import MapLegend
from ui.theme import Theme
from ui.tiles.pair_image import MapPair, PairView, Side
from ui.tiles.pair_tile import PairDisplay, TileGeometry, is_inside
from ui.tiles.tile_layout import arrangements
from ui.tiles.tile_view import TileView


class PairGrid(TileView):
    """Tiles, one a channel, on one scale; one of them is the current one.

    Parameters
    ----------
    parent : QWidget, optional
    """

    #: Channel that the user has chosen, by click or by arrow key.
    channelSelected = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        self._shown = PairDisplay()
        self._alone = False
        self._caption = "filter"
        self._tiles: list[TileGeometry] | None = None
        super().__init__(parent)
        self._current = 0

    # -- what is shown -------------------------------------------------------------------------------------

    @property
    def pair(self) -> MapPair | None:
        """What is shown."""
        return self._shown.pair

    @property
    def view(self) -> PairView:
        """How it is shown."""
        return self._shown.view

    @property
    @override
    def count(self) -> int:
        return 0 if self.pair is None else self.pair.shape[0]

    def map_legend(self) -> MapLegend | None:
        """What a figure of the maps has to say beside them; None while there are none."""
        return self._shown.legend

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

    @override
    def set_current(self, index: int | None) -> None:
        if index is not None:  # there is always one
            super().set_current(index)

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
        self.setToolTip(text)

    @override
    def _restyle(self, theme: Theme) -> None:
        super()._restyle(theme)
        self._shown.set_theme(theme)
        self._tiles = None

    @override
    def tile_rect(self, index: int) -> QRectF:
        """Rectangle of a channel's tile; empty if it is not shown."""
        tile = self._tile(index)
        return QRectF() if tile is None else tile.rect

    @override
    def visible_range(self) -> range:
        if self._alone and self.pair is not None:
            return range(self._chosen(), self._chosen() + 1)
        # A widget without room shows none.
        return range(self.count if self._layout() else 0)

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(320), self._theme.px(190))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(160), self._theme.px(126))

    # -- layout --------------------------------------------------------------------------------------------

    def _chosen(self) -> int:
        """Channel that is chosen: there is always one."""
        return self._current or 0

    def _tile(self, channel: int) -> TileGeometry | None:
        place, tiles = channel - (self._chosen() if self._alone else 0), self._layout()
        return tiles[place] if 0 <= place < len(tiles) else None

    def _layout(self) -> list[TileGeometry]:
        if self._tiles is None:
            self._tiles = self._make_layout()
        return self._tiles

    def _make_layout(self) -> list[TileGeometry]:
        """Tiles in as many columns as make them largest, the whole block in the middle."""
        if self.pair is None:
            return []
        count, ratio = 1 if self._alone else self.count, self.devicePixelRatioF()
        _, rows, cols = self.pair.shape
        sides, gap = self._shown.has_sides, self._theme.px(8 if count <= 16 else 4)
        best: tuple[float, int, TileGeometry] | None = None
        for columns, wide, height in arrangements(count, self.width() - 6, self.height() - 6, gap):
            high = height - self._caption_height()
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
        lines, label = math.ceil(count / columns), round(self._caption_height())
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

    @override
    def _caption_height(self) -> float:
        # Many small tiles have none.
        return self.fontMetrics().height() + 2 if 1 < self.count <= 16 and not self._alone else 0

    @override
    def _caption_of(self, index: int) -> str:
        return str(index)

    # -- events --------------------------------------------------------------------------------------------

    @override
    def resizeEvent(self, event: object) -> None:
        self._tiles = None

    def text_at(self, point: QPointF) -> str:
        """Channel, cell and both values at a point of the widget, or ""."""
        channel = self._part_at(point)
        tile = None if channel is None else self._tile(channel)
        if self.pair is None or channel is None or tile is None:
            return ""
        cell = tile.cell_at(point)
        if cell is None:
            return f"{self._caption} {channel}"
        block, name = self.pair.compared, format_cell((channel, *cell), self._caption)
        if block is not None and not is_inside(block, *cell):
            return f"{name}: has no counterpart"
        first, second = (maps[channel][cell] for maps in (self.pair.original, self.pair.shifted))
        texts = format_together((float(first), float(second)))
        return f"{name}: {', '.join(map(' '.join, zip(self.pair.names, texts, strict=True)))}"

    @override
    def _can_press(self, part: int) -> bool:
        return not self._alone

    @override
    def _tip(self, part: int) -> str:
        pointed = f"{self._caption} {part}" if self._pointer is None else self.text_at(self._pointer)
        return f"{self.toolTip()}\n{pointed}".strip()

    @override
    def _moved(self, event: QKeyEvent) -> int | None:
        # The arrow keys move the image, wherever the keyboard is.
        count = self.count
        steps = {
            Qt.Key.Key_PageUp: -1,
            Qt.Key.Key_PageDown: 1,
            Qt.Key.Key_Home: -count,
            Qt.Key.Key_End: count,
        }
        step = steps.get(Qt.Key(event.key()))
        return None if step is None or not count else min(max(self._chosen() + step, 0), count - 1)

    @override
    def _select(self, index: int) -> None:
        if index != self._current:
            super()._select(index)

    @override
    def _tell_chosen(self, index: int) -> None:
        self.channelSelected.emit(index)

    # -- painting ------------------------------------------------------------------------------------------

    @override
    def _paint_tile(self, painter: QPainter, index: int, rect: QRectF) -> None:
        tile = self._tile(index)
        assert tile is not None
        self._shown.paint(painter, index, tile)
        if index == self._current:
            self._shown.paint_highlight(painter, tile)

    @override
    def _paint_frame(self, painter: QPainter, index: int, rect: QRectF) -> None:
        # The tile has a border of its own, and alone it need not be told from others.
        chosen = self._is_chosen(index) and (not self._alone or self.hasFocus())
        if chosen or (self._is_pointed_at(index) and not self._alone):
            super()._paint_frame(painter, index, rect)
