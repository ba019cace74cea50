"""Pieces of images in a row, each over the image that it comes from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnviz.drawing import Box, Cells, Drawing, Graphic, Ground, Look, Share, Size, Table
from cnnviz.drawing.cells import Block, Colors, outline
from cnnviz.drawing.marks import Ask, Group, Image, Mark, Part, Rect
from cnnviz.quantities import format_count

_GREY = Colors("grey", 0, 255)
_FEWEST = 8  # for which there is always room, so that fewer are not larger
_WIDEST = len("−0.41527")  # letters for which there is always room, so that rows stand below one another


@dataclass(frozen=True, eq=False)
class Patch:
    """A piece of an image.

    * `pixels`, `image`: ndarray of uint8, of shape (h, w). The piece, and the image it comes from.
    * `place`: Of the piece in the image; it may reach over the border.
    * `count`: In how many images it is found; said below the caption where it is more than one.
    """

    pixels: NDArray[np.uint8]
    image: NDArray[np.uint8]
    place: Block
    caption: str
    tip: str
    count: int = 1
    ask: Ask | None = None


@dataclass(frozen=True)
class Patches:
    """Pieces of images, and what is said where there are none."""

    patches: tuple[Patch, ...]
    empty: str = ""


def _draw(shown: Patches, ground: Ground) -> Drawing:
    """Draw them from left to right; the one that is pointed at is framed."""
    drawing, look = Drawing(ground), ground.look
    if not shown.patches:
        drawing.write(ground.box._replace(height=look.font().line), shown.empty, "", "muted")
        return drawing
    key = (shown, ground.box, look, ground.ratio)
    drawing.add(Group(ground.box, key, lambda: _still(shown, ground)))
    for place, (patch, box) in enumerate(zip(shown.patches, _boxes(shown, ground.box, look), strict=True)):
        if place == ground.hovered:
            ink, width = ("focus", 2) if ground.has_focus else ("accent", 1)
            drawing.add(Rect(box.inset(-2), edge=ink, width=width, radius=look.px(4)))
        drawing.parts.append(Part(place, box, patch.tip, patch.ask))
    return drawing


def _boxes(shown: Patches, box: Box, look: Look) -> list[Box]:
    """Room of each: square for the piece, square for the image, lines for the words, which may be wider."""
    count, gap, lines = max(len(shown.patches), _FEWEST), look.px(10), _lines(look)
    room = (box.width - 6 - (count - 1) * gap) / count
    side = max(int(min(room, (box.height - 6 - lines) / 2, look.px(112))), 8)
    wide, high = max(side, int(min(look.font("mono").width("0" * _WIDEST), room))), 2 * side + lines
    return [Box(box.left + 3 + n * (wide + gap), box.top + 3, wide, high) for n in range(len(shown.patches))]


def _lines(look: Look) -> float:
    """Height of the words, with the gaps; the second line is kept free where nothing is to be said in it."""
    return look.font("mono").line * 2 + 2 * look.px(3)


def _still(shown: Patches, ground: Ground) -> list[Mark]:
    drawing, look, font = Drawing(ground), ground.look, ground.font("mono")
    boxes = _boxes(shown, ground.box, look)
    room = boxes[0].width
    # Rather small than cut, and of another row as small.
    font = font._replace(size=font.size * min((room + 8) / font.width("0" * _WIDEST), 1))
    said = [f"in {format_count(patch.count)} images" if patch.count > 1 else "" for patch in shown.patches]
    small = look.font("small")
    small = small._replace(size=small.size * min((room + 8) / max(1, *map(small.width, said)), 1))
    for patch, box, times_said in zip(shown.patches, boxes, said, strict=True):
        side = (box.height - _lines(look)) / 2
        square, below, words = box.rows(side, side, Share(1), gap=look.px(3))
        rows, cols = patch.pixels.shape
        piece = Cells.fit(rows, cols, square, ground.ratio)
        drawing.add(Image(piece.box, _GREY.pixels(patch.pixels)), Rect(piece.box.inset(-0.5), edge="border"))
        rows, cols = patch.image.shape
        whole = Cells.fit(rows, cols, below.placed(side, side), 0)
        drawing.add(Image(whole.box, _GREY.pixels(patch.image), is_smooth=True))
        row, col, high, wide = patch.place
        top, left = max(row, 0), max(col, 0)
        inside = whole.cell(top, left, min(row + high, rows) - top, min(col + wide, cols) - left)
        drawing.add(*outline(inside, "receptive", look))
        caption, times = words.inset(-4, 0).lines(2, font.line)
        drawing.write(caption, patch.caption, font, "text", "middle")
        if times_said:
            drawing.write(times, times_said, small, "muted", "middle")
    return drawing.marks


def _size(_shown: Patches, look: Look) -> Size:
    def size(side: float) -> tuple[float, float]:
        return _FEWEST * (side + look.px(10)), 2 * side + _lines(look) + 6

    return Size(*size(look.px(72)), *size(look.px(36)))


PATCHES = Graphic(
    _draw,
    _size,
    lambda shown: [Table.of_cells(patch.caption, patch.pixels) for patch in shown.patches],
    lambda shown: "; ".join(patch.tip for patch in shown.patches) or shown.empty,
    lambda _shown, _width, look: 2 * look.px(112) + _lines(look) + 6,
)
