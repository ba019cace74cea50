"""A map of kinds instead of values: each cell has a colour, a strength and perhaps a mark."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import override

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.cells.cell_geometry import CellGeometry
from ui.cells.cell_map import CellMap
from ui.cells.outlines import OUTLINES, draw_outline
from ui.theme import Theme, follow_theme
from ui.theme.stylesheet import mix


@dataclass(frozen=True)
class Category:
    """How a kind of cell looks.

    Attributes
    ----------
    role : str
        Colour role of the theme.
    dotted : bool
        Whether a dot in the middle tells it from its neighbours without colour.
    faint : float
        Share of the ground in the colour at strength 0; a cell of strength 1 has the whole colour.
    """

    role: str
    dotted: bool = False
    faint: float = 0.0

    def color(self, theme: Theme, strength: float = 1.0) -> QColor:
        """Colour of a cell of some strength, 0 to 1."""
        return QColor(mix(getattr(theme, self.role), theme.surface, self.faint * (1 - strength)))


class CategoryMap(CellMap):
    """Cells of several kinds. Hovering, or the arrow keys after Tab, point at one.

    Parameters
    ----------
    categories : sequence of Category
        In the order of their numbers.
    parent : QWidget, optional
    """

    def __init__(self, categories: Sequence[Category], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._categories = tuple(categories)
        self._kinds: NDArray[np.integer] | None = None
        self._strengths = np.empty((0, 0))
        self._table = np.empty((0, 16), dtype=np.uint32)
        self._image = QImage()
        self._dots: list[tuple[int, int]] = []
        self._geometry = CellGeometry(1, 1, 0, 0, 0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        # A click must not take the keyboard from whoever moves something with the arrow keys.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        follow_theme(self)

    @property
    def kinds(self) -> NDArray[np.integer] | None:
        """Number of the category of each cell, shape (h, w)."""
        return self._kinds

    @property
    @override
    def shape(self) -> tuple[int, int]:
        return (0, 0) if self._kinds is None else (self._kinds.shape[0], self._kinds.shape[1])

    @property
    def hovered(self) -> tuple[int, int] | None:
        """Row and column of the cell pointed at."""
        return self._hovered

    def set_cells(
        self, kinds: NDArray[np.integer] | None, strengths: NDArray[np.floating] | None = None
    ) -> None:
        """Show cells.

        Parameters
        ----------
        kinds : ndarray of shape (h, w), or None
            Numbers of categories; None shows the placeholder.
        strengths : ndarray of the same shape, optional
            From 0 to 1; all 1 when None.
        """
        before = None if self._kinds is None else self._kinds.shape
        self._kinds = kinds
        self._image = QImage()
        if kinds is not None:
            dotted = [number for number, category in enumerate(self._categories) if category.dotted]
            rows, cols = np.nonzero(np.isin(kinds, dotted))
            self._dots = list(zip(rows.tolist(), cols.tolist(), strict=True))
            self._strengths = np.ones(kinds.shape) if strengths is None else np.asarray(strengths)
        if (None if kinds is None else kinds.shape) != before:
            self._focus_cell = (0, 0)
            self._hover(None)
        self.update()

    @override
    def _restyle(self, theme: Theme) -> None:
        # 16 shades are more than the eye tells apart.
        self._table = np.array(
            [[each.color(theme, shade / 15).rgba() for shade in range(16)] for each in self._categories],
            dtype=np.uint32,
        )
        self._image = QImage()

    def cell_rect(self, row: int, col: int) -> QRectF:
        """Rectangle of a cell, in the widget's coordinates."""
        return self._fit().cells(row, col)

    @override
    def sizeHint(self) -> QSize:
        side = self._theme.px(150)
        return QSize(side, side)

    @override
    def minimumSizeHint(self) -> QSize:
        side = self._theme.px(90)
        return QSize(side, side)

    @override
    def _part_at(self, point: QPointF) -> tuple[int, int] | None:
        return None if self._kinds is None else self._fit().cell_at(point)

    # -- painting ------------------------------------------------------------------------------------------

    def _fit(self) -> CellGeometry:
        rows, cols = (1, 1) if self._kinds is None else self._kinds.shape
        area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        return CellGeometry.fit(
            rows, cols, area, self.devicePixelRatioF(), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
        )

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        if self._kinds is None:
            self._paint_placeholder(painter)
            return
        geometry = self._fit()
        self._paint_cells(painter, geometry)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(theme.color("border"))
        painter.drawRect(geometry.rect.adjusted(-0.5, -0.5, 0.5, 0.5))
        if self._hovered is not None:
            draw_outline(painter, geometry.cells(*self._hovered), OUTLINES["hover"], theme)
        if self.hasFocus():
            draw_outline(painter, geometry.cells(*self._focus_cell), OUTLINES["focus"], theme)

    def _paint_cells(self, painter: QPainter, geometry: CellGeometry) -> None:
        theme, rect, cell = self._theme, geometry.rect, geometry.cell
        if self._image.isNull():
            self._image = self._make_image()
        painter.drawImage(rect, self._image)
        if cell >= 6:
            painter.setPen(QPen(theme.color("surface"), 1))
            across = [
                QLineF(rect.left(), y, rect.right(), y) for y in _edges(rect.top(), cell, geometry.rows)
            ]
            down = [QLineF(x, rect.top(), x, rect.bottom()) for x in _edges(rect.left(), cell, geometry.cols)]
            painter.drawLines(across + down)
        if cell >= 6 and self._dots:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.color("text"), max(cell / 4, 2), c=Qt.PenCapStyle.RoundCap))
            painter.drawPoints([geometry.cells(row, col).center() for row, col in self._dots])
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _make_image(self) -> QImage:
        """Picture with one pixel a cell."""
        assert self._kinds is not None
        shades = np.rint(15 * np.clip(self._strengths, 0, 1)).astype(np.intp)
        words = np.ascontiguousarray(self._table[self._kinds, shades])
        height, width = words.shape
        # The copy is needed: a QImage made from a buffer does not keep the buffer alive.
        return QImage(words.data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()


def _edges(start: float, cell: float, count: int) -> list[float]:
    """Positions of the lines between cells."""
    return [start + place * cell - 0.5 for place in range(1, count)]
