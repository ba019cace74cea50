"""What graphics of cells share: values as coloured cells, coordinates beside them, keys to their colours."""

from functools import lru_cache

import numpy as np

from cnnviz.drawing import Box, Cells, Colors, Drawing, Image, Ink, Lines, Look, Rect, Share
from cnnviz.quantities import format_count, format_signed, format_value

_SHORT = 56  # a bar between its numbers, with the gaps beside it
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def lines_between(grid: Cells, ink: Ink, width: float = 1.0) -> Lines:
    """Thin lines between rows and between columns."""
    box = grid.box
    ys = [grid.top + row * grid.high for row in range(1, grid.rows)]
    xs = [grid.left + col * grid.side for col in range(1, grid.cols)]
    across = [(box.left, y, box.right, y) for y in ys]
    return Lines([*across, *((x, box.top, x, box.bottom) for x in xs)], ink, width)


def axes_room(rows: tuple[int, ...], names: tuple[str, str], look: Look) -> tuple[float, float]:
    """Room that coordinates take at the left and below."""
    font = look.font("mono")
    longest = max(len(text) for text in (*_texts(rows), names[0]))
    return font.width("0" * longest) + look.px(6), font.line + 1


def write_axes(
    drawing: Drawing, grid: Cells, rows: tuple[int, ...], cols: tuple[int, ...], names: tuple[str, str]
) -> None:
    """Write coordinates beside rows and below columns: all of them, or as many as do not touch."""
    font, box, gap = drawing.ground.font("mono"), grid.box, drawing.ground.px(4)
    highest = drawing.ground.box.top
    lowered = max(highest - grid.cell(0, 0).y + font.line / 2, 0)  # the first, towards the next
    for place, words in _apart(rows, names[0], grid.side, [font.line + lowered] * len(rows)):
        top = max(grid.cell(place, 0).y - font.line / 2, highest)
        at = Box(box.left - gap - 200, top, 200, font.line)
        drawing.write(at, words, font, "muted", "right")
    widths = [font.width(text + "0") for text in _texts(cols)]
    for place, words in _apart(cols, names[1], grid.side, widths):
        at = grid.cell(grid.rows, place)
        drawing.write(Box(at.x - 100, box.bottom + 1, 200, font.line), words, font, "muted", "middle")


def colors_height(width: float, colors: Colors, look: Look) -> float:
    """Height that the bar of colours takes in a width, with its numbers below it where the bar is short."""
    font = look.font("mono")
    return font.line + (look.px(11) if width - font.width("".join(ends_of(colors))) < look.px(_SHORT) else 0)


def ends_of(colors: Colors) -> tuple[str, str]:
    """What a key writes at the ends of its colours."""
    write = format_signed if colors.name == "signed" else format_value
    below, above = ("≤", "≥") if colors.is_open else ("", "")
    return colors.ends or (below + write(colors.lo, 2), above + write(colors.hi, 2))


def short_scale(colors: Colors) -> str:
    """Both ends in few letters, such as "±0.5"; "> ±0.5" where some values lie beyond them."""
    return f"{'> ' * colors.is_open}{'±' if colors.lo < 0 else '0–'}{format_value(colors.hi, 2)}"


def say_colors(colors: Colors) -> str:
    """Both ends, and what becomes of values that lie beyond them."""
    lo, hi = (format_value(end, 4) for end in (colors.lo, colors.hi))
    beyond = "; values beyond them have the colour of the end" if colors.is_open else ""
    return f"Colours from {lo} to {hi}{beyond}"


def write_colors(drawing: Drawing, box: Box, colors: Colors) -> None:
    """Draw a bar of colours between the numbers at its ends; a signed one has its white 0 marked.

    Where hardly anything would be left of the bar, the numbers stand below it. Yes and no have no bar.
    """
    px, font, (low, high) = drawing.ground.px, drawing.ground.font("mono"), ends_of(colors)
    if colors.ends is not None:
        pixels = colors.pixels(np.array([[colors.lo, colors.hi]]))
        for place, (words, room) in enumerate(zip(colors.ends, box.columns(px(60), px(60)), strict=True)):
            sign, text = room.columns(px(13), Share(1), gap=px(6))
            sign = sign.placed(px(13), px(13))
            drawing.add(Image(sign, pixels[:, place : place + 1]), Rect(sign, edge="border"))
            drawing.write(text, words, font)
        return
    ends = font.width(low + high)
    gap = px(8) if box.width > ends + px(48) else px(3)
    long = max(min(box.width - ends - 2 * gap, px(240)), 1)
    if box.width - ends < px(_SHORT) and box.height >= px(11) + font.line and box.width >= ends + px(8):
        bar, below = box.placed(box.width, px(11) + font.line).rows(px(10), font.line, gap=px(1))
        drawing.write(below, low, font)
        drawing.write(below, high, font, align="right")
    else:
        left, bar, right = box.columns(font.width(low), long, font.width(high), gap=gap)
        drawing.write(left, low, font)
        drawing.write(right, high, font)
        bar = bar.placed(bar.width, px(13))
    ramp = np.linspace(colors.lo, colors.hi, 64)[None, :]
    drawing.add(Image(bar, colors.pixels(ramp)), Rect(bar, edge="border", radius=px(2)))
    if colors.name == "signed" and bar.width >= font.width("000") and bar.height >= font.line - px(4):
        drawing.write(bar, "0", font, "#17212B", "middle")


@lru_cache(256)
def _texts(numbers: tuple[int, ...]) -> list[str]:
    write = format_signed if min(numbers, default=0) < 0 else format_count
    return [write(number) for number in numbers]


def _apart(numbers: tuple[int, ...], name: str, cell: float, extents: list[float]) -> list[tuple[int, str]]:
    """Place and text of the multiples of the smallest step with which no two texts touch; the name last."""
    step = next((step for step in _STEPS if step * cell >= max(extents)), _STEPS[-1])
    last = len(numbers) - 1
    found = [
        (place, text)
        for place, (number, text) in enumerate(zip(numbers, _texts(numbers), strict=True))
        if number % step == 0 and not (name and (last - place) * cell < max(extents))
    ]
    return [*found, (last, name)] if name else found
