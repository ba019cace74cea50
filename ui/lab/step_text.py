"""The text of a step as widgets: paragraphs, lists, formulas, figures."""

from collections.abc import Mapping
from typing import override

from PySide6.QtCore import QBuffer, QSize
from PySide6.QtGui import QImageReader, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cnnviz.drawing.page import Card, Page
from cnnviz.graphics.formula import FORMULA, Formulas
from cnnviz.lab.markup import Block, Bullets, FigureFile, FormulaLine, Paragraph
from ui.controls.labels import WrapLabel
from ui.controls.painted import WrappedWidget
from ui.lab.marked_text import MarkedText
from ui.page_view import PageView
from ui.theme import Theme, follow_theme

_LARGEST_MB = 64


class StepText(QWidget):
    """What there is to read in a step.

    Parameters
    ----------
    parent : QWidget, optional
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._parts: list[QWidget] = []
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale."""
        self._layout.setSpacing(theme.px(9))

    def set_blocks(self, blocks: tuple[Block, ...], figures: Mapping[str, bytes]) -> None:
        """Show a text; the content of its figures is given by their names."""
        for part in self._parts:
            part.hide()
            part.deleteLater()
        self._parts = [part for block in blocks for part in _parts_of(block, figures)]
        for part in self._parts:
            self._layout.addWidget(part)


def _parts_of(block: Block, figures: Mapping[str, bytes]) -> list[QWidget]:
    match block:
        case Paragraph() | Bullets():
            return [MarkedText(block)]
        case FormulaLine(equation):
            formula = Formulas((equation.formula,))
            view = PageView(lambda _ask: None)
            view.show_page(Page(Card("formula", FORMULA, formula)))
            view.setAccessibleName(equation.words)
            return [view]
        case FigureFile(name, caption):
            return [FigureView(name, figures.get(name, b""), caption), WrapLabel(caption, small=True)]


class FigureView(WrappedWidget):
    """A picture, as wide as the column where it is wider.

    Parameters
    ----------
    name : str
        Of its file.
    content : bytes
        What is in that file; empty where there is none.
    caption : str
        What is to be seen, for those who cannot.
    parent : QWidget, optional
    """

    def __init__(self, name: str, content: bytes, caption: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        data = QBuffer()
        data.setData(content)
        data.open(QBuffer.OpenModeFlag.ReadOnly)
        reader = QImageReader(data)
        reader.setAllocationLimit(_LARGEST_MB)
        self._pixmap = QPixmap.fromImageReader(reader)
        self.setAccessibleName(caption)
        if self._pixmap.isNull():
            self.set_placeholder(f"The figure {name} cannot be shown: put it beside the lab file.")
        follow_theme(self)

    @override
    def heightForWidth(self, width: int) -> int:
        if self._pixmap.isNull():
            return self._theme.px(48)
        shown = min(width, self._pixmap.width())
        return round(self._pixmap.height() * shown / self._pixmap.width())

    @override
    def sizeHint(self) -> QSize:
        width = self._theme.px(240)
        return QSize(width, self.heightForWidth(width))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(80), 0)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._pixmap.isNull():
            self._paint_placeholder(painter)
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        width = min(self.width(), self._pixmap.width())
        painter.drawPixmap(0, 0, width, self.heightForWidth(width), self._pixmap)
