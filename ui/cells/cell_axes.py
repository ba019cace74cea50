"""Coordinates on the edges of a map."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from cnnviz.quantities import format_count, format_signed
from ui.cells.cell_geometry import CellGeometry
from ui.theme import Theme, mono_font

_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_GAP = 4


@dataclass(frozen=True)
class CellAxes:
    """What stands beside rows and below columns: every number, or every second, fifth and so on.

    * `rows`, `cols`: coordinate of each row and column; with signs if some are negative.
    * `names`: what rows and columns are called, in place of the last number; empty for nothing.
    """

    rows: range | tuple[int, ...]
    cols: range | tuple[int, ...]
    names: tuple[str, str] = ("", "")

    def margins(self, theme: Theme) -> tuple[float, float, float, float]:
        """What to add to the sides of an area (left, top, right, bottom) to make room for the texts."""
        figure, line = _measures(theme)
        longest = max((len(text) for text in (*_texts(self.rows), self.names[0])), default=0)
        return longest * figure + theme.px(_GAP + 2), 0.0, 0.0, -line - 1.0

    def paint(self, painter: QPainter, grid: CellGeometry, seen: QRectF, theme: Theme) -> None:
        """Write the texts, centred on their rows and columns.

        * `seen`: part of the widget that is in sight: texts beside and below the cells that are
          scrolled away stand at its edges, above the cells there.
        """
        figure, line = _measures(theme)
        left, _, _, _ = self.margins(theme)
        rect, middle = grid.rect, Qt.AlignmentFlag.AlignVCenter
        side, base = max(rect.left(), seen.left() + left), min(rect.bottom() + 1, seen.bottom() - line)
        ground = theme.color("surface", 0.9)
        if side > rect.left():
            painter.fillRect(QRectF(seen.left(), seen.top(), left, seen.height()), ground)
        if base < rect.bottom():
            painter.fillRect(QRectF(seen.left(), base, seen.width(), line + 1), ground)
        painter.setFont(mono_font(theme=theme))
        painter.setPen(theme.color("muted"))
        for place, text in _apart(self.rows, self.names[0], grid.high, lambda _text: line):
            box = QRectF(0, 0, side - theme.px(_GAP), line)
            box.moveTop(max(grid.cells(place, 0).center().y() - line / 2, 0))
            if box.bottom() <= base or base > rect.bottom():
                painter.drawText(box, int(Qt.AlignmentFlag.AlignRight | middle), text)
        for place, text in _apart(self.cols, self.names[1], grid.wide, lambda text: (len(text) + 1) * figure):
            box = QRectF(0, base, (len(text) + 1) * figure, line)
            half = box.width() / 2
            box.moveLeft(min(grid.cells(0, place).center().x(), rect.right() + 3 - half) - half)
            if box.left() >= side - left:
                painter.drawText(box, int(Qt.AlignmentFlag.AlignHCenter | middle), text)


@cache
def _measures(theme: Theme) -> tuple[float, float]:
    """Width of a figure and height of a line."""
    metrics = QFontMetricsF(mono_font(theme=theme))
    return metrics.horizontalAdvance("0"), metrics.height()


@lru_cache(maxsize=256)
def _texts(numbers: range | tuple[int, ...]) -> tuple[str, ...]:
    write = format_signed if min(numbers, default=0) < 0 else format_count
    return tuple(write(number) for number in numbers)


def _apart(
    numbers: range | tuple[int, ...], name: str, cell: float, extent: Callable[[str], float]
) -> Iterator[tuple[int, str]]:
    """Return place and text of the multiples of the smallest step with which no two texts touch."""
    texts = _texts(numbers)
    widest = max(map(extent, texts), default=0.0)
    step = next((step for step in _STEPS if step * cell >= widest), _STEPS[-1])
    last = len(numbers) - 1
    for place, (number, text) in enumerate(zip(numbers, texts, strict=True)):
        if number % step == 0 and not (name and (last - place) * cell < (extent(text) + extent(name)) / 2):
            yield place, text
    if name:
        yield last, name
