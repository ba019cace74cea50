"""The report put together and written, or a draft of it: what is still to be done is named first."""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from cnnviz.lab.document import lab_document
from cnnviz.lab.measured import hand_in, told_so_far
from cnnviz.lab.model import PARTS, Question, Step
from cnnviz.lab.record import LabNumbers, LabRecord
from cnnviz.lab.results import Whose
from cnnviz.quantities import format_count, format_many
from cnnviz.report.blocks import Document, Words
from cnnviz.report.html import write_html
from cnnviz.report.pdf import write_folder, write_pdf
from ui.controls.message_bar import MessageBar
from ui.panels.report.measuring import Measuring
from ui.panels.report.work import StudentWork
from ui.settings import remember_folder, remembered_folder
from ui.tasks import TaskRunner

FILTERS = {
    "PDF (*.pdf)": ".pdf",
    "HTML, one file (*.html)": ".html",
    "Folder with figures and tables (*)": "",
}
"""Kinds of files a report is written to, as a file dialog offers them, and their endings."""

ENDINGS = (".pdf", ".html", ".htm")
"""Endings of files; a name without one of them is that of a folder."""

_EXPORT = "report-export"
_ANYWAY, _DRAFT, _THERE = "Export anyway", "Export draft", "Write it"


class ReportExporter(QObject):
    """Puts the report together, asks for a file, has the lab measured, and has the report written."""

    ended = Signal(bool)  # whether the report was written
    handed_out = Signal()  # it was, and not as a draft

    def __init__(
        self, work: StudentWork, measuring: Measuring, files: TaskRunner, message: MessageBar,
        button: QWidget, write_in: Callable[[Step, Question], None], parent: QWidget,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._panel = parent
        self._work, self._measuring, self._files = work, measuring, files
        self._message, self._button = message, button  # which cannot be pressed while it is being written
        self._write_in = write_in
        self._said = ""  # what is lacking
        self._waits_for: Path | None = None  # what is written when the lab is measured
        #: Takes the record of a report that is handed in, and returns it with what belongs to that.
        self.handed_in: Callable[[LabRecord], LabRecord] = lambda record: record
        measuring.finished.connect(self._on_measured)
        measuring.failed.connect(self._on_measuring_failed)

    # --- what it is made of ---------------------------------------------------------------------------------

    def composed(self, *, is_final: bool) -> Callable[[], Document]:
        """Return the function that puts together the report as it stands now.

        * `is_final`: whether it is to be handed in; else it shows of results what may be seen by now.
        """
        lab, work, record = self._work.lab, self._work.work, self._work.record
        if is_final:
            record = self.handed_in(record)
        numbers = self._numbers(is_final=is_final)
        live = 0 if is_final or numbers.time else self._measuring.live_steps

        def compose() -> Document:
            handed = hand_in(lab, record, numbers, name=work.author, roll_number=work.roll_number)
            return lab_document(lab, handed, record, numbers, live)

        return compose

    def _draft(self) -> Callable[[], Document]:
        """Return the same for a draft: it says so, and what is lacking, and carries nothing to be graded."""
        compose, lacking = self.composed(is_final=False), self.lacking()

        def drafted() -> Document:
            document = compose()
            whose = Whose(document.author, document.roll_number, "a draft")
            said = Words(f"Draft, not to be handed in. {lacking}")
            title = f"{document.title} (draft)"
            return replace(document, title=title, blocks=(said, *document.blocks), results=whose.to_json())

        return drafted

    def _numbers(self, *, is_final: bool) -> LabNumbers:
        known = self._measuring.numbers if is_final else self._measuring.uncovered
        run = () if is_final else self._measuring.run_so_far()
        return known or told_so_far(self._work.lab, self._work.record, self._measuring.experiment, run)

    @property
    def name(self) -> str:
        """What a file with the report is called, without its ending: a hundred of them lie in one folder."""
        lab = "lab5" if self._work.lab.is_free else self._work.lab.id
        whose = "-".join(re.findall(r"\w+", self._work.work.roll_number))
        return "-".join(filter(None, (lab, whose, "report")))

    def lacking(self) -> str:
        """Return what is still to be written, predicted or inserted, in a line; "" for nothing."""
        lab, record, work, places = self._work.lab, self._work.record, self._work.work, self._work.gaps()
        said = list[str]()
        if places:
            step, question = places[0]
            many = f"{format_count(len(places))} answers are still to be written. The first is "
            number = format_count(lab.steps.index(step) + 1)
            place = f"section {number}" if lab.is_free else f"step {number}, “{step.title}”"
            which = f"“{PARTS[question.part]}” in {place}."
            said.append(f"{many if len(places) > 1 else 'Still to be written: '}{which}")
        count = self._count_open()
        if count:
            said.append(f"{format_count(count)} prediction{'s are' if count > 1 else ' is'} still open.")
        if not any(step.results or record.step(step.id).inserts for step in lab.steps):
            said.append("The report has no figure; Insert… beside the observations adds one.")
        head = {"name": work.author, "roll number": work.roll_number}
        missing = [each for each, text in head.items() if not (text.strip() or lab.is_free)]
        if missing:
            said.append(f"Your {' and '.join(missing)} {'are' if len(missing) > 1 else 'is'} missing.")
        return " ".join(said)

    def _count_open(self) -> int:
        record = self._work.record
        return sum(record.step(step.id).is_open(step) for step in self._work.lab.steps)

    # --- asking ---------------------------------------------------------------------------------------------

    def ask(self) -> None:
        """Show what is still to be written; else, or if the user insists, ask for a file."""
        if not self._button.isEnabled():
            return
        if lacking := self.lacking():
            self._say(lacking)
            self._message.action_button().setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.ask_where()

    def follow(self) -> None:
        """Let what is said to be lacking stay true while the report changes."""
        if self._said and self._message.text() == self._said:
            lacking = self.lacking()
            if lacking:
                self._say(lacking)
            else:
                self._message.clear()

    def _say(self, lacking: str) -> None:
        """Say what is lacking; offer the report all the same, a draft, and the way to the first field."""
        late = f" “{_ANYWAY}” shows all results: a prediction made after it counts as late."
        self._said = lacking + late * (self._count_open() > 0)
        if self._said == self._message.text():
            return
        # The first one has the keyboard; where something is to be predicted, Enter shows nothing.
        names = (_DRAFT, _ANYWAY) if self._count_open() else (_ANYWAY, _DRAFT)
        first, *more = ((name, partial(self._ask_anyway, is_draft=name == _DRAFT)) for name in names)
        more += [(_THERE, partial(self._write_in, *place)) for place in self._work.gaps()[:1]]
        self._message.show_message(self._said, "warning", *first, *more)

    def _ask_anyway(self, *, is_draft: bool) -> None:
        # The button in the message goes, and with it the keyboard to the next field.
        self._message.clear()
        self._button.setFocus(Qt.FocusReason.OtherFocusReason)
        self.ask_where(is_draft=is_draft)

    def ask_where(self, *, is_draft: bool = False) -> None:
        """Ask for a file, beginning in the folder used last, and write the report or a draft to it."""
        settings = QSettings()
        what, name = ("draft", f"{self.name}-draft.pdf") if is_draft else ("report", f"{self.name}.pdf")
        named, chosen = QFileDialog.getSaveFileName(
            self._panel, f"Export {what}", str(remembered_folder(settings) / name), ";;".join(FILTERS)
        )
        if not named:
            return
        remember_folder(settings, Path(named))
        path = with_ending(Path(named), chosen)
        # The dialog has asked about the name as it was typed only.
        if path.suffix.lower() in ENDINGS and path != Path(named) and os.path.lexists(path):
            there = f"{path.name} already exists in this folder."
            replace_it = partial(self.write, path, is_draft=is_draft)
            self._message.show_message(there, "warning", "Replace it", replace_it)
        else:
            self.write(path, is_draft=is_draft)

    # --- writing --------------------------------------------------------------------------------------------

    def write(self, path: Path, *, is_draft: bool = False) -> None:
        """Write the report in the background, after what is not recorded or measured yet; a draft at once."""
        self._message.clear()
        self._button.setEnabled(False)
        self._work.record_all()
        if is_draft or not self._measuring.is_needed:
            self._write(path, is_draft=is_draft)
            return
        self._waits_for = path
        self._message.show_message("Measuring the lab again; then the report is written.", "info")
        self._measuring.start()

    @property
    def is_waiting(self) -> bool:
        """Whether a report is to be written as soon as its lab is measured."""
        return self._waits_for is not None

    def forget(self) -> None:
        """Do not write what is only being measured: the report is another, or nothing is measured."""
        if self.is_waiting:
            self._waits_for = None
            self._message.clear()
            self._end(succeeded=False)

    def _on_measured(self) -> None:
        if self.is_waiting and self._measuring.is_needed:  # it was another lab that was measured
            self._measuring.start()
            return
        path, self._waits_for = self._waits_for, None
        if path is not None:
            self._write(path)
        elif self._measuring.numbers is not None:
            when = " once the open predictions are made" if self._measuring.uncovered is None else ""
            said = f"All steps are measured: the pages show their results{when}."
            self._message.show_message(said, "success")

    def _on_measuring_failed(self, text: str) -> None:
        if self.is_waiting:
            self._waits_for = None
            self._on_failed(text)

    def _write(self, path: Path, *, is_draft: bool = False) -> None:
        lab, begun, ending = self._work.lab, self._work.begun, path.suffix.lower()
        write = write_pdf if ending == ".pdf" else write_html if ending in ENDINGS else write_folder
        compose = self._draft() if is_draft else self.composed(is_final=True)
        numbers = self._numbers(is_final=True)
        report, what = "the report", "This one file has everything in it: hand it in."
        missing = {"answer": len(self._work.gaps()), "prediction": self._count_open()}
        many = [format_many(n, one) for one, n in missing.items() if n]
        if many or ending not in ENDINGS:
            what = f"Missing in it: {' and '.join(many)}." if many else "Hand in the whole folder."
        if is_draft:
            report, what = "a draft", "It is not to be handed in."
        said = f"Wrote {report} to {path}. {'' if lab.is_free else what}".strip()

        def done(_written: None) -> None:
            if not is_draft and begun == self._work.begun:
                self._work.note_handed_out(lab, numbers)
                if lab is self._work.lab:
                    self.handed_out.emit()
            show = partial(QDesktopServices.openUrl, QUrl.fromLocalFile(str(path.parent)))
            self._message.show_message(said, "success", "Open folder", show)
            self._end(succeeded=True)

        self._files.submit(_EXPORT, lambda _context: write(compose(), path), done, self._on_failed)

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
    ending, own = FILTERS.get(chosen_filter, ".pdf"), path.suffix.lower()
    has_own = own in ENDINGS
    if has_own and ending and (ending == ".pdf" or own != ".pdf"):
        return path
    return path.with_name((path.stem if has_own else path.name) + ending)
