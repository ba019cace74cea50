"""The controls of the run, always at hand at the top of the window."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from cnnviz.presets import CUSTOM, PRESETS, preset_of
from ui.state import AppState, RunStatus
from ui.theme import Theme, bind_icon, follow_theme
from ui.widgets.buttons import Button, IconButton
from ui.widgets.choice_field import ChoiceField

_PRESET_NAMES = {"lab5": "LAB5 · exercise", "lenet": "LENET · ten digits", CUSTOM: "custom"}

_PRIMARY: dict[RunStatus, tuple[str, str, str]] = {
    RunStatus.LOADING: ("Train", "play", "Train the network (Space)"),
    RunStatus.READY: ("Train", "play", "Train the network (Space)"),
    RunStatus.TRAINING: ("Pause", "pause", "Pause training (Space)"),
    RunStatus.PAUSED: ("Continue", "play", "Continue training (Space)"),
    RunStatus.STOPPED: ("Train anew", "play", "Begin a new run from the initial weights (Space)"),
    RunStatus.FAILED: ("Train anew", "play", "Begin a new run from the initial weights (Space)"),
    RunStatus.FINISHED: ("Continue", "play", "Every epoch is done: train one more (Space)"),
}


class RunBar(QWidget):
    """Preset, train or pause, step, stop, one epoch more, reset, new seed."""

    presetRequested = Signal(str)
    trainRequested = Signal()
    stepRequested = Signal()
    stopRequested = Signal()
    epochRequested = Signal()
    resetRequested = Signal()
    newSeedRequested = Signal()

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._status: RunStatus | None = None
        self._build_widgets()
        self._build_layout()
        self._connect_signals()
        self._on_run_changed()
        self._on_draft_changed()
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale the spacing."""
        self._layout.setContentsMargins(0, theme.px(5), theme.px(12), theme.px(5))
        self._layout.setSpacing(theme.px(8))
        self.train.setMinimumWidth(theme.px(112))

    def _build_widgets(self) -> None:
        self.preset = ChoiceField([(name, _PRESET_NAMES[name]) for name in PRESETS])
        self.preset.setMinimumContentsLength(14)
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
        for name in ("step", "stop", "epoch", "reset", "new_seed"):
            getattr(self, name).setObjectName(name)

    def _build_layout(self) -> None:
        label = QLabel("Preset")
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
        ):
            self._layout.addWidget(widget)

    def _connect_signals(self) -> None:
        self.preset.choiceEdited.connect(self.presetRequested)
        self.train.clicked.connect(self.trainRequested)
        self.step.clicked.connect(self.stepRequested)
        self.stop.clicked.connect(self.stopRequested)
        self.epoch.clicked.connect(self.epochRequested)
        self.reset.clicked.connect(self.resetRequested)
        self.new_seed.clicked.connect(self.newSeedRequested)
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
