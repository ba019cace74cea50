"""Formulas as trees, each written once, in the three languages that the files of a report need.

A text is a row of signs with blanks between them, such as ``"p = − log x"``; ``~`` is a thin space, ``~~`` a
wide one. Everything else is built from the nodes below.
"""

from dataclasses import dataclass
from html import escape

#: What a sign is called in Typst and in LaTeX, where that is not itself.
_SIGNS = {
    "∂": ("partial", r"\partial"),
    "φ": ("phi", r"\varphi"),
    "ε": ("epsilon", r"\varepsilon"),
    "−": ("-", "-"),
    "≈": ("approx", r"\approx"),
    "log": ("log", r"\log"),
    "~": ("thin", r"\,"),
    "~~": ("quad", r"\qquad"),
}
_SPACES = {"~": "0.17em", "~~": "1.5em"}


@dataclass(frozen=True, slots=True)
class Text:
    """Ordinary words inside a formula."""

    words: str


@dataclass(frozen=True, slots=True)
class Sub:
    """A base with an index below it."""

    base: "Node"
    index: "Node"


@dataclass(frozen=True, slots=True)
class Prime:
    """A base with a prime."""

    base: "Node"


@dataclass(frozen=True, slots=True)
class Frac:
    """One formula over another."""

    top: "Node"
    bottom: "Node"


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum over what stands below it."""

    over: "Node"


@dataclass(frozen=True, slots=True)
class Norm:
    """The length of a vector."""

    inside: "Node"


@dataclass(frozen=True, slots=True)
class Cases:
    """Values one below the other, each with its condition."""

    rows: tuple[tuple["Node", "Node"], ...]


Node = str | tuple["Node", ...] | Text | Sub | Prime | Frac | Sum | Norm | Cases


def partial(of: Node, by: Node) -> Frac:
    """Derivative ∂of/∂by."""
    return Frac(("∂", of), ("∂", by))


def typst(node: Node) -> str:
    """Write a formula for the PDF."""
    match node:
        case str():
            return " ".join(_SIGNS.get(sign, (sign,))[0] for sign in node.split())
        case tuple():
            return " ".join(map(typst, node))
        case Text(words):
            return f'"{words}"'
        case Sub(base, index):
            return f"{typst(base)}_({typst(index)})"
        case Prime(base):
            return f"{typst(base)}'"
        case Frac(top, bottom):
            return f"frac({typst(top)}, {typst(bottom)})"
        case Sum(over):
            return f"sum_({typst(over)})"
        case Norm(inside):
            return f"norm({typst(inside)})"
        case Cases(rows):
            lines = (f"display({typst(value)}) quad &{typst(when)}" for value, when in rows)
            return f"cases({', '.join(lines)})"


def latex(node: Node) -> str:
    """Write a formula for Markdown."""
    match node:
        case str():
            return " ".join(_SIGNS.get(sign, ("", sign))[1] for sign in node.split())
        case tuple():
            return " ".join(map(latex, node))
        case Text(words):
            return rf"\text{{{words}}}"
        case Sub(base, index):
            return f"{latex(base)}_{{{latex(index)}}}"
        case Prime(base):
            return f"{latex(base)}'"
        case Frac(top, bottom):
            return rf"\frac{{{latex(top)}}}{{{latex(bottom)}}}"
        case Sum(over):
            return rf"\sum_{{{latex(over)}}}"
        case Norm(inside):
            return rf"\lVert {latex(inside)} \rVert"
        case Cases(rows):
            lines = r" \\ ".join(rf"\displaystyle {latex(value)} & {latex(when)}" for value, when in rows)
            return rf"\begin{{cases}} {lines} \end{{cases}}"


def mathml(node: Node) -> str:
    """Write a formula for HTML."""
    match node:
        case str():
            signs = [_sign(sign) for sign in node.split()]
            return signs[0] if len(signs) == 1 else f"<mrow>{''.join(signs)}</mrow>"
        case tuple():
            return f"<mrow>{''.join(map(mathml, node))}</mrow>"
        case Text(words):
            # Blanks at the edges would be lost.
            return f"<mtext>{escape(words).replace(' ', chr(0xA0))}</mtext>"
        case Sub(base, index):
            return f"<msub>{mathml(base)}{mathml(index)}</msub>"
        case Prime(base):
            return f"<msup>{mathml(base)}<mo>′</mo></msup>"
        case Frac(top, bottom):
            return f"<mfrac>{mathml(top)}{mathml(bottom)}</mfrac>"
        case Sum(over):
            return f"<munder><mo>∑</mo>{mathml(over)}</munder>"
        case Norm(inside):
            return f"<mrow><mo>‖</mo>{mathml(inside)}<mo>‖</mo></mrow>"
        case Cases(rows):
            lines = "".join(
                f"<mtr><mtd>{mathml(value)}</mtd><mtd>{mathml(when)}</mtd></mtr>" for value, when in rows
            )
            # Braces grow only where there is a font for mathematics.
            brace = "<mo stretchy='false' style='font-size: 280%'>{</mo>"
            return (
                f"<mrow><mpadded voffset='-0.3em'>{brace}</mpadded>"
                f"<mtable displaystyle='true'>{lines}</mtable></mrow>"
            )


def _sign(sign: str) -> str:
    if sign in _SPACES:
        return f"<mspace width='{_SPACES[sign]}'/>"
    if sign.isdigit():
        return f"<mn>{sign}</mn>"
    return f"<mi>{sign}</mi>" if sign.isalpha() and sign != "∂" else f"<mo>{escape(sign)}</mo>"
