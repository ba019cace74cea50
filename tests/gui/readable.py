"""All that a window says: painted, spoken, in tool tips, and in the numbers that can be copied from it."""

import re
from collections.abc import Iterator

from PySide6.QtCore import QBuffer, QPoint, QRect
from PySide6.QtGui import QAccessible, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from ui.export.figures import is_plot, plots_in, tables_of

_SPOKEN = (QAccessible.Text.Name, QAccessible.Text.Description, QAccessible.Text.Value, QAccessible.Text.Help)
_TEXT = re.compile(r"<text[^>]*>([^<]*)</text>")


def texts_of(window: QWidget) -> Iterator[str]:
    """Yield every text of the window, and of what lies in it and can be seen."""
    yield window.windowTitle()
    for widget in window.findChildren(QWidget):
        if widget.isVisible():
            yield widget.toolTip()
            spoken = QAccessible.queryAccessibleInterface(widget)
            if spoken is not None:
                yield from (spoken.text(kind) for kind in _SPOKEN)
    yield from painted_texts(window)


def painted_texts(window: QWidget) -> list[str]:
    """Return what is written when the window paints itself."""
    sheet = QBuffer()
    generator = QSvgGenerator()
    generator.setOutputDevice(sheet)
    generator.setViewBox(QRect(0, 0, window.width(), window.height()))
    painter = QPainter(generator)
    window.render(painter, QPoint(0, 0))
    painter.end()
    return [text.strip() for text in _TEXT.findall(sheet.data().toStdString())]


def numbers_of(window: QWidget) -> Iterator[float]:
    """Yield every number that can be copied or exported from what is in sight."""
    for plot in plots_in(window):
        assert is_plot(plot)
        for table in tables_of(plot):
            for line in table.lines():
                yield from (float(each) for each in line if isinstance(each, int | float))
