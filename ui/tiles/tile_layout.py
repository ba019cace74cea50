"""How thumbnails of equal size share an area."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from PySide6.QtCore import QRectF

MARGIN = 2
"""Round all maps, for their frames."""


class TileLayout(NamedTuple):
    """How thumbnails stand.

    * `width`, `height`: of a map, in logical pixels.
    * `gap`, `caption`: space between two maps; height of a caption, 0 for none.
    * `scrolls`: whether they are higher than the area.
    """

    columns: int
    width: float
    height: float
    gap: float
    caption: float
    scrolls: bool

    @property
    def step(self) -> float:
        """From the top of a map to the top of the one below."""
        return self.height + self.caption + self.gap

    def tile(self, index: int, offset: float) -> QRectF:
        """Rectangle of a map, without its caption, when the area is scrolled by `offset`."""
        row, col = divmod(index, self.columns)
        left, top = MARGIN + col * (self.width + self.gap), MARGIN + row * self.step - offset
        return QRectF(left, top, self.width, self.height)

    def in_sight(self, offset: float, high: float, count: int) -> range:
        """Numbers of the maps, of `count`, in a window `high` pixels high that is scrolled by `offset`."""
        first = max(int((offset - MARGIN) // self.step), 0)
        last = math.ceil((offset + high) / self.step)
        return range(min(first * self.columns, count), min(last * self.columns, count))


def arrangements(count: int, wide: float, high: float, gap: float) -> Iterator[tuple[int, float, float]]:
    """Return every number of columns for so many tiles, with the room that it leaves for each of them."""
    for columns in range(1, count + 1):
        rows = math.ceil(count / columns)
        yield columns, (wide - (columns - 1) * gap) / columns, (high - (rows - 1) * gap) / rows


@dataclass(frozen=True)
class Shelf:
    """What is to be arranged.

    * `count`: number of maps, >= 1.
    * `rows`, `cols`: cells of a map.
    * `ratio`: device pixels a logical pixel.
    * `gap`, `largest`: space between two maps, and their largest width, in logical pixels.
    """

    count: int
    rows: int
    cols: int
    ratio: float
    gap: float
    largest: float

    def fitted(self, wide: float, high: float, caption: float) -> TileLayout:
        """Columns that make the maps largest in an area; rows that are all full may cost a little of it."""
        best, best_score = TileLayout(1, 0.0, 0.0, self.gap, caption, False), 0.0
        for columns, by_width, height in arrangements(self.count, wide, high, self.gap):
            by_height = (height - caption) / self._aspect
            width = self._snapped(max(min(by_width, by_height, self.largest), 0.0))
            score = width * (1.0 if self.count % columns == 0 else 0.85)
            if score >= 0.97 * best_score:
                best = TileLayout(columns, width, width * self._aspect, self.gap, caption, False)
                best_score = max(score, best_score)
        return best

    def scrolled(self, wide: float, smallest: float) -> TileLayout:
        """As many columns of at least the smallest width as fit into a width."""
        columns = max(int((wide + self.gap) // (smallest + self.gap)), 1)
        width = (wide - (columns - 1) * self.gap) / columns
        return TileLayout(columns, width, width * self._aspect, self.gap, 0.0, True)

    @property
    def _aspect(self) -> float:
        return self.rows / self.cols

    def _snapped(self, width: float) -> float:
        """Whole screen pixels for every cell, if that costs little."""
        whole = math.floor(width * self.ratio / self.cols) * self.cols / self.ratio
        return whole if whole >= 0.85 * width else math.floor(width)
