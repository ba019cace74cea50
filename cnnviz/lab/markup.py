"""The text of a lab step: paragraphs, lists, formulas and figures, and nothing that could run.

    An ordinary paragraph, with **strong words** and `names as typed`.

    * an entry of a list
    * another one

    $$ p_{i j} = frac{1}{4} sum_{a b} z_{2i+a 2j+b} $$

    $$ :relative-change $$

    ![What is to be seen](figure.png)

An empty line ends a part. A formula is one of `EQUATIONS` by name, or written like this:

    frac{∂ L}{∂ w_{a b}} = sum_{i j} frac{∂ L}{∂ z_{i j}} x_{i+a j+b}

Letters, numbers and signs stand with blanks between them where that makes no difference; ``_`` sets an index;
``frac``, ``sum`` and ``norm`` are the only words with a meaning, others are set upright, as text.
Only signs that mean themselves in every language are let through, so that no formula can be a program.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from cnnviz.errors import ParameterError
from cnnviz.mathematics import Equation, Frac, Node, Norm, Sub, Sum, Text
from cnnviz.report import equations

_SPAN = re.compile(r"\*\*(.+?)\*\*|`([^`]+)`")
_FIGURE = re.compile(r"!\[([^\]]*)\]\(([^)]*)\)")
FIGURE_NAME = r"[A-Za-z0-9][A-Za-z0-9 _-]{0,80}\.(?:png|jpg)"
"""What the name of a figure file looks like, as a regular expression."""

EQUATIONS: Mapping[str, Equation] = {
    "loss": equations.LOSS,
    "relative-change": equations.RELATIVE_CHANGE,
    "difference": equations.DIFFERENCE,
}
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


@lru_cache(256)
def parse_text(text: str) -> tuple[Block, ...]:
    """Return the parts of a text, or raise `ParameterError` with what is wrong, to follow a colon."""
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
                f"the figure {figure[2]!r} is no name of a PNG or JPG file in the folder of the lab"
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
    parts = _SPAN.split(" ".join(text.split()))  # what is between the groups, then each group, and so on
    styles = ("", "strong", "code")
    return tuple(Span(each, styles[place % 3]) for place, each in enumerate(parts) if each)


def _plain(spans: Spans) -> str:
    return "".join(span.text for span in spans)


_LONGEST = 300
_DEEPEST = 8
_SIGNS = "+−-=≈<>≤≥·×∂∑ΣεσφδλμηθαβγΔ∞→′∈()[],.:|/*"
_TOKEN = re.compile(rf"\s+|[A-Za-z]+|\d+(?:\.\d+)?|[{re.escape(_SIGNS)}]|[_{{}}]")
_CLOSING = {")": "(", "]": "["}
_TYPED = {"-": "−", "*": "·"}


def parse_formula(text: str) -> Equation:
    """Return the formula that a text describes, or raise `ParameterError`, to follow "because"."""
    if len(text) > _LONGEST:
        raise ParameterError(f"a formula has at most {_LONGEST} letters")
    if odd := _TOKEN.sub("", text):
        raise ParameterError(f"the sign {odd[0]!r} has no meaning in a formula")
    parser = _Parser([each for each in _TOKEN.findall(text) if not each.isspace()])
    node = parser.row(0)
    if parser.tokens:
        raise ParameterError("a } in it closes nothing")
    if node == ():
        raise ParameterError("it is empty")
    return Equation(" ".join(text.split()), node)


class _Parser:
    """Reads tokens from the front."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens

    def row(self, depth: int, *, inside_frac: bool = False) -> Node:
        """Read until the end or the brace that closes this row; other brackets are closed inside it."""
        if depth > _DEEPEST:
            raise ParameterError("its braces are nested too deeply")
        nodes: list[Node] = []
        open_brackets = ""
        while self.tokens and self.tokens[0] != "}":
            token = self.tokens[0]
            if token in _CLOSING.values():
                open_brackets += token
            elif token in _CLOSING:
                if not open_brackets.endswith(_CLOSING[token]):
                    raise ParameterError(f"a {token} in it closes nothing")
                open_brackets = open_brackets[:-1]
            elif token == "," and inside_frac and not open_brackets:
                raise ParameterError("a comma in frac or norm stands outside of ( )")
            nodes.append(self._item(depth))
        if open_brackets:
            raise ParameterError(f"a {open_brackets[-1]} in it is not closed")
        return nodes[0] if len(nodes) == 1 else tuple(nodes)

    def _item(self, depth: int) -> Node:
        token = self.tokens.pop(0)
        if token in ("_", "{"):
            raise ParameterError(f"{token} in it follows nothing that could have an index")
        if token == "frac":
            return Frac(self._group(depth, inside_frac=True), self._group(depth, inside_frac=True))
        if token == "norm":
            return Norm(self._group(depth, inside_frac=True))
        index = self._index(depth)
        if token == "sum":
            return Sum(() if index is None else index)
        base = _sign(token)
        return base if index is None else Sub(base, index)

    def _index(self, depth: int) -> Node | None:
        if not self.tokens or self.tokens[0] != "_":
            return None
        self.tokens.pop(0)
        if self.tokens and self.tokens[0] not in ("{", "}", "_"):
            return _sign(self.tokens.pop(0))
        return self._group(depth)

    def _group(self, depth: int, *, inside_frac: bool = False) -> Node:
        if not self.tokens or self.tokens.pop(0) != "{":
            raise ParameterError("{ is missing in it, after frac, norm or _")
        node = self.row(depth + 1, inside_frac=inside_frac)
        if not self.tokens or self.tokens.pop(0) != "}":
            raise ParameterError("a { in it is not closed")
        return node


def _sign(token: str) -> Node:
    return (
        _TYPED.get(token, token) if len(token) == 1 or not token.isalpha() or token == "log" else Text(token)
    )
