"""The one stylesheet of the application, made from `style.qss` and the tokens of a theme."""

import re
from dataclasses import fields
from pathlib import Path

from PySide6.QtCore import QTemporaryDir
from PySide6.QtGui import QColor

from cnnviz.errors import CNNVizError
from ui.theme.fonts import mono_font
from ui.theme.tokens import Theme

TEMPLATE = Path(__file__).with_name("style.qss")
_DAMAGED = (
    "The look of the window is missing or damaged; restore the file ui/theme/style.qss from the program's "
    "repository."
)

#: Arrows and ticks of controls, as SVG paths in a box of 16 x 16. QSS can only load them from a file.
_MARKS = {
    "chevron_down": "M4 6.25l4 4 4-4",
    "chevron_up": "M4 9.75l4-4 4 4",
    "chevron_left": "M9.75 4l-4 4 4 4",
    "chevron_right": "M6.25 4l4 4-4 4",
    "tick": "M3.5 8.5l3 3 6-7",
    "dot": "M8 8h.01",
}


def mix(first: str, second: str, share: float) -> str:
    """Blend of two colours.

    Parameters
    ----------
    first, second : str
        ``#RRGGBB``.
    share : float
        Part of `second`, 0 to 1.

    Returns
    -------
    str
        ``#rrggbb``.
    """
    a, b = QColor(first), QColor(second)
    parts = zip((a.red(), a.green(), a.blue()), (b.red(), b.green(), b.blue()), strict=True)
    return QColor(*(round(x + (y - x) * share) for x, y in parts)).name()


class StylesheetWriter:
    """Fills in the template; keeps the little pictures it refers to in a private temporary folder."""

    def __init__(self) -> None:
        try:
            self._template = TEMPLATE.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CNNVizError(_DAMAGED) from error
        self._folder = QTemporaryDir()

    def write(self, theme: Theme) -> str:
        """Stylesheet of a theme.

        In the template ``@name`` stands for a token, ``@name.color`` for the path of a mark in that colour;
        lengths in px are those at scale 1.

        Parameters
        ----------
        theme : Theme

        Returns
        -------
        str
            QSS.
        """
        tokens = {field.name: str(getattr(theme, field.name)) for field in fields(theme)}
        tokens |= {
            "disabled": mix(theme.muted, theme.surface, 0.45),
            "accent_disabled": mix(theme.accent, theme.surface, 0.6),
            "handle": mix(theme.border, theme.muted, 0.35),
            "mono_family": mono_font().family(),
            "base_pt": f"{theme.base_pt:g}pt",
            "small_pt": f"{theme.small_pt:g}pt",
            "heading_pt": f"{theme.base_pt * 1.3:g}pt",
        }

        def fill(match: re.Match[str]) -> str:
            name, color = match.group(1), match.group(2)
            if (color or name) not in tokens or (color and name not in _MARKS):
                raise CNNVizError(_DAMAGED)
            return self._mark(name, tokens[color]) if color else tokens[name]

        text = re.sub(r"/\*.*?\*/", "", self._template, flags=re.DOTALL)
        text = re.sub(r"(\d+)px", lambda match: f"{theme.px(int(match.group(1)))}px", text)
        return re.sub(r"@(\w+)(?:\.(\w+))?", fill, text)

    def _mark(self, name: str, color: str) -> str:
        """Path of the picture of a mark; a new name for each colour, because Qt keeps pictures by name."""
        path = Path(self._folder.path()) / f"{name}-{color.lstrip('#')}.svg"
        if not path.exists():
            width = 3.5 if name == "dot" else 1.6
            path.write_text(
                '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16">'
                f'<path d="{_MARKS[name]}" fill="none" stroke="{color}" stroke-width="{width}" '
                'stroke-linecap="round" stroke-linejoin="round"/></svg>',
                encoding="utf-8",
            )
        return path.as_posix()
