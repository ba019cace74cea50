"""Line icons (Lucide) in the colours of the theme."""

import logging
from functools import cache

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QColor, QGuiApplication, QIcon, QPainter, QPixmap, QPixmapCache
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton

from cnnviz.bundled import bundled
from ui.theme.manager import follow_theme, theme_manager
from ui.theme.tokens import Theme

ICON_FOLDER = bundled("icons")

#: Pixels between the icon of a button and its text, beyond what the style leaves.
_TEXT_GAP = 4

_log = logging.getLogger(__name__)


@cache
def _source(name: str) -> str:
    """Text of an icon; "" if it cannot be read."""
    try:
        return (ICON_FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        _log.warning("The icon %s.svg cannot be read; nothing is drawn in its place.", name)
        return ""


def icon_pixmap(name: str, color: QColor, side: int, ratio: float = 1.0, gap: int = 0) -> QPixmap:
    """Picture of an icon.

    * `color`: colour of the lines; its opacity counts.
    * `ratio`: device pixels a logical pixel.
    * `gap`: empty logical pixels at the right, before the text of a button.
    * Returns: transparent where the icon is not, and everywhere if there is no such icon.
    """
    # Buttons ask for the same few pictures again and again. This cache is bounded, and ends as Qt does.
    key = f"{name} {color.name(QColor.NameFormat.HexArgb)} {side} {ratio} {gap}"
    pixmap = QPixmap()
    if QPixmapCache.find(key, pixmap):
        return pixmap
    pixmap = QPixmap(QSize(side + gap, side) * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    if svg := _source(name).replace("currentColor", color.name()):
        painter = QPainter(pixmap)
        painter.setOpacity(color.alphaF())
        QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, side, side))
        painter.end()
    QPixmapCache.insert(key, pixmap)
    return pixmap


def icon(name: str, role: str = "text", theme: Theme | None = None, gap: int = 0, side: int = 24) -> QIcon:
    """Icon in the colours of a theme, sharp on the finest screen, with its disabled state.

    * `name`: file name in resources/icons without its suffix.
    * `role`: colour role of the theme. A checked button shows "accent" instead of "text".
    * `gap`: empty pixels at the right of a picture of 16 pixels, in proportion for other sizes.
    * `side`: side of the one picture there is of each state, in logical pixels.
    * Returns: A snapshot: it does not follow later changes of the theme. See `bind_icon`.
    """
    theme = theme or theme_manager().theme
    ratio = max((screen.devicePixelRatio() for screen in QGuiApplication.screens()), default=1.0)
    result = QIcon()
    on_role = "accent" if role in {"text", "muted"} else role
    off, on = QIcon.State.Off, QIcon.State.On
    looks = [
        (theme.color(role), QIcon.Mode.Normal, (off,)),
        (theme.color(on_role), QIcon.Mode.Normal, (on,)),
        (theme.color("muted", 0.5), QIcon.Mode.Disabled, (off, on)),
    ]
    for color, mode, states in looks:
        picture = icon_pixmap(name, color, side, ratio, round(gap * side / 16))
        for state in states:
            result.addPixmap(picture, mode, state)
    return result


class _IconBinding(QObject):
    """Keeps the icon of its parent in the colours of the theme."""

    def __init__(self, target: QAbstractButton | QAction, name: str, role: str) -> None:
        super().__init__(target)
        self._target, self._name, self._role = target, name, role
        self._gap = 0
        follow_theme(self)

    def set_icon(self, name: str, role: str) -> None:
        if (name, role, self._needed_gap()) != (self._name, self._role, self._gap):
            self._name, self._role = name, role
            self.set_theme(theme_manager().theme)

    def _needed_gap(self) -> int:
        return _TEXT_GAP if isinstance(self._target, QAbstractButton) and self._target.text() else 0

    def set_theme(self, theme: Theme) -> None:
        if self.parent() is None:  # its target has lost its icon while all are told of the theme
            return
        button = self._target if isinstance(self._target, QAbstractButton) else None
        self._gap = gap = self._needed_gap()
        # In the one size in which it is shown: a window has dozens of icons, which all start with it.
        self._target.setIcon(icon(self._name, self._role, theme, gap, side=theme.px(16)))
        if button is not None:
            button.setIconSize(QSize(theme.px(16 + gap), theme.px(16)))


def bind_icon(target: QAbstractButton | QAction, name: str, role: str = "text") -> None:
    """Give a button or an action an icon that follows the theme.

    * `name`: file name in resources/icons without its suffix; "" for no icon any more. Call again
      to show another icon, or when the button has got or lost its text.
    * `role`: colour role of the theme.
    """
    binding = target.findChild(_IconBinding, options=Qt.FindChildOption.FindDirectChildrenOnly)
    if not name:
        if binding is not None:
            binding.setParent(None)  # and nothing else keeps it
        target.setIcon(QIcon())
    elif binding is None:
        _IconBinding(target, name, role)
    else:
        binding.set_icon(name, role)
