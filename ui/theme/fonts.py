"""Interface and number fonts, bundled so that every machine and every export looks alike."""

import logging
from functools import cache
from pathlib import Path

from PySide6.QtGui import QFont, QFontDatabase

from cnnviz.bundled import bundled
from ui.theme.tokens import LIGHT, Theme

FONT_FOLDER = bundled("fonts")

_log = logging.getLogger(__name__)


def load_fonts(folder: Path = FONT_FOLDER) -> list[str]:
    """Register the font files of a folder with Qt.

    * `folder`: searched with its sub-folders for ``.ttf`` and ``.otf`` files. May be missing: then
      the fonts of the system serve. The program's own have TrueType outlines: Qt thickens those of CFF
      fonts, which makes light text on a dark ground look bold.
    * Returns: names of the families that are now available.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".ttf", ".otf"})
    families: list[str] = []
    for path in files:
        number = QFontDatabase.addApplicationFont(str(path))
        if number < 0:
            _log.warning("The font file %s could not be read; a system font is used instead.", path.name)
            continue
        families += [name for name in QFontDatabase.applicationFontFamilies(number) if name not in families]
    _family.cache_clear()
    _number_font.cache_clear()
    return families


@cache
def _family(kind: str) -> str:
    """First installed family of a kind, "ui" or "mono"."""
    wanted = {
        "ui": ("Inter", "Inter Display", "Segoe UI", "SF Pro Text", "Noto Sans", "DejaVu Sans"),
        "mono": (
            "JetBrains Mono",
            "JetBrains Mono NL",
            "SF Mono",
            "Cascadia Mono",
            "Noto Sans Mono",
            "DejaVu Sans Mono",
        ),
    }
    installed = set(QFontDatabase.families())
    for name in wanted[kind]:
        if name in installed:
            return name
    system = QFontDatabase.SystemFont.FixedFont if kind == "mono" else QFontDatabase.SystemFont.GeneralFont
    return QFontDatabase.systemFont(system).family()


def ui_font(
    theme: Theme = LIGHT, size: float | None = None, weight: QFont.Weight = QFont.Weight.Normal
) -> QFont:
    """Interface font.

    * `theme`: gives the scale when `size` is None.
    * `size`: size in points; the base size of the theme when None. Never below 9.
    """
    font = QFont(_family("ui"))
    font.setPointSizeF(max(theme.base_pt if size is None else size, 9.0))
    font.setWeight(weight)
    return font


def mono_font(
    size: float | None = None, weight: QFont.Weight = QFont.Weight.Normal, theme: Theme = LIGHT
) -> QFont:
    """Font for numbers: all figures have the same width, and no ligatures join them.

    * `size`: size in points; the small size of `theme` when None. Never below 9.
    """
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
