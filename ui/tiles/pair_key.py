"""The key to a pair of maps: two hues and the neutral one they share, or an ordinary colour scale."""

from typing import override

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from cnnviz.quantities import format_value
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.controls.painted import PaintedWidget
from ui.controls.scale_key import ColorBar
from ui.theme import Theme, follow_theme, ui_font
from ui.tiles.pair_image import MapPair, PairView


class PairKey(QWidget):
    """Shows what the colours of a `PairGrid` mean.

    Parameters
    ----------
    parent : QWidget, optional
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._hues = _Hues()
        self._bar = ColorBar()
        self._sides = named(QLabel(), role="caption")
        self._sides.hide()
        self._stack = QStackedLayout()
        fill(QVBoxLayout(self), self._sides, self._stack, spacing=2)
        self._stack.addWidget(self._hues)
        self._stack.addWidget(self._bar)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def strength(self) -> float:
        """Value at which the hues of the overlay are full."""
        return self._hues.strength

    def set_pair(self, pair: MapPair | None, view: PairView) -> None:
        """Explain the colours of a pair in some view."""
        self.setVisible(pair is not None)
        if pair is None:
            return
        left, right = pair.names
        self._sides.setText(f"Left {left}, right {right}")
        self._sides.setVisible(view == "sides")
        if view == "overlay":
            self._hues.set_pair(pair)
            self._stack.setCurrentWidget(self._hues)
            return
        scale = pair.difference_scale if view == "difference" else pair.scale
        self._bar.set_scale(scale.name, scale.lo, scale.hi)
        self._stack.setCurrentWidget(self._bar)


class _Hues(PaintedWidget):
    """Three short ramps with their names, and the value of the full colour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.strength = 1.0
        self._hues: tuple[tuple[str, str], ...] = ()
        follow_theme(self)

    def set_pair(self, pair: MapPair) -> None:
        if (pair.strength, pair.hues) == (self.strength, self._hues):
            return
        if pair.hues != self._hues:
            self.updateGeometry()
        self.strength, self._hues = pair.strength, pair.hues
        names = ", ".join(name for _, name in self._hues)
        words = f"Colours from 0 to {format_value(self.strength)}: {names}"
        self.setAccessibleName(words)
        # Says the value also where there is no room for it.
        self.setToolTip(f"{words}. Full strength is the largest magnitude of both, the same for all filters")
        self.update()

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(ui_font(theme, theme.small_pt))

    @override
    def sizeHint(self) -> QSize:
        return self.minimumSizeHint() + QSize(self.fontMetrics().horizontalAdvance("≤ 0.000"), 0)

    @override
    def minimumSizeHint(self) -> QSize:
        px, metrics = self._theme.px, self.fontMetrics()
        words = sum(metrics.horizontalAdvance(name) + px(25) for _, name in self._hues)
        return QSize(words, metrics.height() + px(4))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme, px, metrics = self._theme, self._theme.px, self.fontMetrics()
        painter = QPainter(self)
        left, height = 0.0, float(self.height())
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        for role, name in self._hues:
            ramp = QRectF(left, (height - px(11)) / 2, px(12), px(11))
            gradient = QLinearGradient(ramp.topLeft(), ramp.topRight())
            gradient.setColorAt(0, theme.color("surface"))
            gradient.setColorAt(1, theme.color(role))
            painter.fillRect(ramp, gradient)
            painter.setPen(theme.color("border"))
            painter.drawRect(ramp.adjusted(0, 0, -1, -1))
            painter.setPen(theme.color("text"))
            wide = metrics.horizontalAdvance(name)
            painter.drawText(QRectF(ramp.right() + px(5), 0, wide + 2, height), flags, name)
            left = ramp.right() + px(5) + wide + px(8)
        limit = f"≤ {format_value(self.strength)}"
        if metrics.horizontalAdvance(limit) <= self.width() - left:
            painter.setPen(theme.color("muted"))
            painter.drawText(QRectF(left, 0, self.width() - left, height), flags, limit)
