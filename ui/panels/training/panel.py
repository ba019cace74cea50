"""The training panel."""

from typing import override

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from ui.panels.training.curves import TrainingCurves
from ui.panels.training.filters import FiltersView
from ui.panels.training.results import ResultsView
from ui.panels.training.settings_form import SettingsForm
from ui.panels.training.speed import SpeedControl
from ui.state import AppState, RunStatus
from ui.theme import Theme, follow_theme
from ui.widgets.labels import SectionTitle
from ui.widgets.log_table import LogTable
from ui.widgets.message_bar import MessageBar
from ui.widgets.scroll_column import ScrollColumn


class TrainingPanel(QFrame):
    """Settings on the left, curves and filters in the middle, log and test results on the right.

    Signals
    -------
    draftRequested : Experiment
        Edited settings.
    speedRequested : float or None
        Steps a second; None is full speed.
    sampleRequested : int
        Index of the test image to look at.
    """

    draftRequested = Signal(object)
    speedRequested = Signal(object)
    sampleRequested = Signal(int)

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._scale = 1.0
        self.setProperty("role", "panel")
        self._build_widgets()
        self._build_layout()
        self._connect_signals()
        self._draw_all()
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale the columns."""
        self._scale = theme.scale
        margin = theme.px(16)
        self._columns.setContentsMargins(margin, theme.px(12), margin, theme.px(12))
        self._columns.setSpacing(theme.px(16))
        self._fit_columns()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give a narrow panel narrower columns at its sides."""
        super().resizeEvent(event)
        self._fit_columns()

    def _fit_columns(self) -> None:
        roomy = self.width() / self._scale >= 1040
        wanted = round((264 if roomy else 228) * self._scale)
        self._settings.setFixedWidth(max(wanted, self._settings.minimumSizeHint().width()))
        self._right.setFixedWidth(round((300 if roomy else 240) * self._scale))

    def _build_widgets(self) -> None:
        self.message = MessageBar(self)
        self.form = SettingsForm()
        self.speed = SpeedControl()
        self.curves = TrainingCurves()
        self.filters = FiltersView()
        self.log = LogTable(("step", "loss", "accuracy"))
        self.log.setAccessibleName("Training log")
        self.log.setToolTip(
            "Mean loss and accuracy over the steps since the line before, as the exercise prints "
            "them. Ctrl+C copies."
        )
        self.results = ResultsView()
        self._log_title = SectionTitle("Log")

    def _build_layout(self) -> None:
        self._settings = _column(ScrollColumn(self.form), self.speed)
        self._right = _column(self._log_title, self.log, self.results)
        right = self._right.layout()
        assert isinstance(right, QVBoxLayout)
        right.setStretch(1, 4)
        right.setStretch(2, 5)
        middle = _column(self.curves, self.filters)
        self._columns = QHBoxLayout()
        self._columns.addWidget(self._settings)
        self._columns.addWidget(middle, 1)
        self._columns.addWidget(self._right)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.message)
        layout.addLayout(self._columns, 1)

    def _connect_signals(self) -> None:
        self.form.draftRequested.connect(self.draftRequested)
        self.form.messageChanged.connect(self._on_form_message)
        self.speed.speedRequested.connect(self.speedRequested)
        self.results.sampleRequested.connect(self.sampleRequested)
        state = self._state
        state.draftChanged.connect(self._on_draft_changed)
        state.datasetChanged.connect(self._on_dataset_changed)
        state.runChanged.connect(self._on_run_changed)
        state.historyReset.connect(self._on_history_reset)
        state.stepsAdded.connect(self._on_steps_added)
        state.testAdded.connect(self.curves.update_tests)
        state.snapshotChanged.connect(self._on_snapshot_changed)
        state.momentChanged.connect(self._on_moment_changed)
        state.ghostChanged.connect(self._on_ghost_changed)
        state.sampleChanged.connect(self._on_sample_changed)
        state.evaluationChanged.connect(self._on_evaluation_changed)
        state.speedChanged.connect(self._on_speed_changed)

    def _draw_all(self) -> None:
        self._on_draft_changed()
        self._on_dataset_changed()
        self._on_history_reset()
        self._on_run_changed()
        self._on_snapshot_changed()
        self._on_moment_changed()
        self._on_ghost_changed()
        self._on_evaluation_changed()
        self._on_speed_changed()

    @Slot()
    def _on_draft_changed(self) -> None:
        self.form.set_draft(self._state.draft)

    @Slot()
    def _on_dataset_changed(self) -> None:
        if self._state.source is not None:
            self.form.set_class_options(self._state.source.available_classes)

    @Slot()
    def _on_run_changed(self) -> None:
        run = self._state.run
        self.curves.set_total_steps(run.total_steps)
        if run.status is not RunStatus.TRAINING:
            self.curves.update_steps()

    @Slot()
    def _on_history_reset(self) -> None:
        history = self._state.history
        self.curves.set_history(history)
        self.log.set_rows([line[:3] for line in history.log])
        self._log_title.set_caption(f"means of {history.log_every:,} steps")

    @Slot(list)
    def _on_steps_added(self, lines: list[tuple[int, float, float, int]]) -> None:
        self.curves.follow_steps()
        if lines:
            self.log.append([line[:3] for line in lines])

    @Slot()
    def _on_snapshot_changed(self) -> None:
        shown = self._state.shown
        self.filters.set_network(None if shown is None else shown.network)

    @Slot()
    def _on_moment_changed(self) -> None:
        shown = self._state.shown
        self.curves.set_moment(None if shown is None or self._state.follows_live else shown.step)

    @Slot()
    def _on_ghost_changed(self) -> None:
        self.curves.set_ghost(self._state.ghost)

    @Slot()
    def _on_sample_changed(self) -> None:
        sample = self._state.sample
        self.results.set_current_sample(None if sample is None else sample.index)

    @Slot()
    def _on_evaluation_changed(self) -> None:
        self.results.set_result(self._state.dataset, self._state.evaluation)
        self._on_sample_changed()

    @Slot()
    def _on_speed_changed(self) -> None:
        self.speed.set_speed(self._state.steps_per_second)

    @Slot(str)
    def _on_form_message(self, text: str) -> None:
        if text:
            self.message.show_message(text, "error")
        else:
            self.message.clear()


def _column(*widgets: QWidget) -> QWidget:
    column = QWidget()
    layout = QVBoxLayout(column)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(10)
    for widget in widgets:
        layout.addWidget(widget)
    layout.setStretch(0, 1)
    return column
