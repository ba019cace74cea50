"""Title of a plot, and at the right the names of its curves; pressing one hides or shows the curve."""

from collections.abc import Container
from dataclasses import dataclass
from typing import NamedTuple

from cnnviz.drawing import Ask, Drawing, Graphic, Ground, Ink, Line, Lines, Look, Part, Rect, Share, Size
from cnnviz.graphics.curves import Curve, diamond
from cnnviz.palette import DASHES


class ToggleCurve(Ask):
    """Show a curve, or hide it."""

    name: str


class Named(NamedTuple):
    """How a curve is called, and how its line looks."""

    name: str
    ink: Ink
    style: str
    width: float
    has_dots: bool
    is_hidden: bool = False
    short: str = ""

    @classmethod
    def of(cls, curve: Curve, hidden: Container[str]) -> "Named":
        """Entry of a curve: without its points, as these keep coming."""
        is_hidden = curve.name in hidden
        return cls(curve.name, curve.ink, curve.style, curve.width, curve.has_dots, is_hidden, curve.short)


@dataclass(frozen=True)
class Legend:
    """Title, and the curves that are named."""

    title: str
    curves: tuple[Named, ...]


def draw(legend: Legend, ground: Ground) -> Drawing:
    """Write the title, and a piece of each line before its name, which is shorter where room is short."""
    drawing, look, px = Drawing(ground), ground.look, ground.px
    is_short = ground.box.width < size(legend, look).width
    widths = _widths(legend, look, is_short=is_short)
    title, *entries = ground.box.columns(Share(1), *widths)
    drawing.write(title, legend.title, "strong")
    for curve, box in zip(legend.curves, entries, strict=True):
        is_shown, y = not curve.is_hidden, box.y
        if curve.name == ground.hovered:
            edge = "accent" if ground.has_focus else ""
            drawing.add(Rect(box.inset(1), "" if edge else "hover", edge, 2, px(4)))
        piece, name = box.cut(left=px(4), right=px(4)).columns(px(10), Share(1), gap=px(6))
        line = ((piece.left, y), (piece.right, y))
        ink, dash = (curve.ink, DASHES[curve.style]) if is_shown else ("border", ())
        drawing.add(Line(line, ink, max(curve.width * look.scale, px(2)), dash))
        if curve.has_dots and is_shown:
            drawing.add(diamond((piece.x, y), px(3.5), curve.ink))
        drawing.write(name, _called(curve, is_short=is_short), "small", "muted")
        if not is_shown:
            drawing.add(Lines(((name.left, y, name.right, y),), "muted"))
        what = "Hide" if is_shown else "Show"
        drawing.parts.append(
            Part(curve.name, box, f"{what} the curve “{curve.name}”", ToggleCurve(curve.name))
        )
    return drawing


def _called(curve: Named, *, is_short: bool) -> str:
    return curve.short or curve.name if is_short else curve.name


def _widths(legend: Legend, look: Look, *, is_short: bool) -> list[float]:
    small = look.font("small")
    return [small.width(_called(curve, is_short=is_short)) + look.px(26) for curve in legend.curves]


def size(legend: Legend, look: Look) -> Size:
    """Usual and least size: no name may be missing."""
    title, high = look.font("strong").width(legend.title) + look.px(6), look.font("strong").line + look.px(4)
    wide, least = (title + sum(_widths(legend, look, is_short=short)) for short in (False, True))
    return Size(wide, high, least, high)


LEGEND = Graphic(
    draw,
    size,
    words=lambda legend: ", ".join(
        f"{curve.name}{' hidden' if curve.is_hidden else ''}" for curve in legend.curves
    ),
    height=lambda legend, _width, look: size(legend, look).height,
)
