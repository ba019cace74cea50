"""Formulas, typeset: fractions, subscripts, and the numbers of the case at hand in colour."""

from collections.abc import Sequence
from typing import override

from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from ui.controls.formula_boxes import Box, Formula, Typesetter, line_box, plain_text
from ui.controls.painted import WrappedWidget
from ui.theme import LIGHT, Theme, follow_theme


class FormulaView(WrappedWidget):
    """Formulas below one another; one that is too long is continued, indented, on the next line.

    Parameters
    ----------
    parent : QWidget, optional
    """

    _LEAST_WIDTH = 80

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._formulas: tuple[Formula, ...] = ()
        self._setter = Typesetter(LIGHT)
        self._heights: dict[int, int] = {}
        self._broken: tuple[int, list[tuple[Sequence[Box], float]]] = (-1, [])
        follow_theme(self)

    def set_formulas(self, formulas: Sequence[Formula]) -> None:
        """Show formulas, each on a line of its own."""
        if tuple(formulas) == self._formulas:
            return
        self._formulas = tuple(formulas)
        self.setAccessibleName("; ".join(self.texts()))
        self._forget()

    def texts(self) -> list[str]:
        """Formulas as ordinary text."""
        return [plain_text(formula) for formula in self._formulas]

    @override
    def _restyle(self, theme: Theme) -> None:
        self._setter = Typesetter(theme)
        self._forget()

    @override
    def heightForWidth(self, width: int) -> int:
        if not self._formulas:
            return 0
        if width in self._heights:
            return self._heights[width]
        extents = [self._setter.extent(line) for line, _ in self._lines(max(width, 1))]
        self._heights[width] = round(line_box(extents, 0, 0, self._setter.line_gap).height()) + 2
        return self._heights[width]

    @override
    def sizeHint(self) -> QSize:
        width = self._theme.px(420)
        return QSize(width, self.heightForWidth(width))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(160), 0)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top = 1.0
        for line, indent in self._lines(self.width()):
            extent = self._setter.extent(line)
            self._setter.draw(painter, line, indent, top + extent.ascent)
            top += extent.ascent + extent.descent + self._setter.line_gap

    def _lines(self, width: int) -> list[tuple[Sequence[Box], float]]:
        if self._broken[0] != width:
            step = self._theme.px(24)
            lines: list[tuple[Sequence[Box], float]] = []
            for formula in self._formulas:
                for place, line in enumerate(self._setter.lines(formula, width, step)):
                    lines.append((line, step if place else 0.0))
            self._broken = (width, lines)
        return self._broken[1]

    def _forget(self) -> None:
        self._broken = (-1, [])
        self._heights.clear()
        self._claim_height()
        self.updateGeometry()
        self.update()
