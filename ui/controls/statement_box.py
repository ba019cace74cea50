"""A conclusion in plain words with its numbers, on a tinted ground."""

from typing import override

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QFont,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QTextDocument,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.theme import LIGHT, Theme, follow_theme, ui_font


class StatementBox(QWidget):
    """Text in which numbers between asterisks are strong: "changed by *0.42*".

    The box grows with its text but does not shrink again while the width stays, so that nothing jumps while
    the text changes with every move of the pointer.

    Parameters
    ----------
    parent : QWidget, optional
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._text = ""
        self._kind = "info"
        self._tallest = 0
        self._document = QTextDocument(self)
        self._document.setDocumentMargin(0)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        follow_theme(self)

    def text(self) -> str:
        """Text without its marks."""
        return self._text.replace("*", "")

    def kind(self) -> str:
        """Kind of the statement: "info" or "warning"."""
        return self._kind

    def set_statement(self, text: str, kind: str = "info") -> None:
        """Say something.

        Parameters
        ----------
        text : str
            Numbers to be strong stand between asterisks.
        kind : {"info", "warning"}
        """
        if (text, kind) == (self._text, self._kind):
            return
        self._text, self._kind = text, kind
        self.setAccessibleName(self.text())
        self._write()
        self._claim_height()
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Restyle."""
        self._theme = theme
        self.setFont(ui_font(theme))
        self._document.setDefaultFont(ui_font(theme))
        self._tallest = 0
        self._write()
        self._claim_height()
        self.update()

    def reset_height(self) -> None:
        """Let the box be as small as its text again."""
        self._tallest = 0
        self._claim_height()

    @override
    def hasHeightForWidth(self) -> bool:
        return True

    @override
    def heightForWidth(self, width: int) -> int:
        px = self._theme.px
        self._document.setTextWidth(max(width - px(24), 40))
        return round(self._document.size().height()) + px(14)

    @override
    def sizeHint(self) -> QSize:
        width = self._theme.px(240)
        return QSize(width, self.heightForWidth(width))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(140), self._theme.px(34))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._tallest = 0
            self._claim_height()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme, px = self._theme, self._theme.px
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape = QPainterPath()
        shape.addRoundedRect(QRectF(self.rect()), px(4), px(4))
        painter.setClipPath(shape)
        painter.fillRect(self.rect(), theme.color(f"{self._kind}_soft"))
        painter.fillRect(0, 0, px(3), self.height(), theme.color(self._kind))
        painter.translate(px(14), px(7))
        self._document.setTextWidth(max(self.width() - px(24), 40))
        context = QAbstractTextDocumentLayout.PaintContext()
        context.palette.setColor(QPalette.ColorRole.Text, theme.color("text"))
        self._document.documentLayout().draw(painter, context)

    def _write(self) -> None:
        pieces = self._text.split("*")
        html = "".join(
            f'<span style="font-weight:{QFont.Weight.DemiBold.value}">{piece}</span>' if place % 2 else piece
            for place, piece in enumerate(_escaped(piece) for piece in pieces)
        )
        self._document.setHtml(html)

    def _claim_height(self) -> None:
        # Docks, splitters and grids do not ask for a height that goes with the width; a minimum they respect.
        if self.width() > 40:
            self._tallest = max(self._tallest, self.heightForWidth(self.width()))
            if self._tallest != self.minimumHeight():
                self.setMinimumHeight(self._tallest)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
