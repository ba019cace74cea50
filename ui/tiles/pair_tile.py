"""A pair of maps as a tile: how it is looked at, its outline and, where there is room, its numbers."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPen

from cnnviz.notation import Notation
from cnnviz.palette import are_dark
from ui.cells.cell_geometry import CellGeometry
from ui.cells.cell_numbers import DARK_INK, LIGHT_INK, NumberFont, fitting_font, most_characters
from ui.cells.outlines import OUTLINES, CellBlock, draw_outline
from ui.controls.map_legend import MapLegend
from ui.theme import LIGHT, Theme
from ui.tiles.pair_image import SIDES, MapPair, PairView, Side
from ui.tiles.tile_view import draw_part

#: Logical pixels between two grids side by side.
_GAP = 6
#: Side in pixels below which no number fits into a cell, and number of cells beyond which nobody reads them.
_SMALLEST_CELL, _MOST_CELLS = 22, 100


@dataclass(frozen=True)
class TileGeometry:
    """Where the cells of one tile lie: one grid, or two side by side.

    Attributes
    ----------
    grids : tuple of CellGeometry
        One, or the original's and the shifted's.
    """

    grids: tuple[CellGeometry, ...]

    @classmethod
    def fit(cls, rows: int, cols: int, area: QRectF, sides: bool, ratio: float = 1.0) -> "TileGeometry":
        """Largest tile in an area.

        Parameters
        ----------
        rows, cols : int
        area : QRectF
        sides : bool
            Whether two grids stand side by side.
        ratio : float
            Device pixels a logical pixel.
        """
        if not sides:
            return cls((CellGeometry.fit(rows, cols, area, ratio),))
        half = QRectF(area.left(), area.top(), (area.width() - _GAP) / 2, area.height())
        first = CellGeometry.fit(rows, cols, half, ratio)
        left = area.left() + (area.width() - _GAP - 2 * cols * first.cell) / 2
        step = cols * first.cell + _GAP
        return cls(tuple(replace(first, left=left + i * step) for i in (0, 1)))

    @property
    def rect(self) -> QRectF:
        """Whole tile."""
        return self.grids[0].rect.united(self.grids[-1].rect)

    def cell_at(self, point: QPointF) -> tuple[int, int] | None:
        """Row and column of the cell under a point, in whichever grid it is."""
        return next((cell for grid in self.grids if (cell := grid.cell_at(point)) is not None), None)


def has_numbers(grid: CellGeometry) -> bool:
    """Whether numbers are written into the cells of a grid, if they fit."""
    return grid.cell >= _SMALLEST_CELL and grid.rows * grid.cols <= _MOST_CELLS


class PairDisplay:
    """A pair, the way of looking at it, and a block of cells outlined in both images; draws a tile of it.

    The setters say whether anything has changed, so that the widget need not be repainted otherwise.
    Pictures are made once, when first needed.
    """

    def __init__(self) -> None:
        self.pair: MapPair | None = None
        self.view: PairView = "overlay"
        self._phase: Side = "original"
        self._block: CellBlock | None = None
        self._theme = LIGHT
        self._pictures: dict[Side, QImage] = {}

    @property
    def highlight(self) -> CellBlock | None:
        """Block that is outlined."""
        return self._block

    @property
    def has_sides(self) -> bool:
        """Whether the two images stand side by side."""
        return self.view == "sides"

    @property
    def legend(self) -> MapLegend | None:
        """What a figure of the pair has to say beside it; None while there is none."""
        if self.pair is None:
            return None
        if self.view == "overlay":
            return MapLegend(kinds=tuple((self._theme.color(role), name) for role, name in self.pair.hues))
        if self.view == "difference":
            return MapLegend(self.pair.difference_scale)
        # The frame of each of the two has its colour.
        names = dict(zip(SIDES, self.pair.names, strict=True))
        framed = tuple((self._theme.color(side), names[side]) for side in self._sides_shown())
        return MapLegend(self.pair.scale, kinds=framed)

    def set_pair(self, pair: MapPair | None) -> None:
        """Show another pair, or none."""
        self.pair = pair
        self._pictures = {}

    def set_view(self, view: PairView) -> bool:
        """Choose how the two images are shown."""
        if view == self.view:
            return False
        self.view = view
        self._pictures = {}
        return True

    def set_phase(self, phase: Side) -> bool:
        """Say which image the flicker shows."""
        changed, self._phase = phase != self._phase, phase
        return changed

    def set_highlight(self, block: CellBlock | None) -> bool:
        """Outline a block of cells (row, column, rows, columns), or none."""
        changed, self._block = block != self._block, block
        return changed

    def set_theme(self, theme: Theme) -> None:
        """Restyle."""
        self._theme = theme
        self._pictures = {}

    def paint(self, painter: QPainter, channel: int, tile: TileGeometry) -> None:
        """Draw one channel of the pair, which must be there."""
        assert self.pair is not None
        pair, (_, rows, cols) = self.pair, self.pair.shape
        part = QRect(0, channel * rows, cols, rows)
        for grid, side in zip(tile.grids, self._sides_shown(), strict=True):
            picture = self._picture(pair, side)
            # Below one pixel a cell, nearest-neighbour scaling would drop whole rows.
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, grid.cell < 1)
            draw_part(painter, grid.rect, picture, part)
            self._cover_rest(painter, pair, grid)
            painter.setPen(QPen(self._theme.color("border" if self._is_joint() else side), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(grid.rect.adjusted(-0.5, -0.5, 0.5, 0.5))
            if has_numbers(grid):
                self._paint_numbers(painter, pair, channel, grid, side)

    def paint_highlight(self, painter: QPainter, tile: TileGeometry) -> None:
        """Outline the block in every grid of a tile."""
        if self._block is not None:
            for grid in tile.grids:
                block = grid.cells(*self._block).intersected(grid.rect)
                draw_outline(painter, block, OUTLINES["receptive"], self._theme)

    def _is_joint(self) -> bool:
        return self.view in ("overlay", "difference")

    def _sides_shown(self) -> tuple[Side, ...]:
        return ("original", "shifted") if self.has_sides else (self._phase,)

    def _picture(self, pair: MapPair, side: Side) -> QImage:
        key: Side = "original" if self._is_joint() else side
        if key not in self._pictures:
            self._pictures[key] = pair.picture(self.view, self._theme, key)
        return self._pictures[key]

    def _cover_rest(self, painter: QPainter, pair: MapPair, grid: CellGeometry) -> None:
        """Cover the cells that cannot be compared."""
        if pair.compared is None:
            return
        whole, inside = grid.rect, grid.cells(*pair.compared)
        color = self._theme.color("track")
        if inside.isEmpty():
            painter.fillRect(whole, color)
            return
        painter.fillRect(QRectF(whole.topLeft(), QPointF(whole.right(), inside.top())), color)
        painter.fillRect(QRectF(QPointF(whole.left(), inside.bottom()), whole.bottomRight()), color)
        painter.fillRect(QRectF(QPointF(whole.left(), inside.top()), inside.bottomLeft()), color)
        painter.fillRect(QRectF(inside.topRight(), QPointF(whole.right(), inside.bottom())), color)

    def _paint_numbers(
        self, painter: QPainter, pair: MapPair, channel: int, grid: CellGeometry, side: Side
    ) -> None:
        """Write the values into the cells: in the overlay the original's above the shifted's."""
        font, upper, lower = self._fit(pair, channel, grid, side)
        if font is None:
            return
        painter.setFont(font.font)
        picture, line = self._picture(pair, side), font.height
        centred, compared = Qt.AlignmentFlag.AlignCenter, pair.compared
        cells = list(np.ndindex(grid.rows, grid.cols))
        colors = [picture.pixelColor(col, channel * grid.rows + row) for row, col in cells]
        dark = are_dark([(each.red(), each.green(), each.blue()) for each in colors])
        for (row, col), is_dark, above, below in zip(cells, dark, upper, lower, strict=True):
            if compared is not None and not is_inside(compared, row, col):
                continue
            painter.setPen(LIGHT_INK if is_dark else DARK_INK)
            cell = grid.cells(row, col)
            middle = cell.center().y()
            if above == below:
                painter.drawText(cell, centred, above)
            elif 2 * line <= grid.cell:
                painter.drawText(QRectF(cell.left(), middle - line, cell.width(), line), centred, above)
                painter.drawText(QRectF(cell.left(), middle, cell.width(), line), centred, below)

    def _fit(
        self, pair: MapPair, channel: int, grid: CellGeometry, side: Side
    ) -> tuple[NumberFont | None, list[str], list[str]]:
        """Font, and the texts of both values of each cell: those that differ look different."""
        both = self._numbers(pair, channel, side)
        groups = np.broadcast_to(np.arange(both[0].size).reshape(both[0].shape), both.shape)
        found = Notation.of(both, signed=self.view == "difference")
        longest = most_characters(grid, self._theme)
        # In full, because nothing beside the maps says a power of ten.
        most = 0 if found.fixed else max(found.decimals - found.exponent, 0)
        texts = replace(found, exponent=0, decimals=most).texts(both, groups, longest)
        upper, lower = texts[: len(texts) // 2], texts[len(texts) // 2 :]
        # Where values differ two lines have to fit; where they cannot, the equal ones are still written.
        for lines in (2, 1):
            high = grid.high / (1 if upper == lower else lines)
            font = fitting_font(max(map(len, texts)), grid.wide, high, self._theme)
            if font is not None:
                return font, upper, lower
        return None, [], []

    def _numbers(self, pair: MapPair, channel: int, side: Side) -> NDArray[np.generic]:
        """Values of a channel, and those that they are compared with, shape (2, h, w)."""
        if self.view == "overlay":
            both = np.stack([pair.original[channel], pair.shifted[channel]])
        else:
            one = pair.difference if self.view == "difference" else pair.side(side)
            both = np.stack([one[channel]] * 2)
        return both.astype(np.int64) if _all_whole(pair) else both


def is_inside(block: tuple[int, int, int, int], row: int, col: int) -> bool:
    """Whether a cell lies in a block (row, column, rows, columns)."""
    top, left, rows, cols = block
    return top <= row < top + rows and left <= col < left + cols


def _all_whole(pair: MapPair) -> bool:
    both = np.stack([pair.original, pair.shifted])
    return bool((both == np.rint(both)).all())
