"""Formulas of lab files, as the boxes that the window sets."""

from cnnviz.report.mathematics import Cases, Frac, Node, Norm, Prime, Sub, Sum, Text
from ui.controls import formula_boxes as boxes

_SPACES = {"~": " ", "~~": "   "}
#: Signs that stand with room on both sides, before which a long formula may be broken.
_RELATIONS = frozenset("=≈<>≤≥∈→")
_OPERATORS = frozenset("+−·×")


def boxes_of(node: Node) -> boxes.Formula:
    """Return what a formula is set from."""
    match node:
        case str():
            return tuple(box for sign in node.split() for box in _sign_boxes(sign))
        case tuple():
            return tuple(box for each in node for box in boxes_of(each))
        case Text(words):
            return (boxes.Text(f"\u2009{words}\u2009"),)  # no blank: a line is not broken there
        case Sub(base, index):
            return (*boxes_of(base), boxes.Script(sub=_line(index)))
        case Prime(base):
            return (*boxes_of(base), boxes.Text("′"))
        case Frac(top, bottom):
            return (boxes.Fraction(boxes_of(top), boxes_of(bottom)),)
        case Sum(over):
            return (boxes.Text(" ∑"), boxes.Script(sub=_line(over)), boxes.Text(" "))
        case Norm(inside):
            return (boxes.Text("‖"), *boxes_of(inside), boxes.Text("‖"))
        case Cases(rows):
            parts = [f"{_line(value)} ({_line(when)})" for value, when in rows]
            return (boxes.Text("; ".join(parts)),)


def _sign_boxes(sign: str) -> boxes.Formula:
    if sign == ",":  # after which a long formula may be broken
        return boxes.Text(","), boxes.Text(" ")
    if sign in _SPACES:
        return (boxes.Text(_SPACES[sign]),)
    if sign in _RELATIONS or sign in _OPERATORS:
        return (boxes.Text(f" {sign} "),)
    return (boxes.Text(f"{sign} " if sign == "log" else sign),)


def _line(node: Node) -> str:
    """Return a formula on one line and close together, for an index."""
    words = " ".join(boxes.plain_text(boxes_of(node)).split())
    for sign in _OPERATORS:
        words = words.replace(f" {sign} ", sign)
    return words.replace(" , ", ", ")
