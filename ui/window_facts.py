"""What Qt says of the window: its platform, and the screens."""

from collections.abc import Iterator

from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication

from cnnviz.doctor.fact import Fact
from cnnviz.quantities import format_plain


def window_facts() -> Iterator[Fact]:
    """Yield platform plugin and screens, of the application that runs."""
    yield Fact("Qt", f"{qVersion()} with the platform plugin {QGuiApplication.platformName()}")
    for screen in QGuiApplication.screens():
        size, scale = screen.size(), format_plain(screen.devicePixelRatio())
        yield Fact(
            "screen",
            f"{screen.name()} {size.width()} × {size.height()} logical pixels at scale {scale}".lstrip(),
        )
