"""What the program has to say, above all panels, so that it is read whichever of them is in front."""

from collections.abc import Callable

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QWidget

from ui.state import AppState, Notice
from ui.widgets.message_bar import MessageBar

_SUCCESS_MS = 8000


class NoticeBar(MessageBar):
    """Shows the notices of the window; good news goes by itself, everything else when it is answered.

    Parameters
    ----------
    state : AppState
    parent : QWidget, optional
    """

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._act: Callable[[], None] | None = None
        self._going = QTimer(self)
        self._going.setSingleShot(True)
        self._going.setInterval(_SUCCESS_MS)
        self._going.timeout.connect(self.clear)
        self.actionRequested.connect(self._on_action_requested)
        state.noticeRaised.connect(self._on_notice_raised)

    @Slot(object)
    def _on_notice_raised(self, notice: Notice) -> None:
        if notice.place != "window":
            return
        self._going.stop()
        self._act = notice.act
        if not notice.text:
            self.clear()
            return
        self.show_message(notice.text, notice.kind, notice.action)
        if notice.kind == "success":
            self._going.start()

    @Slot()
    def _on_action_requested(self) -> None:
        if self._act is not None:
            self._act()
