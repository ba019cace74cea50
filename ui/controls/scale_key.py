"""Keys of colour scales: a strip of colour with the numbers at its ends."""

from typing import override

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnviz.quantities import format_signed, format_value
from ui.controls.color_scale import ColorScale
from ui.controls.painted import PaintedWidget
from ui.theme import Theme, follow_theme, mono_font


class ScaleKey(PaintedWidget):
    """Shows the colours of a scale and the numbers at its ends; a kind of it says where the numbers stand."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scale = ColorScale()
        self._texts = "", ""
        self._ramp = self._make_ramp()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        follow_theme(self)
        self._describe()

    @property
    def scale(self) -> ColorScale:
        """Scale shown."""
        return self._scale

    def set_scale(self, colormap: str, lo: float, hi: float) -> None:
        """Show a scale.

        * `lo`, `hi`: values of the first and of the last colour.
        """
        scale = ColorScale(colormap, lo, hi)
        if scale == self._scale:
            return
        other_colors, before = scale.name != self._scale.name, self.sizeHint()
        self._scale = scale
        if other_colors:
            self._ramp = self._make_ramp()
        self._describe()
        # A scale that follows what is learnt changes many times a second, its width hardly ever.
        if self.sizeHint() != before:
            self.updateGeometry()
        self.update()

    def texts(self) -> tuple[str, str]:
        """Numbers at the ends."""
        return self._texts

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(mono_font(theme=theme))

    def _widths(self) -> tuple[int, int]:
        """Widths of the numbers at the ends."""
        lo, hi = map(self.fontMetrics().horizontalAdvance, self.texts())
        return lo, hi

    def _make_ramp(self) -> QImage:
        return self._scale.to_image(np.linspace(self._scale.lo, self._scale.hi, 256)[None, :])

    def _describe(self) -> None:
        write = format_signed if self._scale.name == "signed" else format_value
        self._texts = lo, hi = write(self._scale.lo, 2), write(self._scale.hi, 2)
        self.setAccessibleName(f"Colour scale from {lo} to {hi}")


class ColorBar(ScaleKey):
    """Bar between its numbers; a signed scale has its white 0 marked."""

    @override
    def sizeHint(self) -> QSize:
        px = self._theme.px
        return QSize(2 * max(self._widths()) + px(16) + px(110), self.fontMetrics().height() + px(2))

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint() - QSize(self._theme.px(70), 0)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme, px = QPainter(self), self._theme, self._theme.px
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        (lo, hi), (lo_width, hi_width) = self.texts(), self._widths()
        left, thick = lo_width + px(8), px(13)
        width = max(min(self.width() - left - hi_width - px(8), px(240)), 1)
        bar = QRectF(left, (self.height() - thick) / 2, width, thick).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(theme.color("text"))
        at_left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, 0, bar.left(), self.height()), at_left, lo)
        right = bar.right() + px(8)
        painter.drawText(QRectF(right, 0, self.width() - right, self.height()), at_left, hi)
        shape = QPainterPath()
        shape.addRoundedRect(bar, 3, 3)
        painter.save()
        painter.setClipPath(shape)
        painter.drawImage(bar, self._ramp)
        painter.restore()
        painter.setPen(theme.color("border"))
        painter.drawPath(shape)
        if self._scale.name == "signed" and self._scale.lo < 0 < self._scale.hi:
            self._paint_zero(painter, bar)

    def _paint_zero(self, painter: QPainter, bar: QRectF) -> None:
        share = -self._scale.lo / (self._scale.hi - self._scale.lo)
        # The figure stands on white in either theme.
        painter.setPen(QColor("#17212B"))
        box = QRectF(bar.left() + share * bar.width() - 12, bar.center().y() - 12, 24, 24)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "0")


class ScaleStrip(ScaleKey):
    """Thin strip over its numbers, for a narrow place.

    Where both numbers do not fit, a symmetric scale is written as ±.
    """

    _length: int | None = None
    _note, _about = "", ""

    def set_note(self, text: str, about: str = "") -> None:
        """Write something beside the numbers where there is room; `about` explains it in the tool tip."""
        if (text, about) != (self._note, self._about):
            self._note, self._about = text, about
            self._describe()
            self.update()

    def set_length(self, pixels: int | None) -> None:
        """Length of the strip in logical pixels; the whole width when None."""
        if pixels != self._length:
            self._length = pixels
            self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(96), self._theme.px(8) + self.fontMetrics().height())

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(40), self.sizeHint().height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter, align = QPainter(self), Qt.AlignmentFlag
        width = min(self._length or self.width(), self.width())
        bar = QRectF(0.5, 0.5, width - 1, self._theme.px(6))
        painter.drawImage(bar, self._ramp)
        painter.setPen(self._theme.color("border"))
        painter.drawRect(bar)
        below = QRectF(0, bar.bottom() + 1, width, self.height() - bar.bottom() - 1)
        painter.setPen(self._theme.color("muted"))
        (lo, hi), gap = self.texts(), self._theme.px(6)
        both, noted = f"±{hi.lstrip('+')}", f"±{hi.lstrip('+')} {self._note}"
        note, measure = self._note, self.fontMetrics().horizontalAdvance
        if sum(self._widths()) + gap + (measure(note) + gap if note else 0) <= width:
            painter.drawText(below, align.AlignLeft | align.AlignTop, lo)
            painter.drawText(below, align.AlignHCenter | align.AlignTop, note)
            painter.drawText(below, align.AlignRight | align.AlignTop, hi)
        elif self._scale.lo == -self._scale.hi:
            text = noted if note and measure(noted) <= width else both
            painter.drawText(below, align.AlignHCenter | align.AlignTop, text)
        else:
            painter.drawText(below, align.AlignRight | align.AlignTop, hi)

    @override
    def _describe(self) -> None:
        super()._describe()
        lo, hi = (format_value(end, 4) for end in (self._scale.lo, self._scale.hi))
        self.setToolTip(f"Colours from {lo} to {hi}{': ' if self._about else ''}{self._about}")
