"""The looks of curves: thin and pale, strong, dashed with points, grey."""

from dataclasses import dataclass
from typing import override

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.controls.painted_button import PaintedButton
from ui.theme import Theme, follow_theme, ui_font
from ui.theme.plots import make_pen
from ui.theme.stylesheet import mix


@dataclass(frozen=True)
class CurveStyle:
    """Line of a kind of curve.

    Attributes
    ----------
    width : float
        In pixels at scale 1.
    pale : float
        Share of the ground in the colour.
    dashed, points : bool
        Whether the line is dashed, and whether its points are marked by diamonds.
    outliers : float
        Share of the largest values that need not be in sight.
    layer : int
        Higher layers lie over lower ones.
    """

    width: float
    pale: float = 0.0
    dashed: bool = False
    points: bool = False
    outliers: float = 0.0
    layer: int = 0

    def color(self, theme: Theme, role: str) -> QColor:
        """Colour of the line. It is opaque: a translucent line that crosses itself is slow to draw."""
        return QColor(mix(getattr(theme, role), theme.surface, self.pale))

    def pen(self, theme: Theme, role: str, ratio: float = 1.0) -> QPen:
        """Pen of the line; `ratio` is the number of device pixels a logical pixel."""
        dashes = (3.0, 2.0) if self.dashed else ()
        return make_pen(self.color(theme, role), self.width * theme.scale * ratio, dashes)


CURVE_STYLES = {
    "raw": CurveStyle(1.0, pale=0.68, outliers=0.03, layer=0),
    "smooth": CurveStyle(2.0, layer=2),
    "test": CurveStyle(1.5, dashed=True, points=True, layer=3),
    "ghost": CurveStyle(1.5, pale=0.4, layer=1),
}


class LegendEntry(PaintedButton):
    """One curve in the legend: a piece of its line and its name. Pressing it hides or shows the curve.

    Parameters
    ----------
    text : str
    style : CurveStyle
    role : str
        Colour role.
    parent : QWidget, optional
    """

    def __init__(self, text: str, style: CurveStyle, role: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._style = style
        self._role = role
        self.setText(text)
        self.setAccessibleName(f"curve {text}")
        self.setToolTip(f"Show or hide the curve “{text}”")
        self.setCheckable(True)
        self.setChecked(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        follow_theme(self)

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(ui_font(theme, theme.small_pt))

    @override
    def sizeHint(self) -> QSize:
        metrics, px = self.fontMetrics(), self._theme.px
        return QSize(metrics.horizontalAdvance(self.text()) + px(18) + px(12), metrics.height() + px(4))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme, px = self._theme, self._theme.px
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        if self.isChecked():
            pen = self._style.pen(theme, self._role)
            pen.setCosmetic(False)
            pen.setWidthF(max(pen.widthF(), px(2)))
            painter.setPen(pen)
        else:
            painter.setPen(QPen(theme.color("border"), px(2)))
        painter.drawLine(QPointF(px(4), middle), QPointF(px(4) + px(14), middle))
        if self._style.points and self.isChecked():
            draw_diamond(painter, QPointF(px(11), middle), px(3.5), self._style.color(theme, self._role))
        painter.setPen(theme.color("muted"))
        left = px(4) + px(14) + px(6)
        box = self.rect().adjusted(left, 0, 0, 0)
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self.text())
        if not self.isChecked():
            painter.drawLine(QPointF(left, middle), QPointF(self.width() - px(4), middle))
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 4, 4)


def draw_diamond(painter: QPainter, center: QPointF, radius: float, color: QColor) -> None:
    """Draw the mark of a measured point."""
    corners = ((0, -radius), (radius, 0), (0, radius), (-radius, 0))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawPolygon(QPolygonF([QPointF(center.x() + dx, center.y() + dy) for dx, dy in corners]))
