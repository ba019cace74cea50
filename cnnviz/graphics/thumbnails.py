"""Small images to choose from: of thousands only those in sight are drawn."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnviz.drawing import Box, Cells, Drawing, Graphic, Ground, Look, Size
from cnnviz.drawing.cells import Colors
from cnnviz.drawing.marks import Ask, CellKey, CellParts, Group, Image, Mark, Polygon, Rect
from cnnviz.quantities import format_many

_GREY = Colors("grey", 0, 255)
_MARGIN = 4 / 28
"""Of the side of an image of MNIST, what is free on each side of the digit."""


class ShowImage(Ask):
    """Make a test image the sample."""

    index: int


@dataclass(frozen=True, eq=False)
class Images:
    """Images of a data set, in an order.

    * `pixels`: ndarray of shape (n, c, h, w), uint8. All images of the data set.
    * `indices`: ndarray of shape (m,). Positions of those that are shown.
    * `say`: Place of one of these to what is to be said of it.
    * `wrong`: ndarray of shape (m,), bool. Which of these bear the sign of a mistake.
    """

    pixels: NDArray[np.uint8]
    indices: NDArray[np.intp]
    say: Callable[[int], str]
    wrong: NDArray[np.bool_]

    def place(self, index: int | None) -> int | None:
        """Where an image of the data set stands; None where it is not among those shown."""
        found = np.flatnonzero(self.indices == (-1 if index is None else index))
        return int(found[0]) if len(found) else None


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """Images, the data set's index of the chosen one, and how many pixels of them lie above what is in sight.

    `side` is what a tile takes at least, in pixels at scale 1: tiles fill the width evenly.
    """

    images: Images
    current: int | None = None
    scroll: int = 0
    side: float = 60

    def tiles(self, box: Box, look: Look) -> Cells:
        """Tiles of all images; most of them lie above or below the box."""
        cols = max(int(box.width // look.px(self.side)), 1)
        rows = math.ceil(len(self.images.indices) / cols)
        return Cells(rows, cols, box.left, box.top - self.scroll, max(box.width // cols, 16))

    def say(self, place: int | None) -> str:
        """What is to be said of an image; "" beyond the last."""
        return self.images.say(place) if place is not None and place < len(self.images.indices) else ""

    def ask(self, place: int) -> ShowImage | None:
        """What pressing an image asks for."""
        indices = self.images.indices
        return ShowImage(int(indices[place])) if place < len(indices) else None


def _draw(shown: Thumbnails, ground: Ground) -> Drawing:
    """Draw the tiles that are at least partly in sight."""
    drawing, px, box = Drawing(ground), ground.px, ground.box
    tiles, place = shown.tiles(box, ground.look), shown.images.place(shown.current)
    key = (shown.images, shown.scroll, shown.side, box, ground.look)
    drawing.add(Group(box, key, lambda: list(_still(shown, tiles, ground))))
    hovered = ground.hovered
    if isinstance(hovered, CellKey) and shown.ask(hovered.row * tiles.cols + hovered.col):
        drawing.add(Rect(tiles.cell(hovered.row, hovered.col).inset(px(3)), edge="muted", width=px(1)))
    chosen = None if place is None else _tile(tiles, place)
    if chosen is not None and box.joined(chosen) == box:
        drawing.add(Rect(chosen.inset(px(2)), edge="accent", width=px(2)))
    drawing.parts.append(
        CellParts(
            "image",
            tiles,
            lambda row, col: shown.say(row * tiles.cols + col),
            lambda row, col: shown.ask(row * tiles.cols + col),
            within=box,
        )
    )
    line, page = tiles.cols, tiles.cols * max(int(box.height // tiles.side), 1)
    steps = {"left": -1, "right": 1, "up": -line, "down": line, "page up": -page, "page down": page}
    last = len(shown.images.indices) - 1
    ways = {name: 0 if place is None else place + step for name, step in steps.items()}
    for name, to in (ways | {"home": 0, "end": last}).items():
        to = min(max(to, 0), last) if "page" in name else to
        if 0 <= to <= last and to != place:
            drawing.keys[name] = ShowImage(int(shown.images.indices[to]))
    return drawing


def _tile(tiles: Cells, place: int) -> Box:
    return tiles.cell(*divmod(place, tiles.cols))


def _still(shown: Thumbnails, tiles: Cells, ground: Ground) -> list[Mark]:
    """Draw everything that follows neither pointer nor choice."""
    px, box, images, found = ground.px, ground.box, shown.images, list[Mark]()
    first = max(int((box.top - tiles.top) // tiles.side), 0) * tiles.cols
    lines = (box.bottom - tiles.top) / tiles.side
    # On paper nothing goes on beyond the edge.
    beyond = (math.ceil(lines) if ground.ratio else math.floor(lines + 1e-6)) * tiles.cols
    for place in range(first, min(beyond, len(images.indices))):
        pixels = images.pixels[images.indices[place], 0]
        rows, cols = pixels.shape
        inner = _tile(tiles, place).inset(px(3))
        scale = min(inner.width / cols, inner.height / rows)
        inner = inner.placed(cols * scale, rows * scale)
        found.append(Image(inner, _GREY.pixels(pixels), is_smooth=True))
        if images.wrong[place]:  # in the margin, which a digit leaves free
            leg = _MARGIN * 2 * min(inner.width, inner.height)
            right, top = inner.right, inner.top
            found.append(Polygon(((right - leg, top), (right, top), (right, top + leg)), "danger"))
    return found


def _words(shown: Thumbnails) -> str:
    chosen = shown.say(shown.images.place(shown.current))
    return f"{format_many(len(shown.images.indices), 'image')}." + (f" Chosen: {chosen}." if chosen else "")


THUMBNAILS = Graphic(
    _draw, lambda shown, look: Size(*(times * look.px(shown.side) for times in (3, 5, 2, 1))), words=_words
)
