"""The text of a step as widgets: paragraphs, lists, formulas, figures."""

from collections.abc import Mapping
from typing import override

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cnnviz.drawing.page import Card, Page
from cnnviz.graphics.formula import FORMULA, Formulas
from cnnviz.lab.figures import Picture
from cnnviz.lab.markup import Block, Bullets, FigureFile, FormulaLine, Paragraph
from ui.controls.labels import WrapLabel
from ui.controls.painted import WrappedWidget
from ui.lab.marked_text import MarkedText
from ui.page_view import PageView
from ui.theme import Theme, follow_theme


class StepText(QWidget):
    """What there is to read in a step."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._parts: list[QWidget] = []
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale."""
        self._layout.setSpacing(theme.px(9))

    def set_blocks(self, blocks: tuple[Block, ...], figures: Mapping[str, Picture | str]) -> None:
        """Show a text; its figures are given by their names, of one that cannot be shown why not."""
        for part in self._parts:
            part.hide()
            part.deleteLater()
        self._parts = [part for block in blocks for part in _parts_of(block, figures)]
        for part in self._parts:
            self._layout.addWidget(part)


def _parts_of(block: Block, figures: Mapping[str, Picture | str]) -> list[QWidget]:
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
            missing = f"The figure {name} is not there: put it beside the lab file."
            return [FigureView(figures.get(name, missing), caption), WrapLabel(caption, small=True)]


class FigureView(WrappedWidget):
    """A picture, as wide as the column where it is wider.

    * `picture`: what is to be seen, or why it is not.
    * `caption`: what is to be seen, for those who cannot.
    """

    def __init__(self, picture: Picture | str, caption: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # Pixels and not a file: readers of Qt open whatever a drawing names, and draw without end.
        self._image, self._width = QImage(), 1
        self.setAccessibleName(caption)
        if isinstance(picture, str):
            self.set_placeholder(picture)
        else:
            height, width = picture.pixels.shape[:2]
            form = QImage.Format.Format_RGBA8888
            self._image = QImage(picture.pixels.data, width, height, 4 * width, form).copy()
            self._width = max(picture.width, 1)
        follow_theme(self)

    @override
    def heightForWidth(self, width: int) -> int:
        if self._image.isNull():
            return self._theme.px(48)
        shown = min(width, self._width)
        return round(self._image.height() * shown / self._image.width())

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
        if self._image.isNull():
            self._paint_placeholder(painter)
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        width = min(self.width(), self._width)
        painter.drawImage(QRect(0, 0, width, self.heightForWidth(width)), self._image)
