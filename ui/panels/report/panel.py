"""The lab report panel: words on the left, the report as it will appear on the right."""

from dataclasses import dataclass
from typing import override

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from cnnviz._types import View
from cnnviz.lab.document import heading_of
from cnnviz.lab.model import Question, Section, Step
from cnnviz.report.blocks import Figure, Insert
from ui.choices import kept, maybe, read, whole
from ui.controls.buttons import Button
from ui.controls.choice_field import SegmentedControl
from ui.controls.flow_row import FlowRow
from ui.controls.keyboard import keep_for_words
from ui.controls.labels import WrapLabel
from ui.controls.layouts import fill
from ui.controls.pace import single_shot
from ui.controls.scroll_column import ScrollColumn, place_of, scroll_later
from ui.panels.contract import Panel
from ui.panels.report.exporter import ReportExporter
from ui.panels.report.fields import HeadFields, SectionFields
from ui.panels.report.measuring import Measuring
from ui.panels.report.preview import FIT, LARGEST, Pages, ReportPreview, Sought, preview_work
from ui.panels.report.work import StudentWork
from ui.state import AppState, RunStatus
from ui.tasks import LatestOnly, TaskRunner

_PREVIEW_MS = 700
_PREVIEW = "report-preview"
_MODES = (
    ("edit", "Edit", "The fields for words and figures, and the pages beside them"),
    ("read", "Read", "The pages alone, as wide as the panel"),
)
_MOST_NAMED = 4  # sections whose names fit beside one another


@dataclass(frozen=True)
class _Kept:
    """What a session keeps: the section in front, how large the pages are, how far all is scrolled."""

    section: str | None = maybe(str)
    words: int = whole(0, 0, 1_000_000)
    preview: int = whole(0, 0, 1_000_000)
    zoom: int = whole(FIT, FIT, LARGEST)
    reading: bool | None = maybe(bool)  # None until it is chosen


class ReportPanel(Panel):
    """Write the report of the lab in front, section by section, measure the lab, export both as one."""

    def __init__(
        self, state: AppState, background: TaskRunner, typesetting: TaskRunner, files: TaskRunner
    ) -> None:
        super().__init__()
        self._state = state
        #: What was written and done, which the lab guide shows, too.
        self.work = StudentWork(state, self)
        self.measuring = Measuring(self.work, state, background, self)
        self._stale = True
        self.head = HeadFields(self.work)
        self.fields = SectionFields(self.work, self.message)
        self.pages = SegmentedControl([("", "")])
        self.pages.currentChanged.connect(self._go_to_section)
        self.run_button = Button(
            "Run the lab", "play", "primary",
            tooltip="Record your hypotheses, then measure the lab again, for the tables of the report",
        )  # fmt: skip
        self.cancel = Button("Cancel", "x", tooltip="Stop measuring; the report stays as it is")
        self.export = Button(
            "Export…", "file-text", shortcut="Ctrl+Shift+E",
            tooltip="Measure the lab, unless that is done; then write the report as PDF, HTML or a folder",
        )  # fmt: skip
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setAccessibleName("Progress of the lab")
        self.progress.setToolTip("How much of the lab has been measured")
        self.status = WrapLabel("", role="muted")
        self._typesetting = typesetting
        self.preview = ReportPreview()
        self._preview = LatestOnly(
            typesetting,
            _PREVIEW,
            lambda pages: self.preview.set_pages(pages, is_stale=self._stale or self._preview.has_newer),
            self.message.show_error,
        )
        self.exporter = ReportExporter(
            self.work, self.measuring, files, self.message, self.export, self.write_in, self
        )
        self._words_area = ScrollColumn(self.fields)
        #: What is typed.
        self.words = QWidget()
        keep_for_words(self.words)
        column = fill(QVBoxLayout(self.words), self.head, self.pages, (self._words_area, 1), spacing=10)
        column.setAlignment(self.pages, Qt.AlignmentFlag.AlignLeft)
        #: Whether the pages have the whole panel: until it is chosen, in a lab, whose fields the guide shows.
        self.mode = SegmentedControl(_MODES)
        self._reading: bool | None = None
        self.mode.currentChanged.connect(self._on_mode_chosen)
        self._buttons = buttons = FlowRow()
        buttons.add(self.run_button, self.cancel, self.export, self.mode, self.preview.bar)
        #: What has been measured, and the pages with it.
        self.measured = QWidget()
        fill(QVBoxLayout(self.measured), self.status, (self.preview, 1), spacing=8)
        columns = fill(QHBoxLayout(), (self.words, 2), (self.measured, 3), spacing=16)
        body = fill(QVBoxLayout(), buttons, self.progress, (columns, 1), spacing=8, margins=(16, 12, 16, 12))
        fill(QVBoxLayout(self), self.message, (body, 1), spacing=0)
        self._preview_timer = single_shot(self, self._refresh, _PREVIEW_MS)
        work, measuring = self.work, self.measuring
        work.changed.connect(self._on_work_changed)
        work.inserted.connect(self.show_insert)
        self.fields.typed.connect(lambda answer: self._look_at(*answer.printed()))
        work.labChanged.connect(self._show_lab)
        work.labChanged.connect(self.exporter.forget)
        work.labChanged.connect(self.message.clear)  # what it offers is about another lab
        self.run_button.clicked.connect(self.run_lab)
        self.cancel.clicked.connect(measuring.cancel)
        self.cancel.clicked.connect(self.exporter.forget)
        measuring.changed.connect(self._show_run)
        measuring.progressed.connect(lambda share: self.progress.setValue(round(1000 * share)))
        measuring.finished.connect(self._show_section)
        measuring.finished.connect(self._refresh)
        measuring.failed.connect(self.message.show_error)
        self.export.clicked.connect(self.exporter.ask)
        self.exporter.ended.connect(self._refresh)
        self.preview.pagesWanted.connect(self._refresh)
        state.runChanged.connect(self._note_run)
        state.testAdded.connect(self._note_run)
        work.opened.connect(self._note_run)
        work.opened.connect(self._on_work_opened)
        state.datasetChanged.connect(self._show_run)
        state.sampleChanged.connect(self._show_run)
        for shown in (self._show_run, self._show_section, self._on_work_changed):
            state.experimentChanged.connect(shown)
        state.coveredChanged.connect(self._on_covered_changed)
        self._show_lab()

    # --- what others may ask for --------------------------------------------------------------------------

    def show_step(self, step_id: str) -> None:
        """Show the section to which a step belongs."""
        self.pages.set_current(self.work.lab.step(step_id).section)
        self._go_to_section()

    def show_insert(self, step: Step, insert: Insert) -> None:
        """Show where a figure stands, in the fields and on the pages, or be ready to."""
        self.show_step(step.id)
        self.fields.show_insert(step, insert)
        self._look_at(lambda each: isinstance(each, Figure) and each.svg == insert.svg)

    def write_in(self, step: Step, question: Question) -> None:
        """Let the cursor stand in the field of a question."""
        self._set_reading(False)
        self.show_step(step.id)
        answer = self.fields.answer(step.id, question.part)
        if answer is not None:
            answer.field.setFocus(Qt.FocusReason.TabFocusReason)

    def run_lab(self) -> None:
        """Record the hypotheses, then measure all steps of the lab."""
        if self.measuring.can_start:
            self.work.record_all()
            self.message.clear()
            self.measuring.start()

    @override
    def present(self, alone: bool) -> None:
        self._is_alone = alone
        self._set_reading(self._reading)
        self._buttons.setHidden(alone)
        self.status.setHidden(alone)

    @override
    def turn_page(self, way: int) -> bool:
        """Show more of the pages, further on with 1, further back with -1; return whether there is more."""
        bar = self.preview.verticalScrollBar()
        before = bar.value()
        bar.setValue(before + way * bar.pageStep())
        return bar.value() != before

    @override
    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what happened while the panel was hidden."""
        super().showEvent(event)
        self._show_run()
        if self._stale:
            self._preview_timer.start()

    # --- showing ------------------------------------------------------------------------------------------

    def _show_lab(self) -> None:
        """Offer the sections of the lab in front."""
        is_free = self.work.lab.is_free
        self._set_reading(self._reading)
        self.run_button.set_kind("primary" if is_free else "")  # in a lab the export runs it
        sections = self.work.lab.sections
        is_named = len(sections) <= _MOST_NAMED
        names = [f"  {' '.join(each.id.split('-')).capitalize()}" * is_named for each in sections]
        named = enumerate(zip(sections, names, strict=True), start=1)
        self.pages.set_options([(each.id, f"{n}{name}", each.title) for n, (each, name) in named])
        self._show_section()
        self._show_run()

    def _set_reading(self, chosen: bool | None) -> None:
        self._reading = chosen
        reading = not self.work.lab.is_free if chosen is None else chosen
        self.mode.set_current("read" if reading else "edit")
        self.words.setHidden(reading or self._is_alone)

    def _on_mode_chosen(self, mode: str) -> None:
        """Show the fields of the section, and of the figure, that are in sight on the pages."""
        seen, lab = self.preview.seen(), self.work.lab
        self._set_reading(mode == "read")
        if mode == "read":
            return
        begun = [each for each in lab.sections if heading_of(lab, each) in seen]
        if begun:
            self.pages.set_current(begun[-1].id)
            self._show_section()
        last = seen[-1].svg if seen and isinstance(seen[-1], Figure) else ""
        for step in lab.steps:
            for insert in (each for each in self.work.done(step).inserts if each.svg == last):
                self.fields.show_insert(step, insert)

    def _show_section(self) -> Section:
        section = next(each for each in self.work.lab.sections if each.id == self.pages.current())
        self.fields.set_section(section)
        return section

    def _go_to_section(self) -> None:
        """Show the fields of the section that is chosen, and the page on which it begins."""
        heading = heading_of(self.work.lab, self._show_section())
        self._look_at(lambda each: each == heading)

    def _look_at(self, *sought: Sought) -> None:
        self.preview.look_at(*sought, is_stale=self._stale or self._typesetting.is_busy(_PREVIEW))

    def _show_run(self) -> None:
        measuring = self.measuring
        running = measuring.is_running
        self.run_button.setEnabled(measuring.can_start)
        self.run_button.setVisible(not running)
        self.cancel.setVisible(running)
        self.progress.setVisible(running)
        if not running:
            self.progress.setValue(0)
        self.status.set_text(measuring.status_text())

    def _refresh(self) -> None:
        """Have the preview set anew, now or when the panel is next seen."""
        self._stale = not self.isVisible()
        if self._stale:
            return
        self._show_run()
        self.exporter.follow()
        self._preview.request(preview_work(self.exporter.composed(is_final=False), self.preview.dpi))

    def _note_run(self) -> None:
        """Remember that a network was trained, whose losses and accuracy the window shows."""
        run = self._state.run
        if not run.is_training:  # the pages show its curves
            self._on_work_changed()
        if run.is_started and run.status is not RunStatus.LOADING:
            self.work.note_shown(self._state.experiment)

    # --- what happens -------------------------------------------------------------------------------------

    def _on_work_changed(self) -> None:
        self._stale = True
        if self.isVisible():
            self._preview_timer.start()

    def _on_work_opened(self) -> None:
        """Show no page of the work before: those of this one are being made."""
        self._typesetting.cancel(_PREVIEW)
        self.preview.set_pages(Pages([]))
        self._on_work_changed()

    def _on_covered_changed(self) -> None:
        if self._state.covered and self.measuring.numbers is not None:  # what is on the pages tells an answer
            self.preview.set_pages(Pages([]))
        self._show_run()
        self._on_work_changed()

    # --- what a document keeps ------------------------------------------------------------------------------

    @override
    def view_state(self) -> View:
        bars = (self._words_area.verticalScrollBar(), self.preview.verticalScrollBar())
        words, preview = map(place_of, bars)
        return kept(_Kept(self.pages.current(), words, preview, self.preview.zoom, self._reading))

    @override
    def restore_view(self, view: View) -> None:
        found, sections = read(_Kept, view), [each.id for each in self.work.lab.sections]
        self.pages.set_current(found.section if found.section in sections else sections[0])
        self._set_reading(found.reading)
        self.preview.set_zoom(found.zoom)
        for place, area in ((found.words, self._words_area), (found.preview, self.preview)):
            scroll_later(area.verticalScrollBar(), place)
        self._show_section()
