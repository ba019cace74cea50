"""What stands where there is nothing to show yet."""

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter

from ui.theme import Theme

_MARGIN = 8


def draw_placeholder(
    painter: QPainter,
    rect: QRect,
    text: str,
    theme: Theme,
    alignment: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignCenter,
) -> None:
    """Write what to do next, in muted text, in as many lines as it takes.

    * `painter`: its font is used.
    * `rect`: empty area; a margin is kept where the text is centred.
    """
    if alignment & Qt.AlignmentFlag.AlignHCenter:
        margin = theme.px(_MARGIN)
        rect = rect.adjusted(margin, margin, -margin, -margin)
    painter.setPen(theme.color("muted"))
    painter.drawText(rect, int(alignment | Qt.TextFlag.TextWordWrap), text)
