"""A sheet as the content of a file: PNG, SVG or PDF.

A figure is drawn on the thread of the window, which has nothing more to do with it: what is left to do is
returned as a function, and may be done on any thread.
"""

import io
from collections.abc import Callable
from functools import partial
from typing import cast

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QPoint, QRect, QSizeF
from PySide6.QtGui import QColor, QImage, QPageSize, QPainter, QPdfWriter
from PySide6.QtWidgets import QGraphicsView

from cnnviz import __version__
from cnnviz.drawing import to_svg
from cnnviz.errors import CNNVizError
from cnnviz.session_state import SessionState, png_texts
from ui.export.sheet import PIXELS_PER_INCH, Sheet
from ui.export.svg import mend_svg

type Content = Callable[[], bytes]
"""Returns the content of a file; it knows no widget, so it may be called on any thread."""

CM_PER_INCH = 2.54
_LARGEST_SIDE = 16_000


def natural_width(sheet: Sheet) -> float:
    """Width of a sheet at 96 pixels an inch, in centimetres."""
    return sheet.size.width() / PIXELS_PER_INCH * CM_PER_INCH


def to_image(sheet: Sheet, scale: int = 1) -> QImage:
    """Draw a sheet with `scale` by `scale` pixels for each pixel of the screen.

    * Raises CNNVizError: if there is nothing to draw, or the picture would be too large.
    """
    with sheet.dressed():
        size = sheet.size * scale
        if size.isEmpty() or max(size.width(), size.height()) > _LARGEST_SIDE:
            raise CNNVizError(
                "A figure of this size cannot be drawn; choose a smaller scale or enlarge the panel."
            )
        image = QImage(size, QImage.Format.Format_RGB32)
        image.fill(QColor("white"))
        painter = QPainter(image)
        painter.scale(scale, scale)
        sheet.paint(painter)
        painter.end()
    return image


def draw_png(
    sheet: Sheet, scale: int = 1, width_cm: float | None = None, session: SessionState | None = None
) -> Content:
    """Draw a sheet for a PNG file.

    * `scale`: pixels of the picture for one of the screen, in each direction.
    * `width_cm`: width in print, from which the DPI follow; by default that at 96 pixels of the
      screen an inch.
    * `session`: state that the picture shall carry.
    """
    width = natural_width(sheet) if width_cm is None else width_cm
    return partial(_png, to_image(sheet, scale), width, session)


def _png(image: QImage, width_cm: float, session: SessionState | None) -> bytes:
    from PIL import Image  # here: the window starts sooner without it

    # Pillow's encoder works beside the window, and its texts are those that headless runs read.
    rgb = image.convertToFormat(QImage.Format.Format_RGB888)
    size, line = (rgb.width(), rgb.height()), rgb.bytesPerLine()
    pixels = cast("bytes", rgb.constBits())  # it is a buffer, which is enough
    picture = Image.frombuffer("RGB", size, pixels, "raw", "RGB", line, 1)
    dpi, texts = rgb.width() / width_cm * CM_PER_INCH, png_texts(session)
    texts.add_text("Software", f"CNNViz {__version__}")
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", dpi=(dpi, dpi), pnginfo=texts)
    return buffer.getvalue()


def draw_svg(sheet: Sheet, width_cm: float | None = None, *, with_fonts: bool = False) -> Content:
    """Draw a sheet for an SVG file: curves as paths, letters as text, cells of maps as rectangles.

    * `width_cm`: width in print; by default that at 96 pixels of the screen an inch.
    * `with_fonts`: whether the file shall carry the letters that it needs, which makes it some 10
      to 40 kB larger.
    """
    drawing = sheet.drawing
    if drawing is not None:
        return lambda: to_svg(drawing, sheet.figure.title, ground="surface").encode()
    from PySide6.QtSvg import QSvgGenerator  # here: the window starts sooner without it

    buffer = _open_buffer()
    with sheet.dressed():
        size = sheet.size
        generator = QSvgGenerator(QSvgGenerator.SvgVersion.Svg11)
        generator.setOutputDevice(buffer)
        generator.setResolution(PIXELS_PER_INCH)
        generator.setSize(size)
        generator.setViewBox(QRect(0, 0, size.width(), size.height()))
        _paint(sheet, QPainter(generator), 1.0)
        width = natural_width(sheet) if width_cm is None else width_cm
    widget = sheet.figure.widget
    views = [each.viewport() for each in widget.findChildren(QGraphicsView) if each.isVisibleTo(widget)]
    plots = [QRect(each.mapTo(widget, QPoint(0, 0)), each.size()) for each in views]
    height = width * size.height() / size.width()
    written, title = bytes(buffer.data().data()), sheet.figure.title
    return lambda: mend_svg(written, title, width, height, plots, with_fonts=with_fonts)


def draw_pdf(sheet: Sheet, width_cm: float | None = None) -> Content:
    """Draw a sheet for a PDF of one page of just its size, with embedded fonts and text to select."""
    buffer = _open_buffer()
    with sheet.dressed():
        size = sheet.size
        factor = 1.0 if width_cm is None else width_cm / natural_width(sheet)
        points = QSizeF(size) * (72 / PIXELS_PER_INCH * factor)
        writer = QPdfWriter(buffer)
        writer.setResolution(PIXELS_PER_INCH)
        writer.setTitle(sheet.figure.title)
        writer.setCreator(f"CNNViz {__version__}")
        writer.setPageSize(
            QPageSize(points, QPageSize.Unit.Point, "figure", QPageSize.SizeMatchPolicy.ExactMatch)
        )
        writer.setPageMargins(QMarginsF())
        painter = QPainter(writer)
        # Or else Qt keeps images as JPEG, which mixes the colours of the cells of a map.
        painter.setRenderHint(QPainter.RenderHint.LosslessImageRendering)
        _paint(sheet, painter, factor)
    pdf = bytes(buffer.data().data())
    return lambda: pdf


def _paint(sheet: Sheet, painter: QPainter, factor: float) -> None:
    painter.scale(factor, factor)
    sheet.paint(painter)
    painter.end()


def _open_buffer() -> QBuffer:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    return buffer
