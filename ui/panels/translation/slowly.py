"""Doing something at once the first time, and no more than so often after that."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot


class Slowly(QObject):
    """Calls a function when asked to, but leaves a pause between two calls; the last request is never lost.

    Parameters
    ----------
    pause : int
        In milliseconds.
    function : callable
    parent : QObject
    """

    def __init__(self, pause: int, function: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._function = function
        self._is_wanted = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(pause)
        self._timer.timeout.connect(self._on_timeout)

    @property
    def is_behind(self) -> bool:
        """Whether a call that was asked for is still to come."""
        return self._is_wanted

    def request(self) -> None:
        """Ask for a call: now, or at the end of the pause."""
        if self._timer.isActive():
            self._is_wanted = True
        else:
            self._call()

    def _call(self) -> None:
        self._is_wanted = False
        self._timer.start()
        self._function()

    @Slot()
    def _on_timeout(self) -> None:
        if self._is_wanted:
            self._call()
