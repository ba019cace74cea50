"""The diagnosis of `--doctor` on the clipboard, made while the window works."""

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QApplication

from ui.controls.pace import single_shot
from ui.panels.analysis import Analysis
from ui.state import AppState
from ui.window_facts import window_facts

#: Until a message has slid in: the window is laid out meanwhile, and would wait for Python hundreds of times.
_SHOWN_MS = 300


class Diagnosing(QObject):
    """Makes the diagnosis and copies it.

    Parameters
    ----------
    state : AppState
        Tells the user what is going on.
    background : Analysis
        Where it is made.
    parent : QObject, optional
    """

    def __init__(self, state: AppState, background: Analysis, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state, self._background = state, background
        self._shown = single_shot(self, self._begin, _SHOWN_MS)

    def copy(self) -> None:
        """Put on the clipboard, as soon as it is known, whether everything is as it should be."""
        self._state.raise_notice("window", "info", "Everything is being looked at; this takes some seconds.")
        self._shown.start()

    @Slot()
    def _begin(self) -> None:
        from cnnviz.doctor.diagnosis import diagnosis  # here, so that no start waits for it

        seen = tuple(window_facts())
        self._background.submit(
            "diagnosis",
            lambda context: diagnosis(seen, lambda: context.report(0)),
            self._on_done,
            lambda message: self._state.raise_notice("window", "error", message),
        )

    def _on_done(self, text: str) -> None:
        QApplication.clipboard().setText(text)
        result = text.splitlines()[-1]
        self._state.raise_notice("window", "info", f"The diagnosis is on the clipboard. {result}")
