"""Key of the marks on a map: outlines, hatching, explicit zeros."""

from collections.abc import Sequence
from typing import override

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.controls.painted import PaintedWidget
from ui.theme import Theme, follow_theme, mono_font, ui_font


class MarkLegend(PaintedWidget):
    """Small pictures of marks with their meaning beside them; as many lines as the width asks for.

    Parameters
    ----------
    parent : QWidget, optional
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._marks: tuple[tuple[str, str], ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        follow_theme(self)

    def set_marks(self, marks: Sequence[tuple[str, str]]) -> None:
        """Show other marks.

        Parameters
        ----------
        marks : sequence of (mark, text)
            A mark is "hatched", "struck" or a colour role, whose outline is shown.
        """
        if tuple(marks) != self._marks:
            self._marks = tuple(marks)
            self.setAccessibleName("; ".join(f"{mark}: {text}" for mark, text in marks))
            self.setVisible(bool(marks))
            self.updateGeometry()
            self.update()

    def texts(self) -> list[str]:
        """Meanings shown."""
        return [text for _, text in self._marks]

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(ui_font(theme, theme.small_pt))

    @override
    def sizeHint(self) -> QSize:
        widths = [self._item_width(text) for _, text in self._marks]
        return QSize(round(sum(widths)), self.fontMetrics().height() + 2)

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        side = theme.px(12)
        left = 0.0
        for mark, text in self._marks:
            box = QRectF(left + 1, (self.height() - side) / 2, side, side)
            self._paint_mark(painter, mark, box)
            painter.setFont(self.font())
            painter.setPen(theme.color("muted"))
            start = box.right() + theme.px(5)
            room = QRectF(start, 0, max(self.width() - start, 0), self.height())
            shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, round(room.width()))
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
            left += self._item_width(text)

    def _paint_mark(self, painter: QPainter, mark: str, box: QRectF) -> None:
        theme = self._theme
        if mark == "struck":
            painter.fillRect(box, theme.color("track"))
            painter.setPen(theme.color("muted"))
            painter.setFont(mono_font(theme=theme))
            painter.drawText(box.adjusted(-2, -2, 2, 2), Qt.AlignmentFlag.AlignCenter, "0")
        elif mark == "hatched":
            painter.save()
            painter.setClipRect(box)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.color("muted"), 1))
            for shift in range(-round(box.height()), round(box.width()), 4):
                start = QPointF(box.left() + shift, box.bottom())
                painter.drawLine(start, start + QPointF(box.height(), -box.height()))
            painter.restore()
            painter.setPen(QPen(theme.color("border"), 1))
            painter.drawRect(box)
        else:
            painter.setPen(QPen(theme.color(mark), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(box.adjusted(1, 1, -1, -1))

    def _item_width(self, text: str) -> float:
        return (
            self._theme.px(12)
            + self._theme.px(5)
            + self.fontMetrics().horizontalAdvance(text)
            + self._theme.px(14)
        )
