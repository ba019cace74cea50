"""The line at the bottom of the window: where the run is."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QWidget

from cnnviz.presets import preset_of
from ui.state import AppState, RunStatus
from ui.theme import Theme, follow_theme

_WORDS = {
    RunStatus.LOADING: "loading",
    RunStatus.READY: "ready",
    RunStatus.TRAINING: "training",
    RunStatus.PAUSED: "paused",
    RunStatus.STOPPED: "stopped",
    RunStatus.FINISHED: "finished",
    RunStatus.FAILED: "failed",
}


class RunStatusBar(QWidget):
    """Step, loss, accuracy, speed and time left, with a progress bar, and the settings in short."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._build_widgets()
        state.runChanged.connect(self._draw)
        state.stepsAdded.connect(self._draw)
        state.historyReset.connect(self._draw)
        state.experimentChanged.connect(self._draw)
        self._draw()
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale the spacing."""
        self._layout.setContentsMargins(theme.px(12), theme.px(4), theme.px(12), theme.px(4))
        self._layout.setSpacing(theme.px(20))
        self.progress.setFixedWidth(theme.px(150))

    def _build_widgets(self) -> None:
        self.step = _field("Training steps done, and steps of the whole run")
        self.loss = _field("Mean loss over the last steps (one log interval), in nats")
        self.accuracy = _field("Share of correct predictions over the same steps")
        self.speed = _field("Training images a second of wall-clock time")
        self.time_left = _field("Estimated time to the end of the run")
        self.settings = _field("Preset, seed, precision and tie rule of the current run")
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Progress of the run")
        self.progress.setToolTip("Progress of the run")
        self._layout = QHBoxLayout(self)
        for widget in (self.progress, self.step, self.loss, self.accuracy, self.speed, self.time_left):
            self._layout.addWidget(widget)
        self._layout.addStretch(1)
        self._layout.addWidget(self.settings)

    @Slot()
    def _draw(self) -> None:
        run, history, experiment = self._state.run, self._state.history, self._state.experiment
        self.progress.setRange(0, max(run.total_steps, 1))
        self.progress.setValue(run.step)
        epoch = f" · epoch {run.epoch}" if run.is_started else ""
        self.step.setText(f"{_WORDS[run.status]} · step {run.step:,} / {run.total_steps:,}{epoch}")
        known = len(history.losses) > 0
        self.loss.setText(f"loss {history.mean_loss(history.log_every):.4f}" if known else "")
        self.accuracy.setText(f"accuracy {history.mean_accuracy(history.log_every):.3f}" if known else "")
        training = run.status is RunStatus.TRAINING and run.images_per_second > 0
        self.speed.setText(f"{_rounded(run.images_per_second):,} images/s" if training else "")
        self.time_left.setText(self._remaining() if training else "")
        ties = f" · ties: {experiment.ties}" if experiment.pool == "max" else ""
        self.settings.setText(
            f"{preset_of(experiment).upper()} · seed {experiment.seed} · {experiment.dtype}{ties}"
        )

    def _remaining(self) -> str:
        run = self._state.run
        images = (run.total_steps - run.step) * self._state.experiment.batch_size
        return f"{_duration(images / run.images_per_second)} left"


def _field(tooltip: str) -> QLabel:
    label = QLabel()
    label.setProperty("role", "mono")
    label.setToolTip(tooltip)
    return label


def _rounded(value: float) -> int:
    """Two significant digits are all that is steady enough to read."""
    step = 10 ** max(len(str(int(value))) - 2, 0)
    return round(value / step) * step


def _duration(seconds: float) -> str:
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"
