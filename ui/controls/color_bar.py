"""The key of a colour scale: a strip of colour with the numbers at its ends."""

from typing import override

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent, QTransform
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.controls.scale_key import ScaleKey
from ui.theme import Theme, follow_theme, mono_font


class ColorBar(ScaleKey):
    """Strip of colour with the values of its ends; a signed scale has its white 0 marked.

    Parameters
    ----------
    orientation : Qt.Orientation
        A vertical bar has its largest value at the top.
    parent : QWidget, optional
    """

    def __init__(
        self, orientation: Qt.Orientation = Qt.Orientation.Horizontal, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._orientation = orientation
        self._ramp = self._make_ramp()
        fixed, free = QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred
        self.setSizePolicy(*((free, fixed) if self._is_horizontal() else (fixed, free)))
        follow_theme(self)
        self._describe()

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(mono_font(theme=theme))

    @override
    def sizeHint(self) -> QSize:
        metrics, px = self.fontMetrics(), self._theme.px
        widest = max(metrics.horizontalAdvance(text) for text in self.texts())
        if self._is_horizontal():
            return QSize(2 * widest + px(16) + px(110), metrics.height() + px(2))
        return QSize(max(widest, px(14)), 2 * metrics.height() + px(8) + px(110))

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint() - (
            QSize(self._theme.px(70), 0) if self._is_horizontal() else QSize(0, self._theme.px(70))
        )

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        lo, hi = self.texts()
        bar = self._bar_rect(lo, hi)
        painter.setPen(self._theme.color("text"))
        box, align = QRectF(self.rect()), Qt.AlignmentFlag
        if self._is_horizontal():
            painter.drawText(QRectF(0, 0, bar.left(), box.height()), align.AlignLeft | align.AlignVCenter, lo)
            rest = QRectF(bar.right(), 0, box.right() - bar.right(), box.height())
            painter.drawText(
                rest.adjusted(self._theme.px(8), 0, 0, 0), align.AlignLeft | align.AlignVCenter, hi
            )
        else:
            painter.drawText(box, align.AlignHCenter | align.AlignTop, hi)
            painter.drawText(box, align.AlignHCenter | align.AlignBottom, lo)
        shape = QPainterPath()
        shape.addRoundedRect(bar, 3, 3)
        painter.save()
        painter.setClipPath(shape)
        painter.drawImage(bar, self._ramp)
        painter.restore()
        painter.setPen(self._theme.color("border"))
        painter.drawPath(shape)
        if self._scale.name == "signed" and self._scale.lo < 0 < self._scale.hi:
            self._paint_zero(painter, bar)

    def _bar_rect(self, lo: str, hi: str) -> QRectF:
        metrics, px = self.fontMetrics(), self._theme.px
        thick = px(13)
        if self._is_horizontal():
            left = metrics.horizontalAdvance(lo) + px(8)
            right = metrics.horizontalAdvance(hi) + px(8)
            width = min(self.width() - left - right, px(240))
            return QRectF(left, (self.height() - thick) / 2, max(width, 1), thick).adjusted(
                0.5, 0.5, -0.5, -0.5
            )
        top = metrics.height() + px(4)
        return QRectF((self.width() - thick) / 2, top, thick, max(self.height() - 2 * top, 1)).adjusted(
            0.5, 0.5, -0.5, -0.5
        )

    def _paint_zero(self, painter: QPainter, bar: QRectF) -> None:
        share = -self._scale.lo / (self._scale.hi - self._scale.lo)
        x = bar.left() + share * bar.width()
        y = bar.bottom() - share * bar.height()
        center = (x, bar.center().y()) if self._is_horizontal() else (bar.center().x(), y)
        # The figure stands on white in either theme.
        painter.setPen(QColor("#17212B"))
        box = QRectF(center[0] - 12, center[1] - 12, 24, 24)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "0")

    @override
    def _make_ramp(self) -> QImage:
        ramp = super()._make_ramp()
        return ramp if self._is_horizontal() else ramp.transformed(QTransform().rotate(-90))

    def _is_horizontal(self) -> bool:
        return self._orientation == Qt.Orientation.Horizontal
