"""Writing the report: what is still to be written is named first."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from cnnviz.lab.model import Question, Step
from cnnviz.report import write_folder, write_html, write_pdf
from cnnviz.report.blocks import Document
from ui.panels.analysis import Analysis, Context
from ui.panels.report.asking import AskingBar
from ui.panels.report.composer import Composer, Gaps
from ui.panels.report.measuring import Measuring
from ui.settings import remember_folder, remembered_folder

FILTERS = {
    "PDF (*.pdf)": ".pdf",
    "HTML, one file (*.html)": ".html",
    "Folder with figures and tables (*)": "",
}
"""Kinds of files a report is written to, as a file dialog offers them, and their endings."""

ENDINGS = (".pdf", ".html", ".htm")
"""Endings of files; a name without one of them is that of a folder."""

_EXPORT = "report-export"
_ANYWAY = "Export anyway"


class ReportExporter(QObject):
    """Asks for a file, has the lab measured, and has the report written.

    * `files`: writes, also while the lab runs.
    * `button`: asks for all this, and does not while it is being done.
    * `prepare`: records and keeps what is to be in the file.
    * `write_in`: lets the cursor stand in the field of a question.
    * `insert`: asks for a figure to put in.
    * `parent`: parent of dialogs, too.
    """

    ended = Signal(bool)  # whether the report was written

    def __init__(
        self,
        composer: Composer,
        measuring: Measuring,
        files: Analysis,
        message: AskingBar,
        button: QWidget,
        prepare: Callable[[], None],
        write_in: Callable[[Step, Question], None],
        insert: Callable[[], None],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._panel = parent
        self._composer, self._measuring, self._files = composer, measuring, files
        self._message, self._button, self._prepare = message, button, prepare
        self._write_in, self._insert = write_in, insert
        self._said = ""  # what is lacking
        self._waits_for: Path | None = None  # what is written when the lab is measured
        measuring.finished.connect(self._on_measured)
        measuring.failed.connect(self._on_measuring_failed)

    @Slot()
    def ask(self) -> None:
        """Name what is still to be written; else, or if that may be, ask for a file."""
        gaps = self._composer.gaps()
        if gaps.text:
            self._say(gaps)
            self._message.action_button().setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.ask_where()

    def follow(self) -> None:
        """Let what is said to be lacking stay true while the report changes."""
        if self._said and self._message.text() == self._said:
            gaps = self._composer.gaps()
            if not gaps.text:
                self._message.clear()
            elif gaps.text != self._said:
                self._say(gaps)

    def _say(self, gaps: Gaps) -> None:
        """Say what is lacking, and lead to it."""
        look = None
        if gaps.places:
            words = "Show it" if len(gaps.places) == 1 else "Show the first"
            tip = f"Go to where it is to be written.\n{gaps.listed}".strip()
            look = words, tip, partial(self._write_in, *gaps.places[0])
        elif gaps.has_no_figures:
            tip = "Put in what the panels have shown, such as the curve of the loss"
            look = "Insert…", tip, self._insert
        self._said = gaps.text
        self._message.ask(gaps.text, _ANYWAY, self._ask_anyway, look=look)

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
        """Write the report in the background; a lab that is graded is measured first."""
        self._prepare()
        self._message.clear()
        self._button.setEnabled(False)
        if not self._measuring.is_needed:
            self._write(path)
            return
        self._waits_for = path
        self._message.show_message("The lab is being measured, then the report is written.", "info")
        self._measuring.start()

    def forget(self) -> None:
        """Do not write what is only being measured: the report is another."""
        if self._waits_for is not None:
            self._waits_for = None
            self._end(succeeded=False)

    def _on_measured(self) -> None:
        path, self._waits_for = self._waits_for, None
        if path is not None:
            self._write(path)

    def _on_measuring_failed(self, text: str) -> None:
        if self._waits_for is not None:
            self._waits_for = None
            self._on_failed(text)

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


@dataclass(frozen=True, slots=True)
class Target:
    """Where the report is to be written."""

    path: Path  # with the ending of the chosen kind; without one it is a folder
    question: str = ""  # what is to be asked before, or ""
    answer: str = ""  # text of the button that says yes to it


def ask_where(parent: QWidget, name: str) -> Target | None:
    """Ask for a file, beginning in the folder used last, which is remembered.

    * `name`: what the file is called unless the user says otherwise, without its ending.
    * Returns: None when the user thinks better of it.
    """
    settings = QSettings()
    path, chosen = QFileDialog.getSaveFileName(
        parent, "Export report", str(remembered_folder(settings) / f"{name}.pdf"), ";;".join(FILTERS)
    )
    if not path:
        return None
    remember_folder(settings, Path(path))
    return target_of(Path(path), chosen)


def target_of(named: Path, chosen: str) -> Target:
    """Return where to write after a file dialog, which has asked about the name as it was typed only."""
    path = with_ending(named, chosen)
    if path.suffix.lower() in ENDINGS and path != named and os.path.lexists(path):
        return Target(path, f"{path.name} exists in this folder already.", "Replace it")
    return Target(path)


def export_work(compose: Callable[[], Document], path: Path) -> Callable[[Context], Path]:
    """Return the function that writes the report; the ending of the name decides the kind of file."""

    def work(_context: Context) -> Path:
        document = compose()
        if path.suffix.lower() == ".pdf":
            write_pdf(document, path)
        elif path.suffix.lower() in ENDINGS:
            write_html(document, path)
        else:
            write_folder(document, path)
        return path

    return work


def with_ending(path: Path, chosen_filter: str) -> Path:
    """Return the path with the ending of the kind of file that is meant.

    A file dialog proposes a name for the first kind and keeps it when another is chosen: the chosen kind then
    decides. With the first, an ending that was typed decides.
    """
    ending = FILTERS.get(chosen_filter, ".pdf")
    has_own = path.suffix.lower() in ENDINGS
    if ending == ".pdf":
        return path if has_own else path.with_name(path.name + ending)
    if ending == ".html" and path.suffix.lower() in (".html", ".htm"):
        return path
    return path.with_name((path.stem if has_own else path.name) + ending)
