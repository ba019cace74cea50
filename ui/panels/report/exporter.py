"""Writing the report: what is still to be written is named first."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QWidget

from cnnviz.lab.measured import LabNumbers
from ui.panels.analysis import Analysis
from ui.panels.report.asking import AskingBar
from ui.panels.report.exporting import ask_where
from ui.panels.report.guided import Composer
from ui.panels.report.work import export_work

_EXPORT, _MEASURE = "report-export", "report-guided"
_ANYWAY = "Export anyway"


class ReportExporter(QObject):
    """Asks for a file, has a guided lab measured, and has the report written.

    Parameters
    ----------
    composer : Composer
    background : Analysis
        Measures.
    files : Analysis
        Writes, also while the lab runs.
    message : AskingBar
    button : QWidget
        Asks for all this, and does not while it is being done.
    prepare : callable
        Records and keeps what is to be in the file.
    keep_numbers : callable
        Keeps what was measured, and what it is a function of.
    parent : QWidget
        Parent of dialogs, too.

    Signals
    -------
    ended : bool
        Whether the report was written.
    """

    ended = Signal(bool)

    def __init__(
        self,
        composer: Composer,
        background: Analysis,
        files: Analysis,
        message: AskingBar,
        button: QWidget,
        prepare: Callable[[], None],
        keep_numbers: Callable[[str, LabNumbers], None],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._panel = parent
        self._composer, self._background, self._files = composer, background, files
        self._message, self._button, self._prepare = message, button, prepare
        self._keep_numbers = keep_numbers

    @Slot()
    def ask(self) -> None:
        """Name what is still to be written; else, or if that may be, ask for a file."""
        gaps = self._composer.gaps()
        if gaps:
            self._message.ask(gaps, _ANYWAY, self._ask_anyway)
            self._message.action_button().setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.ask_where()

    def _ask_anyway(self) -> None:
        # The button in the message has gone, and the keyboard with it to the next field.
        self._button.setFocus(Qt.FocusReason.OtherFocusReason)
        self.ask_where()

    @Slot()
    def ask_where(self) -> None:
        """Ask for a file and write the report to it."""
        target = ask_where(self._panel, self._composer.name)
        if target is None:
            return
        if target.question:
            self._message.ask(target.question, target.answer, partial(self.write, target.path))
        else:
            self.write(target.path)

    def write(self, path: Path) -> None:
        """Write the report in the background; a guided lab is measured first."""
        self._prepare()
        self._message.clear()
        self._button.setEnabled(False)
        measuring = self._composer.measuring()
        if measuring is None:
            self._write(path)
            return
        self._message.show_message("The lab is being measured, then the report is written.", "info")
        self._background.submit(_MEASURE, measuring, partial(self._on_measured, path), self._on_failed)

    def forget(self) -> None:
        """Do not write what is only being measured: the report is another."""
        if self._background.is_busy(_MEASURE):
            self._background.cancel(_MEASURE)
            self._end(succeeded=False)

    def _on_measured(self, path: Path, measured: tuple[str, LabNumbers]) -> None:
        self._keep_numbers(*measured)
        self._write(path)

    def _write(self, path: Path) -> None:
        work = export_work(self._composer.composed(is_final=True), path)
        self._files.submit(_EXPORT, work, self._on_written, self._on_failed)

    def _on_written(self, path: Path) -> None:
        self._message.show_message(f"Wrote the report to {path}.", "success")
        self._end(succeeded=True)

    def _on_failed(self, text: str) -> None:
        self._message.show_message(text, "error")
        self._end(succeeded=False)

    def _end(self, *, succeeded: bool) -> None:
        self._button.setEnabled(True)
        self.ended.emit(succeeded)
