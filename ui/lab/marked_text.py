"""A paragraph or a list of a lab text, with strong words and words as they are typed."""

from html import escape
from typing import override

from PySide6.QtCore import QSize
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QFont,
    QPainter,
    QPaintEvent,
    QPalette,
    QTextDocument,
)
from PySide6.QtWidgets import QWidget

from cnnviz.lab.markup import Bullets, Paragraph, Spans, plain_text
from ui.controls.painted import WrappedWidget
from ui.theme import Theme, follow_theme, mono_font, ui_font


class MarkedText(WrappedWidget):
    """Wrapped text of several styles.

    Parameters
    ----------
    block : Paragraph or Bullets
    parent : QWidget, optional
    """

    def __init__(self, block: Paragraph | Bullets, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._block = block
        self._document = QTextDocument(self)
        self._document.setDocumentMargin(0)
        self.setAccessibleName(plain_text((block,)))
        follow_theme(self)

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(ui_font(theme))
        self._document.setDefaultFont(ui_font(theme))
        self._document.setIndentWidth(theme.px(16))
        self._document.setHtml(_html(self._block))
        self._claim_height()

    @override
    def heightForWidth(self, width: int) -> int:
        self._document.setTextWidth(max(width, 40))
        return round(self._document.size().height()) + 1

    @override
    def sizeHint(self) -> QSize:
        width = self._theme.px(240)
        return QSize(width, self.heightForWidth(width))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(120), 0)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._document.setTextWidth(max(self.width(), 40))
        context = QAbstractTextDocumentLayout.PaintContext()
        context.palette.setColor(QPalette.ColorRole.Text, self._theme.color("text"))
        self._document.documentLayout().draw(painter, context)


def _html(block: Paragraph | Bullets) -> str:
    if isinstance(block, Paragraph):
        return f'<p style="margin:0">{_spans(block.spans)}</p>'
    items = "".join(f"<li>{_spans(item)}</li>" for item in block.items)
    return f'<ul style="margin:0; -qt-list-indent:1">{items}</ul>'


def _spans(spans: Spans) -> str:
    styles = {
        "strong": f"font-weight:{QFont.Weight.DemiBold.value}",
        "code": f"font-family:'{mono_font().family()}'",
    }
    return "".join(
        f'<span style="{styles[span.style]}">{escape(span.text)}</span>' if span.style else escape(span.text)
        for span in spans
    )
