"""One page of the help: a chapter of the guide, a licence, or what the program itself has written."""

import re
from collections.abc import Callable, Iterator, Mapping
from html import escape
from pathlib import Path
from typing import override

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import (
    QFont,
    QImage,
    QResizeEvent,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFrameFormat,
    QTextLength,
    QTextTable,
)
from PySide6.QtWidgets import QTextBrowser, QTextEdit

from cnnviz.bundled import INSTALL_AGAIN
from ui.controls.pace import single_shot
from ui.theme import LIGHT, Theme, follow_theme, mono_font, ui_font

TEXT_WIDTH = 752
"""Of a page, in pixels at scale 1: some ninety letters in a line, half of a picture's own pixels."""

_HEADINGS = {1: 1.7, 2: 1.3, 3: 1.1}  # of the usual size
_LINE_PERCENT = 128
_SETTLE_MS = 120
_PICTURE = "\ufffc"
"""What stands for a picture in the text of a block."""
_LOCAL = ("file", "page")


class GuidePage(QTextBrowser):
    """Shows pages in the program's theme, pictures as wide as the text, and knows headings as places.

    * `written`: pages that the program itself writes, as HTML, by their address.
    """

    def __init__(self, written: Mapping[str, Callable[[], str]]) -> None:
        super().__init__()
        self._written = written
        self._theme = LIGHT
        self._resized = single_shot(self, self._lay_out, _SETTLE_MS)
        self.setOpenExternalLinks(True)
        self.setLineWrapMode(QTextEdit.LineWrapMode.FixedPixelWidth)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # it takes room from the page
        self.setAccessibleName("Page of the help")
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Show the same place in other colours and sizes."""
        self._theme = theme
        self._lay_out()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._text_width() != self.lineWrapColumnOrWidth():
            self._resized.start()

    def _lay_out(self) -> None:
        """Show the page anew, at the same place."""
        self.setLineWrapColumnOrWidth(self._text_width())
        if not self.source().isEmpty():
            place = self.verticalScrollBar().value()
            self.reload()
            self.verticalScrollBar().setValue(place)

    def _text_width(self) -> int:
        """Return the width of the page: no more than is read well, and than there is room for."""
        return min(self._theme.px(TEXT_WIDTH), self.viewport().width())

    @override
    def loadResource(self, kind: int, name: QUrl | str) -> object:
        name = QUrl(name)
        if name.scheme() == "page":
            return self._written[f"page:{name.path()}"]()
        if kind == QTextDocument.ResourceType.ImageResource:
            return self._picture(name)
        path = Path(name.toLocalFile())
        if not path.is_file():
            return f"# This page is missing\n\n{INSTALL_AGAIN}"
        if path.suffix == ".md":
            return super().loadResource(kind, name)
        text = path.read_text(encoding="utf-8", errors="replace")
        family = mono_font().family()
        return f'<pre style="white-space: pre-wrap; font-family: {family}">{escape(text)}</pre>'

    @override
    def doSetSource(
        self, name: QUrl | str, type: QTextDocument.ResourceType = QTextDocument.ResourceType.UnknownResource
    ) -> None:
        name = QUrl(name)
        if name.scheme() not in _LOCAL:
            return
        self.document().setDefaultFont(ui_font(self._theme))
        super().doSetSource(name, type)
        self._dress()
        if name.fragment():
            self.scrollToAnchor(name.fragment())

    def _margin(self) -> int:
        return self._theme.px(16)

    def _picture(self, name: QUrl) -> QImage:
        """Return a picture no wider than the text, sharp on its screen."""
        picture, ratio = QImage(name.toLocalFile()), self.devicePixelRatioF()
        widest = round((self._text_width() - 2 * self._margin()) * ratio)
        if picture.width() > widest:
            picture = picture.scaledToWidth(widest, Qt.TransformationMode.SmoothTransformation)
        picture.setDevicePixelRatio(ratio)
        return picture

    # -- how a page looks ----------------------------------------------------------------------------------

    def _dress(self) -> None:
        """Give headings, code and tables the look of the program."""
        document = self.document()
        changes = QTextCursor(document)
        changes.beginEditBlock()  # or else all is laid out anew after each change
        frame = document.rootFrame().frameFormat()
        frame.setMargin(self._margin())
        document.rootFrame().setFrameFormat(frame)
        for child in document.rootFrame().childFrames():
            if isinstance(child, QTextTable):
                self._dress_table(child)
        for block in _blocks(document):
            self._dress_block(block)
        changes.endEditBlock()

    def _dress_block(self, block: QTextBlock) -> None:
        cursor, level = QTextCursor(block), block.blockFormat().headingLevel()
        spacing = QTextBlockFormat()
        if _PICTURE in block.text():  # which would be given as much more room as a line
            spacing.setBottomMargin(self._theme.px(12))
        else:
            spacing.setLineHeight(_LINE_PERCENT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        if level:
            spacing.setTopMargin(self._theme.px(18 if level > 1 else 0))
            spacing.setBottomMargin(self._theme.px(6))
        cursor.mergeBlockFormat(spacing)
        if level:
            look = QTextCharFormat()
            size = self._theme.base_pt * _HEADINGS.get(level, 1.0)
            look.setFont(ui_font(self._theme, size, QFont.Weight.DemiBold))
            look.setAnchor(True)
            look.setAnchorNames([_place(block.text())])
            cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
            cursor.setCharFormat(look)
            return
        numbers = mono_font(self._theme.base_pt, theme=self._theme)
        fragments = block.begin()
        while not fragments.atEnd():
            fragment = fragments.fragment()
            if fragment.charFormat().fontFixedPitch():
                look = QTextCharFormat()
                look.setFont(
                    numbers, QTextCharFormat.FontPropertiesInheritanceBehavior.FontPropertiesSpecifiedOnly
                )
                cursor.setPosition(fragment.position())
                cursor.setPosition(fragment.position() + fragment.length(), QTextCursor.MoveMode.KeepAnchor)
                cursor.mergeCharFormat(look)
            fragments += 1

    def _dress_table(self, table: QTextTable) -> None:
        look = table.format()
        look.setBorder(1)
        look.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        look.setBorderBrush(self._theme.color("border"))
        look.setBorderCollapse(True)
        look.setCellSpacing(0)
        look.setCellPadding(self._theme.px(4))
        look.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
        table.setFormat(look)


def _blocks(document: QTextDocument) -> Iterator[QTextBlock]:
    block = document.begin()
    while block.isValid():
        yield block
        block = block.next()


def _place(heading: str) -> str:
    """Return the name by which links refer to a heading, as it is made where the guide is read on the web."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
