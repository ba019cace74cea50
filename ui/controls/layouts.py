"""Rows and columns of widgets, and lengths that follow the scale."""

from collections.abc import Callable
from typing import Any, cast

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QBoxLayout, QLayout, QWidget

from ui.theme import Theme, follow_theme

#: Greatest width and height that Qt knows: no limit. PySide6 does not export its QWIDGETSIZE_MAX.
UNLIMITED = 16_777_215

Part = QWidget | QLayout | tuple[QWidget | QLayout, int] | int


def fill[Box: QBoxLayout](
    layout: Box, *parts: Part, spacing: int | None = None, margins: tuple[int, ...] = (0, 0, 0, 0)
) -> Box:
    """Put parts into a row or a column, and return it.

    * `*parts`: in their order. A part with a stretch takes what the others leave; a number by
      itself is empty room of that stretch.
    * `spacing`: between the parts, in pixels at scale 1; as the style has it when None.
    * `margins`: at the left, above, at the right and below, in pixels at scale 1.
    """
    scaled(layout.setContentsMargins, *margins)
    if spacing is not None:
        scaled(layout.setSpacing, spacing)
    for each in parts:
        if isinstance(each, int):
            layout.addStretch(each)
            continue
        part, stretch = each if isinstance(each, tuple) else (each, 0)
        if isinstance(part, QWidget):
            layout.addWidget(part, stretch)
        else:
            layout.addLayout(part, stretch)
    return layout


def scaled(setter: Callable[..., object], *lengths: int) -> None:
    """Call a setter of a widget or a layout with pixels at scale 1, now and whenever the scale changes."""
    if any(lengths):
        _Scaled(setter, lengths)
    else:
        setter(*lengths)


class _Scaled(QObject):
    """Goes with the object whose setter it calls."""

    def __init__(self, setter: Callable[..., object], lengths: tuple[int, ...]) -> None:
        super().__init__(cast(Any, setter).__self__)
        self._setter, self._lengths = cast(Any, setter).__name__, lengths
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale."""
        getattr(self.parent(), self._setter)(*map(theme.px, self._lengths))
