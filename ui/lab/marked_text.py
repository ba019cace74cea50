"""A paragraph or a list of a lab text, with strong words and words as they are typed."""

from html import escape
from typing import override

from PySide6.QtCore import QSize
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from cnnviz.lab.markup import Bullets, Paragraph, Spans, plain_text
from ui.controls.wrapped_document import WrappedDocument
from ui.theme import Theme, follow_theme, mono_font


class MarkedText(WrappedDocument):
    """Wrapped text of several styles."""

    def __init__(self, block: Paragraph | Bullets, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._block = block
        self.setAccessibleName(plain_text((block,)))
        follow_theme(self)

    @override
    def _restyle(self, theme: Theme) -> None:
        self._document.setIndentWidth(theme.px(16))
        super()._restyle(theme)

    @override
    def _html(self) -> str:
        if isinstance(self._block, Paragraph):
            return f'<p style="margin:0">{_spans(self._block.spans)}</p>'
        items = "".join(f"<li>{_spans(item)}</li>" for item in self._block.items)
        return f'<ul style="margin:0; -qt-list-indent:1">{items}</ul>'

    @override
    def heightForWidth(self, width: int) -> int:
        return self._text_height(width) + 1

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(120), 0)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        self._paint_text(QPainter(self), self.width())


def _spans(spans: Spans) -> str:
    styles = {
        "strong": f"font-weight:{QFont.Weight.DemiBold.value}",
        "code": f"font-family:'{mono_font().family()}'",
    }
    return "".join(
        f'<span style="{styles[span.style]}">{escape(span.text)}</span>' if span.style else escape(span.text)
        for span in spans
    )
