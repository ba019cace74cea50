"""Small pictures of figures and tables, to choose by."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from shiboken6 import isValid

from cnnviz.errors import CNNVizError
from ui.export.formats import to_image
from ui.export.numbers import Table
from ui.export.sheet import Figure, Sheet
from ui.theme import LIGHT, mono_font

_ROWS, _COLUMNS = 6, 3


def small_figure(figure: Figure, size: QSize) -> QImage | None:
    """Draw a figure as it would be put into the report, in at most so many pixels; None if it is gone."""
    if not isValid(figure.widget):
        return None
    try:
        image = to_image(Sheet(figure, "print"))
    except CNNVizError:
        return None
    keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    return _framed(image.scaled(size, keep, smooth))


def small_table(table: Table, size: QSize) -> QImage:
    """Draw the first numbers of a table: enough to tell it from others."""
    image = QImage(size, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    line, width = size.height() // (_ROWS + 1), size.width() // min(len(table.header), _COLUMNS)
    font = mono_font()
    font.setPixelSize(max(line - 3, 1))
    painter.setFont(font)
    rows = [table.header, *table.lines()][: _ROWS + 1]
    for number, row in enumerate(rows):
        painter.setPen(LIGHT.color("text" if number else "muted"))
        for column, cell in enumerate(tuple(row)[:_COLUMNS]):
            place = QRect(column * width + 2, number * line, width - 4, line)
            painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, str(cell))
    painter.end()
    return _framed(image)


def _framed(image: QImage) -> QImage:
    """Draw the edge of the paper, which is as white as what may be around it."""
    painter = QPainter(image)
    painter.setPen(LIGHT.color("border"))
    painter.drawRect(image.rect().adjusted(0, 0, -1, -1))
    painter.end()
    return image
