"""What the program has to say, above all panels, so that it is read whichever of them is in front."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from ui.controls.message_bar import MessageBar
from ui.controls.pace import single_shot
from ui.state import AppState, Notice

_SUCCESS_MS = 8000


class NoticeBar(MessageBar):
    """Shows the newest notice; good news goes by itself, everything else when it is answered or taken back.

    What is still true comes into sight again when the notice before it has gone.
    """

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._standing: dict[str, Notice] = {}  # by place, the newest last
        self._shown: Notice | None = None
        self._going = single_shot(self, self._show_newest, _SUCCESS_MS)
        self.actionRequested.connect(self._on_action_requested)
        self.closed.connect(self._on_closed)
        state.noticeRaised.connect(self._on_notice_raised)

    @Slot(object)
    def _on_notice_raised(self, notice: Notice) -> None:
        if notice.place == "samples":
            return
        if notice.text and notice.kind == "success":
            self._standing.pop(notice.place, None)  # what has succeeded now need not be answered any more
            self._show(notice)
            self._going.start()
            return
        was_there = self._standing.pop(notice.place, None) is not None
        if notice.text:
            self._standing[notice.place] = notice
            self._show_newest()
        elif was_there and not self._going.isActive():
            self._show_newest()

    @Slot()
    def _show_newest(self) -> None:
        self._going.stop()
        newest = next(reversed(self._standing.values()), None)
        if newest is None:
            self._shown = None
            self.clear()
        else:
            self._show(newest)

    def _show(self, notice: Notice) -> None:
        self._shown = notice
        self.show_message(notice.text, notice.kind, notice.action)

    @Slot()
    def _on_action_requested(self) -> None:
        if self._shown is not None and self._shown.act is not None:
            self._shown.act()

    @Slot()
    def _on_closed(self) -> None:
        if self._shown is not None and self._standing.get(self._shown.place) is self._shown:
            del self._standing[self._shown.place]
        self._show_newest()
