"""A map of kinds instead of values: each cell has a colour, a strength and perhaps a mark."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import override

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from PySide6.QtWidgets import QWidget

from ui.cells.cell_geometry import CellGeometry
from ui.cells.cell_view import Cell, CellView
from ui.cells.heat_map import paint_lines
from ui.controls.color_scale import image_of_words
from ui.controls.map_legend import MapLegend
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
    name : str
        What it is, for the key of a figure.
    """

    role: str
    dotted: bool = False
    faint: float = 0.0
    name: str = ""

    def color(self, theme: Theme, strength: float = 1.0) -> QColor:
        """Colour of a cell of some strength, 0 to 1."""
        return QColor(mix(getattr(theme, self.role), theme.surface, self.faint * (1 - strength)))


class CategoryMap(CellView):
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
        self.set_alignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        # A click must not take the keyboard from whoever moves something with the arrow keys.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        follow_theme(self)

    @property
    def kinds(self) -> NDArray[np.integer] | None:
        """Number of the category of each cell, shape (h, w)."""
        return self._kinds

    @property
    @override
    def shape(self) -> Cell:
        return (0, 0) if self._kinds is None else (self._kinds.shape[0], self._kinds.shape[1])

    def map_legend(self) -> MapLegend | None:
        """What a figure of the map has to say beside it; None while there is nothing to show."""
        if self._kinds is None:
            return None
        return MapLegend(kinds=tuple((each.color(self._theme), each.name) for each in self._categories))

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
        self._kinds = kinds
        if kinds is not None:
            self._strengths = np.ones(kinds.shape) if strengths is None else np.asarray(strengths)
        self._show()

    @override
    def _restyle(self, theme: Theme) -> None:
        super()._restyle(theme)
        # 16 shades are more than the eye tells apart.
        self._table = np.array(
            [[each.color(theme, shade / 15).rgba() for shade in range(16)] for each in self._categories],
            dtype=np.uint32,
        )

    @override
    def sizeHint(self) -> QSize:
        side = self._theme.px(150)
        return QSize(side, side)

    @override
    def minimumSizeHint(self) -> QSize:
        side = self._theme.px(90)
        return QSize(side, side)

    @override
    def _is_kept(self, grid: CellGeometry) -> bool:
        return False  # a picture as large as the widget would take longer than a few hundred cells

    @override
    def _paint_cells(self, painter: QPainter, grid: CellGeometry) -> None:
        assert self._kinds is not None
        theme, cell = self._theme, grid.cell
        painter.drawImage(grid.rect, self._make_image())
        if cell >= 6:
            paint_lines(painter, grid, 1, theme.color("surface"), 1)
            dotted = [number for number, category in enumerate(self._categories) if category.dotted]
            dots = np.argwhere(np.isin(self._kinds, dotted)).tolist()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.color("text"), max(cell / 4, 2), c=Qt.PenCapStyle.RoundCap))
            painter.drawPoints([grid.cells(row, col).center() for row, col in dots])
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(theme.color("border"))
        painter.drawRect(grid.rect.adjusted(-0.5, -0.5, 0.5, 0.5))

    def _make_image(self) -> QImage:
        """Picture with one pixel a cell."""
        shades = np.rint(15 * np.clip(self._strengths, 0, 1)).astype(np.intp)
        return image_of_words(self._table[self._kinds, shades])
