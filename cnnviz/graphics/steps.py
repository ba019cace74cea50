"""Steps by their names, one of which is shown."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

from cnnviz.drawing import Ask, Box, Drawing, Graphic, Ground, Look, Part, Rect, Size

_LINE, _OF_SEVERAL = 28, 22  # height of one line and of several
_ROOM = {"": 10, "small": 7}  # least room beside a name


@dataclass(frozen=True)
class Steps:
    """Short and full names, number, from 0, of the step that is shown, and what a step asks for."""

    titles: tuple[tuple[str, str], ...]
    current: int
    asks: Callable[[int], Ask]

    def lines(self, width: float, look: Look) -> tuple[str, list[list[str]]]:
        """Font and names: full ones where all fit into one line, else short, small, or in several lines."""
        full, short = [name for _, name in self.titles], [name for name, _ in self.titles]
        tried = (full, 1, ""), (short, 1, ""), *((short, each, "small") for each in range(1, len(short)))
        for names, count, font in tried:
            strong, room = look.font(f"{font} strong"), look.px(_ROOM[font])
            longest = math.ceil(len(names) / count)
            lines = [names[place : place + longest] for place in range(0, len(names), longest)]
            if all(sum(strong.width(name) + room for name in line) <= width - 2 for line in lines):
                return font, lines
        return "small", [[name] for name in short]


def _draw(shown: Steps, ground: Ground) -> Drawing:
    """Draw the names; a line runs below those that were passed, up to the one that is shown."""
    drawing, look, px = Drawing(ground), ground.look, ground.px
    drawing.turn(shown.asks, range(len(shown.titles)), shown.current)
    if not shown.titles:
        return drawing
    font, lines = shown.lines(ground.box.width, look)
    strong = look.font(f"{font} strong")
    boxes: list[Box] = []
    rooms = ground.box.inset(1).lines(len(lines), _line(len(lines), look))
    for names, line in zip(lines, rooms, strict=True):
        widths = [strong.width(name) for name in names]
        spare = min(max((line.width - sum(widths)) / len(names), 0.0), px(24))
        boxes += line.columns(*(width + spare for width in widths))
    drawing.add(Rect(reduce(Box.joined, boxes), "surface", "border", radius=px(6)))
    for place, (box, name) in enumerate(zip(boxes, (each for line in lines for each in line), strict=True)):
        is_current, is_passed = place == shown.current, place < shown.current
        if is_current or place == ground.hovered:
            drawing.add(Rect(box.inset(2), "accent_soft" if is_current else "hover", radius=px(4)))
        if is_current or is_passed:
            high = px(3 if is_current else 1)
            drawing.add(Rect(Box(box.left, box.bottom - high - 1, box.width, high), "accent"))
        ink = "accent" if is_current else "text" if is_passed else "muted"
        drawing.write(box, name, strong if is_current else font, ink, "middle")
        said = "shown" if is_current else "passed" if is_passed else "to come"
        tip = f"Step {place + 1} of {len(boxes)}, {said}: {shown.titles[place][1]}"
        drawing.parts.append(Part(place, box, tip, shown.asks(place)))
    return drawing


def _size(shown: Steps, look: Look) -> Size:
    wide = sum(look.font("strong").width(full) + look.px(24) for _, full in shown.titles) + 2
    return Size(max(wide, look.px(160)), _line(1, look) + 2, look.px(160), _line(1, look) + 2)


def _say(shown: Steps) -> str:
    if not shown.titles:
        return ""
    return f"step {shown.current + 1} of {len(shown.titles)}: {shown.titles[shown.current][1]}"


def _height(shown: Steps, width: float, look: Look) -> float:
    count = max(len(shown.lines(width, look)[1]), 1)
    return _line(count, look) * count + 2


def _line(count: int, look: Look) -> float:
    return look.px(_LINE if count == 1 else _OF_SEVERAL)


STEPS = Graphic(_draw, _size, words=_say, height=_height)
