"""Mending what Qt writes as SVG: size in print, fonts to fall back on, and cells of maps as rectangles."""

import base64
import re
from collections import defaultdict
from xml.sax.saxutils import escape

from PySide6.QtGui import QImage

_HEADER = re.compile(r'<svg width="[^"]*" height="[^"]*"')
_TITLE = re.compile(r"<title>.*?</title>\s*<desc>.*?</desc>", re.DOTALL)
_IMAGE = re.compile(
    r'<image x="(?P<x>[^"]*)" y="(?P<y>[^"]*)" width="(?P<w>[^"]*)" height="(?P<h>[^"]*)"'
    r'[^>]*?xlink:href="data:image/png;base64,(?P<data>[^"]*)"\s*/>',
    re.DOTALL,
)
_MOST_CELLS = 16_384
_SMALLEST_CELL = 1.5
_FONTS = {
    "Inter": "Inter, Helvetica, Arial, sans-serif",
    "JetBrains Mono": "'JetBrains Mono', Consolas, monospace",
}


def mend_svg(svg: str, title: str, width_cm: float, height_cm: float) -> str:
    """Return the file with its size in centimetres, its title, and the small images in it as rectangles.

    A viewer would smooth an image of few pixels, and a map of 13 x 13 cells would become a blur.
    """
    svg = _HEADER.sub(f'<svg width="{width_cm:.4f}cm" height="{height_cm:.4f}cm"', svg, count=1)
    svg = _TITLE.sub(lambda _match: f"<title>{escape(title)}</title>", svg, count=1)
    for name, stack in _FONTS.items():
        svg = svg.replace(f'font-family="{name}"', f'font-family="{stack}"')
    return _IMAGE.sub(_mend_image, svg)


def _mend_image(match: re.Match[str]) -> str:
    image = QImage.fromData(base64.b64decode(match["data"]), "PNG")  # pyright: ignore[reportArgumentType] -- the stub knows the format as bytes only
    x, y, width, height = (float(match[name]) for name in "xywh")
    cols, rows = image.width(), image.height()
    is_map = 0 < cols * rows <= _MOST_CELLS and min(width / cols, height / rows) >= _SMALLEST_CELL
    if not is_map:
        return match[0]
    shapes = defaultdict[tuple[str, int], list[str]](list)
    wide, high = width / cols, height / rows
    for row in range(rows):
        for start, end, pixel in _stretches(image, row, cols):
            alpha = pixel >> 24
            if alpha:
                left, right = x + start * wide, x + end * wide
                box = f"M{left:.6g},{y + row * high:.6g}H{right:.6g}v{high:.6g}H{left:.6g}z"
                shapes[f"#{pixel & 0xFFFFFF:06x}", alpha].append(box)
    paths = "".join(
        f'<path fill="{color}" fill-opacity="{alpha / 255:.4g}" d="{"".join(boxes)}"/>\n'
        for (color, alpha), boxes in shapes.items()
    )
    return f'<g stroke="none" shape-rendering="crispEdges">\n{paths}</g>'


def _stretches(image: QImage, row: int, cols: int) -> list[tuple[int, int, int]]:
    """First column, column behind the last, and colour of each stretch of equal pixels."""
    found: list[tuple[int, int, int]] = []
    for col in range(cols):
        pixel = image.pixel(col, row)
        if found and found[-1][2] == pixel:
            found[-1] = (found[-1][0], col + 1, pixel)
        else:
            found.append((col, col + 1, pixel))
    return found
