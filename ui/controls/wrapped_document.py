"""Wrapped text of several styles."""

from typing import override

from PySide6.QtCore import QSize
from PySide6.QtGui import QAbstractTextDocumentLayout, QPainter, QPalette, QTextDocument
from PySide6.QtWidgets import QWidget

from ui.controls.painted import WrappedWidget
from ui.theme import Theme, ui_font

#: Width that is asked for, in pixels at scale 1, and the least one of a line, in pixels.
_USUAL, _LEAST = 240, 40


class WrappedDocument(WrappedWidget):
    """Text that a kind of it writes as HTML (`_html`), measured and painted by Qt's text documents."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = QTextDocument(self)
        self._document.setDocumentMargin(0)

    def _html(self) -> str:
        """Return the text."""
        raise NotImplementedError

    def _write(self) -> None:
        """Take the text anew, because it has changed."""
        self._document.setHtml(self._html())
        self._claim_height()

    @override
    def sizeHint(self) -> QSize:
        width = self._theme.px(_USUAL)
        return QSize(width, self.heightForWidth(width))

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(ui_font(theme))
        self._document.setDefaultFont(ui_font(theme))
        self._write()

    def _text_height(self, width: int) -> int:
        """Height of the text in lines of a width."""
        self._document.setTextWidth(max(width, _LEAST))
        return round(self._document.size().height())

    def _paint_text(self, painter: QPainter, width: int) -> None:
        """Paint the text in lines of a width, from the origin of the painter on."""
        self._document.setTextWidth(max(width, _LEAST))
        context = QAbstractTextDocumentLayout.PaintContext()
        context.palette.setColor(QPalette.ColorRole.Text, self._theme.color("text"))
        self._document.documentLayout().draw(painter, context)
