"""The one stylesheet of the application, its arrows and ticks; palette and pens where it does not reach."""

import re
import struct
from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QResource, Qt
from PySide6.QtGui import QColor, QPalette, QPen

from cnnviz.bundled import bundled, restore
from cnnviz.errors import CNNVizError
from ui.theme.tokens import Theme, mono_font

if TYPE_CHECKING:
    import pyqtgraph as pg  # at run time the frame of the window appears before it is loaded

TEMPLATE = bundled("style.qss")
_DAMAGED = f"The look of the window is missing or damaged; {restore('style.qss')}."


@cache
def _template() -> str:
    try:
        return TEMPLATE.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CNNVizError(_DAMAGED) from error


def make_stylesheet(theme: Theme) -> str:
    """Stylesheet of a theme, as QSS.

    In the template ``@name`` stands for a token, ``@name.color`` for the path of a mark in that colour;
    lengths in px are those at scale 1.
    """
    tokens = {field.name: str(getattr(theme, field.name)) for field in fields(theme)}
    tokens |= {
        "disabled": theme.mixed("muted", "surface", 0.45),
        "handle": theme.mixed("border", "muted", 0.35),
        "mono_family": mono_font().family(),
        "small_pt": f"{theme.small_pt:g}pt",
        "heading_pt": f"{theme.base_pt * 1.3:g}pt",
    }

    def fill(match: re.Match[str]) -> str:
        name, color = match.group(1), match.group(2)
        if (color or name) not in tokens or (color and name not in MARKS):
            raise CNNVizError(_DAMAGED)
        return mark_path(name, tokens[color]) if color else tokens[name]

    text = re.sub(r"/\*.*?\*/", "", _template(), flags=re.DOTALL)
    text = re.sub(r"(\d+)px", lambda match: f"{theme.px(int(match.group(1)))}px", text)
    return re.sub(r"@(\w+)(?:\.(\w+))?", fill, text)


#: SVG paths in a box of 16 x 16.
MARKS = {
    "chevron_down": "M4 6.25l4 4 4-4",
    "chevron_up": "M4 9.75l4-4 4 4",
    "chevron_left": "M9.75 4l-4 4 4 4",
    "chevron_right": "M6.25 4l4 4-4 4",
    "tick": "M3.5 8.5l3 3 6-7",
    "dot": "M8 8h.01",
}

#: What has been registered: Qt reads from these very bytes for as long as the program runs.
_bundles: dict[str, bytes] = {}


def mark_path(name: str, color: str) -> str:
    """Path of the picture of a mark; another name for each colour, because Qt keeps pictures by name."""
    file = f"{name}-{color.lstrip('#')}.svg"
    path = f":/marks/{file}"
    if path not in _bundles:
        width = 3.5 if name == "dot" else 1.6
        svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16">'
            f'<path d="{MARKS[name]}" fill="none" stroke="{color}" stroke-width="{width}" '
            'stroke-linecap="round" stroke-linejoin="round"/></svg>'
        )
        _bundles[path] = _bundle(file, svg.encode())
        QResource.registerResourceData(_bundles[path], "/marks")
    return path


def _bundle(name: str, content: bytes) -> bytes:
    """Resource file, version 1, as Qt's `rcc` writes it, with one uncompressed file at its root."""
    letters = name.encode("utf-16-be")
    head = 20
    names = struct.pack(">HI", len(name), _hash(name)) + letters
    data = struct.pack(">I", len(content)) + content
    # A node is the place of its name and its flags. 2 stands for a folder: number and first of its nodes
    # follow; of a file, country, language (1 is the C locale) and the place of its data.
    tree = struct.pack(">IHII", 0, 2, 1, 1) + struct.pack(">IHHHI", 0, 0, 0, 1, 0)
    at_names, at_data = head, head + len(names)
    return struct.pack(">4sIIII", b"qres", 1, at_data + len(data), at_data, at_names) + names + data + tree


def _hash(name: str) -> int:
    """Qt's old string hash, by which nodes of a resource are found."""
    value = 0
    for letter in name:
        value = (value << 4) + ord(letter)
        value = (value ^ ((value & 0xF0000000) >> 23)) & 0x0FFFFFFF
    return value


def make_palette(theme: Theme) -> QPalette:
    """Palette with every role that Fusion reads set from the tokens."""
    role = QPalette.ColorRole
    colors = {
        "window": (role.Window, role.Shadow),
        "surface": (role.Base, role.Button, role.ToolTipBase),
        "text": (role.WindowText, role.Text, role.ButtonText, role.ToolTipText),
        "muted": (role.PlaceholderText,),
        "hover": (role.AlternateBase, role.Light, role.Midlight),
        "border": (role.Mid, role.Dark),
        "accent": (role.Highlight, role.Accent, role.Link, role.LinkVisited),
        "on_accent": (role.HighlightedText,),
        "danger": (role.BrightText,),
    }
    palette = QPalette()
    for name, roles in colors.items():
        for each in roles:
            palette.setColor(each, theme.color(name))
    group = QPalette.ColorGroup.Disabled
    for key in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(group, key, theme.color("muted", 0.6))
    palette.setColor(group, role.Highlight, theme.color("border"))
    return palette


def make_pen(color: QColor, width: float = 1.0, dashes: Sequence[float] = ()) -> QPen:
    """Pen whose width does not change with the zoom of a plot.

    * `width`: in device pixels: Qt measures such a pen in them.
    """
    pen = QPen(color, width)
    pen.setCosmetic(True)
    # Sharp turns of a noisy curve would be spikes with mitred joins, and slow with round joins or caps.
    pen.setJoinStyle(Qt.PenJoinStyle.BevelJoin)
    if dashes:
        pen.setDashPattern(list(dashes))
    return pen


def style_plot(plot_item: "pg.PlotItem", theme: Theme) -> None:
    """Dress a plot: ground, left and bottom axes without ticks, their numbers, the grid, which they draw."""
    plot_item.getViewBox().setBackgroundColor(None)
    view = plot_item.getViewWidget()
    ratio = 1.0 if view is None else view.devicePixelRatioF()
    if view is not None:
        view.setBackground(theme.color("surface"))
    font = mono_font(theme=theme)
    for side in ("left", "bottom"):
        axis = plot_item.getAxis(side)
        axis.setZValue(-200)  # below the curves: the axis draws the grid
        axis.setPen(make_pen(theme.color("border"), theme.scale * ratio))
        axis.setTextPen(theme.color("muted"))
        axis.setTickPen(make_pen(theme.color("border", 0.9), theme.scale * ratio))
        axis.setStyle(
            tickFont=font,
            tickLength=0,
            tickTextOffset=theme.px(6),
            maxTickLevel=0,
            hideOverlappingLabels=False,
        )
