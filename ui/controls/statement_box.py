"""A conclusion in plain words with its numbers, on a tinted ground."""

from html import escape
from typing import override

from PySide6.QtCore import QSize, Slot
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from ui.controls.painted import paint_tinted_ground
from ui.controls.wrapped_document import WrappedDocument
from ui.theme import Theme, follow_theme


class StatementBox(WrappedDocument):
    """Text in which numbers between asterisks are strong: "changed by *0.42*".

    The box grows with its text but does not shrink again while the width stays, so that nothing jumps while
    the text changes with every move of the pointer.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        self._kind = "info"
        self._tallest = 0
        follow_theme(self)

    def text(self) -> str:
        """Text without its marks."""
        return self._text.replace("*", "")

    def kind(self) -> str:
        """Kind of the statement: "info" or "warning"."""
        return self._kind

    def set_statement(self, text: str, kind: str = "info") -> None:
        """Say something.

        * `text`: numbers to be strong stand between asterisks.
        """
        if (text, kind) == (self._text, self._kind):
            return
        self._text, self._kind = text, kind
        self.setAccessibleName(self.text())
        self._write()
        self.update()

    @override
    def _restyle(self, theme: Theme) -> None:
        self._tallest = 0
        super()._restyle(theme)

    @Slot()
    def reset_height(self) -> None:
        """Let the box be as small as its text again, as nothing is moved any more."""
        self._tallest = 0
        self._claim_height()

    @override
    def heightForWidth(self, width: int) -> int:
        px = self._theme.px
        return self._text_height(width - px(24)) + px(14)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(140), self._theme.px(34))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        if event.size().width() != event.oldSize().width():
            self._tallest = 0
        super().resizeEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        px = self._theme.px
        painter = QPainter(self)
        paint_tinted_ground(painter, self.rect(), self._kind, self._theme)
        painter.translate(px(14), px(7))
        self._paint_text(painter, self.width() - px(24))

    @override
    def _html(self) -> str:
        pieces = self._text.split("*")
        return "".join(
            f'<span style="font-weight:{QFont.Weight.DemiBold.value}">{piece}</span>' if place % 2 else piece
            for place, piece in enumerate(escape(piece, quote=False) for piece in pieces)
        )

    @override
    def _claim_height(self) -> None:
        if self.width() > self._LEAST_WIDTH:
            self._tallest = max(self._tallest, self.heightForWidth(self.width()))
            if self._tallest != self.minimumHeight():
                self.setMinimumHeight(self._tallest)
