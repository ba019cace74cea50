"""The look of the program with the colours of Qt."""

from dataclasses import dataclass, fields, replace
from functools import cache
from typing import override

from PySide6.QtGui import QColor

from cnnviz.drawing import look

#: Enlargements of everything: the usual size, and the steps of presenter mode for a projector. With the last
#: the smallest text takes 2.2 % of the height of a screen of 1080 lines, with 1.35 of 720 lines.
SCALES = (1.0, 1.35, 1.6, 2.0)


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
def scaled(theme: Theme, scale: float) -> Theme:
    """The same theme at another scale: one object for each."""
    return theme if scale == theme.scale else replace(theme, scale=scale)
