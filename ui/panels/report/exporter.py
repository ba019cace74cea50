"""The report put together and written: what is still to be written is named first."""

import os
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from cnnviz.lab.document import lab_document
from cnnviz.lab.measured import hand_in
from cnnviz.lab.model import PARTS, Lab, Question, Step
from cnnviz.lab.record import LabNumbers, LabRecord
from cnnviz.quantities import format_count
from cnnviz.report.blocks import Document
from cnnviz.report.html import write_html
from cnnviz.report.pdf import write_folder, write_pdf
from ui.controls.message_bar import MessageBar
from ui.panels.report.measuring import Measuring
from ui.panels.report.work import StudentWork
from ui.settings import remember_folder, remembered_folder
from ui.tasks import Context, TaskRunner

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
    """Puts the report together, asks for a file, has the lab measured, and has the report written.

    * `files`: writes, also while the lab runs.
    * `button`: asks for all this, and does not while it is being done.
    * `write_in`: lets the cursor stand in the field of a question.
    * `parent`: parent of dialogs, too.
    """

    ended = Signal(bool)  # whether the report was written

    def __init__(
        self,
        work: StudentWork,
        measuring: Measuring,
        files: TaskRunner,
        message: MessageBar,
        button: QWidget,
        write_in: Callable[[Step, Question], None],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._panel = parent
        self._work, self._measuring, self._files = work, measuring, files
        self._message, self._button = message, button
        self._write_in = write_in
        self._said = ""  # what is lacking
        self._waits_for: Path | None = None  # what is written when the lab is measured
        self._handed_out: tuple[Lab, LabNumbers] | None = None  # what is being written, of this work
        #: Takes the record of a report that is handed in, and returns it with what belongs to that.
        self.handed_in: Callable[[LabRecord], LabRecord] = lambda record: record
        measuring.finished.connect(self._on_measured)
        measuring.failed.connect(self._on_measuring_failed)

    # --- what it is made of ---------------------------------------------------------------------------------

    def composed(self, *, is_final: bool) -> Callable[[], Document]:
        """Return the function that puts together the report as it stands now.

        * `is_final`: whether it is to be handed in; else it shows no result that is still to be predicted.
        """
        lab, work, record = self._work.lab, self._work.work, self._work.record
        if is_final:
            record = self.handed_in(record)
        numbers = self._numbers(is_final=is_final)

        def compose() -> Document:
            handed = hand_in(lab, record, numbers, name=work.author, roll_number=work.roll_number)
            return lab_document(lab, handed, record, numbers, title=work.title.strip(), date=work.day)

        return compose

    def _numbers(self, *, is_final: bool) -> LabNumbers:
        known = self._measuring.numbers if is_final else self._measuring.uncovered
        return known or LabNumbers(self._measuring.experiment)

    @property
    def name(self) -> str:
        """What a file with the report is called, without its ending: a hundred of them lie in one folder."""
        lab = "lab5" if self._work.lab.is_free else self._work.lab.id
        whose = "-".join(re.findall(r"\w+", self._work.work.roll_number))
        return "-".join(filter(None, (lab, whose, "report")))

    def lacking(self) -> str:
        """Return what is still to be written, measured or inserted, in a line; "" for nothing."""
        lab, record, places = self._work.lab, self._work.record, self._work.gaps()
        said = ["The numbers have to be measured again."] if self._measuring.is_lost else []
        if places:
            step, question = places[0]
            place = (
                f"{PARTS[question.part]} in section {[e.id for e in lab.sections].index(step.section) + 1}"
            )
            if len(lab.of_section(step.section)) > 1:
                place += f", “{step.title}”"
            many = f"{format_count(len(places))} answers are still to be written, first "
            said.append(f"{many if len(places) > 1 else 'Still to be written: '}{place}.")
        count = sum(record.step(step.id).is_open(step) for step in lab.steps)
        if count:
            results, count_late = (
                (f"results of {format_count(count)} predictions", "they count")
                if count > 1
                else ("result of one prediction", "it counts")
            )
            said.append(
                f"If you export now, the report shows the {results} that you have not made; made afterwards "
                f"{count_late} as late."
            )
        if not any(step.results or record.step(step.id).inserts for step in lab.steps):
            said.append("The report has no figure; Insert… beside the observations adds one.")
        return " ".join(said)

    # --- asking ---------------------------------------------------------------------------------------------

    def ask(self) -> None:
        """Show what is still to be written; else, or if the user insists, ask for a file."""
        lacking, places = self.lacking(), self._work.gaps()
        if not lacking:
            self.ask_where()
            return
        if places:
            self._write_in(*places[0])
        self._say(lacking)
        self._message.action_button().setFocus(Qt.FocusReason.OtherFocusReason)

    def follow(self) -> None:
        """Let what is said to be lacking stay true while the report changes."""
        if self._said and self._message.text() == self._said:
            lacking = self.lacking()
            if not lacking:
                self._message.clear()
            elif lacking != self._said:
                self._say(lacking)

    def _say(self, lacking: str) -> None:
        self._said = lacking
        self._message.show_message(lacking, "warning", _ANYWAY, self._ask_anyway)

    def _ask_anyway(self) -> None:
        # The button in the message goes, and with it the keyboard to the next field.
        self._message.clear()
        self._button.setFocus(Qt.FocusReason.OtherFocusReason)
        self.ask_where()

    def ask_where(self) -> None:
        """Ask for a file, beginning in the folder used last, and write the report to it."""
        settings = QSettings()
        named, chosen = QFileDialog.getSaveFileName(
            self._panel, "Export report", str(remembered_folder(settings) / f"{self.name}.pdf"),
            ";;".join(FILTERS),
        )  # fmt: skip
        if not named:
            return
        remember_folder(settings, Path(named))
        path = with_ending(Path(named), chosen)
        # The dialog has asked about the name as it was typed only.
        if path.suffix.lower() in ENDINGS and path != Path(named) and os.path.lexists(path):
            there = f"{path.name} already exists in this folder."
            self._message.show_message(there, "warning", "Replace it", partial(self.write, path))
        else:
            self.write(path)

    # --- writing --------------------------------------------------------------------------------------------

    def write(self, path: Path) -> None:
        """Write the report in the background, after what is not recorded or measured yet."""
        self._work.record_all()
        self._message.clear()
        self._button.setEnabled(False)
        if not self._measuring.is_needed:
            self._write(path)
            return
        self._waits_for = path
        self._message.show_message("Measuring the lab; then the report will be written.", "info")
        self._measuring.start()

    def forget(self) -> None:
        """Do not write what is only being measured: the report is another."""
        self._handed_out = None
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
        compose, ending = self.composed(is_final=True), path.suffix.lower()
        self._handed_out = self._work.lab, self._numbers(is_final=True)
        write = write_pdf if ending == ".pdf" else write_html if ending in ENDINGS else write_folder

        def work(_context: Context) -> Path:
            write(compose(), path)
            return path

        self._files.submit(_EXPORT, work, self._on_written, self._on_failed)

    def _on_written(self, path: Path) -> None:
        if self._handed_out is not None:
            self._work.note_handed_out(*self._handed_out)
            self._handed_out = None
        what = "This one file has everything in it: hand it in."
        if self._work.lab.is_free:
            what = ""
        elif path.is_dir():
            what = "Hand in the whole folder."
        show = partial(QDesktopServices.openUrl, QUrl.fromLocalFile(str(path.parent)))
        self._message.show_message(
            f"Wrote the report to {path}. {what}".strip(), "success", "Open folder", show
        )
        self._end(succeeded=True)

    def _on_failed(self, text: str) -> None:
        self._message.show_message(text, "error")
        self._end(succeeded=False)

    def _end(self, *, succeeded: bool) -> None:
        self._button.setEnabled(True)
        self.ended.emit(succeeded)


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
