"""What formulas are made of: text, scripts and fractions, and how much room they take."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen

from cnnviz.quantities import format_signed
from ui.theme import Theme, mono_font, ui_font

#: Size of a formula's text and of its scripts, in units of the theme's ordinary text.
_SIZE, _SCRIPT_SIZE = 1.2, 0.9
#: Boxes whose extents are kept: layouts ask for the same ones many times over.
_REMEMBERED = 500
_SUBSCRIPT_DROP, _SUPERSCRIPT_RISE = 0.28, 0.42


@dataclass(frozen=True)
class Text:
    """A run of characters. A leading blank allows a line break before it.

    Attributes
    ----------
    text : str
    role : str
        Colour role of the theme.
    mono : bool
        Whether it is set in the font of numbers.
    """

    text: str
    role: str = "text"
    mono: bool = False


@dataclass(frozen=True)
class Script:
    """Small text below or above the line, after what stands before it."""

    sub: str = ""
    sup: str = ""
    role: str = "text"


@dataclass(frozen=True)
class Fraction:
    """One formula over another."""

    top: "Formula"
    bottom: "Formula"


Box = Text | Script | Fraction
Formula = tuple[Box, ...]


def number(value: float, role: str = "text", digits: int = 3) -> Text:
    """Signed number, as everywhere in the window.

    Parameters
    ----------
    value : float
    role : str
    digits : int

    Returns
    -------
    Text
    """
    return Text(format_signed(value, digits), role, mono=True)


def partial(of: str, by: str, sub: str = "", role: str = "text") -> Fraction:
    """Derivative ∂of/∂by as a fraction, the denominator with a subscript.

    Parameters
    ----------
    of, by, sub, role : str

    Returns
    -------
    Fraction
    """
    below: Formula = (Text(f"∂{by}", role),) + ((Script(sub=sub, role=role),) if sub else ())
    return Fraction((Text(f"∂{of}", role),), below)


def plain_text(formula: Formula) -> str:
    """Formula on one line of ordinary characters, for screen readers and tests.

    Parameters
    ----------
    formula : tuple of boxes

    Returns
    -------
    str
        Such as "∂L/∂z = p − y".
    """
    parts: list[str] = []
    for box in formula:
        match box:
            case Text():
                parts.append(box.text)
            case Script():
                parts.append((f"_{box.sub}" if box.sub else "") + (f"^{box.sup}" if box.sup else ""))
            case Fraction():
                parts.append(f"{plain_text(box.top)}/{plain_text(box.bottom)}")
    return "".join(parts)


@dataclass(frozen=True)
class Extent:
    """Room of a box: its width, and what stands above and below the base line."""

    width: float
    ascent: float
    descent: float


class Typesetter:
    """Measures and draws boxes in the fonts of a theme.

    Parameters
    ----------
    theme : Theme
    """

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        size, small = theme.base_pt * _SIZE, max(theme.base_pt * _SCRIPT_SIZE, theme.small_pt)
        self._fonts = {
            (False, False): ui_font(theme, size),
            (False, True): ui_font(theme, small),
            (True, False): mono_font(size * 0.95, theme=theme),
            (True, True): mono_font(small, theme=theme),
        }
        self._metrics = {key: QFontMetricsF(font) for key, font in self._fonts.items()}
        self._extents: dict[tuple[Box, bool], Extent] = {}

    @property
    def line_gap(self) -> float:
        """Room between two lines."""
        return self._theme.px(4)

    def extent(self, formula: Sequence[Box], small: bool = False) -> Extent:
        """Room of boxes set side by side."""
        extents = [self._extent(box, small) for box in formula]
        metrics = self._metrics[False, small]
        return Extent(
            sum(each.width for each in extents),
            max((each.ascent for each in extents), default=metrics.ascent()),
            max((each.descent for each in extents), default=metrics.descent()),
        )

    def lines(self, formula: Formula, width: float, indent: float) -> list[Formula]:
        """Break a formula before texts that begin with a blank, so that it fits into a width."""
        pieces = _unbreakable(formula)
        lines: list[Formula] = []
        line: Formula = ()
        for piece in pieces:
            room = width - (indent if lines else 0)
            if line and self.extent(line + piece).width > room:
                lines.append(line)
                line = _without_blank(piece)
            else:
                line = line + piece
        return [*lines, line]

    def draw(
        self, painter: QPainter, formula: Sequence[Box], x: float, base: float, small: bool = False
    ) -> float:
        """Draw boxes side by side on a base line; return where they end."""
        for box in formula:
            self._draw(painter, box, x, base, small)
            x += self._extent(box, small).width
        return x

    def _extent(self, box: Box, small: bool) -> Extent:
        key = (box, small)
        if key not in self._extents:
            if len(self._extents) > _REMEMBERED:
                self._extents.clear()
            self._extents[key] = self._measured(box, small)
        return self._extents[key]

    def _measured(self, box: Box, small: bool) -> Extent:
        match box:
            case Text():
                metrics = self._metrics[box.mono, small]
                return Extent(metrics.horizontalAdvance(box.text), metrics.ascent(), metrics.descent())
            case Script():
                metrics = self._metrics[False, True]
                drop, rise = self._shifts(small)
                width = max(metrics.horizontalAdvance(box.sub), metrics.horizontalAdvance(box.sup))
                return Extent(
                    width + self._theme.px(1),
                    metrics.ascent() + (rise if box.sup else 0.0) - (0.0 if box.sup else drop),
                    metrics.descent() + (drop if box.sub else 0.0),
                )
            case Fraction():
                top, bottom = self.extent(box.top, True), self.extent(box.bottom, True)
                axis, gap = self._axis(small), self._theme.px(2)
                return Extent(
                    max(top.width, bottom.width) + self._theme.px(6),
                    axis + gap + top.ascent + top.descent,
                    bottom.ascent + bottom.descent + gap - axis,
                )

    def _draw(self, painter: QPainter, box: Box, x: float, base: float, small: bool) -> None:
        match box:
            case Text():
                self._write(painter, box.text, box.role, self._fonts[box.mono, small], x, base)
            case Script():
                drop, rise = self._shifts(small)
                font = self._fonts[False, True]
                self._write(painter, box.sub, box.role, font, x, base + drop)
                self._write(painter, box.sup, box.role, font, x, base - rise)
            case Fraction():
                self._draw_fraction(painter, box, x, base, small)

    def _draw_fraction(self, painter: QPainter, box: Fraction, x: float, base: float, small: bool) -> None:
        top, bottom, whole = (
            self.extent(box.top, True),
            self.extent(box.bottom, True),
            self._extent(box, small),
        )
        line, gap, edge = base - self._axis(small), self._theme.px(2), self._theme.px(1)
        middle = x + whole.width / 2
        self.draw(painter, box.top, middle - top.width / 2, line - gap - top.descent, True)
        self.draw(painter, box.bottom, middle - bottom.width / 2, line + gap + bottom.ascent, True)
        painter.setPen(QPen(self._theme.color("text"), max(self._theme.scale, 1.0)))
        painter.drawLine(QPointF(x + edge, line), QPointF(x + whole.width - edge, line))

    def _write(self, painter: QPainter, text: str, role: str, font: QFont, x: float, base: float) -> None:
        if text:
            painter.setFont(font)
            painter.setPen(self._theme.color(role))
            painter.drawText(QPointF(x, base), text)

    def _axis(self, small: bool) -> float:
        """Height of the bar of a fraction above the base line: the middle of a minus sign."""
        return self._metrics[False, small].xHeight() * 0.62

    def _shifts(self, small: bool) -> tuple[float, float]:
        ascent = self._metrics[False, small].ascent()
        return ascent * _SUBSCRIPT_DROP, ascent * _SUPERSCRIPT_RISE


def line_box(extents: Sequence[Extent], x: float, top: float, gap: float) -> QRectF:
    """Rectangle of lines that stand below one another.

    Parameters
    ----------
    extents : sequence of Extent
    x, top, gap : float

    Returns
    -------
    QRectF
    """
    width = max((each.width for each in extents), default=0.0)
    height = sum(each.ascent + each.descent for each in extents) + gap * max(len(extents) - 1, 0)
    return QRectF(x, top, width, height)


def _unbreakable(formula: Formula) -> list[Formula]:
    """Split before each text that begins with a blank."""
    pieces: list[Formula] = []
    for box in formula:
        if pieces and not (isinstance(box, Text) and box.text.startswith(" ")):
            pieces[-1] = (*pieces[-1], box)
        else:
            pieces.append((box,))
    return pieces


def _without_blank(piece: Formula) -> Formula:
    first = piece[0]
    if isinstance(first, Text):
        return (Text(first.text.lstrip(" "), first.role, first.mono), *piece[1:])
    return piece
