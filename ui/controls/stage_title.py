"""The head of a stage: its name, its size where there is room, a second line, and small buttons."""

from typing import override

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.controls.painted import PaintedWidget
from ui.controls.painted_button import MiniButton
from ui.theme import Theme, follow_theme, ui_font


class StageTitle(PaintedWidget):
    """Two lines of text, each cut with an ellipsis; the tool tip has all of it.

    * `caption`: muted, beside the title if it fits.
    """

    def __init__(self, title: str = "", caption: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title, self._caption, self._line = title, caption, ""
        self._short, self._about = "", ""
        self._buttons: list[MiniButton] = []
        self._reserved = 0
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        follow_theme(self)
        self._describe()

    def title(self) -> str:
        """First line."""
        return self._title

    def line(self) -> str:
        """Second line."""
        return self._line

    def set_line(self, text: str, short: str = "") -> None:
        """Change the second line; `short` is shown instead where the text does not fit."""
        if (text, short) != (self._line, self._short):
            self._line, self._short = text, short
            self._describe()
            self.update()

    def add_button(self, icon: str, name: str) -> MiniButton:
        """Put a button at the right end of the second line, after those already there."""
        button = MiniButton(icon, name, self)
        self._buttons.append(button)
        self.place_buttons()
        return button

    def place_buttons(self) -> None:
        """Line up the buttons that are not hidden; call it when one has been shown or hidden."""
        right = self.width()
        for button in reversed([button for button in self._buttons if not button.isHidden()]):
            size = button.sizeHint()
            right -= size.width()
            button.setGeometry(right, self.height() - size.height(), size.width(), size.height())
        self._reserved = self.width() - right
        self.update()

    def set_about(self, text: str) -> None:
        """Say in the tool tip what the stage is."""
        self._about = text
        self._describe()

    @override
    def _restyle(self, theme: Theme) -> None:
        self._bold = ui_font(theme, weight=QFont.Weight.DemiBold)
        self._plain = ui_font(theme, theme.small_pt)

    @override
    def sizeHint(self) -> QSize:
        height = QFontMetrics(self._bold).height() + QFontMetrics(self._plain).height() + 1
        return QSize(self._theme.px(60), height)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(20), self.sizeHint().height())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.place_buttons()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        theme, align = self._theme, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        bold, plain = QFontMetrics(self._bold), QFontMetrics(self._plain)
        first = QRectF(0, 0, self.width(), bold.height())
        room = max(self.width() - self._reserved, 0)
        second = QRectF(0, bold.height() + 1, room, plain.height())
        painter.setFont(self._bold)
        painter.setPen(theme.color("text"))
        mode = Qt.TextElideMode.ElideRight
        painter.drawText(first, align, bold.elidedText(self._title, mode, self.width()))
        painter.setFont(self._plain)
        painter.setPen(theme.color("muted"))
        left = bold.horizontalAdvance(self._title) + theme.px(6)
        if left + plain.horizontalAdvance(self._caption) <= self.width():
            painter.drawText(first.adjusted(left, 0, 0, 0), align, self._caption)
        line = self._short if self._short and plain.horizontalAdvance(self._line) > room - 3 else self._line
        painter.drawText(second, align, plain.elidedText(line, mode, room))

    def _describe(self) -> None:
        text = f"{self._title} · {self._caption}" if self._caption else self._title
        lines = [part for part in (text, self._line, self._about) if part]
        self.setToolTip("\n".join(lines))
        self.setAccessibleName(f"{self._title} {self._line}".strip())
