"""Key of the marks on a map."""

from collections.abc import Sequence
from typing import override

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnviz.quantities import ALMOST
from ui.cells.outlines import OUTLINES, draw_outline
from ui.controls.painted import PaintedWidget
from ui.theme import Theme, follow_theme, mono_font, ui_font


class MarkLegend(PaintedWidget):
    """Small pictures of marks, drawn as on the map, with their meaning beside them; hidden without any.

    * `is_column`: whether they stand one below the other, instead of side by side.
    """

    def __init__(self, is_column: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._marks: tuple[tuple[str, str], ...] = ()
        self._is_column = is_column
        policy = QSizePolicy.Policy
        self.setSizePolicy(
            *((policy.Ignored, policy.Maximum) if is_column else (policy.Preferred, policy.Fixed))
        )
        self.hide()
        follow_theme(self)

    def set_marks(self, marks: Sequence[tuple[str, str]]) -> None:
        """Show other marks.

        * `marks`: A mark is "almost" or the role of an outline: a key of `OUTLINES`.
        """
        if tuple(marks) != self._marks:
            self._marks = tuple(marks)
            self.setAccessibleName("Key: " + "; ".join(f"{mark}: {text}" for mark, text in marks))
            self.setToolTip("\n".join(self.texts()))
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
        widths, line = [self._item_width(text) for text in self.texts()], self.fontMetrics().height()
        if self._is_column:
            return QSize(max(widths, default=0), len(widths) * (line + self._theme.px(4)))
        return QSize(sum(widths), line + 2)

    @override
    def minimumSizeHint(self) -> QSize:
        if self._is_column:
            return QSize(self._theme.px(60), len(self._marks) * self.fontMetrics().height())
        return self.sizeHint()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        side = theme.px(13)
        line = self.height() / (max(len(self._marks), 1) if self._is_column else 1)
        left = top = 0.0
        for mark, text in self._marks:
            box = QRectF(left + 1, top + (line - side) / 2, side, side)
            self._paint_mark(painter, mark, box)
            painter.setFont(self.font())
            painter.setPen(theme.color("muted"))
            start = box.right() + theme.px(6)
            room = QRectF(start, top, max(self.width() - start, 0), line)
            shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, round(room.width()))
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
            if self._is_column:
                top += line
            else:
                left += self._item_width(text)

    def _paint_mark(self, painter: QPainter, mark: str, box: QRectF) -> None:
        theme = self._theme
        painter.fillRect(box, theme.color("track"))
        if mark == "almost":
            painter.setPen(theme.color("muted"))
            painter.setFont(mono_font(theme=theme))
            painter.drawText(box.adjusted(-2, -2, 2, 2), Qt.AlignmentFlag.AlignCenter, ALMOST)
        else:
            draw_outline(painter, box, OUTLINES[mark], theme)

    def _item_width(self, text: str) -> int:
        return self._theme.px(33) + self.fontMetrics().horizontalAdvance(text)
