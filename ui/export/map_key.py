"""What stands below a figure of a map: colour bar and unit, what colours and marks mean."""

from typing import override

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ui.cells.mark_legend import MarkLegend
from ui.controls.flow_row import FlowRow
from ui.controls.map_legend import MapLegend
from ui.controls.painted import PaintedWidget
from ui.controls.scale_key import ColorBar
from ui.theme import follow_theme


class MapKey(QWidget):
    """Explains a map to those who see nothing beside it; made for one figure, and never shown.

    * `width`: of the figure, in logical pixels; the height is as large as it has to be.
    """

    def __init__(self, legend: MapLegend, width: int) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 0)
        layout.setSpacing(4)
        if legend.scale is not None:
            bar, factor, scale = ColorBar(), 10.0**-legend.exponent, legend.scale
            bar.set_scale(scale.name, scale.lo * factor, scale.hi * factor)
            row = QHBoxLayout()
            row.setSpacing(6)
            row.addWidget(bar)
            row.addWidget(QLabel(legend.unit), 1)
            layout.addLayout(row)
        if legend.kinds:
            kinds = FlowRow()
            for color, text in ((color, text) for color, text in legend.kinds if text):
                kinds.add(kinds.joined(_Patch(color), QLabel(text)))
            layout.addWidget(kinds)
        if legend.marks:
            marks = MarkLegend(parent=self)
            marks.set_marks(legend.marks)
            layout.addWidget(marks)
        self.setFixedWidth(max(width, layout.minimumSize().width()))
        self.setFixedHeight(
            layout.totalHeightForWidth(self.width())
            if layout.hasHeightForWidth()
            else layout.sizeHint().height()
        )


class _Patch(PaintedWidget):
    """A colour."""

    def __init__(self, color: QColor) -> None:
        super().__init__()
        self._color = color
        follow_theme(self)
        self.setFixedSize(self.sizeHint())

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(12), self._theme.px(12))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._color)
        painter.setPen(self._theme.color("border"))
        painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
