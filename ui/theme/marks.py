"""Arrows and ticks of controls, as pictures that a stylesheet can name.

QSS takes pictures from files only. These are files of Qt's resource system, which lives in memory, so that
nothing is written anywhere and nothing is left behind, however the program ends.
"""

import struct

from PySide6.QtCore import QResource

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
    """Path of the picture of a mark; another name for each colour, because Qt keeps pictures by name.

    * `name`: "chevron_down", "tick" and so on.
    * `color`: ``#RRGGBB``.
    * Returns: begins with ``:/``, as Qt's resources do.
    """
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
