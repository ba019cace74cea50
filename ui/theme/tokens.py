"""The look of the program with the colours of Qt."""

import math
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import override

from PySide6.QtGui import QColor

from cnnviz.drawing import look

#: Enlargements of everything: the usual size, and what larger ones there are to choose.
SCALES = (1.0, 1.35, 1.6, 2.0)
#: Of the height of a projection, what the smallest text takes, and what a digit in a cell takes at least.
_READABLE = 0.022
#: Width, in pixels at scale 1, that panels want.
_PANEL_WIDTH = 940
#: Smallest numbers in cells of a projection, in pixels at scale 1: their digits have 0.73 of it.
_DIGITS = 17


@dataclass(frozen=True, eq=False)
class Theme(look.Look):
    """A `Look` that widgets can paint with."""

    @override
    def px(self, length: float) -> int:
        return max(round(length * self.scale), 1) if length > 0 else 0

    def color(self, role: str, alpha: float = 1.0) -> QColor:
        """Colour of a role, as a new QColor.

        * Raises AttributeError: if there is no such role.
        """
        color = QColor(getattr(self, role))
        color.setAlphaF(alpha)
        return color


def _theme(of: look.Look) -> Theme:
    return Theme(**{each.name: getattr(of, each.name) for each in fields(of)})


LIGHT, DARK, PRINT = _theme(look.LIGHT), _theme(look.DARK), _theme(look.PRINT)


@cache
def scaled(theme: Theme, scale: float, *, projects: bool = False) -> Theme:
    """The same theme at another scale, or for a projection of that scale: one object for each."""
    if projects:
        return replace(theme, scale=scale, digits=_DIGITS)
    return theme if scale == theme.scale else replace(theme, scale=scale)


def projected(width: int, height: int) -> float:
    """Scale at which all can be read from the last row, on a screen of so many pixels."""
    small = LIGHT.font("small").size
    return max(min(math.ceil(_READABLE * height), math.floor(width / _PANEL_WIDTH * small)) / small, 1.0)
