"""What a widget that shows a pair of images remembers, and how it draws a tile of it."""

from PySide6.QtGui import QPainter

from ui.cells.outlines import OUTLINES, CellBlock, draw_outline
from ui.theme import LIGHT, Theme
from ui.tiles.pair_image import MapPair, PairView, Side
from ui.tiles.pair_tile import PairPainter, TileGeometry


class PairDisplay:
    """A pair, the way of looking at it, and a block of cells outlined in both images.

    The setters say whether anything has changed, so that the widget need not be repainted otherwise.
    """

    def __init__(self) -> None:
        self.pair: MapPair | None = None
        self.view: PairView = "overlay"
        self._phase: Side = "original"
        self._block: CellBlock | None = None
        self._theme = LIGHT
        self._painter: PairPainter | None = None

    @property
    def highlight(self) -> CellBlock | None:
        """Block that is outlined."""
        return self._block

    @property
    def has_sides(self) -> bool:
        """Whether the two images stand side by side."""
        return self.view == "sides"

    def set_pair(self, pair: MapPair | None) -> None:
        """Show another pair, or none."""
        self.pair = pair
        self._painter = None

    def set_view(self, view: PairView) -> bool:
        """Choose how the two images are shown."""
        if view == self.view:
            return False
        self.view = view
        self._painter = None
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
        self._painter = None

    def paint(self, painter: QPainter, channel: int, tile: TileGeometry) -> None:
        """Draw one channel of the pair, which must be there."""
        assert self.pair is not None
        if self._painter is None:
            self._painter = PairPainter(self.pair, self.view, self._theme)
        self._painter.paint(painter, channel, tile, self._phase)

    def paint_highlight(self, painter: QPainter, tile: TileGeometry) -> None:
        """Outline the block in every grid of a tile."""
        if self._block is not None:
            for grid in tile.grids:
                block = grid.cells(*self._block).intersected(grid.rect)
                draw_outline(painter, block, OUTLINES["receptive"], self._theme)
