"""A drawing as the content of a file: PNG, SVG or PDF.

What needs Qt is done on the thread of the window; what is left to do is returned as a function, and may be
done on any thread.
"""

import base64
import io
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from typing import cast

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QSizeF
from PySide6.QtGui import QColor, QImage, QPageSize, QPainter, QPdfWriter

from cnnviz import __version__
from cnnviz.bundled import bundled
from cnnviz.document.archive import png_texts
from cnnviz.document.types import Document
from cnnviz.drawing import Drawing, Font, Text, to_svg
from cnnviz.errors import CNNVizError
from ui.painting import paint, qrect

type Content = Callable[[], bytes]
"""Returns the content of a file; it knows no widget, so it may be called on any thread."""

SCALE = 2
"""Pixels of a PNG for one of the screen, in each direction, so that letters are sharp on paper."""
_PIXELS_PER_INCH = 96  # logical ones of a screen, by definition
CM_PER_PIXEL = 2.54 / _PIXELS_PER_INCH
_LARGEST_SIDE = 16_000
_FAMILIES = {False: "Inter", True: "JetBrains Mono"}
_WEIGHTS = {"regular": ("Regular", 400), "medium": ("Medium", 500), "strong": ("SemiBold", 600)}


def to_image(drawing: Drawing, scale: float = 1) -> QImage:
    """Draw with `scale` by `scale` pixels for each of the screen; `CNNVizError` where they are too many."""
    box = drawing.ground.box
    wide, high = round(box.width * scale), round(box.height * scale)
    if not 0 < min(wide, high) <= max(wide, high) <= _LARGEST_SIDE:
        raise CNNVizError("A figure of this size cannot be drawn; give its panel another size.")
    image = QImage(wide, high, QImage.Format.Format_RGB32)
    image.fill(QColor(drawing.ground.look.surface))
    painter = QPainter(image)
    painter.scale(scale, scale)
    painter.translate(-box.left, -box.top)
    paint(drawing.marks, painter, drawing.ground.look, None, {})
    painter.end()
    return image


def draw_png(drawing: Drawing, document: Document | None = None) -> Content:
    """Draw a PNG file."""
    return partial(_png, to_image(drawing, SCALE), document)


def _png(image: QImage, document: Document | None) -> bytes:
    from PIL import Image  # here: the window starts sooner without it

    # Pillow's encoder works beside the window, and its texts are those that headless runs read.
    rgb = image.convertToFormat(QImage.Format.Format_RGB888)
    size, line = (rgb.width(), rgb.height()), rgb.bytesPerLine()
    pixels = cast("bytes", rgb.constBits())  # it is a buffer, which is enough
    picture = Image.frombuffer("RGB", size, pixels, "raw", "RGB", line, 1)
    dots, texts = SCALE * _PIXELS_PER_INCH, png_texts(document)
    texts.add_text("Software", f"CNNViz {__version__}")
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", dpi=(dots, dots), pnginfo=texts)
    return buffer.getvalue()


def draw_svg(drawing: Drawing, title: str = "", *, with_fonts: bool = False) -> Content:
    """Draw an SVG file: curves as paths, letters as text, cells of maps as rectangles.

    * `with_fonts`: whether the file shall carry the letters that it needs, which makes it some 10
      to 40 kB larger.
    """

    def content() -> bytes:
        style = _font_rules(drawing) if with_fonts else ""
        return to_svg(drawing, title, "cm", "surface", scale=CM_PER_PIXEL, style=style).encode()

    return content


def draw_pdf(drawing: Drawing, title: str) -> Content:
    """Draw a PDF of one page of just its size, with embedded fonts and text to select."""
    box, buffer = drawing.ground.box, QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(_PIXELS_PER_INCH)
    writer.setTitle(title)
    writer.setCreator(f"CNNViz {__version__}")
    size = QSizeF(box.width, box.height) * (72 / _PIXELS_PER_INCH)
    writer.setPageSize(QPageSize(size, QPageSize.Unit.Point, "figure", QPageSize.SizeMatchPolicy.ExactMatch))
    writer.setPageMargins(QMarginsF())
    painter = QPainter(writer)
    # Or else Qt keeps images as JPEG, which mixes the colours of the cells of a map.
    painter.setRenderHint(QPainter.RenderHint.LosslessImageRendering)
    painter.translate(-box.left, -box.top)
    painter.fillRect(qrect(box), QColor(drawing.ground.look.surface))
    paint(drawing.marks, painter, drawing.ground.look, None, {})
    painter.end()
    pdf = bytes(buffer.data().data())
    return lambda: pdf


def _font_rules(drawing: Drawing) -> str:
    """Return the letters of each font that are used, as a style sheet."""
    used = defaultdict[tuple[bool, str], set[str]](set)
    for mark in drawing.all_marks():
        if isinstance(mark, Text):
            used[mark.font.is_mono, mark.font.weight].update(mark.words)
    rules: list[str] = []
    for (is_mono, weight), characters in sorted(used.items()):
        data = base64.b64encode(small_font(Font(1, is_mono, weight), characters)).decode()
        family, number = _FAMILIES[is_mono], _WEIGHTS[weight][1]
        source = f"src: url(data:font/otf;base64,{data}) format('opentype');"
        if data:
            rules.append(f"@font-face {{ font-family: '{family}'; font-weight: {number}; {source} }}")
    return "\n".join(rules)


def small_font(font: Font, characters: Iterable[str]) -> bytes:
    """Return an OpenType font file with just these characters, so that a figure looks alike everywhere."""
    # Imported here: the window starts sooner without it.
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    family, weight = _FAMILIES[font.is_mono], "Regular" if font.is_mono else _WEIGHTS[font.weight][0]
    file = bundled("fonts") / f"{family.replace(' ', '')}-{weight}.ttf"
    # Without the rules for pairs and ligatures: letters stand in the file as they were placed.
    options = Options(drop_tables=["GDEF", "GPOS", "GSUB"])
    with TTFont(file, lazy=True) as whole:
        wanted = set(map(ord, characters)) & (whole.getBestCmap() or {}).keys()
        if not wanted:
            return b""
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=wanted)
        subsetter.subset(whole)
        buffer = io.BytesIO()
        whole.save(buffer)
    return buffer.getvalue()
