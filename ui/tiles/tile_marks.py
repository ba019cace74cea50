"""Outlines in maps so small that a cell may be a single pixel."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from ui.cells.outlines import OUTLINES, CellBlock
from ui.theme import Theme

_SMALLEST = 5


@dataclass(frozen=True)
class _Marks:
    """Blocks of cells outlined in some maps, or in all when `maps` is None."""

    blocks: tuple[CellBlock, ...]
    maps: frozenset[int] | None


class TileMarks:
    """Blocks of cells that are outlined in thumbnails, by role."""

    def __init__(self) -> None:
        self._marks: dict[str, _Marks] = {}

    def set(self, role: str, blocks: Sequence[CellBlock], maps: Iterable[int] | None) -> bool:
        """Replace the marks of a role.

        * `role`: A key of `OUTLINES`.
        * `maps`: numbers of the maps; None for all.
        * Returns: whether they are others than before.
        """
        marks = _Marks(tuple(blocks), None if maps is None else frozenset(maps))
        changed = self._marks.get(role) != marks
        self._marks[role] = marks
        return changed

    def of(self, role: str, count: int) -> dict[int, tuple[CellBlock, ...]]:
        """Blocks of a role in each of `count` maps that has any."""
        marks = self._marks.get(role)
        if marks is None or not marks.blocks:
            return {}
        return dict.fromkeys(range(count) if marks.maps is None else sorted(marks.maps), marks.blocks)

    def draw(
        self,
        painter: QPainter,
        in_sight: range,
        tile: Callable[[int], QRectF],
        shape: Sequence[int],
        theme: Theme,
    ) -> None:
        """Draw all marks.

        * `in_sight`: numbers of the maps in sight.
        * `tile`: rectangle of a map.
        * `shape`: cells of a map.
        """
        for role, marks in self._marks.items():
            boxes = [
                _box(tile(index), block, shape)
                for index in (in_sight if marks.maps is None else marks.maps)
                if index in in_sight
                for block in marks.blocks
            ]
            if boxes:
                painter.setPen(QPen(theme.color(OUTLINES[role].color), 1.0))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRects(boxes)


def _box(tile: QRectF, block: CellBlock, shape: Sequence[int]) -> QRectF:
    """Rectangle of a block in a map; grown where it would vanish inside its own outline."""
    row, col, rows, cols = block
    unit_x, unit_y = tile.width() / shape[1], tile.height() / shape[0]
    corner = (tile.left() + col * unit_x, tile.top() + row * unit_y)
    box = QRectF(*corner, cols * unit_x, rows * unit_y).intersected(tile)
    spare_x, spare_y = max(_SMALLEST - box.width(), 0) / 2, max(_SMALLEST - box.height(), 0) / 2
    return box.adjusted(-spare_x, -spare_y, spare_x, spare_y)
