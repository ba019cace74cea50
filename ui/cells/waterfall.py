"""A sum as a flight of steps: each bar begins where the one before has ended, the last is the total."""

from collections.abc import Callable, Sequence
from typing import override

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnviz.palette import color_map
from cnnviz.quantities import format_signed
from ui.controls.pointed import PointedWidget
from ui.theme import Theme, follow_theme, mono_font

_EMPTY = np.zeros(0)
_FALLING, _RISING = (QColor(*color_map("signed")[place].tolist()) for place in (20, 235))


class Waterfall(PointedWidget[int]):
    """Bars of the terms of a sum, on the scale of the running sum."""

    #: Number of the term under the pointer, -1 for none.
    termHovered = Signal(int)
    #: Number of the term that was clicked.
    termClicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._terms: NDArray[np.float64] = _EMPTY
        self._ends: NDArray[np.float64] = _EMPTY
        self._names: tuple[str, ...] = ()
        self._total = ""
        self._describe: Callable[[int], str] | None = None
        self._clickable = 0
        self._marked = -1
        # It paints its own ground, so that what lies below need not be painted with every change.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        follow_theme(self)

    @property
    def terms(self) -> NDArray[np.float64]:
        """Terms shown, of shape (n,)."""
        return self._terms

    @property
    def running(self) -> NDArray[np.float64]:
        """Sum after each term, of shape (n,); the last is the total."""
        return self._ends

    def set_terms(
        self,
        terms: NDArray[np.floating],
        names: Sequence[str] = (),
        total: str = "sum",
        describe: Callable[[int], str] | None = None,
        clickable: int = 0,
    ) -> None:
        """Show a sum.

        * `terms`: ndarray of shape (n,).
        * `names`: written below the bars when they fit.
        * `total`: name of the last bar.
        * `describe`: text of the tool tip of a term; its number, its value and the running sum
          when None.
        * `clickable`: the first so many terms answer to a click.
        """
        self._terms = np.asarray(terms, dtype=np.float64)
        with np.errstate(invalid="ignore", over="ignore"):
            self._ends = np.add.accumulate(self._terms)
        self._names, self._total = tuple(names), total
        self._describe = describe
        self._clickable = clickable
        self._ask_again()
        self.update()

    def set_marked(self, term: int) -> None:
        """Outline one term, because the pointer is at its counterpart elsewhere; -1 for none."""
        if term != self._marked:
            self._marked = term
            self.update()

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(mono_font(theme.small_pt))

    def bar_rect(self, term: int) -> QRectF:
        """Column of a term over the whole height, in the widget's coordinates; the total's is the last."""
        area = self._area()
        step = area.width() / (len(self._terms) + 1)
        return QRectF(area.left() + term * step, area.top(), step, area.height())

    def describe(self, term: int) -> str:
        """Text of the tool tip of a term, or of the total."""
        if term >= len(self._terms):
            return f"{self._total} {format_signed(self._sum(), 6)}"
        if self._describe is not None:
            return self._describe(term)
        value, total = self._terms[term], self._ends[term]
        return f"term {term}: {format_signed(value, 5)}, running sum {format_signed(total, 5)}"

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(240), self._theme.px(120))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(80), self._theme.px(60))

    # -- events --------------------------------------------------------------------------------------------

    @override
    def _part_at(self, point: QPointF) -> int | None:
        if not len(self._terms):
            return None
        area = self._area()
        place = int((point.x() - area.left()) // (area.width() / (len(self._terms) + 1)))
        return place if 0 <= place <= len(self._terms) else None

    @override
    def _tip(self, part: int) -> str:
        return self.describe(part)

    @override
    def _on_hovered(self, part: int | None) -> None:
        self.termHovered.emit(-1 if part is None or part >= len(self._terms) else part)

    @override
    def _can_press(self, part: int) -> bool:
        return part < self._clickable

    @override
    def _press(self, part: int) -> None:
        self.termClicked.emit(part)

    # -- painting ------------------------------------------------------------------------------------------

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), self._theme.color("surface"))
        count = len(self._terms)
        if not count or not np.isfinite(self._ends).all():
            return
        area, theme = self._area(), self._theme
        ends = self._ends.tolist()
        lo, hi = min(0.0, *ends), max(0.0, *ends)
        unit = area.height() / (hi - lo) if hi > lo else 0.0
        zero = area.top() + hi * unit
        step = area.width() / (count + 1)
        gap = min(max(step * 0.2, 0.5), theme.px(10), step / 2)
        rising: list[QRectF] = []
        falling: list[QRectF] = []
        levels: list[QRectF] = []
        start = 0.0
        for place, end in enumerate(ends):
            left = area.left() + place * step + gap / 2
            top = zero - max(start, end) * unit
            bar = QRectF(left, top, step - gap, max(abs(end - start) * unit, 1.0))
            (rising if end >= start else falling).append(bar)
            # The level reached, carried over to the next bar.
            levels.append(QRectF(bar.right(), zero - end * unit - 0.5, gap, 1))
            start = end
        painter.setPen(Qt.PenStyle.NoPen)
        for bars, brush in ((rising, _RISING), (falling, _FALLING), (levels, theme.color("muted"))):
            painter.setBrush(brush)
            painter.drawRects(bars)
        self._paint_total(painter, area, step, gap, zero, unit)
        painter.setPen(QPen(theme.color("border"), 1))
        painter.drawLine(QPointF(area.left(), zero), QPointF(area.right(), zero))
        self._paint_texts(painter, area, step, zero, unit)
        self._paint_hovered(painter)

    def _paint_total(
        self, painter: QPainter, area: QRectF, step: float, gap: float, zero: float, unit: float
    ) -> None:
        total = self._sum()
        left = area.left() + len(self._terms) * step
        bar = QRectF(left + gap / 2, zero - max(total, 0.0) * unit, step - gap, abs(total) * unit)
        bar.setHeight(max(bar.height(), 1.0))
        painter.fillRect(bar, self._theme.color("text"))

    def _paint_texts(self, painter: QPainter, area: QRectF, step: float, zero: float, unit: float) -> None:
        """Numbers above and names below the bars, if they fit; the total's always."""
        metrics = QFontMetrics(self.font())
        texts, line = self._fitting_texts(area, metrics), metrics.height()
        painter.setFont(self.font())
        painter.setPen(self._theme.color("text"))
        levels = [0.0, *self._ends.tolist()]
        if texts is None:
            top = zero - max(levels[-1], 0.0) * unit
            beside = QRectF(area.right() + 4, min(top, area.bottom() - line), self.width(), line)
            painter.drawText(beside, Qt.AlignmentFlag.AlignLeft, format_signed(self._sum(), 3))
        for place, text in enumerate(texts or []):
            last = place == len(self._terms)
            top = max(levels[-1], 0.0) if last else max(levels[place], levels[place + 1])
            box = QRectF(area.left() + place * step, zero - top * unit - line - 1, step, line)
            painter.drawText(box, Qt.AlignmentFlag.AlignHCenter, text)
        names = [*self._names, self._total] if self._names else []
        if any(metrics.horizontalAdvance(name) > step for name in names):
            return
        painter.setPen(self._theme.color("muted"))
        for place, name in enumerate(names):
            below = QRectF(area.left() + place * step, area.bottom() + 2, step, line)
            painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, name)

    def _fitting_texts(self, area: QRectF, metrics: QFontMetrics) -> list[str] | None:
        """Numbers of the terms and of the total with as many figures as fit above their bars, or None."""
        step = area.width() / (len(self._terms) + 1)
        if step < metrics.horizontalAdvance("+0.12"):
            return None
        values = [*self._terms.tolist(), self._sum()]
        for digits in (3, 2):
            texts = [format_signed(value, digits) for value in values]
            if all(metrics.horizontalAdvance(text) + 4 <= step for text in texts):
                return texts
        return None

    def _paint_hovered(self, painter: QPainter) -> None:
        for term in {self._hovered, self._marked} - {None, -1}:
            assert term is not None
            painter.fillRect(self.bar_rect(term), self._theme.color("accent", 0.14))

    def _area(self) -> QRectF:
        metrics = QFontMetrics(self.font())
        line = metrics.height()
        below = line + 3 if self._names else 2
        area = QRectF(1, line + 2, max(self.width() - 2, 1), max(self.height() - line - 2 - below, 1))
        if len(self._terms) and self._fitting_texts(area, metrics) is None:
            # The total stands beside its bar instead of above it.
            beside = metrics.horizontalAdvance(format_signed(self._sum(), 3)) + 6
            area.setWidth(max(area.width() - beside, 1))
        return area

    def _sum(self) -> float:
        return float(self._ends[-1]) if len(self._ends) else 0.0
