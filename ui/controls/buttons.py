"""Buttons with an icon that follows the theme, and an icon by itself."""

from typing import override

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QToolButton

from ui.theme import Theme, bind_icon, follow_theme, repolish, theme_manager
from ui.theme.icons import icon_pixmap

_ICON_ROLES = {"primary": "on_accent", "link": "accent"}


class Button(QPushButton):
    """Push button.

    * `kind`: at most one primary button a panel.
    * `shortcut`: key as text, such as "Space". It stands in the tool tip and may be shown on the button;
      the window owns the shortcuts.
    """

    def __init__(
        self, text: str, icon: str = "", kind: str = "", tooltip: str = "", shortcut: str = ""
    ) -> None:
        super().__init__(text)
        self._kind, self._icon = kind, ""
        if kind:
            self.setProperty("kind", kind)
        if icon:
            self.set_icon(icon)
        self.setAccessibleName(text)
        self.setToolTip(with_key(tooltip or text, shortcut) if tooltip or shortcut else "")
        self.setProperty("key", shortcut)
        # A click leaves the focus, and with it the space bar, where they were; Tab still gets here.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        # A dialog's default button would draw a second primary button.
        self.setAutoDefault(False)

    def set_kind(self, kind: str) -> None:
        """Be of another kind."""
        if kind != self._kind:
            self._kind = kind
            self.setProperty("kind", kind)
            self.set_icon(self._icon)
            repolish(self)

    def set_icon(self, name: str) -> None:
        """Show another icon, or with "" none."""
        self._icon = name
        bind_icon(self, name, _ICON_ROLES.get(self._kind, "text"))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._kind == "primary" and self.hasFocus():
            # Between fill and frame, whose colours are too near to be told apart.
            painter, theme = QPainter(self), theme_manager().theme
            wide, edge = theme.px(2), 3 * theme.px(2) / 2
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.color("surface"), wide))
            room = QRectF(self.rect()).adjusted(edge, edge, -edge, -edge)
            painter.drawRoundedRect(room, 2 * wide, 2 * wide)

    def set_compact(self, compact: bool) -> None:
        """Show only the icon, or the text as well; the accessible name stays."""
        text = "" if compact else self.accessibleName()
        if text != self.text():
            self.setText(text)
            self.set_icon(self._icon)


class IconButton(QToolButton):
    """Square button that shows only an icon.

    * `name`: accessible name, and the first words of the tool tip.
    * `shortcut`: as of `Button`.
    """

    def __init__(self, icon: str, name: str, tooltip: str = "", shortcut: str = "") -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setToolTip(with_key(f"{name}: {tooltip}" if tooltip else name, shortcut))
        self.setProperty("key", shortcut)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        bind_icon(self, icon)

    def set_icon(self, icon: str, name: str) -> None:
        self.setAccessibleName(name)
        self.setToolTip(name)
        bind_icon(self, icon)


def with_key(text: str, shortcut: str) -> str:
    """Return a tool tip that names a key besides; `shortcut` is text as `QKeySequence` reads it, or ""."""
    if not shortcut:
        return text
    return f"{text}  ({QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText)})"


_SIDE = 16


class IconLabel(QLabel):
    """An icon of 16 pixels in a colour of the theme; none at first."""

    def __init__(self) -> None:
        super().__init__()
        self._name, self._role = "", "muted"
        follow_theme(self)

    def set_icon(self, name: str, role: str) -> None:
        """Show another icon, in a colour role; with "" none."""
        self._name, self._role = name, role
        self.set_theme(theme_manager().theme)

    def set_theme(self, theme: Theme) -> None:
        side, ratio = theme.px(_SIDE), self.devicePixelRatioF()
        self.setFixedSize(side, side)
        self.setPixmap(
            icon_pixmap(self._name, theme.color(self._role), side, ratio) if self._name else QPixmap()
        )
