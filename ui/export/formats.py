"""A sheet as the content of a file: PNG, SVG or PDF."""

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QPoint, QRect, QSizeF
from PySide6.QtGui import QColor, QImage, QPageSize, QPainter, QPdfWriter
from PySide6.QtWidgets import QGraphicsView

from cnnviz import __version__
from cnnviz.errors import CNNVizError
from cnnviz.session_state import SessionState, embed_session
from ui.export.sheet import PIXELS_PER_INCH, Sheet
from ui.export.svg import embed_fonts, mend_svg

CM_PER_INCH = 2.54
SCALES = (1, 2, 3)
_LARGEST_SIDE = 16_000


def natural_width(sheet: Sheet) -> float:
    """Width of a sheet at 96 pixels an inch, in centimetres."""
    return sheet.size.width() / PIXELS_PER_INCH * CM_PER_INCH


def to_image(sheet: Sheet, scale: int = 1) -> QImage:
    """Draw a sheet with `scale` by `scale` pixels for each pixel of the screen.

    Raises
    ------
    CNNVizError
        If there is nothing to draw, or the picture would be too large.
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


def to_png(
    sheet: Sheet, scale: int = 1, width_cm: float | None = None, session: SessionState | None = None
) -> bytes:
    """Return a sheet as a PNG file.

    Parameters
    ----------
    sheet : Sheet
    scale : int
        Pixels of the picture for one of the screen, in each direction.
    width_cm : float, optional
        Width in print, from which the DPI follow; by default that at 96 pixels of the screen an inch.
    session : SessionState, optional
        State that the picture shall carry.
    """
    image = to_image(sheet, scale)
    width = natural_width(sheet) if width_cm is None else width_cm
    per_meter = round(image.width() / width * 100)
    image.setDotsPerMeterX(per_meter)
    image.setDotsPerMeterY(per_meter)
    image.setText("Software", f"CNNViz {__version__}")
    buffer = _open_buffer()
    image.save(buffer, "PNG")  # pyright: ignore[reportCallIssue, reportArgumentType] -- the stub knows the format as bytes only
    png = bytes(buffer.data().data())
    return png if session is None else embed_session(png, session)


def to_svg(sheet: Sheet, width_cm: float | None = None, *, with_fonts: bool = False) -> bytes:
    """Return a sheet as an SVG file: curves as paths, letters as text, cells of maps as rectangles.

    Parameters
    ----------
    sheet : Sheet
    width_cm : float, optional
        Width in print; by default that at 96 pixels of the screen an inch.
    with_fonts : bool
        Whether the file shall carry the letters that it needs, which makes it some 10 to 40 kB larger.
    """
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
    svg = bytes(buffer.data().data()).decode("utf-8")
    height = width * size.height() / size.width()
    svg = mend_svg(svg, sheet.figure.title, width, height, plots)
    return (embed_fonts(svg) if with_fonts else svg).encode("utf-8")


def to_pdf(sheet: Sheet, width_cm: float | None = None) -> bytes:
    """Return a sheet as a PDF of one page of just its size, with embedded fonts and text to select."""
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
        _paint(sheet, QPainter(writer), factor)
    return bytes(buffer.data().data())


def _paint(sheet: Sheet, painter: QPainter, factor: float) -> None:
    painter.scale(factor, factor)
    sheet.paint(painter)
    painter.end()


def _open_buffer() -> QBuffer:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    return buffer
