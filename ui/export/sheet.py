"""A figure laid out: a part of the window, its caption below, in chosen colours."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QSignalBlocker, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QRegion
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QTextEdit, QWidget

from cnnviz.drawing import Drawing, Look
from cnnviz.drawing.paper import captioned
from ui.cells.cell_view import CellView
from ui.controls.figure_mode import figure_mode
from ui.controls.map_legend import HasMapLegend
from ui.controls.message_bar import MessageBar
from ui.export.map_key import MapKey
from ui.painting import paint
from ui.theme import DARK, LIGHT, PRINT, Theme, theme_manager, ui_font

COLOURS = (("screen", "As on screen"), ("light", "Light"), ("dark", "Dark"), ("print", "For print"))
"""Colours that a figure can have, with their names."""

#: Logical pixels of a screen in one inch, by definition.
PIXELS_PER_INCH = 96

_MARGIN = 10
_LEAST_WIDTH = 340  # of a figure with a caption, which would else be set in a narrow column


@dataclass(frozen=True, eq=False)
class Figure:
    """What can be exported.

    * `title`: what it is, for lists and file names.
    """

    widget: QWidget
    title: str
    kind: str


@dataclass(frozen=True, eq=False)
class Sheet:
    """A figure with everything that decides how it looks.

    * `colours`: one of `COLOURS`.
    * `caption`: text below; empty for none.
    """

    figure: Figure
    colours: str = "screen"
    caption: str = ""

    @property
    def size(self) -> QSize:
        """Width and height in logical pixels, key and caption included."""
        drawing = self.drawing
        if drawing is not None:
            return QSize(round(drawing.ground.box.width), round(drawing.ground.box.height))
        return self._whole_size(self._key())

    def _whole_size(self, key: MapKey | None) -> QSize:
        size = self._size_with_key(key)
        if not self.caption:
            return size
        return QSize(size.width(), size.height() + self._caption_rect(size).height() + 2 * _MARGIN)

    @property
    def look(self) -> Look:
        """Colours of the sheet."""
        themes = {"light": LIGHT, "dark": DARK, "print": PRINT}
        return themes.get(self.colours, theme_manager().theme)

    @property
    def drawing(self) -> Drawing | None:
        """The figure with its caption, where it is a drawing; None for what is still painted by widgets."""
        draw = getattr(self.figure.widget, "figure", None)
        return None if draw is None else captioned(draw(self.look), self.caption)

    @contextmanager
    def dressed(self) -> Iterator[None]:
        """Give the window the colours of the sheet, for as long as it is painted."""
        if self.drawing is not None:
            yield
            return
        themes = {"light": LIGHT, "dark": DARK, "print": PRINT}
        theme = themes.get(self.colours, theme_manager().theme)
        alone = self.figure.kind == "plot"
        with theme_manager().wearing(theme, self.figure.widget), figure_mode(alone=alone):
            yield

    def paint(self, painter: QPainter) -> None:
        """Draw the sheet, from the origin on, while it is `dressed`."""
        drawing = self.drawing
        if drawing is not None:
            painter.fillRect(QRect(QPoint(0, 0), self.size), QColor(self.look.surface))
            paint(drawing, painter)
            return
        theme, widget = theme_manager().theme, self.figure.widget
        size, key = self._part_size(), self._key()
        painter.fillRect(QRect(QPoint(0, 0), self._whole_size(key)), self._ground(theme))
        flags = QWidget.RenderFlag.DrawChildren
        if self.figure.kind == "window":
            flags |= QWidget.RenderFlag.DrawWindowBackground
        painter.save()
        with _good_news_left_out(widget), _selections_left_out(widget):
            widget.render(painter, QPoint(0, 0), QRegion(QRect(QPoint(0, 0), size)), flags)
        painter.restore()
        if key is not None:
            painter.save()
            key.render(painter, QPoint(0, size.height()), QRegion(), QWidget.RenderFlag.DrawChildren)
            painter.restore()
        if self.caption:
            painter.setFont(ui_font(theme, theme.small_pt))
            painter.setPen(theme.color("muted"))
            painter.drawText(self._caption_rect(self._size_with_key(key)), _FLAGS, self.caption)

    def _key(self) -> MapKey | None:
        """Return what explains a map that stands alone; in a panel it is beside it."""
        widget = self.figure.widget
        if self.figure.kind != "plot" or not isinstance(widget, HasMapLegend):
            return None
        with figure_mode(alone=True):  # with coordinates beside them, cells are smaller
            legend = widget.map_legend()
        return None if legend is None else MapKey(legend, widget.width())

    def _part_size(self) -> QSize:
        """Size of what is taken of the widget: the empty room below a map is left out."""
        widget = self.figure.widget
        if self.figure.kind != "plot" or not isinstance(widget, CellView) or widget.shape == (0, 0):
            return widget.size()
        with figure_mode(alone=True):
            return QSize(widget.width(), widget.drawn_height())

    def _size_with_key(self, key: MapKey | None) -> QSize:
        size = self._part_size()
        if self.caption:
            size.setWidth(max(size.width(), _LEAST_WIDTH))
        return size if key is None else QSize(max(size.width(), key.width()), size.height() + key.height())

    def _ground(self, theme: Theme) -> QColor:
        return theme.color("window" if self.figure.kind == "window" else "surface")

    def _caption_rect(self, above: QSize) -> QRect:
        theme = theme_manager().theme
        room = QRect(_MARGIN, above.height() + _MARGIN, max(above.width() - 2 * _MARGIN, 40), 10_000)
        metrics = QFontMetrics(ui_font(theme, theme.small_pt))
        return QRect(
            room.topLeft(), QSize(room.width(), metrics.boundingRect(room, _FLAGS, self.caption).height())
        )


@contextmanager
def _good_news_left_out(widget: QWidget) -> Iterator[None]:
    """Leave out what only says that something was done just now; its place stays empty.

    Hiding it would lay out the window anew, on the screen as well, and take the keyboard from it. Whether a
    widget is drawn depends on this attribute alone.
    """
    hidden = Qt.WidgetAttribute.WA_WState_Hidden
    bars = [each for each in widget.findChildren(MessageBar) if each.kind() == "success"]
    bars = [each for each in bars if not each.testAttribute(hidden)]
    try:
        for bar in bars:
            bar.setAttribute(hidden, True)
        yield
    finally:
        for bar in bars:
            bar.setAttribute(hidden, False)


@contextmanager
def _selections_left_out(widget: QWidget) -> Iterator[None]:
    """Leave out which text is selected: a field keeps that when a menu or a window takes the keyboard."""
    fields = widget.findChildren(QLineEdit)
    lines = [
        (each, each.selectionStart(), each.selectionLength()) for each in fields if each.hasSelectedText()
    ]
    areas = [*widget.findChildren(QTextEdit), *widget.findChildren(QPlainTextEdit)]
    texts = [(each, each.textCursor()) for each in areas if each.textCursor().hasSelection()]
    blocked = [QSignalBlocker(each) for each, *_ in (*lines, *texts)]
    try:
        for line, *_ in lines:
            line.deselect()
        for text, _ in texts:
            bare = text.textCursor()
            bare.clearSelection()
            text.setTextCursor(bare)
        yield
    finally:
        for line, start, length in lines:
            line.setSelection(start, length)
        for text, cursor in texts:
            text.setTextCursor(cursor)
        for each in blocked:
            each.unblock()


_FLAGS = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)
