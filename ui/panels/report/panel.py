"""The lab report panel: words on the left, the report as it will appear on the right."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import override

from PySide6.QtCore import QSettings, QTimer, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from cnnviz.errors import CNNVizError
from cnnviz.report import LabResults, Report, Version
from cnnviz.report.guides import FIELDS, GUIDES
from ui.analysis import Analysis, LatestOnly
from ui.panels.report.draft import Draft, default_path, load_draft, save_draft
from ui.panels.report.fields import DemonstrationFields, HeadFields
from ui.panels.report.preview import ReportPreview
from ui.panels.report.work import FILTERS, export_work, lab_work, preview_work, with_ending
from ui.state import AppState
from ui.theme import Theme, follow_theme
from ui.widgets.buttons import Button
from ui.widgets.labels import WrapLabel
from ui.widgets.message_bar import MessageBar
from ui.widgets.scroll_column import ScrollColumn
from ui.widgets.segmented import SegmentedControl

_SAVE_MS = 500
_PREVIEW_MS = 700
_LAB, _EXPORT, _PREVIEW = "report-lab", "report-export", "report-preview"
_SHORT_TITLES = ("1  Principle", "2  Translation", "3  Backprop")


class ReportPanel(QFrame):
    """Write the lab report, run the lab, export both as one document.

    Everything typed is kept in a draft file within half a second. A hypothesis is recorded with time and
    step; what was recorded stays in the report, and later edits are shown as such.

    Parameters
    ----------
    state : AppState
    analysis : Analysis
        Not used: nothing here is as quick as what the pointer waits for.
    background : Analysis
        Runs the lab, sets the preview, writes the files.
    draft_path : Path, optional
        Where the draft is kept; by default in the user's data folder.
    """

    def __init__(
        self,
        state: AppState,
        analysis: Analysis,
        background: Analysis,
        parent: QWidget | None = None,
        *,
        draft_path: Path | None = None,
    ) -> None:
        super().__init__(parent)
        self._state = state
        self._background = background
        self._path = default_path() if draft_path is None else draft_path
        self._draft, message = load_draft(self._path)
        self._results: LabResults | None = None
        self._running = False
        self._stale = True
        self._preview = LatestOnly(background, _PREVIEW, self._on_pages_set, self._on_failed)
        self.setProperty("role", "panel")
        self._build_widgets()
        self._build_layout()
        self._build_timers()
        self._connect_signals()
        self._show_draft()
        self._show_run()
        follow_theme(self)
        if message:
            self.message.show_message(message, "warning")

    # --- what others may ask for --------------------------------------------------------------------------

    @property
    def report(self) -> Report:
        """The words as they stand; an empty date is today's."""
        words = self._draft.report
        return (
            words
            if words.date.strip()
            else replace(words, date=datetime.now().astimezone().date().isoformat())
        )

    @property
    def results(self) -> LabResults | None:
        """What the lab has measured, None before it has been run."""
        return self._results

    @Slot()
    def export_report(self) -> None:
        """Ask for a file and write the report to it."""
        settings = QSettings()
        folder = Path(str(settings.value("files/folder", str(Path.home()))))
        path, chosen = QFileDialog.getSaveFileName(
            self, "Export report", str(folder / "lab5-report.pdf"), ";;".join(FILTERS)
        )
        if path:
            settings.setValue("files/folder", str(Path(path).parent))
            self.export_to(with_ending(Path(path), chosen))

    def export_to(self, path: Path) -> None:
        """Write the report in the background; a hypothesis that was not recorded yet is recorded first."""
        self._record_all()
        self.save_draft()
        self.message.clear()
        self.export.setEnabled(False)
        self._background.submit(
            _EXPORT,
            export_work(self.report, self._results, path),
            self._on_exported,
            self._on_export_failed,
        )

    @Slot()
    def save_draft(self) -> None:
        """Write the draft now, if anything was changed."""
        if not self._save_timer.isActive():
            return
        self._save_timer.stop()
        try:
            save_draft(self._path, self._draft)
        except CNNVizError as error:
            self.message.show_message(str(error), "error")

    @Slot()
    def run_lab(self) -> None:
        """Record the hypotheses, then do all three demonstrations with the current settings."""
        dataset, sample = self._state.dataset, self._state.sample
        if dataset is None or self._running:
            return
        self._record_all()
        self.message.clear()
        self._running = True
        self._show_run()
        index = 0 if sample is None or sample.index is None else sample.index
        self._background.submit(
            _LAB,
            lab_work(self._state.experiment, dataset, index),
            self._on_lab_done,
            self._on_lab_failed,
            self._on_lab_progress,
        )

    # --- look ---------------------------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Scale the edges."""
        margin = theme.px(16)
        self._columns.setContentsMargins(margin, theme.px(12), margin, theme.px(12))
        self._columns.setSpacing(theme.px(16))

    @override
    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what happened while the panel was hidden."""
        super().showEvent(event)
        if self._stale:
            self._preview_timer.start()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        """Keep the words when the panel, or the program, goes out of sight."""
        super().hideEvent(event)
        self.save_draft()

    def _build_widgets(self) -> None:
        self.message = MessageBar(self)
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
        self.cancel = Button("Cancel", "x", tooltip="Stop the lab; nothing is changed")
        self.export = Button(
            "Export…",
            "file-text",
            tooltip="Write the report as PDF, HTML or a folder with Markdown",
            shortcut="Ctrl+Shift+E",
        )
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setAccessibleName("Progress of the lab")
        self.progress.setToolTip("How much of the lab is done")
        self.status = WrapLabel("", role="muted")
        self.preview = ReportPreview()

    def _build_layout(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(10)
        left.addWidget(self.head)
        left.addWidget(self.pages)
        left.addWidget(ScrollColumn(self.fields), 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for widget in (self.run_button, self.cancel, self.export):
            buttons.addWidget(widget)
        buttons.addStretch(1)
        right = QVBoxLayout()
        right.setSpacing(8)
        right.addLayout(buttons)
        right.addWidget(self.status)
        right.addWidget(self.progress)
        right.addWidget(self.preview, 1)
        self._columns = QHBoxLayout()
        self._columns.addLayout(left, 1)
        self._columns.addLayout(right, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.message)
        layout.addLayout(self._columns, 1)

    def _build_timers(self) -> None:
        self._save_timer, self._preview_timer = QTimer(self), QTimer(self)
        for timer, milliseconds in ((self._save_timer, _SAVE_MS), (self._preview_timer, _PREVIEW_MS)):
            timer.setSingleShot(True)
            timer.setInterval(milliseconds)

    def _connect_signals(self) -> None:
        self.head.headEdited.connect(self._on_head_edited)
        self.pages.currentChanged.connect(self._show_demonstration)
        self.fields.wordsEdited.connect(self._on_words_edited)
        self.fields.recordRequested.connect(self._on_record_requested)
        self.run_button.clicked.connect(self.run_lab)
        self.cancel.clicked.connect(self._on_cancel_clicked)
        self.export.clicked.connect(self.export_report)
        self.preview.pagesWanted.connect(self._refresh)
        # The timer has stopped when it calls; saving asks whether anything is left to save.
        self._save_timer.timeout.connect(self._on_save_due)
        self._preview_timer.timeout.connect(self._refresh)
        self._state.datasetChanged.connect(self._show_run)
        self._state.experimentChanged.connect(self._show_run)

    # --- showing ------------------------------------------------------------------------------------------

    def _show_draft(self) -> None:
        self.head.set_head(self._draft.report)
        self._show_demonstration()

    @Slot()
    def _show_demonstration(self) -> None:
        key = self.pages.current()
        demonstration = self._draft.report.demonstration(key)
        self.fields.set_questions(key)
        for name, _ in FIELDS:
            words = self._hypothesis(key) if name == "hypothesis" else getattr(demonstration, name)
            self.fields.set_words(name, words)
        self._show_record()

    def _show_record(self) -> None:
        key = self.pages.current()
        versions = self._draft.report.demonstration(key).hypothesis
        self.fields.set_record(versions, self._is_pending(key))

    @Slot()
    def _show_run(self) -> None:
        self.run_button.setEnabled(self._state.dataset is not None and not self._running)
        self.run_button.setVisible(not self._running)
        self.cancel.setVisible(self._running)
        self.progress.setVisible(self._running)
        if not self._running:
            self.progress.setValue(0)
        self.status.set_text(self._status_text())

    def _status_text(self) -> str:
        if self._running:
            return "Training and measuring. You may go on writing."
        results = self._results
        if results is None:
            return (
                "Write your hypotheses, then run the lab: it trains, measures and fills in the observations."
            )
        text = (
            f"Measured: test accuracy {results.training.after.accuracy:.4f} after {results.training.steps:,} "
            f"steps, seed {results.experiment.seed}."
        )
        if results.experiment != self._state.experiment:
            text += " The settings have changed since: run the lab again to measure with them."
        return text

    @Slot()
    def _refresh(self) -> None:
        """Have the preview set anew, now or when the panel is next seen."""
        if not self.isVisible():
            self._stale = True
            return
        self._stale = False
        self._preview.request(preview_work(self.report, self._results, self.preview.dpi))

    # --- writing ------------------------------------------------------------------------------------------

    @Slot(str, str)
    def _on_head_edited(self, name: str, text: str) -> None:
        self._take(replace(self._draft, report=replace(self._draft.report, **{name: text})))

    @Slot(str, str)
    def _on_words_edited(self, name: str, words: str) -> None:
        key, report = self.pages.current(), self._draft.report
        if name == "hypothesis":
            self._take(replace(self._draft, pending=self._draft.pending | {key: words}))
            self._show_record()
        else:
            changed = replace(report.demonstration(key), **{name: words})
            self._take(replace(self._draft, report=report.with_demonstration(changed)))

    @Slot()
    def _on_record_requested(self) -> None:
        self._record(self.pages.current())
        self._show_record()

    def _hypothesis(self, key: str) -> str:
        """Return what stands in the field: what was typed last, else what was recorded last."""
        versions = self._draft.report.demonstration(key).hypothesis
        return self._draft.pending.get(key, versions[-1].text if versions else "")

    def _is_pending(self, key: str) -> bool:
        versions = self._draft.report.demonstration(key).hypothesis
        return self._hypothesis(key).strip() != (versions[-1].text.strip() if versions else "")

    def _record(self, key: str) -> None:
        if not self._is_pending(key):
            return
        now = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
        version = Version(self._hypothesis(key), now, self._state.run.step, self._draft.has_run)
        report = self._draft.report
        pending = {name: text for name, text in self._draft.pending.items() if name != key}
        changed = report.demonstration(key).record(version)
        self._take(replace(self._draft, report=report.with_demonstration(changed), pending=pending))

    def _record_all(self) -> None:
        for key in GUIDES:
            self._record(key)
        self._show_record()

    def _take(self, draft: Draft) -> None:
        self._draft = draft
        self._save_timer.start()
        self._stale = True
        if self.isVisible():
            self._preview_timer.start()

    @Slot()
    def _on_save_due(self) -> None:
        self._save_timer.start()
        self.save_draft()

    # --- results ------------------------------------------------------------------------------------------

    def _on_lab_progress(self, share: float) -> None:
        self.progress.setValue(round(1000 * share))

    def _on_lab_done(self, results: LabResults) -> None:
        self._running = False
        self._results = results
        self._take(replace(self._draft, has_run=True))
        self._show_run()
        self._refresh()

    def _on_lab_failed(self, text: str) -> None:
        self._running = False
        self._show_run()
        self.message.show_message(text, "error")

    @Slot()
    def _on_cancel_clicked(self) -> None:
        self._background.cancel(_LAB)
        self._running = False
        self._show_run()

    def _on_exported(self, path: Path) -> None:
        self.export.setEnabled(True)
        self.message.show_message(f"Wrote the report to {path}.", "success")

    def _on_export_failed(self, text: str) -> None:
        self.export.setEnabled(True)
        self.message.show_message(text, "error")

    def _on_pages_set(self, pages: list[bytes]) -> None:
        self.preview.set_pages(pages)

    def _on_failed(self, text: str) -> None:
        self.message.show_message(text, "error")
