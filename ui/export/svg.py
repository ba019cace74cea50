"""Mending what Qt writes as SVG: size in print, fonts to fall back on, and cells of maps as rectangles."""

import base64
import io
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect
from PySide6.QtGui import QTransform

from ui.export.small_font import small_font

_SVG, _LINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_G, _IMAGE, _LINE = (f"{{{_SVG}}}{tag}" for tag in ("g", "image", "polyline"))
_PNG = "data:image/png;base64,"
_PAIR = re.compile(r"(-?[\d.]+(?:e[-+]?\d+)?)[ ,]+(-?[\d.]+(?:e[-+]?\d+)?)")
_MOST_CELLS = 16_384
_SMALLEST_CELL = 1.5
_FONTS = {
    "Inter": "Inter, Helvetica, Arial, sans-serif",
    "JetBrains Mono": "'JetBrains Mono', Consolas, monospace",
}


def mend_svg(
    svg: bytes,
    title: str,
    width_cm: float,
    height_cm: float,
    plots: Sequence[QRect] = (),
    *,
    with_fonts: bool = False,
) -> bytes:
    """Return the file with its size in centimetres, its title, and the small images in it as rectangles.

    A viewer would smooth an image of few pixels, and a map of 13 x 13 cells would become a blur.

    * `svg`: as Qt wrote it.
    * `plots`: rectangles of the graphics views in the figure, in pixels.
    * `with_fonts`: whether it shall carry the letters that are used in it, for computers that lack
      the fonts. Browsers take them; programs that do not know fonts within a file go on to the next
      name in the list.
    """
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _LINK)
    root = ElementTree.fromstring(svg)
    root.set("width", f"{width_cm:.4f}cm")
    root.set("height", f"{height_cm:.4f}cm")
    for name in ("title", "desc"):
        for each in root.findall(f"{{{_SVG}}}{name}"):
            root.remove(each)
    style = _font_rules(root) if with_fonts else ""
    for each in root.iter():
        if each.get("vector-effect") == "none":
            del each.attrib["vector-effect"]
        if (family := each.get("font-family")) in _FONTS:
            each.set("font-family", _FONTS[family])
    _place_clips(root, plots)
    for group in [root, *root.iter(_G)]:
        _join_segments(group)
        _place_strokes(group)
        for place, each in enumerate(group):
            if each.tag == _IMAGE:
                group[place] = _mended(each)
    head = Element(f"{{{_SVG}}}title")
    head.text, head.tail = title, "\n"
    root.insert(0, head)
    if style:
        rules = Element(f"{{{_SVG}}}style", {"type": "text/css"})
        rules.text, rules.tail = style, "\n"
        root.insert(1, rules)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def _font_rules(root: Element) -> str:
    """Return the letters of each font that are used, as a style sheet."""
    used = defaultdict[tuple[str, int], set[str]](set)
    for text in root.iter(f"{{{_SVG}}}text"):
        if (family := text.get("font-family", "")) in _FONTS:
            letters = "".join(text.itertext()).replace("\n", "")
            used[family, int(text.get("font-weight", "400"))].update(letters)
    rules: list[str] = []
    for (family, weight), characters in sorted(used.items()):
        data = base64.b64encode(small_font(family, weight, characters)).decode()
        source = f"src: url(data:font/otf;base64,{data}) format('opentype');"
        if data:
            rules.append(f"@font-face {{ font-family: '{family}'; font-weight: {weight}; {source} }}")
    return "\n".join(rules)


def _place_clips(root: Element, plots: Sequence[QRect]) -> None:
    """Place clips: Qt writes them in the coordinates of their widget, but outside of its group."""
    frames: dict[str, str] = {}
    for group in root.iter(_G):
        name, inner = group.get("clip-path", ""), group.find(_G)
        if not name or inner is None or not (matrix := inner.get("transform", "")).startswith("matrix("):
            continue
        dx, dy = _matrix(matrix).dx(), _matrix(matrix).dy()
        plot = next((each for each in plots if each.contains(int(dx), int(dy))), None)
        frames.setdefault(name, matrix if plot is None else f"matrix(1,0,0,1,{plot.x()},{plot.y()})")
    for clip in root.iter(f"{{{_SVG}}}clipPath"):
        frame = frames.get(f"url(#{clip.get('id')})")
        for path in clip if frame is not None else ():
            path.set("transform", frame or "")


def _join_segments(group: Element) -> None:
    """Join pieces that follow one another: a curve of a thousand points is one line, not as many."""
    before, points = None, list[str]()
    for each in list(group):
        own = each.get("points", "").split() if each.tag == _LINE else []
        if before is not None and own and own[0] == points[-1] and _look(each) == _look(before):
            points += own[1:]
            group.remove(each)
        else:
            _finish(before, points)
            before, points = (each, own) if own else (None, [])
    _finish(before, points)


def _finish(line: Element | None, points: Sequence[str]) -> None:
    if line is not None:
        line.set("points", " ".join(points))


def _look(line: Element) -> dict[str, str]:
    return {name: value for name, value in line.items() if name != "points"}


def _place_strokes(group: Element) -> None:
    """Place lines by points instead of by a matrix: few programs keep the width of scaled lines."""
    matrix = _matrix(group.get("transform", ""))
    inverse, possible = matrix.inverted()
    is_scaled = (matrix.m11(), matrix.m12(), matrix.m21(), matrix.m22()) != (1, 0, 0, 1) and possible
    for each in group:
        if each.get("vector-effect") != "non-scaling-stroke":
            continue
        attribute = next((name for name in ("d", "points") if name in each.attrib), "")
        if is_scaled and not attribute:
            continue
        del each.attrib["vector-effect"]
        if is_scaled:
            each.set(attribute, _PAIR.sub(lambda pair: _moved(pair, matrix), each.attrib[attribute]))
            entries = (f"{entry:.12g}" for entry in _entries(inverse))
            each.set("transform", f"matrix({','.join(entries)})")


def _matrix(text: str) -> QTransform:
    numbers = text.removeprefix("matrix(").rstrip(")").split(",")
    return QTransform(*map(float, numbers)) if len(numbers) == 6 else QTransform()


def _entries(matrix: QTransform) -> tuple[float, ...]:
    return matrix.m11(), matrix.m12(), matrix.m21(), matrix.m22(), matrix.dx(), matrix.dy()


def _moved(pair: re.Match[str], matrix: QTransform) -> str:
    point = matrix.map(QPointF(float(pair[1]), float(pair[2])))
    return f"{point.x():.6g},{point.y():.6g}"


def _mended(image: Element) -> Element:
    """Return rectangles for a small image, or for one of a single colour; else the image."""
    from PIL import Image  # here: the window starts sooner without it

    data = base64.b64decode(image.get(f"{{{_LINK}}}href", "").removeprefix(_PNG))
    with Image.open(io.BytesIO(data)) as picture:
        pixels = np.ascontiguousarray(picture.convert("RGBA"))
    x, y, width, height = (float(image.get(name, "0")) for name in ("x", "y", "width", "height"))
    colors = pixels.view(np.uint32)[:, :, 0]
    rows, cols = colors.shape
    if (colors == colors[0, 0]).all():  # the ground of a plot, which Qt keeps as a picture
        box = {"x": f"{x:g}", "y": f"{y:g}", "width": f"{width:g}", "height": f"{height:g}"}
        return Element(f"{{{_SVG}}}rect", {**box, "stroke": "none", **_fill(pixels[0, 0])})
    if rows * cols > _MOST_CELLS or min(width / cols, height / rows) < _SMALLEST_CELL:
        return image
    shapes = defaultdict[bytes, list[str]](list)
    wide, high = width / cols, height / rows
    for row in range(rows):
        for start, end in _stretches(colors[row]):
            left, right, top = x + start * wide, x + end * wide, y + row * high
            box = f"M{left:.6g},{top:.6g}H{right:.6g}v{high:.6g}H{left:.6g}z"
            shapes[pixels[row, start].tobytes()].append(box)
    group = Element(_G, {"stroke": "none", "shape-rendering": "crispEdges"})
    for color, boxes in shapes.items():
        if color[3]:
            SubElement(group, f"{{{_SVG}}}path", {**_fill(color), "d": "".join(boxes)}).tail = "\n"
    group.tail = "\n"
    return group


def _fill(color: Sequence[int]) -> dict[str, str]:
    red, green, blue, alpha = (int(part) for part in color)
    return {"fill": f"#{red:02x}{green:02x}{blue:02x}", "fill-opacity": f"{alpha / 255:.4g}"}


def _stretches(line: NDArray[np.uint32]) -> Iterator[tuple[int, int]]:
    """First column, and column behind the last, of each stretch of equal pixels."""
    return pairwise([0, *(np.flatnonzero(line[1:] != line[:-1]) + 1).tolist(), len(line)])
