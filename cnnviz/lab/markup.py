"""The text of a lab step: paragraphs, lists, formulas and figures, and nothing that could run.

    An ordinary paragraph, with **strong words** and `names as typed`.

    * an entry of a list
    * another one

    $$ p_{i j} = frac{1}{4} sum_{a b} z_{2i+a 2j+b} $$

    $$ :relative-change $$

    ![What is to be seen](figure.png)

An empty line ends a part. A formula is one of `EQUATIONS` by name, or in the language of
`cnnviz.lab.formulas`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cnnviz.errors import ParameterError
from cnnviz.lab.formulas import parse_formula
from cnnviz.report import equations
from cnnviz.report.equations import Equation

_SPAN = re.compile(r"\*\*(.+?)\*\*|`([^`]+)`")
_FIGURE = re.compile(r"!\[([^\]]*)\]\(([^)]*)\)")
FIGURE_NAME = r"[A-Za-z0-9][A-Za-z0-9 _-]{0,80}\.(?:png|jpg|svg)"
"""What the name of a figure file looks like, as a regular expression."""

EQUATIONS: Mapping[str, Equation] = MappingProxyType(
    {
        "loss": equations.LOSS,
        "relative-change": equations.RELATIVE_CHANGE,
        "difference": equations.DIFFERENCE,
    }
)
"""Equations of the report that a lab can quote."""


@dataclass(frozen=True, slots=True)
class Span:
    """Words of one style: "", "strong" or "code"."""

    text: str
    style: str = ""


type Spans = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph."""

    spans: Spans


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list."""

    items: tuple[Spans, ...]


@dataclass(frozen=True, slots=True)
class FormulaLine:
    """A formula on a line of its own."""

    equation: Equation


@dataclass(frozen=True, slots=True)
class FigureFile:
    """A figure that lies beside the lab file."""

    name: str
    caption: str


type Block = Paragraph | Bullets | FormulaLine | FigureFile


def parse_text(text: str) -> tuple[Block, ...]:
    """Return the parts of a text.

    * Raises ParameterError: if a formula or the name of a figure is wrong; the text says what and
      where, to follow a colon.
    """
    parts = re.split(r"\n[ \t]*\n", text.strip())
    return tuple(_block(part.strip()) for part in parts if part.strip())


def plain_text(blocks: tuple[Block, ...]) -> str:
    """Return the words alone, a part on each line, for screen readers and searches."""
    lines: list[str] = []
    for block in blocks:
        match block:
            case Paragraph(spans):
                lines.append(_plain(spans))
            case Bullets(items):
                lines += [_plain(spans) for spans in items]
            case FormulaLine(equation):
                lines.append(equation.words)
            case FigureFile(_, caption):
                lines.append(caption)
    return "\n".join(lines)


def _block(part: str) -> Block:
    if part.startswith("$$"):
        return FormulaLine(_formula(part))
    figure = _FIGURE.fullmatch(part)
    if figure:
        if not re.fullmatch(FIGURE_NAME, figure[2]):
            raise ParameterError(
                f"the figure {figure[2]!r} is no name of a PNG, JPG or SVG file in the folder of the lab"
            )
        return FigureFile(figure[2], figure[1])
    if part.startswith("* "):
        items = re.split(r"\n[ \t]*\* ", part.removeprefix("* "))
        return Bullets(tuple(_spans(item) for item in items))
    return Paragraph(_spans(part))


def _formula(part: str) -> Equation:
    inside = part.removeprefix("$$")
    if not inside.endswith("$$"):
        raise ParameterError("a formula that begins with $$ does not end with $$ before the empty line")
    inside = inside.removesuffix("$$").strip()
    if inside.startswith(":"):
        named = EQUATIONS.get(inside[1:])
        if named is None:
            raise ParameterError(f"there is no equation {inside[1:]!r}; there are {', '.join(EQUATIONS)}")
        return named
    try:
        return parse_formula(inside)
    except ParameterError as error:
        raise ParameterError(f"the formula {inside!r} cannot be read because {error}") from error


def _spans(text: str) -> Spans:
    """Return the words of a paragraph; a single line break counts as a blank."""
    text = " ".join(text.split())
    spans: list[Span] = []
    position = 0
    for found in _SPAN.finditer(text):
        spans.append(Span(text[position : found.start()]))
        spans.append(Span(found[1], "strong") if found[1] else Span(found[2], "code"))
        position = found.end()
    spans.append(Span(text[position:]))
    return tuple(span for span in spans if span.text)


def _plain(spans: Spans) -> str:
    return "".join(span.text for span in spans)
