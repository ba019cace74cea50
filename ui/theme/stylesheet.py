"""The one stylesheet of the application, made from `style.qss` and the tokens of a theme."""

import re
from dataclasses import fields

from PySide6.QtGui import QColor

from cnnviz.bundled import bundled, restore
from cnnviz.errors import CNNVizError
from ui.theme.fonts import mono_font
from ui.theme.marks import MARKS, mark_path
from ui.theme.tokens import Theme

TEMPLATE = bundled("style.qss")
_DAMAGED = f"The look of the window is missing or damaged; {restore('style.qss')}."


def mix(first: str, second: str, share: float) -> str:
    """Blend of two colours.

    * `first`, `second`: ``#RRGGBB``.
    * `share`: part of `second`, 0 to 1.
    * Returns: ``#rrggbb``.
    """
    a, b = QColor(first), QColor(second)
    parts = zip((a.red(), a.green(), a.blue()), (b.red(), b.green(), b.blue()), strict=True)
    return QColor(*(round(x + (y - x) * share) for x, y in parts)).name()


class StylesheetWriter:
    """Fills in the template."""

    def __init__(self) -> None:
        try:
            self._template = TEMPLATE.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CNNVizError(_DAMAGED) from error

    def write(self, theme: Theme) -> str:
        """Stylesheet of a theme.

        In the template ``@name`` stands for a token, ``@name.color`` for the path of a mark in that colour;
        lengths in px are those at scale 1.

        * Returns: QSS.
        """
        tokens = {field.name: str(getattr(theme, field.name)) for field in fields(theme)}
        tokens |= {
            "disabled": mix(theme.muted, theme.surface, 0.45),
            "handle": mix(theme.border, theme.muted, 0.35),
            "mono_family": mono_font().family(),
            "small_pt": f"{theme.small_pt:g}pt",
            "heading_pt": f"{theme.base_pt * 1.3:g}pt",
        }

        def fill(match: re.Match[str]) -> str:
            name, color = match.group(1), match.group(2)
            if (color or name) not in tokens or (color and name not in MARKS):
                raise CNNVizError(_DAMAGED)
            return mark_path(name, tokens[color]) if color else tokens[name]

        text = re.sub(r"/\*.*?\*/", "", self._template, flags=re.DOTALL)
        text = re.sub(r"(\d+)px", lambda match: f"{theme.px(int(match.group(1)))}px", text)
        return re.sub(r"@(\w+)(?:\.(\w+))?", fill, text)
