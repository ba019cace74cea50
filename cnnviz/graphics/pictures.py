"""Grey pictures as they are, and the black board on which one draws in white, as the digits of MNIST are."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnviz.drawing import Box, Cells, Drawing, Graphic, Ground, Look, Size, Table, sized
from cnnviz.drawing.kept import kept
from cnnviz.drawing.marks import Ask, CellParts, Group, Image, Rect

Levels = NDArray[np.uint8]
"""Grey levels of shape (h, w), 255 for white."""

SIDE = 280
"""Longer side of a board in its own pixels, whatever its size on the screen."""
_KEY_STEP = 6
_FINE = 4  # places along a side of a pixel of the board that a stroke goes through


@dataclass(frozen=True, eq=False)
class Photo:
    """A picture, and where it lies in its room; see `Box.placed`."""

    levels: Levels
    align: str = ""


def _draw(shown: Photo, ground: Ground) -> Drawing:
    """Draw a picture as large as there is room, with cells of whole pixels where it is small."""
    drawing, (rows, cols) = Drawing(ground), shown.levels.shape
    grid = Cells.fit(rows, cols, ground.box.inset(1), ground.ratio, shown.align)
    drawing.add(Image(grid.box, _pixels(shown)), Rect(grid.box.inset(-0.5), edge="border"))
    return drawing


@kept
def _pixels(shown: Photo) -> NDArray[np.uint32]:
    pixels = np.multiply(shown.levels, 0x010101, dtype=np.uint32)  # much faster than by promotion
    pixels |= 0xFF000000
    return pixels


def _say(levels: Levels) -> str:
    return f"{levels.shape[0]} × {levels.shape[1]} pixels"


PHOTO = Graphic[Photo](
    _draw,
    sized(120, 120, 40, 40),
    lambda shown: [Table.of_cells("pixels", shown.levels)],
    lambda shown: _say(shown.levels),
)


# -- a board to draw on -------------------------------------------------------------------------------------


class DrawTo(Ask):
    """Draw, or erase, to a place on the board, in its pixels; it may lie beyond the edge."""

    row: float
    col: float


class MovePen(Ask):
    """Move the pen of the keyboard."""

    rows: int
    cols: int


@dataclass(frozen=True, slots=True)
class Board:
    """A board.

    * `brush`: Width of the brush in pixels of the board.
    * `erases`: Whether the brush wipes.
    * `pen`: Where the pen of the keyboard is.
    * `hint`: What is to be done with an empty board.
    """

    photo: Photo
    brush: float = 24
    erases: bool = False
    pen: tuple[int, int] = (0, 0)
    hint: str = ""

    def box(self, room: Box) -> Box:
        """Where the board lies in its room."""
        rows, cols = self.photo.levels.shape
        scale = min(room.width / cols, room.height / rows)
        return Box(*map(round, room.placed(cols * scale, rows * scale)))


def blank(height: int, width: int) -> Levels:
    """An empty board with the aspect of an image."""
    scale = SIDE / max(height, width)
    return np.zeros((max(round(height * scale), 1), max(round(width * scale), 1)), np.uint8)


def stroked(
    levels: Levels, start: tuple[float, float], end: tuple[float, float], brush: float, erases: bool
) -> Levels:
    """Return a board with a line on it, or wiped along one.

    * `levels`: ndarray of shape (h, w), uint8
    * `start`, `end`: Pixels whose middles the line joins; its ends are round.
    * `brush`: Width of the line, in pixels.
    """
    reach, found = brush / 2 + 1, levels.copy()
    (top, left), (bottom, right) = (
        [max(math.floor(best(pair) + far), 0) for pair in zip(start, end, strict=True)]
        for best, far in ((min, -reach), (max, reach + 2))
    )
    part = found[top:bottom, left:right]
    down, across = (np.arange(size, dtype=np.float64) for size in part.shape)
    down, across = down[:, None] + (top - start[0]), across + (left - start[1])
    high, wide = end[0] - start[0], end[1] - start[1]
    along = (down * high + across * wide) / max(high**2 + wide**2, 1e-9)
    along = np.minimum(np.maximum(along, 0), 1)
    distance = np.sqrt((down - along * high) ** 2 + (across - along * wide) ** 2)
    ink = np.rint(255 * np.minimum(np.maximum(brush / 2 + 0.5 - distance, 0), 1)).astype(np.uint8)
    part[...] = np.minimum(part, 255 - ink) if erases else np.maximum(part, ink)
    return found


def _draw_board(shown: Board, ground: Ground) -> Drawing:
    """Draw the board, and the outline of the brush where it would draw."""
    drawing, px, box = Drawing(ground), ground.px, shown.box(ground.box)
    side, beyond = box.width / shown.photo.levels.shape[1], SIDE
    drawing.add(Group(box, (shown.photo, box), lambda: [Image(box, _pixels(shown.photo), is_smooth=True)]))
    # The board is black in either theme.
    if shown.hint:
        above = box.cut(px(12), px(12), px(12))._replace(height=box.height / 3)  # not below the pen
        drawing.write(above, shown.hint, "", "#AAB4BF", "middle")
    drawing.add(Rect(box.inset(0.5), edge="border", width=px(1)))

    def ask(row: int, col: int) -> DrawTo:
        return DrawTo(*((place + 0.5) / _FINE - 0.5 - beyond for place in (row, col)))

    # A line goes on beyond the edge, and comes back where the pointer does.
    count, left, top = 3 * SIDE * _FINE, box.left - beyond * side, box.top - beyond * side
    grid = Cells(count, count, left, top, side / _FINE)
    parts = CellParts("board", grid, lambda _row, _col: "", ask, follows=True)
    drawing.parts.append(parts)
    at, pointed = None, parts.place(ground.hovered)
    if pointed is not None:
        at = pointed.x, pointed.y
    elif ground.has_focus:
        at = box.left + (shown.pen[1] + 0.5) * side, box.top + (shown.pen[0] + 0.5) * side
    if at is not None and box.has(*at):
        ring = Box(*at, 0, 0).inset(-max(shown.brush * side / 2, 2))
        for ink, width in (("#000000", 3), ("winner", 1.5)):
            dash = (9 / width, 6 / width) if shown.erases else ()
            drawing.add(Rect(ring, edge=ink, width=width, radius=ring.width / 2, dash=dash))
    drawing.arrows(lambda across, down: MovePen(_KEY_STEP * down, _KEY_STEP * across))
    return drawing


def _board_size(shown: Board, look: Look) -> Size:
    usual, least = (shown.box(Box(0, 0, side, side)) for side in (look.px(SIDE + 40), look.px(160)))
    return Size(usual.width, usual.height, least.width, least.height)


BOARD = Graphic(
    _draw_board,
    _board_size,
    lambda shown: [Table.of_cells("pixels", shown.photo.levels)],
    lambda shown: _say(shown.photo.levels) + ("" if shown.photo.levels.any() else ", empty"),
)
