"""Numbered steps in a row, one of which is shown."""

from collections.abc import Callable
from dataclasses import dataclass

from cnnviz.drawing import Ask, Drawing, Graphic, Ground, Look, Part, Rect, Share, Size

_HEIGHT = 30


@dataclass(frozen=True)
class Steps:
    """Short and full titles, number, from 0, of the step that is shown, and what a step asks for."""

    titles: tuple[tuple[str, str], ...]
    current: int
    asks: Callable[[int], Ask]

    def texts(self, width: float, look: Look) -> list[str]:
        """What stands in the chips: their full titles where there is room, short ones, or numbers alone."""
        font, room = look.font("strong"), width - 2 - len(self.titles) * 2 * look.px(8)
        for which in (1, 0):
            texts = [f"{place} {titles[which]}" for place, titles in enumerate(self.titles, 1)]
            if sum(map(font.width, texts)) <= room:
                return texts
        return [str(place) for place in range(1, len(self.titles) + 1)]


def draw(shown: Steps, ground: Ground) -> Drawing:
    """Draw the chips; behind numbers alone stands the title of the step, so that no chip ever moves."""
    drawing, look, px = Drawing(ground), ground.look, ground.px
    drawing.turn(shown.asks, range(len(shown.titles)), shown.current)
    if not shown.titles:
        return drawing
    strong, texts = look.font("strong"), shown.texts(ground.box.width, look)
    is_short = texts[0].isdecimal()
    widths = [strong.width(text) for text in texts]
    spare = max((ground.box.width - 2 - sum(widths)) / len(widths), 0.0)
    padding = min(spare, 2 * px(8 if is_short else 12))
    *chips, rest = ground.box.inset(1).columns(*(width + padding for width in widths), Share(1))
    title = rest.cut(left=px(6))
    frame = chips[0].joined(title if is_short else chips[-1])
    focus = ground.has_focus
    drawing.add(Rect(frame, "surface", "accent" if focus else "border", 2 if focus else 1, px(6)))
    for place, (box, text) in enumerate(zip(chips, texts, strict=True)):
        is_current = place == shown.current
        if is_current or place == ground.hovered:
            drawing.add(Rect(box.inset(2), "accent_soft" if is_current else "hover", radius=px(4)))
        # What has been passed is text, what is still to come is muted: a sense of how far one is.
        ink = "accent" if is_current else "text" if place < shown.current else "muted"
        drawing.write(box, text, "strong" if is_current else "", ink, "middle")
        drawing.parts.append(
            Part(place, box, f"Step {place + 1}: {shown.titles[place][1]}", shown.asks(place))
        )
    if is_short:
        short, full = shown.titles[shown.current]
        drawing.write(title, full if strong.width(full) <= title.width else short, "strong", "accent")
    return drawing


def _size(shown: Steps, look: Look) -> Size:
    padding = 2 * look.px(10)
    texts = (f"{place} {full}" for place, (_, full) in enumerate(shown.titles, 1))
    wide = sum(look.font("strong").width(text) + padding for text in texts) + 2
    return Size(max(wide, look.px(160)), look.px(_HEIGHT), look.px(160), look.px(_HEIGHT))


def _say(shown: Steps) -> str:
    if not shown.titles:
        return ""
    return f"step {shown.current + 1} of {len(shown.titles)}: {shown.titles[shown.current][1]}"


STEPS = Graphic(draw, _size, words=_say, height=lambda _shown, _width, look: look.px(_HEIGHT))
