"""A message that asks something, and what is done when it is answered."""

from collections.abc import Callable
from typing import override

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from ui.controls.message_bar import MessageBar


class AskingBar(MessageBar):
    """A message bar that knows what its button does; another message takes the question back."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._act: Callable[[], None] | None = None
        self.actionRequested.connect(self._on_action_requested)

    def ask(self, text: str, action: str, act: Callable[[], None], kind: str = "warning") -> None:
        """Show a message with a button.

        Parameters
        ----------
        text : str
        action : str
            Text of the button.
        act : callable
            What the button does, after the message has gone.
        kind : {"info", "success", "warning", "error"}
        """
        self.show_message(text, kind, action)
        self._act = act

    @override
    def show_message(self, text: str, kind: str = "info", action: str = "") -> None:
        self._act = None
        super().show_message(text, kind, action)

    @Slot()
    def _on_action_requested(self) -> None:
        act, self._act = self._act, None
        self.clear()
        if act is not None:
            act()
