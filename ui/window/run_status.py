"""The line at the bottom of the window: where the run is."""

from typing import override

from PySide6.QtCore import Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QProgressBar, QSizePolicy, QWidget

from cnnviz.covers import Secret
from cnnviz.presets import preset_of
from cnnviz.quantities import format_count, format_percent, format_seconds, format_value
from ui.controls.naming import named
from ui.controls.pace import Pace
from ui.state import AppState, RunStatus
from ui.theme import LIGHT, Theme, follow_theme

#: Shortest time between two drawings while training runs: numbers that change faster cannot be read.
_DRAWING_MS = 200

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
    """Step, loss, accuracy, speed and time left, with a progress bar, and the settings in short.

    In a narrow window what matters least is left out.
    """

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._theme = LIGHT
        self._widest: dict[QWidget, int] = {}
        self._pace = Pace(_DRAWING_MS, self)
        self._pace.due.connect(self._draw)
        self._build_widgets()
        state.runChanged.connect(self._on_changed)
        state.stepsAdded.connect(self._on_changed)
        state.historyReset.connect(self._on_reset)
        state.experimentChanged.connect(self._on_reset)
        state.coveredChanged.connect(self._on_reset)
        self._draw()
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale the edges."""
        self._theme = theme
        self._widest.clear()
        self.setFixedHeight(self.step.sizeHint().height() + 2 * theme.px(4))
        self._place()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        """Show what there is room for, the most important first.

        No layout does this: one would arrange the whole window anew whenever a number changes.
        """
        px = self._theme.px
        widths = {part: self._width_of(part) for part in self._by_importance}
        room, gap = self.width() - 2 * px(12) + px(20), px(20)
        shown: set[QWidget] = set()
        for part in self._by_importance:
            if widths[part]:
                room -= widths[part] + gap
                # What comes next goes with it, even if it is short: what is shown should change rarely.
                if room >= 0:
                    shown.add(part)
        left, inner = px(12), self.height() - 2 * px(4)
        for part in self._in_order:
            part.setVisible(part in shown)
            if part not in shown:
                continue
            width = widths[part]
            x = self.width() - px(12) - width if part is self.settings else left
            height = min(part.sizeHint().height(), inner) if part is self.progress else inner
            part.setGeometry(x, (self.height() - height) // 2, width, height)
            left += width + gap

    def _width_of(self, part: QWidget) -> int:
        """Room for a part: a text gets what it has needed so far, so that its neighbours stand still."""
        if part is self.progress:
            return self._theme.px(150)
        if not isinstance(part, QLabel) or not part.text():
            return 0
        width = max(part.sizeHint().width(), self._widest.get(part, 0))
        self._widest[part] = width
        return width

    def _build_widgets(self) -> None:
        self.step = _field("Training steps done, and steps of the whole run")
        self.loss = _field(
            "Mean loss over the last steps (one log interval), on training images as they were met, in nats"
        )
        self.accuracy = _field("Share of correct predictions over the same steps")
        self.speed = _field("Training images a second of wall-clock time")
        self.time_left = _field("Estimated time to the end of the run")
        self.settings = _field("Preset, seed, precision and tie rule of the current run")
        self.progress = named(QProgressBar(), "Progress of the run", "Progress of the run")
        self.progress.setTextVisible(False)
        self._in_order = (
            self.progress, self.step, self.loss, self.accuracy, self.speed, self.time_left, self.settings,
        )  # fmt: skip
        for part in self._in_order:
            part.setParent(self)
        self._by_importance: tuple[QWidget, ...] = (
            self.step, self.loss, self.accuracy, self.time_left, self.speed, self.progress, self.settings,
        )  # fmt: skip
        # The window may be narrower than everything together.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    @Slot()
    def _on_changed(self) -> None:
        if self._state.run.status is not RunStatus.TRAINING:
            self._widest.clear()  # before anything is drawn, which `put` may do at once
        self._pace.put(None)
        if self._state.run.status is not RunStatus.TRAINING:
            self._pace.flush()

    @Slot()
    def _on_reset(self) -> None:
        self._widest.clear()
        self._pace.put(None)
        self._pace.flush()

    @Slot()
    def _draw(self) -> None:
        run, history, experiment = self._state.run, self._state.history, self._state.experiment
        self.progress.setRange(0, max(run.total_steps, 1))
        self.progress.setValue(run.step)
        epoch = f" · epoch {run.epoch}" if run.is_started else ""
        self.step.setText(
            f"{_WORDS[run.status]} · step {format_count(run.step)} / {format_count(run.total_steps)}{epoch}"
        )
        known = len(history.losses) > 0
        tells_loss = known and not self._state.why_covered(Secret.LOSS)
        tells_accuracy = known and not self._state.why_covered(Secret.TEST)
        self.loss.setText(f"loss {format_value(history.mean_loss(history.log_every))}" if tells_loss else "")
        self.accuracy.setText(
            f"accuracy {format_percent(history.mean_accuracy(history.log_every))}" if tells_accuracy else ""
        )
        training = run.status is RunStatus.TRAINING and run.images_per_second > 0
        self.speed.setText(f"{format_count(_rounded(run.images_per_second))} images/s" if training else "")
        self.time_left.setText(self._remaining() if training else "")
        ties = "" if "ties" in experiment.unused else f" · ties: {experiment.ties}"
        self.settings.setText(
            f"{preset_of(experiment).upper()} · seed {experiment.seed} · {experiment.dtype}{ties}"
        )
        self._place()

    def _remaining(self) -> str:
        run = self._state.run
        if self._state.rising_pace is not None:  # at the pace for now it would be hours
            return "speeding up"
        images = (run.total_steps - run.step) * self._state.experiment.batch_size
        return f"{format_seconds(images / run.images_per_second)} left"


def _field(tooltip: str) -> QLabel:
    label = named(QLabel(), role="mono")
    label.setToolTip(tooltip)
    return label


def _rounded(value: float) -> int:
    """Two significant digits are all that is steady enough to read."""
    step = 10 ** max(len(str(int(value))) - 2, 0)
    return round(value / step) * step
