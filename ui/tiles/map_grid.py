"""Many small maps on one scale, such as the filters or the feature maps of a layer."""

import math
from collections.abc import Sequence
from typing import override

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.cells.cell_geometry import CellGeometry
from ui.controls.color_scale import ColorScale
from ui.controls.key_moves import moved_in_grid
from ui.controls.pointed import PointedWidget
from ui.theme import Theme, follow_theme, ui_font


class HeatMapGrid(PointedWidget[int]):
    """Maps side by side, in as many columns as make them largest; one of them may be chosen.

    Parameters
    ----------
    parent : QWidget, optional
    """

    #: Number of the map that the user has chosen, by click or by arrow key.
    mapSelected = Signal(int)
    #: Number of the map under the pointer, or -1 for none.
    mapHovered = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._images: list[QImage] = []
        self._values: NDArray[np.generic] | None = None
        self._scale = ColorScale()
        self._captions: list[str] = []
        self._current: int | None = None
        self._preferred, self._maximum = 64, 160
        self._laid_out: tuple[tuple[object, ...], tuple[int, float, float, float]] | None = None
        self._selectable = True
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        follow_theme(self)

    @property
    def levels(self) -> tuple[float, float]:
        """Values of the first and of the last colour, shared by all maps."""
        return (self._scale.lo, self._scale.hi)

    @property
    def scale(self) -> ColorScale:
        """Colour scale in force."""
        return self._scale

    @property
    def values(self) -> NDArray[np.generic] | None:
        """Maps that are shown, of shape (m, h, w)."""
        return self._values

    @property
    def count(self) -> int:
        """Number of maps."""
        return len(self._images)

    def set_maps(
        self, values: ArrayLike | None, colormap: str = "signed", levels: tuple[float, float] | None = None
    ) -> None:
        """Show maps.

        Parameters
        ----------
        values : array_like of shape (m, h, w), or None
            None shows the placeholder.
        colormap : {"signed", "sequential", "grey"}
        levels : tuple of float, optional
            Limits of the scale, which all maps share; from all values when None.

        Raises
        ------
        ValueError
            If `values` is not three-dimensional.
        """
        array = None if values is None else np.array(values)
        if array is not None and (array.ndim != 3 or not array.size):
            raise ValueError(f"A grid of maps shows an array of shape (m, h, w). Got shape {array.shape}.")
        old_shape = None if self._values is None else self._values.shape
        self._values = array
        if array is None:
            self._images = []
        else:
            self._scale = ColorScale.of(array, colormap, levels)
            # One conversion for all maps; each picture is then a slice of the same tall image.
            tall = self._scale.to_image(array.reshape(-1, array.shape[2]))
            height, width = array.shape[1:]
            self._images = [tall.copy(QRect(0, i * height, width, height)) for i in range(array.shape[0])]
        if old_shape != (None if array is None else array.shape):
            if self._current is not None and self._current >= self.count:
                self._current = None
            self.updateGeometry()
        self._ask_again()
        self.update()

    def set_captions(self, captions: Sequence[str]) -> None:
        """Write a caption under each map; an empty sequence for none."""
        if list(captions) != self._captions:
            self._captions = list(captions)
            self.updateGeometry()
            self.update()

    def current(self) -> int | None:
        """Number of the chosen map."""
        return self._current

    def set_current(self, index: int | None) -> None:
        """Choose a map, or none."""
        if index != self._current:
            self._current = index
            self.update()

    def set_selectable(self, selectable: bool) -> None:
        """Answer to clicks and keys, or be a picture only."""
        self._selectable = selectable
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if selectable else Qt.FocusPolicy.NoFocus)

    def set_tile_size(self, preferred: int, maximum: int | None = None) -> None:
        """Side of a map, in pixels at scale 1.

        Parameters
        ----------
        preferred : int
            Decides how many columns a width is divided into when the grid says how high it wants to be.
        maximum : int, optional
            Beyond this the maps do not grow; 2.5 times the preferred side when None.
        """
        self._preferred = preferred
        self._maximum = maximum if maximum is not None else round(2.5 * preferred)
        self.updateGeometry()
        self.update()

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(ui_font(theme, theme.small_pt))

    def tile_rect(self, index: int) -> QRectF:
        """Rectangle of a map with its surroundings, without its caption, in the widget's coordinates."""
        columns, side, step_x, step_y = self._layout()
        row, col = divmod(index, columns)
        return QRectF(2 + col * step_x, 2 + row * step_y, side, side * self._aspect())

    def map_at(self, point: QPointF) -> int:
        """Number of the map at a point of the widget, or -1."""
        return next((i for i in range(self.count) if self.tile_rect(i).contains(point)), -1)

    # -- layout --------------------------------------------------------------------------------------------

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

    def _caption_height(self) -> float:
        return self.fontMetrics().height() + 2 if self._captions else 0

    def _columns_for(self, width: int) -> int:
        gap = self._theme.px(8)
        # A map may be a quarter smaller than preferred if that saves a row.
        smallest = 0.75 * self._theme.px(self._preferred)
        columns = min(max(int((width - 4 + gap) // (smallest + gap)), 1), self.count)
        # As many in each row as possible: eight maps in rows of 4 and 4, not of 6 and 2.
        return math.ceil(self.count / math.ceil(self.count / columns))

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
        for columns in range(1, max(self.count, 1) + 1):
            rows = math.ceil(self.count / columns)
            wide = (self.width() - 4 - (columns - 1) * gap) / columns
            high = (self.height() - 4 - (rows - 1) * gap) / max(rows, 1) - below
            side = self._whole_side(min(wide, high / self._aspect(), self._theme.px(self._maximum)))
            if side > best[1] + 0.5:
                best = (columns, side)
        columns, side = best
        step_x = (self.width() - 4 - side) / (columns - 1) if columns > 1 else 0.0
        step_x = min(step_x, side + 2.5 * gap)
        return columns, side, step_x, side * self._aspect() + below + gap

    # -- events --------------------------------------------------------------------------------------------

    @override
    def _part_at(self, point: QPointF) -> int | None:
        index = self.map_at(point)
        return None if index < 0 else index

    @override
    def _tip(self, part: int) -> str:
        name = self._captions[part] if part < len(self._captions) else f"map {part}"
        return f"{self.toolTip()}\n{name}".strip()

    @override
    def _on_hovered(self, part: int | None) -> None:
        self.mapHovered.emit(-1 if part is None else part)

    @override
    def _can_press(self, part: int) -> bool:
        return self._selectable

    @override
    def _press(self, part: int) -> None:
        self._select(part)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        place = moved_in_grid(event, self._current, self.count, self._layout()[0])
        if place is None or not self._selectable:
            super().keyPressEvent(event)
        elif place >= 0:
            self._select(place)

    def _select(self, index: int) -> None:
        self.set_current(index)
        self.mapSelected.emit(index)

    # -- painting ------------------------------------------------------------------------------------------

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self.count:
            self._paint_placeholder(painter)
            return
        columns, side, step_x, step_y = self._layout()
        for index in range(self.count):
            row, col = divmod(index, columns)
            tile = QRectF(2 + col * step_x, 2 + row * step_y, side, side * self._aspect())
            if event.rect().toRectF().intersects(tile.adjusted(-2, -2, 2, 2 + self._caption_height())):
                self._paint_tile(painter, index, tile)
        if self.hasFocus() and self._current is None:
            self._paint_focus_frame(painter)

    def _paint_tile(self, painter: QPainter, index: int, tile: QRectF) -> None:
        image = self._images[index]
        geometry = CellGeometry.fit(image.height(), image.width(), tile, self.devicePixelRatioF())
        rect = geometry.rect
        painter.setRenderHint(
            QPainter.RenderHint.SmoothPixmapTransform, geometry.cell * self.devicePixelRatioF() < 1
        )
        painter.drawImage(rect, image)
        chosen, hovered = index == self._current, index == self._hovered and self._selectable
        role = "accent" if chosen else "muted" if hovered else "border"
        width = (3 if self.hasFocus() else 2) if chosen else 1
        painter.setPen(QPen(self._theme.color(role), width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        grow = width / 2
        painter.drawRect(rect.adjusted(-grow, -grow, grow, grow))
        if index < len(self._captions):
            below = QRectF(tile.left(), rect.bottom() + 2, tile.width(), self._caption_height())
            painter.setPen(self._theme.color("text" if chosen else "muted"))
            text = self.fontMetrics().elidedText(
                self._captions[index], Qt.TextElideMode.ElideRight, round(tile.width())
            )
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, text)
