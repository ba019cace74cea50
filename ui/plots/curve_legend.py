"""The line above a curve plot: its title, the way back to the whole, the legend."""

from typing import override

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.controls.painted import draw_diamond
from ui.controls.painted_button import PaintedButton
from ui.plots.curve_style import CurveStyle
from ui.theme import Theme, follow_theme, ui_font


class LegendEntry(PaintedButton):
    """One curve in the legend: a piece of its line and its name. Pressing it hides or shows the curve.

    * `role`: colour role.
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
        return QSize(metrics.horizontalAdvance(self.text()) + px(14) + px(12), metrics.height() + px(4))

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
        painter.drawLine(QPointF(px(4), middle), QPointF(px(4) + px(10), middle))
        if self._style.points and self.isChecked():
            draw_diamond(painter, QPointF(px(9), middle), px(3.5), self._style.color(theme, self._role))
        painter.setPen(theme.color("muted"))
        left = px(4) + px(10) + px(6)
        box = self.rect().adjusted(left, 0, 0, 0)
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self.text())
        if not self.isChecked():
            painter.drawLine(QPointF(left, middle), QPointF(self.width() - px(4), middle))
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 4, 4)


class CurveHeader(QHBoxLayout):
    """Title at the left; at the right the entries of the legend."""

    def __init__(self, title: str) -> None:
        super().__init__()
        label = named(QLabel(title), role="title")
        self._legend = fill(QHBoxLayout(), spacing=0)
        self.addWidget(label)
        self.addStretch(1)
        self.addLayout(self._legend)

    def add_entry(self, entry: LegendEntry) -> None:
        """Add an entry at the end of the legend."""
        self._legend.addWidget(entry)
