"""A small drawing surface: SVG text made of plain shapes, in typographic points."""

import re
from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from cnnviz import palette
from cnnviz._types import FloatArray
from cnnviz.quantities import format_value

INK, MUTED, LINE, ACCENT, WINNER = (
    each.light for each in (palette.INK, palette.MUTED, palette.LINE, palette.ACCENT, palette.WINNER)
)
"""Colours of the window's light theme: paper is light, too."""

FONT = "Inter, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"
MONO = "'JetBrains Mono', Consolas, Menlo, monospace"
SMALL = 6.5

# What a `Canvas` writes: shapes and words, no reference, style, script or entity declaration.
_ELEMENTS = "svg|title|text|rect|line|circle|polyline|polygon|path"
_ATTRIBUTES = (
    "viewBox|width|height|role|font-family|font-size|font-weight|text-anchor|transform|fill|fill-opacity|"
    "stroke|stroke-width|stroke-dasharray|stroke-linejoin|stroke-linecap|stroke-opacity|opacity|points|d|rx|"
    "x|y|x1|y1|x2|y2|cx|cy|r"
)
_XMLNS = r'xmlns="http://www\.w3\.org/2000/svg"'
_ATTRIBUTE = rf'\s++(?:{_XMLNS}|(?:{_ATTRIBUTES})="(?:[^"<>&:/\\]|&#x27;)*+")'
_TAG = re.compile(rf"<(?:/(?:{_ELEMENTS})|(?:{_ELEMENTS})(?:{_ATTRIBUTE})*+\s*+/?)>")


def is_plain(svg: str) -> bool:
    """Whether a text is a drawing of nothing but what a `Canvas` draws: it may stand in HTML as it is."""
    return svg.startswith("<svg ") and svg.count("<") == sum(1 for _ in _TAG.finditer(svg))


class Canvas:
    """Collects shapes.

    Parameters
    ----------
    width, height : float
        Size in points.
    title : str
        For those who cannot see the figure.
    """

    def __init__(self, width: float, height: float, title: str) -> None:
        self.width = width
        self.height = height
        self._title = title
        self._shapes: list[str] = []

    def to_svg(self) -> str:
        """Return the whole drawing."""
        body = "\n".join(self._shapes)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(self.width)} {_n(self.height)}" '
            f'width="{_n(self.width)}pt" height="{_n(self.height)}pt" role="img" '
            f'font-family="{escape(FONT)}" font-size="{SMALL}" fill="{INK}">\n'
            f"<title>{escape(self._title)}</title>\n{body}\n</svg>\n"
        )

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = SMALL,
        anchor: str = "start",
        fill: str = INK,
        bold: bool = False,
        mono: bool = False,
        turned: bool = False,
    ) -> None:
        """Write on the base line `y`; `anchor` is ``"start"``, ``"middle"`` or ``"end"``."""
        extra = ' font-weight="600"' if bold else ""
        extra += f' font-family="{escape(MONO)}"' if mono else ""
        extra += f' transform="rotate(-90 {_n(x)} {_n(y)})"' if turned else ""
        self._shapes.append(
            f'<text x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}" text-anchor="{anchor}" '
            f'fill="{fill}"{extra}>{escape(words)}</text>'
        )

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str = "none",
        stroke: str = "none",
        line: float = 0.5,
    ) -> None:
        """Draw a rectangle."""
        self._shapes.append(
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" fill="{fill}" '
            f'stroke="{stroke}" stroke-width="{_n(line)}"/>'
        )

    def line(
        self,
        x1: float,
        y1: float,
        x2: float,
        y2: float,
        *,
        stroke: str = LINE,
        line: float = 0.5,
        dash: str = "",
    ) -> None:
        """Draw a straight line."""
        pattern = f' stroke-dasharray="{dash}"' if dash else ""
        self._shapes.append(
            f'<line x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}" stroke="{stroke}" '
            f'stroke-width="{_n(line)}"{pattern}/>'
        )

    def circle(self, x: float, y: float, radius: float, *, fill: str) -> None:
        """Draw a disc."""
        self._shapes.append(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" fill="{fill}"/>')

    def curve(
        self,
        points: Iterable[tuple[float, float]],
        *,
        stroke: str,
        line: float = 1.0,
        dash: str = "",
        opacity: float = 1.0,
    ) -> None:
        """Draw a line through points."""
        path = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        pattern = f' stroke-dasharray="{dash}"' if dash else ""
        self._shapes.append(
            f'<polyline points="{path}" fill="none" stroke="{stroke}" stroke-width="{_n(line)}" '
            f'stroke-linejoin="round" stroke-opacity="{_n(opacity)}"{pattern}/>'
        )

    def area(self, points: Iterable[tuple[float, float]], *, fill: str, opacity: float) -> None:
        """Fill the area inside points."""
        path = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        self._shapes.append(f'<polygon points="{path}" fill="{fill}" fill-opacity="{_n(opacity)}"/>')

    def heat_map(
        self,
        x: float,
        y: float,
        cell: float,
        values: FloatArray,
        colormap: str,
        levels: tuple[float, float],
        *,
        grid: int = 0,
    ) -> None:
        """Draw a map as squares: true vectors, equal neighbours in a row joined.

        Parameters
        ----------
        x, y : float
            Top left corner.
        cell : float
            Side of a cell.
        values : ndarray of shape (rows, columns)
        colormap, levels
            As for `cnnviz.palette.map_entries`; what is not a number is white.
        grid : int
            Draw a line every so many cells; 0 draws none.
        """
        rows, columns = values.shape
        colors = _colors_of(values, colormap, levels)
        for color, path in _runs(colors, x, y, cell):
            # A hair of the same colour around each run closes the seams that viewers leave between shapes.
            self._shapes.append(f'<path d="{path}" fill="{color}" stroke="{color}" stroke-width="0.15"/>')
        if grid:
            for row in range(0, rows + 1, grid):
                self.line(x, y + row * cell, x + columns * cell, y + row * cell, stroke="#FFFFFF", line=0.4)
            for column in range(0, columns + 1, grid):
                place = x + column * cell
                self.line(place, y, place, y + rows * cell, stroke="#FFFFFF", line=0.4)
        self.rect(x, y, columns * cell, rows * cell, stroke=MUTED, line=0.4)

    def cell_numbers(
        self,
        x: float,
        y: float,
        cell: float,
        texts: Sequence[Sequence[str]],
        values: FloatArray,
        colormap: str,
        levels: tuple[float, float],
        size: float,
    ) -> None:
        """Write a number into each cell of a `heat_map`, dark on light and light on dark."""
        dark = palette.dark_entries(colormap)[palette.map_entries(values, levels)]
        for row, line in enumerate(texts):
            for column, words in enumerate(line):
                self.text(
                    x + (column + 0.5) * cell,
                    y + (row + 0.5) * cell + size * 0.36,
                    words,
                    size=size,
                    anchor="middle",
                    mono=True,
                    fill="#FFFFFF" if dark[row, column] else INK,
                )

    def color_bar(
        self, x: float, y: float, height: float, colormap: str, levels: tuple[float, float]
    ) -> None:
        """Draw an upright colour bar with the numbers of its ends."""
        steps = 32
        ramp = np.linspace(levels[1], levels[0], steps)[:, None]
        for step in range(steps):
            color = _hex_of(_colors_of(ramp[step], colormap, levels)[0])
            self.rect(x, y + step * height / steps, 5, height / steps + 0.2, fill=color)
        self.rect(x, y, 5, height, stroke=MUTED, line=0.4)
        self.text(x + 8, y + 5, format_value(levels[1]), size=6, mono=True)
        self.text(x + 8, y + height, format_value(levels[0]), size=6, mono=True)
        if levels[0] < 0 < levels[1]:
            middle = y + height * levels[1] / (levels[1] - levels[0])
            self.text(x + 8, middle + 2, "0", size=6, mono=True)


def _runs(colors: NDArray[np.uint8], x: float, y: float, cell: float) -> Iterable[tuple[str, str]]:
    """Return, for each colour, a path of all runs of cells that have it."""
    paths: dict[str, list[str]] = {}
    for row, line in enumerate(colors):
        column = 0
        for color, group in groupby(_hex_of(each) for each in line):
            length = sum(1 for _ in group)
            start = f"M{_n(x + column * cell)} {_n(y + row * cell)}"
            paths.setdefault(color, []).append(
                f"{start}h{_n(length * cell)}v{_n(cell)}h{_n(-length * cell)}z"
            )
            column += length
    return [(color, "".join(parts)) for color, parts in paths.items()]


def _colors_of(values: FloatArray, colormap: str, levels: tuple[float, float]) -> NDArray[np.uint8]:
    """Return the colour of each value, shape (..., 3); what is not a number is white."""
    colors = palette.color_map(colormap)[palette.map_entries(values, levels)]
    colors[np.isnan(values)] = 255
    return colors


def _hex_of(color: NDArray[np.uint8]) -> str:
    """Return a colour of shape (3,) as ``"#RRGGBB"``."""
    return "#{:02X}{:02X}{:02X}".format(*(int(each) for each in color))


def _n(value: float) -> str:
    """Write a coordinate: two places are finer than any printer."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if value else "0"
