"""The lab report panel: words on the left, the report as it will appear on the right."""

from pathlib import Path
from typing import override

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from cnnviz._types import View
from cnnviz.clock import now
from cnnviz.errors import CNNVizError
from cnnviz.report import Findings, Insert, Report
from cnnviz.report.content import FIELDS, GUIDES, Shown, guide_of
from ui.controls.buttons import Button
from ui.controls.flow_row import FlowRow
from ui.controls.labels import WrapLabel
from ui.controls.late_scroll import place_of, scroll_later
from ui.controls.layouts import fill
from ui.controls.pace import single_shot
from ui.controls.scroll_column import ScrollColumn
from ui.controls.segmented import SegmentedControl
from ui.panels.analysis import Analysis, LatestOnly
from ui.panels.contract import Panel
from ui.panels.drawn import Drawn
from ui.panels.report.asking import AskingBar
from ui.panels.report.exporter import ReportExporter
from ui.panels.report.fields import DemonstrationFields, HeadFields
from ui.panels.report.guided import Composer
from ui.panels.report.insert_desk import InsertDesk
from ui.panels.report.lab_run import LabRun
from ui.panels.report.preview import ReportPreview, preview_work
from ui.panels.report.writing import Writing
from ui.panels.views import Choices
from ui.state import AppState, RunStatus
from ui.theme import Theme, follow_theme

_PREVIEW_MS = 700
_PREVIEW = "report-preview"
_SHORT_TITLES = ("1  Principle", "2  Translation", "3  Backprop")


class ReportPanel(Panel):
    """Write the lab report, run the lab, export both as one document.

    A recorded hypothesis stays; later edits are shown as such.

    * `background`: runs the lab.
    * `typesetting`: sets the preview.
    * `files`: writes the report, also while the lab runs.
    """

    exported = Signal()  # the report was written
    inserted = Signal()  # a figure or table was put into it

    def __init__(
        self,
        state: AppState,
        background: Analysis,
        typesetting: Analysis,
        files: Analysis,
    ) -> None:
        super().__init__()
        self._state = state
        #: The words, and what was done in guided labs.
        self.writing = Writing(lambda: state.run.step, self)
        self._lab = LabRun(state, background, self)
        self._lab.know(self.writing.draft.measured, self.writing.draft.findings)
        #: Puts the report together; a guided lab is given to it.
        self.composer = Composer(self.writing, self._lab)
        self._stale = True
        self.setProperty("role", "panel")
        self.message = AskingBar(self)
        self.head = HeadFields()
        self.pages = SegmentedControl(list(zip(GUIDES, _SHORT_TITLES, strict=True)))
        for key, guide in GUIDES.items():
            self.pages.set_option_tooltip(key, guide.title)
        self.fields = DemonstrationFields()
        self.run_button = Button(
            "Run the lab",
            "play",
            "primary",
            tooltip="Train from the initial weights with the current settings and measure all three "
            "demonstrations. Hypotheses are recorded first.",
        )
        self.again = Button(
            "Measure again",
            "rotate-ccw",
            tooltip="Measure with the settings, the seed, the data and the image of before: the numbers come "
            "out the same",
        )
        self.cancel = Button("Cancel", "x", tooltip="Stop the lab; nothing is changed")
        self.export = Button(
            "Export…",
            "file-text",
            tooltip="Write the report as PDF or HTML, or its figures and tables into a folder",
            shortcut="Ctrl+Shift+E",
        )
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setAccessibleName("Progress of the lab")
        self.progress.setToolTip("How much of the lab is done")
        self.status = WrapLabel("", role="muted")
        self.preview = ReportPreview()
        self._desk = InsertDesk(self.writing, self.pages, self.fields, self.message, self)
        self._preview = LatestOnly(typesetting, _PREVIEW, self.preview.set_pages, self._on_failed)
        self._exporter = ReportExporter(
            self.composer, background, files, self.message, self.export, self._prepare, self._write_in,
            self.fields.insert.ask, self,
        )  # fmt: skip
        self._words_area = ScrollColumn(self.fields)
        left = fill(QVBoxLayout(), self.head, self.pages, (self._words_area, 1), spacing=10)
        buttons = FlowRow()
        buttons.add(self.again, self.run_button, self.cancel, self.export)
        #: What has been measured, and the pages with it.
        self.measured = QWidget()
        fill(QVBoxLayout(self.measured), self.status, (self.preview, 1), spacing=8)
        right = fill(QVBoxLayout(), buttons, self.progress, (self.measured, 1), spacing=8)
        self._columns = fill(QHBoxLayout(), (left, 1), (right, 1))
        fill(QVBoxLayout(self), self.message, (self._columns, 1), spacing=0)
        self._preview_timer = single_shot(self, self._refresh, _PREVIEW_MS)
        self.head.headEdited.connect(self.writing.set_head)
        self.pages.currentChanged.connect(self._show_demonstration)
        self.fields.wordsEdited.connect(self._on_words_edited)
        self.fields.recordRequested.connect(self._on_record_requested)
        self._desk.demonstrationWanted.connect(self.show_demonstration)
        self.writing.changed.connect(self._on_report_changed)
        self.writing.headChanged.connect(self._show_head)
        self.writing.opened.connect(self._on_opened)
        self.run_button.clicked.connect(self.run_lab)
        self.again.clicked.connect(self._lab.measure_again)
        self.cancel.clicked.connect(self._lab.cancel)
        self._lab.changed.connect(self._show_run)
        self._lab.progressed.connect(self._on_lab_progressed)
        self._lab.finished.connect(self._on_lab_finished)
        self._lab.failed.connect(self._on_failed)
        self.export.clicked.connect(self.export_report)
        self._exporter.ended.connect(self._on_export_ended)
        self.preview.pagesWanted.connect(self._refresh)
        self._state.runChanged.connect(self._note_training)
        self.writing.opened.connect(self._note_training)
        self._state.datasetChanged.connect(self._show_run)
        self._state.experimentChanged.connect(self._show_run)
        self._state.experimentChanged.connect(self._show_demonstration)
        self._state.experimentChanged.connect(self._on_report_changed)
        self._show_head()
        self._show_demonstration()
        follow_theme(self)

    # --- what others may ask for --------------------------------------------------------------------------

    @property
    def report(self) -> Report:
        """The words as they stand; an empty date is today's."""
        return self.writing.report

    @property
    def findings(self) -> Findings | None:
        """What the lab has found; None before it has been run."""
        return self._lab.findings

    @Slot()
    def export_report(self) -> None:
        """Ask for a file and write the report to it, after naming what is still to be written."""
        self._exporter.ask()

    def export_to(self, path: Path) -> None:
        """Write the report in the background; a hypothesis that was not recorded yet is recorded first."""
        self._exporter.write(path)

    def add_insert(self, insert: Insert, key: str) -> bool:
        """Put a figure or table of the screen below the observations of a demonstration.

        * Returns: whether the same was there already, of the same step.
        * Raises CNNVizError: if there are too many.
        """
        was_there = self._desk.add(insert, key)
        self.inserted.emit()
        return was_there

    def number_of(self, key: str) -> int:
        """Return the number that a demonstration has in the report."""
        return list(GUIDES).index(key) + 1

    @Slot(str)
    def show_demonstration(self, key: str) -> None:
        """Show the words about one demonstration."""
        self.pages.set_current(key)
        self._show_demonstration()

    def _write_in(self, key: str, name: str) -> None:
        """Let the cursor stand in a field of a demonstration."""
        self.show_demonstration(key)
        self.fields.edits[name].setFocus(Qt.FocusReason.TabFocusReason)

    @Slot()
    def run_lab(self) -> None:
        """Record the hypotheses, then do all three demonstrations with the current settings."""
        if self._lab.can_start:
            self._prepare()
            self.message.clear()
            self._lab.start()

    # --- look ---------------------------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Scale the edges."""
        self._columns.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(12))
        self._columns.setSpacing(theme.px(16))

    @override
    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what happened while the panel was hidden."""
        super().showEvent(event)
        self._show_run()
        if self._stale:
            self._preview_timer.start()

    # --- showing ------------------------------------------------------------------------------------------

    @Slot()
    def _on_opened(self) -> None:
        self._lab.know(self.writing.draft.measured, self.writing.draft.findings)
        self._exporter.forget()
        self.message.clear()
        self._show_demonstration()
        self.head.forget()
        self.fields.forget()

    @Slot()
    def _show_head(self) -> None:
        self.head.set_head(self.writing.words)

    @Slot()
    def _show_demonstration(self) -> None:
        key = self.pages.current()
        demonstration = self.writing.words.demonstration(key)
        for name, _ in FIELDS:
            words = self.writing.hypothesis(key) if name == "hypothesis" else getattr(demonstration, name)
            self.fields.set_words(name, words)
        self.fields.set_questions(guide_of(key, self._lab.experiment))
        self._show_record()
        self._desk.show_inserts()

    def _show_record(self) -> None:
        key = self.pages.current()
        self.fields.set_record(self.writing.versions(key), self.writing.is_pending(key))

    @Slot()
    def _show_run(self) -> None:
        running = self._lab.is_running
        self.run_button.setEnabled(self._lab.can_start)
        self.run_button.setVisible(not running)
        self.again.setVisible(not running and self._lab.can_repeat)
        self.again.setEnabled(self._lab.can_start)
        self.cancel.setVisible(running)
        self.progress.setVisible(running)
        if not running:
            self.progress.setValue(0)
        guided = self.composer.status()
        is_said = self._lab.is_lost or not guided
        self.status.set_text(" ".join(filter(None, (guided, self._lab.status_text() if is_said else ""))))

    @Slot()
    def _refresh(self) -> None:
        """Have the preview set anew, now or when the panel is next seen."""
        self._stale = not self.isVisible()
        if self._stale:
            return
        self._show_run()
        self._exporter.follow()
        self._preview.request(preview_work(self.composer.composed(is_final=False), self.preview.dpi))

    @Slot()
    def _note_training(self) -> None:
        """Remember that a network was trained, whose losses and accuracy the window shows."""
        run = self._state.run
        if run.is_started and run.status is not RunStatus.LOADING:
            classes = self._state.experiment.classes
            if not self.writing.shown_of(classes).training:
                self.writing.note_shown(classes, Shown(training=now()))

    # --- writing ------------------------------------------------------------------------------------------

    @Slot(str, str)
    def _on_words_edited(self, name: str, words: str) -> None:
        try:
            self.writing.set_words(self.pages.current(), name, words)
        except CNNVizError as error:
            self.message.show_message(str(error), "warning")
            self._show_demonstration()
        if name == "hypothesis":
            self._show_record()

    @Slot()
    def _on_record_requested(self) -> None:
        self.writing.record(self.pages.current())
        self._show_record()

    def _prepare(self) -> None:
        self.writing.record_all()
        self._show_record()

    @Slot()
    def _on_report_changed(self) -> None:
        self._stale = True
        if self.isVisible():
            self._preview_timer.start()

    # --- results ------------------------------------------------------------------------------------------

    @Slot(float)
    def _on_lab_progressed(self, share: float) -> None:
        self.progress.setValue(round(1000 * share))

    @Slot()
    def _on_lab_finished(self) -> None:
        assert self._lab.findings is not None
        self.writing.set_findings(self._lab.findings)
        self._show_demonstration()
        self._refresh()

    @Slot(bool)
    def _on_export_ended(self, succeeded: bool) -> None:
        if succeeded:
            self._refresh()
            self.exported.emit()

    @Slot(str)
    def _on_failed(self, text: str) -> None:
        self.message.show_message(text, "error")

    @override
    def drawn(self) -> Drawn | None:
        """Return None: words are of no moment."""
        return None

    # --- sessions -----------------------------------------------------------------------------------------

    def view_state(self) -> View:
        """Return what is looked at, for a session."""
        return {
            "demonstration": self.pages.current(),
            "words": place_of(self._words_area.verticalScrollBar()),
            "preview": place_of(self.preview.verticalScrollBar()),
        }

    def restore_view(self, view: View) -> None:
        """Choose as `view_state` said."""
        choices = Choices(view)
        self.pages.set_current(choices.text("demonstration", GUIDES, next(iter(GUIDES))))
        for name, area in (("words", self._words_area), ("preview", self.preview)):
            scroll_later(area.verticalScrollBar(), choices.whole(name, 0, 1_000_000, 0))
        self._show_demonstration()
