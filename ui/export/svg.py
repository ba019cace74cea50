"""Mending what Qt writes as SVG: size in print, fonts to fall back on, and cells of maps as rectangles."""

import base64
import re
from collections import defaultdict
from collections.abc import Sequence
from html import unescape
from xml.sax.saxutils import escape

from PySide6.QtCore import QPointF, QRect
from PySide6.QtGui import QFont, QImage, QRawFont, QTransform

from ui.export.small_font import small_font

_HEADER = re.compile(r'<svg width="[^"]*" height="[^"]*"')
_TITLE = re.compile(r"<title>.*?</title>\s*<desc>.*?</desc>", re.DOTALL)
_IMAGE = re.compile(
    r'<image x="(?P<x>[^"]*)" y="(?P<y>[^"]*)" width="(?P<w>[^"]*)" height="(?P<h>[^"]*)"'
    r'[^>]*?xlink:href="data:image/png;base64,(?P<data>[^"]*)"\s*/>',
    re.DOTALL,
)
_CLIPPED = re.compile(
    r'<g clip-path="url\(#(?P<name>[^")]*)\)"><g [^>]*?transform="(?P<matrix>matrix\([^"]*\))"'
)
_CLIP = re.compile(r'<clipPath id="(?P<name>[^"]*)">\s*<path ')
_SEGMENT = re.compile(r'<polyline (?P<look>[^>]*?)points="(?P<points>[^"]*?) ?" ?/>')
# A group with its matrix, or a line in it whose width must not be scaled by that matrix.
_STROKE = re.compile(
    r'<g [^>]*?transform="matrix\((?P<matrix>[^)]*)\)"'
    r"|<(?P<tag>path|polyline|line|rect|polygon)(?P<before>[^>]*?)"
    r' vector-effect="non-scaling-stroke"(?P<after>[^>]*?)/>',
)
_POINTS = re.compile(r' (?P<name>d|points)="(?P<text>[^"]*)"')
_PAIR = re.compile(r"(-?[\d.]+(?:e[-+]?\d+)?)[ ,]+(-?[\d.]+(?:e[-+]?\d+)?)")
_TEXT = re.compile(
    r'<text [^>]*?font-family="(?P<stack>[^"]*)" font-size="[^"]*" font-weight="(?P<weight>\d+)"[^>]*?>'
    r"(?P<text>[^<]*)</text>"
)
_MOST_CELLS = 16_384
_SMALLEST_CELL = 1.5
_FONTS = {
    "Inter": "Inter, Helvetica, Arial, sans-serif",
    "JetBrains Mono": "'JetBrains Mono', Consolas, monospace",
}


def mend_svg(svg: str, title: str, width_cm: float, height_cm: float, plots: Sequence[QRect] = ()) -> str:
    """Return the file with its size in centimetres, its title, and the small images in it as rectangles.

    `plots` are the rectangles of the graphics views in the figure, in pixels.
    A viewer would smooth an image of few pixels, and a map of 13 x 13 cells would become a blur.
    """
    svg = _HEADER.sub(f'<svg width="{width_cm:.4f}cm" height="{height_cm:.4f}cm"', svg, count=1)
    svg = _TITLE.sub(lambda _match: f"<title>{escape(title)}</title>", svg, count=1)
    for name, stack in _FONTS.items():
        svg = svg.replace(f'font-family="{name}"', f'font-family="{stack}"')
    svg = _join_segments(_mend_clips(svg, plots))
    svg = _mend_strokes(svg.replace(' vector-effect="none"', ""))
    return _IMAGE.sub(_mend_image, svg)


def embed_fonts(svg: str) -> str:
    """Return the file with the letters that are used in it, for computers that lack the fonts.

    Browsers take them; programs that do not know fonts within a file go on to the next name in the list.
    """
    used = defaultdict[tuple[str, int], set[str]](set)
    for match in _TEXT.finditer(svg):
        name = next((name for name, stack in _FONTS.items() if stack == match["stack"]), None)
        if name is not None:
            used[name, int(match["weight"])].update(unescape(match["text"]))
    rules: list[str] = []
    for (name, weight), characters in sorted(used.items()):
        font = QFont(name)
        font.setWeight(QFont.Weight(weight))
        if QRawFont.fromFont(font).familyName() != name:
            continue  # it is not here either
        data = base64.b64encode(small_font(font, characters - {"\n"})).decode()
        rules.append(
            f"@font-face {{ font-family: '{name}'; font-weight: {weight}; "
            f"src: url(data:font/otf;base64,{data}) format('opentype'); }}"
        )
    if not rules:
        return svg
    style = "\n".join(('<style type="text/css">', *rules, "</style>"))
    return svg.replace("</title>", f"</title>\n{style}", 1)


def _mend_clips(svg: str, plots: Sequence[QRect]) -> str:
    """Place clips: Qt writes them in the coordinates of their widget, but outside of its group."""
    frames: dict[str, str] = {}
    for match in _CLIPPED.finditer(svg):
        dx, dy = (float(each) for each in match["matrix"].rstrip(")").split(",")[-2:])
        plot = next((each for each in plots if each.contains(int(dx), int(dy))), None)
        matrix = match["matrix"] if plot is None else f"matrix(1,0,0,1,{plot.x()},{plot.y()})"
        frames.setdefault(match["name"], matrix)

    def place(match: re.Match[str]) -> str:
        frame = frames.get(match["name"])
        return match[0] if frame is None else f'{match[0]}transform="{frame}" '

    return _CLIP.sub(place, svg)


def _join_segments(svg: str) -> str:
    """Join pieces that follow one another: a curve of a thousand points is one line, not as many."""
    lines: list[str] = []
    look, points = "", [""]
    for line in svg.split("\n"):
        match = _SEGMENT.fullmatch(line)
        if match is None:
            look = ""
            lines.append(line)
            continue
        first, *others = match["points"].split()
        if match["look"] == look and first == points[-1]:
            points.extend(others)
            lines.pop()
        else:
            look, points = match["look"], [first, *others]
        lines.append(f'<polyline {look}points="{" ".join(points)}" />')
    return "\n".join(lines)


def _mend_strokes(svg: str) -> str:
    """Place lines by points instead of by a matrix: few programs keep the width of scaled lines."""
    matrix = QTransform()

    def mend(match: re.Match[str]) -> str:
        nonlocal matrix
        if match["matrix"] is not None:
            a, b, c, d, dx, dy = (float(each) for each in match["matrix"].split(","))
            matrix = QTransform(a, b, c, d, dx, dy)
            return match[0]
        element = f"<{match['tag']}{match['before']}{match['after']}/>"
        inverse, possible = matrix.inverted()
        if (matrix.m11(), matrix.m12(), matrix.m21(), matrix.m22()) == (1, 0, 0, 1) or not possible:
            return element
        moved, count = _POINTS.subn(lambda points: _moved(points, matrix), element)
        if not count:
            return match[0]
        back = ",".join(f"{each:.12g}" for each in _entries(inverse))
        return moved.replace(f"<{match['tag']}", f'<{match["tag"]} transform="matrix({back})"', 1)

    return _STROKE.sub(mend, svg)


def _entries(matrix: QTransform) -> tuple[float, ...]:
    return matrix.m11(), matrix.m12(), matrix.m21(), matrix.m22(), matrix.dx(), matrix.dy()


def _moved(points: re.Match[str], matrix: QTransform) -> str:
    def move(pair: re.Match[str]) -> str:
        point = matrix.map(QPointF(float(pair[1]), float(pair[2])))
        return f"{point.x():.6g},{point.y():.6g}"

    return f' {points["name"]}="{_PAIR.sub(move, points["text"])}"'


def _mend_image(match: re.Match[str]) -> str:
    image = QImage.fromData(base64.b64decode(match["data"]), "PNG")  # pyright: ignore[reportArgumentType] -- the stub knows the format as bytes only
    x, y, width, height = (float(match[name]) for name in "xywh")
    cols, rows = image.width(), image.height()
    if _is_plain(image):  # the ground of a plot, which Qt keeps as a picture
        color = image.pixelColor(0, 0)
        ground = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"'
        return f'<rect {ground} stroke="none" fill="{color.name()}" fill-opacity="{color.alphaF():.4g}"/>'
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


def _is_plain(image: QImage) -> bool:
    if image.isNull():
        return False
    plain = image.copy()
    plain.fill(image.pixelColor(0, 0))
    return plain == image


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
