"""The key of a colour scale for a narrow place: a thin strip with the numbers of its ends below it."""

from typing import override

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnviz.quantities import format_value
from ui.controls.scale_key import ScaleKey
from ui.theme import Theme, follow_theme, mono_font


class ScaleStrip(ScaleKey):
    """Strip of colour over its limits. Where both numbers do not fit, a symmetric scale is written as ±.

    Parameters
    ----------
    parent : QWidget, optional
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._length: int | None = None
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._ramp = self._make_ramp()
        follow_theme(self)

    def set_length(self, pixels: int | None) -> None:
        """Length of the strip in logical pixels; the whole width when None."""
        if pixels != self._length:
            self._length = pixels
            self.update()

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(mono_font(theme=theme))
        self._describe()

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(96), self._theme.px(8) + self.fontMetrics().height())

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(40), self.sizeHint().height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        width = min(self._length or self.width(), self.width())
        bar = QRectF(0.5, 0.5, width - 1, self._theme.px(6))
        painter.drawImage(bar, self._ramp)
        painter.setPen(self._theme.color("border"))
        painter.drawRect(bar)
        below = QRectF(0, bar.bottom() + 1, width, self.height() - bar.bottom() - 1)
        painter.setPen(self._theme.color("muted"))
        lo, hi = self.texts()
        align, metrics = Qt.AlignmentFlag, self.fontMetrics()
        needed = metrics.horizontalAdvance(lo) + metrics.horizontalAdvance(hi) + self._theme.px(6)
        if needed <= width:
            painter.drawText(below, align.AlignLeft | align.AlignTop, lo)
            painter.drawText(below, align.AlignRight | align.AlignTop, hi)
        else:
            both = f"±{hi.lstrip('+')}" if self._scale.lo == -self._scale.hi else hi
            where = align.AlignHCenter if both != hi else align.AlignRight
            painter.drawText(below, where | align.AlignTop, both)

    @override
    def _describe(self) -> None:
        super()._describe()
        self.setToolTip(
            f"Colours from {format_value(self._scale.lo, 4)} to {format_value(self._scale.hi, 4)}"
        )
