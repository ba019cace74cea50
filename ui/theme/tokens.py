"""The look of the program with the colours of Qt, and its fonts, the same on every machine."""

import logging
import math
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import override

from PySide6.QtGui import QColor, QFont, QFontDatabase

from cnnviz.bundled import bundled
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
        """Colour of a role, as a new QColor."""
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


FONT_FOLDER = bundled("fonts")

_log = logging.getLogger(__name__)


def load_fonts(folder: Path = FONT_FOLDER) -> None:
    """Register the font files of a folder with Qt.

    * `folder`: searched with its sub-folders for ``.ttf`` and ``.otf`` files. May be missing: then
      the fonts of the system serve. The program's own have TrueType outlines: Qt thickens those of CFF
      fonts, which makes light text on a dark ground look bold.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".ttf", ".otf"})
    for path in files:
        if QFontDatabase.addApplicationFont(str(path)) < 0:
            _log.warning("The font file %s could not be read; a system font is used instead.", path.name)
    _family.cache_clear()
    _number_font.cache_clear()


@cache
def _family(kind: str) -> str:
    """The program's own family of a kind, "ui" or "mono", or that of the system where it is missing."""
    own = "JetBrains Mono" if kind == "mono" else "Inter"
    if own in QFontDatabase.families():
        return own
    system = QFontDatabase.SystemFont.FixedFont if kind == "mono" else QFontDatabase.SystemFont.GeneralFont
    return QFontDatabase.systemFont(system).family()


def ui_font(
    theme: Theme = LIGHT, size: float | None = None, weight: QFont.Weight = QFont.Weight.Normal
) -> QFont:
    """Interface font, in points, never below 9; in the base size of the theme when None."""
    font = QFont(_family("ui"))
    font.setPointSizeF(max(theme.base_pt if size is None else size, 9.0))
    font.setWeight(weight)
    return font


def mono_font(
    size: float | None = None, weight: QFont.Weight = QFont.Weight.Normal, theme: Theme = LIGHT
) -> QFont:
    """Font for numbers, whose figures have one width; in points, in the small size of `theme` if None."""
    return QFont(_number_font(max(theme.small_pt if size is None else size, 9.0), weight))


@cache
def _number_font(size: float, weight: QFont.Weight) -> QFont:
    font = QFont(_family("mono"))
    font.setStyleHint(QFont.StyleHint.Monospace)
    font.setFixedPitch(True)
    font.setPointSizeF(size)
    font.setWeight(weight)
    for tag in ("calt", "liga"):
        font.setFeature(QFont.Tag.fromString(tag), 0)
    return font
