"""The controls of the run, always at hand at the top of the window."""

from collections.abc import Iterator
from typing import override

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QWidget

from cnnviz.covers import Secret
from cnnviz.experiment import SETTINGS, preset_of
from cnnviz.layers import TIE_WORDS
from cnnviz.quantities import format_count, format_percent, format_seconds, format_value
from ui.controls.buttons import Button, with_key
from ui.controls.layouts import fill, named, scaled
from ui.controls.pace import Pace
from ui.state import AppState, RunStatus
from ui.theme import LIGHT, Theme, follow_theme, mono_font, theme_manager
from ui.window.actions import START, START_TIP, action_row
from ui.window.finder import Entry
from ui.window.menus import Menus

_SPACE = action_row("train").key
#: Text, icon, tool tip and key of the button that trains.
_TRAIN: dict[RunStatus, tuple[str, str, str, str]] = {
    RunStatus.LOADING: ("Train", "play", "Train the network", _SPACE),
    RunStatus.READY: ("Train", "play", "Train the network", _SPACE),
    RunStatus.TRAINING: ("Pause", "pause", "Pause training: it goes on from there whenever you like", _SPACE),
    RunStatus.PAUSED: ("Continue", "play", "Go on with this run, as if it had not been paused", _SPACE),
    RunStatus.FAILED: (START, "play", START_TIP, ""),
    RunStatus.FINISHED: ("Train more", "play", "Every epoch is done: train one more (+1 epoch)", _SPACE),
}
#: What is said instead of training when the key is pressed then.
_AT_END = {
    RunStatus.FAILED: f"This run has failed. {START} trains from the initial weights; by keys, "
    f"{action_row('reset').key} and then {_SPACE}.",
    RunStatus.FINISHED: f"This run has just ended. {_SPACE} once more trains for one more epoch.",
}
_MEANT_AS_PAUSE_MS = 3000
_PLACE = "end of the run"
_SPACING = 8


def _join(button: QAbstractButton, menus: Menus, name: str) -> None:
    """Let a button ask for an action, when that can be asked for."""
    action = menus.action(name)
    button.setObjectName(name)
    button.setEnabled(action.isEnabled())
    action.enabledChanged.connect(button.setEnabled)
    button.clicked.connect(action.trigger)


class TrainButton(Button):
    """Trains, pauses, goes on, and says which of them it does; with `names_key` also by which key.

    While settings wait in the form and the run stands still, it starts a new run with them.
    """

    doesOther = Signal()

    def __init__(self, state: AppState, menus: Menus, *, names_key: bool = False) -> None:
        row = action_row("train")
        super().__init__(row.label, row.icon, "primary", row.sentence, row.key)
        # Wide enough for the longest of its texts, so that what is beside it stays where it is.
        scaled(self.setMinimumWidth, 140)
        self._state, self._names_key = state, names_key
        self._shown: tuple[RunStatus, tuple[str, str, str, str], list[str]] | None = None
        _join(self, menus, "train")
        for changed in (state.runChanged, state.draftChanged, state.experimentChanged):
            changed.connect(self._on_run_changed)
        self._on_run_changed()

    def does(self) -> tuple[str, str, str, str]:
        """Return its text, icon, tool tip and key."""
        if self._state.waits_for_new_run and not self._state.is_untrained:
            return START, "play", START_TIP, _SPACE
        return _TRAIN[self._state.run.status]

    def _on_run_changed(self) -> None:
        does, changed = self.does(), self._changed()
        if (self._state.run.status, does, changed) == self._shown:
            return
        self._shown = self._state.run.status, does, changed
        text, icon, tip, key = does
        is_compact = not self.text()
        self.setAccessibleName(f"{text} ({key})" if self._names_key and key else text)
        self.set_compact(is_compact)
        tip += f". What changes: {', '.join(changed)}" if changed else ""
        self.setToolTip(with_key(tip, key))
        self.setProperty("key", key)
        self.set_icon(icon)
        self.doesOther.emit()

    def _changed(self) -> list[str]:
        """Say which settings the next press changes."""
        state, names = self._state, tuple[str, ...]()
        origin = None if state.live is None else state.live.origin
        if state.waits_for_new_run and not state.is_untrained:
            names = state.pending
        elif origin is not None and state.run.status in (RunStatus.PAUSED, RunStatus.FINISHED):
            used, rate = origin.experiment.learning_rate, state.experiment.learning_rate
            names = ("learning_rate",) if used != rate else ()
        of, draft = [(name, SETTINGS[name]) for name in names], state.draft
        return [f"{each.title.lower()} {each.written(getattr(draft, name))}" for name, each in of]


class RunBar(QWidget):
    """Train or pause, step, one epoch more, reset, new seed, export of a figure.

    The key does what the button says, but for a run that has failed, or has ended so lately that a pause was
    meant: there a message says how to go on.
    """

    def __init__(self, state: AppState, menus: Menus) -> None:
        super().__init__()
        self._menus, self._state, self._ended = menus, state, QElapsedTimer()
        self.train = TrainButton(state, menus)
        names = "step", "epoch", "reset", "new_seed", "export"
        self.step, self.epoch, self.reset, self.new_seed, self.export = map(self._button, names)
        buttons = self.train, self.step, self.epoch, self.reset, self.new_seed, self.export
        self._layout = fill(QHBoxLayout(self), *buttons, spacing=_SPACING, margins=(0, 5, 12, 5))
        self._folds = [each.set_compact for each in (self.export, self.new_seed, self.reset, self.step)]
        self._folds += [self.epoch.set_compact, self._fold_spaces]
        # At last what the menus have, too.
        self._folds += [self.new_seed.setHidden, self.export.setHidden, self.train.set_compact]
        self._folds += [self.epoch.setHidden, self.step.setHidden]
        menus.action("train").installEventFilter(self)
        self.train.doesOther.connect(self._on_does_other)

    def entries(self) -> Iterator[Entry]:
        """Yield what can be found here by words, besides the actions."""
        text, _icon, tip, key = self.train.does()
        if self._state.run.status is RunStatus.FINISHED and text != START:  # which the menu says, too
            yield Entry(text, "Run", self._menus.action("train").trigger, key, about=tip)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        status = self._state.run.status
        if event.type() != QEvent.Type.Shortcut or status not in _AT_END or self._state.waits_for_new_run:
            return False
        if status is RunStatus.FINISHED and self._ended.hasExpired(_MEANT_AS_PAUSE_MS):
            return False
        text, act = _TRAIN[status][0], self._menus.action("train").trigger
        self._state.raise_notice(_PLACE, "info", _AT_END[status], text, act)
        return True

    def fit(self, room: int) -> None:
        """Leave out so much, the least important first, that the rest fits into `room` pixels."""
        for fold in self._folds:
            fold(False)
        for fold in self._folds:
            if self.sizeHint().width() <= room:
                return
            fold(True)

    def _fold_spaces(self, folded: bool) -> None:
        self._layout.setSpacing(theme_manager().theme.px(3 if folded else _SPACING))

    def _button(self, name: str) -> Button:
        row = action_row(name)
        button = Button(row.label, row.icon, tooltip=row.sentence, shortcut=row.key)
        _join(button, self._menus, name)
        return button

    def _on_does_other(self) -> None:
        self._state.clear_notice(_PLACE)
        self._ended.start()
        is_new = self.train.does()[0] == START
        self._menus.action("train").setText("S&tart new run" if is_new else action_row("train").text)


#: Shortest time between two drawings while training runs: numbers that change faster cannot be read.
_DRAWING_MS = 200

_WATCHED = 20
"""So many steps a second are watched one by one, and nobody waits for the end of the run."""


class RunStatusBar(QWidget):
    """Step, loss, accuracy, speed, time left, progress, settings in short: what there is room for."""

    def __init__(self, state: AppState) -> None:
        super().__init__()
        self._state = state
        self._theme, self._metrics = LIGHT, QFontMetrics(mono_font())
        self._widest: dict[QWidget, int] = {}
        self._steps = "", ""  # with status and end, and without them where there is no room
        self._pace = Pace(_DRAWING_MS, self)
        self._pace.due.connect(self._draw)
        self._build_widgets()
        state.runChanged.connect(self._on_changed)
        state.stepsAdded.connect(self._on_changed)
        state.historyReset.connect(self._on_reset)
        state.experimentChanged.connect(self._show_settings)
        state.experimentChanged.connect(self._on_reset)
        state.coveredChanged.connect(self._on_reset)
        state.evaluationChanged.connect(self._pace.flush)  # no test result is ahead of the steps
        self._show_settings()
        self._draw()
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._widest.clear()
        # Of the theme, since what is hidden is dressed in it later.
        self._metrics = QFontMetrics(mono_font(theme=theme))
        self.setFixedHeight(self._metrics.height() + 2 * theme.px(4))
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
        room, gap = self.width() - 2 * px(12) + px(20), px(20)
        long, short = self._steps
        is_short = self._metrics.horizontalAdvance(long) + gap >= room - self._width_of(self.keys)
        self.step.setText(short if is_short else long)
        if is_short:
            self._widest.pop(self.step, None)
        widths = {part: self._width_of(part) for part in self._by_importance}
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
        width = max(self._metrics.horizontalAdvance(part.text()) + 1, self._widest.get(part, 0))
        self._widest[part] = width
        return width

    def _build_widgets(self) -> None:
        self.step = _field(self, "Training steps done, and steps of the whole run")
        self.epoch = _field(self, "Epoch that the run is in")
        tip = "Mean loss −ln p(label) and share of correct predictions of these steps, on their own images"
        self.means = _field(self, tip)
        self.speed = _field(self, "Training images a second of wall-clock time")
        self.time_left = _field(self, "Estimated time to the end of the run")
        self.settings = _field(self, "")
        self.keys = _field(self, "What brings a panel to the front")  # in presenter mode
        self.progress = named(QProgressBar(self), "Progress of the run", "Progress of the run")
        self.progress.setTextVisible(False)
        self._in_order = (
            self.keys, self.progress, self.step, self.epoch, self.means, self.speed, self.time_left,
            self.settings,
        )  # fmt: skip
        self._by_importance: tuple[QWidget, ...] = (
            self.keys, self.step, self.means, self.epoch, self.time_left, self.speed, self.progress,
            self.settings,
        )  # fmt: skip
        # The window may be narrower than everything together.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def _on_changed(self) -> None:
        if self._state.run.status is RunStatus.TRAINING:
            self._pace.put(None)
        else:
            self._on_reset()

    def _on_reset(self) -> None:
        self._widest.clear()  # before anything is drawn, which `put` may do at once
        self._pace.put(None)
        self._pace.flush()

    def _draw(self) -> None:
        run, history = self._state.run, self._state.history
        self.progress.setRange(0, max(run.total_steps, 1))
        self.progress.setValue(run.step)
        step = f"step {format_count(run.step)}"
        self._steps = f"{run.status} · {step} / {format_count(run.total_steps)}", step
        self.epoch.setText(f"epoch {run.epoch}" if run.is_started else "")
        means = history.means_at(history.step)
        loss, accuracy = f"loss {format_value(means.loss)}", f"accuracy {format_percent(means.accuracy)}"
        parts = {Secret.LOSS: loss, Secret.TEST: accuracy}
        told = ", ".join(text for secret, text in parts.items() if not self._state.why_covered(secret))
        self.means.setText(f"training {told} ({means.window})" if told and means.interval else "")
        training = run.status is RunStatus.TRAINING and run.images_per_second > 0
        rate = run.images_per_second
        unit = 10 ** max(len(str(int(rate))) - 2, 0)  # two digits are all that is steady enough to read
        self.speed.setText(f"{format_count(round(rate / unit) * unit)} images/s" if training else "")
        self.time_left.setText(self._remaining() if training else "")
        self._place()

    def _show_settings(self) -> None:
        experiment = self._state.experiment
        ties, tip = "", "Preset, classes, seed and precision of the current run"
        if "ties" not in experiment.unused:
            ties = f" · ties: {experiment.ties}"
            tip += f". Ties are cells that share the maximum of a window. {TIE_WORDS[experiment.ties].rule}"
        self.settings.setToolTip(tip)
        run = f"{preset_of(experiment).upper()} · {experiment.class_words} · seed {experiment.seed}"
        self.settings.setText(f"{run} · {experiment.dtype}{ties}")

    def _remaining(self) -> str:
        run = self._state.run
        if self._state.rising_pace is not None:  # at the pace for now it would be hours
            return "speeding up"
        if (self._state.steps_per_second or _WATCHED + 1) <= _WATCHED:  # likewise
            return ""
        images = (run.total_steps - run.step) * self._state.experiment.batch_size
        return f"{format_seconds(images / run.images_per_second)} left"


def _field(parent: QWidget, tooltip: str) -> QLabel:
    return named(QLabel(parent), tip=tooltip, role="mono")
