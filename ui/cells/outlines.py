"""Outlines round cells: each role differs from the others in its line, not in its colour alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from ui.cells.cell_geometry import CellGeometry
from ui.theme import Theme

#: Row, column, number of rows, number of columns.
CellBlock = tuple[int, int, int, int]


@dataclass(frozen=True)
class OutlineStyle:
    """Line of a role.

    Attributes
    ----------
    color : str
        Colour role of the theme.
    width : float
        In pixels at scale 1.
    dashes : tuple of float
        Dash pattern in units of the width; empty for a solid line.
    corner : bool
        Whether the upper right corner is filled.
    """

    color: str
    width: float
    dashes: tuple[float, ...] = ()
    corner: bool = False


#: From the lowest layer to the topmost.
OUTLINES = {
    "feeds": OutlineStyle("text", 1.5),
    "receptive": OutlineStyle("accent", 2.0, dashes=(3.0, 2.0)),
    "original": OutlineStyle("original", 2.0),
    "shifted": OutlineStyle("shifted", 2.0, dashes=(1.0, 1.5)),
    "winner": OutlineStyle("winner", 2.0, corner=True),
    "selected": OutlineStyle("accent", 3.0),
    "hover": OutlineStyle("text", 1.0),
    "focus": OutlineStyle("text", 2.0),
}


class Highlights:
    """Blocks of cells that are outlined, by role."""

    def __init__(self) -> None:
        self._blocks: dict[str, tuple[CellBlock, ...]] = {}

    def set(self, blocks: Sequence[CellBlock], role: str) -> bool:
        """Replace the blocks of a role.

        Parameters
        ----------
        blocks : sequence of (row, column, rows, columns)
        role : str
            A key of `OUTLINES`.

        Returns
        -------
        bool
            Whether they are others than before.

        Raises
        ------
        ValueError
            If there is no such role.
        """
        if role not in OUTLINES:
            raise ValueError(
                f"The role of an outline must be one of {', '.join(OUTLINES)}. Got {role!r} instead."
            )
        new = tuple((int(row), int(col), int(rows), int(cols)) for row, col, rows, cols in blocks)
        changed = new != self._blocks.get(role, ())
        self._blocks[role] = new
        return changed

    def clear(self) -> None:
        """Remove all blocks."""
        self._blocks.clear()

    def draw(self, painter: QPainter, geometry: CellGeometry, theme: Theme) -> None:
        """Draw all outlines, the lowest role first."""
        for role, style in OUTLINES.items():
            for block in self._blocks.get(role, ()):
                draw_outline(painter, geometry.cells(*block).intersected(geometry.rect), style, theme)


def draw_outline(painter: QPainter, rect: QRectF, style: OutlineStyle, theme: Theme) -> None:
    """Draw an outline just inside a rectangle, on a halo that sets it off from any colour below.

    Parameters
    ----------
    painter : QPainter
    rect : QRectF
        Block of cells.
    style : OutlineStyle
    theme : Theme
    """
    short = min(rect.width(), rect.height())
    width = min(style.width * theme.scale, max(short / 4, 1.0))
    color = theme.color(style.color)
    halo = QColor("#10161D" if color.lightnessF() > 0.6 else "#FFFFFF")
    halo.setAlphaF(0.75)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inner = rect.adjusted(width / 2, width / 2, -width / 2, -width / 2)
    if short >= 6:
        _stroke(
            painter,
            inner.adjusted(width / 2 + 0.5, width / 2 + 0.5, -width / 2 - 0.5, -width / 2 - 0.5),
            halo,
            1.0,
        )
        if style.dashes:
            _stroke(painter, inner, halo, width)
    _stroke(painter, inner, color, width, style.dashes)
    if style.corner and short >= 12:
        side = min(short / 3, 4.5 * width)
        tip = rect.topRight()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawPolygon(QPolygonF([tip, tip - QPointF(side, 0), tip + QPointF(0, side)]))


def _stroke(
    painter: QPainter, rect: QRectF, color: QColor, width: float, dashes: tuple[float, ...] = ()
) -> None:
    pen = QPen(color, width)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    if dashes:
        pen.setDashPattern(list(dashes))
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(pen)
    painter.drawRect(rect)
