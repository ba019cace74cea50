"""Many small maps on one scale, such as the filters or the feature maps of a layer."""

import math
from collections.abc import Sequence
from typing import override

from PySide6.QtCore import QRectF, QSize, Signal
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.cells.cell_geometry import CellGeometry
from ui.tiles.map_tiles import MapTiles
from ui.tiles.tile_layout import arrangements


class HeatMapGrid(MapTiles):
    """Maps side by side, in as many columns as make them largest; one of them may be chosen."""

    #: Number of the map that the user has chosen, by click or by arrow key.
    mapSelected = Signal(int)
    #: Number of the map under the pointer, or -1 for none.
    mapHovered = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        self._captions: list[str] = []
        self._preferred, self._maximum = 64, 160
        self._laid_out: tuple[tuple[object, ...], tuple[int, float, float, float]] | None = None
        super().__init__(parent)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_captions(self, captions: Sequence[str]) -> None:
        """Write a caption under each map; an empty sequence for none."""
        if list(captions) != self._captions:
            self._captions = list(captions)
            self.updateGeometry()
            self.update()

    def set_tile_size(self, preferred: int, maximum: int | None = None) -> None:
        """Side of a map, in pixels at scale 1.

        * `preferred`: decides how many columns a width is divided into when the grid says how
          high it wants to be.
        * `maximum`: beyond this the maps do not grow; 2.5 times the preferred side when None.
        """
        self._preferred = preferred
        self._maximum = maximum if maximum is not None else round(2.5 * preferred)
        self.updateGeometry()
        self.update()

    # -- layout --------------------------------------------------------------------------------------------

    @override
    def tile_rect(self, index: int) -> QRectF:
        columns, side, step_x, step_y = self._layout()
        row, col = divmod(index, columns)
        area = QRectF(2 + col * step_x, 2 + row * step_y, side, side * self._aspect())
        if self._values is None:
            return area
        rows, cols = self._values.shape[1:]
        return CellGeometry.fit(rows, cols, area, self.devicePixelRatioF()).rect

    @override
    def hasHeightForWidth(self) -> bool:
        return True

    @override
    def heightForWidth(self, width: int) -> int:
        if not self.count:
            return self._theme.px(self._preferred)
        columns = self._columns_for(width)
        gap = self._theme.px(8)
        side = (width - 4 - (columns - 1) * gap) / columns
        side = self._whole_side(min(side, self._theme.px(self._maximum)))
        rows = math.ceil(self.count / columns)
        return math.ceil(rows * (side * self._aspect() + self._caption_height()) + (rows - 1) * gap + 4)

    @override
    def sizeHint(self) -> QSize:
        columns = min(max(self.count, 1), 8)
        width = columns * (self._theme.px(self._preferred) + self._theme.px(8)) - self._theme.px(8) + 4
        return QSize(width, self.heightForWidth(width))

    @override
    def minimumSizeHint(self) -> QSize:
        side = self._theme.px(24)
        return QSize(side * 4, round(side + self._caption_height()))

    def _whole_side(self, side: float) -> float:
        """Largest side, up to one given, whose cells are whole numbers of screen pixels."""
        if self._values is None:
            return side
        area = QRectF(0, 0, side, side * self._aspect())
        rows, cols = self._values.shape[1:]
        return CellGeometry.fit(rows, cols, area, self.devicePixelRatioF()).cell * cols

    def _aspect(self) -> float:
        return 1.0 if self._values is None else self._values.shape[1] / self._values.shape[2]

    @override
    def _caption_height(self) -> float:
        return self.fontMetrics().height() + 2 if self._captions else 0

    @override
    def _caption_of(self, index: int) -> str:
        return self._captions[index] if index < len(self._captions) else ""

    def _columns_for(self, width: int) -> int:
        gap = self._theme.px(8)
        # A map may be a quarter smaller than preferred if that saves a row.
        smallest = 0.75 * self._theme.px(self._preferred)
        columns = min(max(int((width - 4 + gap) // (smallest + gap)), 1), self.count)
        # As many in each row as possible: eight maps in rows of 4 and 4, not of 6 and 2.
        return math.ceil(self.count / math.ceil(self.count / columns))

    @override
    def _columns(self) -> int:
        return self._layout()[0]

    def _layout(self) -> tuple[int, float, float, float]:
        """Columns, side of a map, and the steps from one map to the next, for the size in force.

        All arrangements are tried, so the best is kept until something changes that it depends on.
        """
        shape = None if self._values is None else self._values.shape
        key = (
            self.size(),
            shape,
            self._caption_height(),
            self._maximum,
            self._theme.scale,
            self.devicePixelRatioF(),
        )
        if self._laid_out is None or self._laid_out[0] != key:
            self._laid_out = (key, self._best_layout())
        return self._laid_out[1]

    def _best_layout(self) -> tuple[int, float, float, float]:
        gap, below, best = self._theme.px(8), self._caption_height(), (1, 0.0)
        for columns, wide, high in arrangements(max(self.count, 1), self.width() - 4, self.height() - 4, gap):
            by_height = (high - below) / self._aspect()
            side = self._whole_side(min(wide, by_height, self._theme.px(self._maximum)))
            if side > best[1] + 0.5:
                best = (columns, side)
        columns, side = best
        step_x = (self.width() - 4 - side) / (columns - 1) if columns > 1 else 0.0
        step_x = min(step_x, side + 2.5 * gap)
        return columns, side, step_x, side * self._aspect() + below + gap

    # -- telling -------------------------------------------------------------------------------------------

    @override
    def _tip(self, part: int) -> str:
        return f"{self.toolTip()}\n{self._caption_of(part) or f'map {part}'}".strip()

    @override
    def _on_hovered(self, part: int | None) -> None:
        self.mapHovered.emit(-1 if part is None else part)

    @override
    def _tell_chosen(self, index: int) -> None:
        self.mapSelected.emit(index)
