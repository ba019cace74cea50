"""A message that asks something, and what is done when it is answered."""

from collections.abc import Callable
from typing import override

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from ui.controls.buttons import Button
from ui.controls.message_bar import MessageBar


class AskingBar(MessageBar):
    """A message bar that knows what its button does; another message takes the question back."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look: Callable[[], None] | None = None
        self.look_button = Button("", kind="link")
        self._layout.insertWidget(2, self.look_button)
        self.look_button.hide()
        self.look_button.clicked.connect(self._on_look_clicked)

    def ask(
        self,
        text: str,
        action: str,
        act: Callable[[], None],
        kind: str = "warning",
        look: tuple[str, str, Callable[[], None]] | None = None,
    ) -> None:
        """Show a message with a button.

        * `act`: what the button does, after the message has gone.
        * `look`: text and tool tip of a second button, and what it does; the message stays meanwhile.
        """
        self.show_message(text, kind, action, act)
        if look is not None:
            words, tip, self._look = look
            self.look_button.setText(words)
            self.look_button.setAccessibleName(words)
            self.look_button.setToolTip(tip)
            self.look_button.setAccessibleDescription(tip)
            self.setToolTip(tip)
            self.look_button.show()
            # As one reads; without effect before the bar is part of a window.
            self.setTabOrder(self.look_button, self.action_button())
            self.setTabOrder(self.action_button(), self._close)

    @override
    def show_message(
        self, text: str, kind: str = "info", action: str = "", act: Callable[[], object] | None = None
    ) -> None:
        self._look = None
        self.look_button.hide()
        self.setToolTip("")
        super().show_message(text, kind, action, act)

    @Slot()
    def _on_look_clicked(self) -> None:
        if self._look is not None:
            self._look()

    @override
    def answer(self) -> None:
        self.clear()
        super().answer()
