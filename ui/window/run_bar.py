"""The controls of the run, always at hand at the top of the window."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from cnnviz.presets import CUSTOM, PRESETS, preset_of
from ui.controls.buttons import Button, IconButton
from ui.controls.choice_field import ChoiceField
from ui.state import AppState, RunStatus
from ui.theme import LIGHT, Theme, bind_icon, follow_theme

_PRESET_NAMES = {"lab5": "LAB5 · exercise", "lenet": "LENET · ten digits", CUSTOM: "custom"}

#: Letters that the field of the preset has room for.
_MANY_LETTERS, _FEW_LETTERS = 14, 6

_PRIMARY: dict[RunStatus, tuple[str, str, str]] = {
    RunStatus.LOADING: ("Train", "play", "Train the network (Space)"),
    RunStatus.READY: ("Train", "play", "Train the network (Space)"),
    RunStatus.TRAINING: ("Pause", "pause", "Pause training (Space)"),
    RunStatus.PAUSED: ("Continue", "play", "Continue training (Space)"),
    RunStatus.STOPPED: ("Train anew", "play", "Begin a new run from the initial weights (Space)"),
    RunStatus.FAILED: ("Train anew", "play", "Begin a new run from the initial weights (Space)"),
    RunStatus.FINISHED: ("Train on", "play", "Every epoch is done: train one more, as +1 epoch does (Space)"),
}


class RunBar(QWidget):
    """Preset, train or pause, step, stop, one epoch more, reset, new seed, export of a figure."""

    presetRequested = Signal(str)
    trainRequested = Signal()
    stepRequested = Signal()
    stopRequested = Signal()
    epochRequested = Signal()
    resetRequested = Signal()
    newSeedRequested = Signal()
    exportRequested = Signal()

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._status: RunStatus | None = None
        self._theme = LIGHT
        self._build_widgets()
        self._build_layout()
        self._connect_signals()
        self._on_run_changed()
        self._on_draft_changed()
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale the spacing."""
        self._layout.setContentsMargins(0, theme.px(5), theme.px(12), theme.px(5))
        self._theme = theme
        self._fold_spaces(False)
        # Wide enough for the longest of its texts, so that the others stay where they are.
        self.train.setMinimumWidth(theme.px(124))

    def fit(self, room: int) -> None:
        """Leave out so much, the least important first, that the rest fits into `room` pixels."""
        for fold in self._folds:
            fold(False)
        for fold in self._folds:
            if self.sizeHint().width() <= room:
                return
            fold(True)

    def _build_widgets(self) -> None:
        self.preset = ChoiceField([(name, _PRESET_NAMES[name]) for name in PRESETS])
        self.preset.setMinimumContentsLength(_MANY_LETTERS)
        self.preset.setPlaceholderText(_PRESET_NAMES[CUSTOM])
        self.preset.setAccessibleName("Preset")
        self.preset.setToolTip("Ready-made settings; choosing one fills in the form")
        self.train = Button("Train", "play", "primary", "Train the network (Space)")
        self.train.setObjectName("train")
        self.step = Button("Step", "step-forward", "", "Train a single step (S)")
        self.stop = Button(
            "Stop", "square", "", "End this run here; its network and curves stay until the next one"
        )
        self.epoch = Button("+1 epoch", "plus", "", "Train as many more steps as one epoch has")
        self.reset = Button(
            "Reset", "rotate-ccw", "", "Back to the initial weights of the same seed (Ctrl+R)"
        )
        self.new_seed = IconButton(
            "dices", "New seed", "Draw a new seed: other initial weights, other order of images"
        )
        self.export = IconButton("image", "Export figure", "the plot or panel used last, as a file (Ctrl+E)")
        for name in ("step", "stop", "epoch", "reset", "new_seed", "export"):
            getattr(self, name).setObjectName(name)
        for button in (self.new_seed, self.export):
            # A click leaves the keyboard where it is: it tells which figure is meant.
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def _build_layout(self) -> None:
        self._label = label = QLabel("Preset")
        label.setProperty("role", "muted")
        label.setBuddy(self.preset)
        self._layout = QHBoxLayout(self)
        for widget in (
            label,
            self.preset,
            self.train,
            self.step,
            self.stop,
            self.epoch,
            self.reset,
            self.new_seed,
            self.export,
        ):
            self._layout.addWidget(widget)
        buttons = (self.reset, self.stop, self.step, self.epoch)
        self._folds: list[Callable[[bool], None]] = [self._fold_label]
        self._folds += [button.set_compact for button in buttons]
        self._folds += [self._fold_preset, self._fold_spaces]

    def _fold_label(self, folded: bool) -> None:
        self._label.setVisible(not folded)

    def _fold_spaces(self, folded: bool) -> None:
        self._layout.setSpacing(self._theme.px(3 if folded else 8))

    def _fold_preset(self, folded: bool) -> None:
        self.preset.setMinimumContentsLength(_FEW_LETTERS if folded else _MANY_LETTERS)

    def _connect_signals(self) -> None:
        self.preset.choiceEdited.connect(self.presetRequested)
        self.train.clicked.connect(self.trainRequested)
        self.step.clicked.connect(self.stepRequested)
        self.stop.clicked.connect(self.stopRequested)
        self.epoch.clicked.connect(self.epochRequested)
        self.reset.clicked.connect(self.resetRequested)
        self.new_seed.clicked.connect(self.newSeedRequested)
        self.export.clicked.connect(self.exportRequested)
        self._state.runChanged.connect(self._on_run_changed)
        self._state.draftChanged.connect(self._on_draft_changed)

    @Slot()
    def _on_run_changed(self) -> None:
        run = self._state.run
        if run.status is self._status:
            return
        self._status = run.status
        text, icon_name, tooltip = _PRIMARY[run.status]
        self.train.setText(text)
        self.train.setToolTip(tooltip)
        bind_icon(self.train, icon_name, "on_accent")
        loaded = run.status is not RunStatus.LOADING
        self.train.setEnabled(loaded)
        self.step.setEnabled(run.status in (RunStatus.READY, RunStatus.PAUSED))
        self.stop.setEnabled(run.status in (RunStatus.TRAINING, RunStatus.PAUSED))
        self.epoch.setEnabled(loaded and run.status is not RunStatus.FAILED)
        self.reset.setEnabled(loaded)
        self.new_seed.setEnabled(loaded)

    @Slot()
    def _on_draft_changed(self) -> None:
        self.preset.set_choice(preset_of(self._state.draft))
