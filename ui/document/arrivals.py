"""Files that come from outside: from the command line, or from the system after a double click."""

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QObject, Qt

from ui.document.window_document import WindowDocument
from ui.state import RunStatus
from ui.tasks import TaskRunner


class Arrivals(QObject):
    """Opens them in their order, each when all that the one before has set going is done.

    * `analysis`: where files are read, and runs built.
    """

    def __init__(self, document: WindowDocument, analysis: TaskRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._document, self._analysis = document, analysis
        self._started = False
        self._waiting: list[Path] = []

    def take(self, paths: Iterable[Path]) -> None:
        """Open files and folders of any kind that the program reads; before `start` they wait."""
        self._waiting += paths
        if self._started:
            self._go_on()

    @property
    def are_waiting(self) -> bool:
        """Whether a file is still to be opened."""
        return bool(self._waiting)

    def start(self) -> None:
        """Open what waits, now that data are being read and the panels stand."""
        self._started = True
        self._analysis.becameIdle.connect(self._go_on)
        self._document.restorer.finished.connect(self._go_on)
        # Queued: only when whoever changes the run has changed all of it.
        self._document.state.runChanged.connect(self._go_on, Qt.ConnectionType.QueuedConnection)
        self._go_on()

    def _go_on(self) -> None:
        if self._waiting and self._analysis.is_idle and not self._is_run_under_way():
            self._document.open(self._waiting.pop(0))

    def _is_run_under_way(self) -> bool:
        """Whether a run is being built, or trained again for a document."""
        run = self._document.state.run  # which has no number where no data could be read
        return self._document.restorer.is_busy or (run.run_id > 0 and run.status is RunStatus.LOADING)
