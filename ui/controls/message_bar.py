"""A message inside the panel that it concerns: cause and remedy, with what there is to do about it."""

from collections.abc import Callable
from typing import override

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from ui.controls.buttons import Button, IconButton, IconLabel
from ui.controls.labels import WrapLabel
from ui.controls.layouts import fill
from ui.controls.painted import height_for_width
from ui.theme import repolish

_ROLES = {"info": "info", "success": "success", "warning": "warning", "error": "danger"}
_ICONS = {"info": "info", "success": "circle-check", "warning": "triangle-alert", "error": "circle-x"}


class MessageBar(QFrame):
    """Sign, text, at most three actions, close."""

    #: The user has closed the message.
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._set_kind("info")
        self._acts: list[Callable[[], object]] = []
        self._icon = IconLabel()
        self._label = WrapLabel(role="text")
        self._label.vertical = Qt.AlignmentFlag.AlignVCenter
        self._buttons = [Button("", kind="link") for _ in range(3)]
        for place, button in enumerate(self._buttons):
            button.clicked.connect(lambda _, n=place: self._acts[n]())
        self._close = IconButton("x", "Close the message")
        self._close.setProperty("kind", "quiet")
        self._close.clicked.connect(self._on_close_clicked)
        parts = self._icon, (self._label, 1), *self._buttons, self._close
        self._layout = fill(QHBoxLayout(self), *parts, spacing=8, margins=(11, 4, 4, 4))
        self.setSizePolicy(height_for_width())
        self.hide()

    def text(self) -> str:
        """Message, or "" when there is none."""
        return "" if self.isHidden() else self._label.text()

    def kind(self) -> str:
        return self._kind

    def action_button(self) -> Button:
        """Button of the first action; hidden when the message has none."""
        return self._buttons[0]

    def show_message(
        self,
        text: str,
        kind: str = "info",
        action: str = "",
        act: Callable[[], object] | None = None,
        *others: tuple[str, Callable[[], object]],
    ) -> None:
        """Show a message in place of the one before.

        * `action`: text of a button, or "" for none; `act`: what it does. `others`: the same of more of them.
        """
        self._set_kind(kind)
        none = "", lambda: None
        named = [(action, act or none[1]), *others, none, none]
        self._acts = [each for _, each in named]
        self._label.set_text(text)
        self._icon.set_icon(_ICONS[kind], _ROLES[kind])
        for button, (said, _) in zip(self._buttons, named, strict=False):
            button.setText(said)
            button.setAccessibleName(said)
            button.setVisible(bool(said))
        self.setAccessibleName(f"{kind}: {text}")
        self.setAccessibleDescription(text)  # the name is that of an area when F6 leads here
        self.show()
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    def show_error(self, text: str) -> None:
        """Show what has failed or is wrong; with "" nothing is."""
        if text:
            self.show_message(text, "error")
        else:
            self.clear()

    def clear(self) -> None:
        self.hide()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._on_close_clicked()
        else:
            super().keyPressEvent(event)

    def _set_kind(self, kind: str) -> None:
        if kind != self.property("said"):
            self._kind = kind
            self.setProperty("said", kind)
            repolish(self)

    def _on_close_clicked(self) -> None:
        self.clear()
        self.closed.emit()
