"""Make the icons of the program in all sizes and forms, from its drawing.

usage: python packaging/icons.py FOLDER
"""

import io
import os
import sys
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QBuffer, QByteArray, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

DRAWING = Path(__file__).parents[1] / "resources" / "icons" / "cnnviz.svg"
SIDES = (16, 22, 24, 32, 48, 64, 128, 256, 512)
_OF_WINDOWS = (16, 24, 32, 48, 64, 128, 256)
_LARGEST = 1024  # for macOS


def write_icons(folder: Path) -> None:
    """Write ``SIDExSIDE.png``, ``cnnviz.ico`` for Windows and ``cnnviz.icns`` for macOS."""
    folder.mkdir(parents=True, exist_ok=True)
    for side in SIDES:
        drawn(side).save(folder / f"{side}x{side}.png")
    largest = drawn(_LARGEST)
    pictures = [drawn(side) for side in _OF_WINDOWS]
    pictures[-1].save(folder / "cnnviz.ico", sizes=[each.size for each in pictures], append_images=pictures)
    largest.save(folder / "cnnviz.icns")


def drawn(side: int) -> Image.Image:
    """Return the icon with a side of so many pixels, drawn for that size."""
    image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(str(DRAWING)).render(painter)
    painter.end()
    data = QByteArray()
    image.save(QBuffer(data), "PNG")
    return Image.open(io.BytesIO(data.data()))


if __name__ == "__main__":
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    _application = QGuiApplication(sys.argv[:1])
    write_icons(Path(sys.argv[1]))
