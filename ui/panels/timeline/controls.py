"""The parts of the timeline left and right of its track, and what is asked before a branch."""

from collections.abc import Callable
from functools import partial
from typing import override

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from cnnviz.drawing import Ask
from cnnviz.experiment import SETTINGS, Experiment
from cnnviz.graphics.time_track import ToStart, Walk
from cnnviz.quantities import format_count
from ui.controls.buttons import Button, IconButton
from ui.controls.keyboard import is_enter
from ui.controls.labels import ElidedLabel
from ui.controls.layouts import fill, label_of, named, scaled
from ui.controls.number_field import FloatField, IntField


class Transport(QWidget):
    """First, one back, play, one forward; `answer` is told where to go."""

    def __init__(self, answer: Callable[[Ask], None]) -> None:
        super().__init__()
        self.first = IconButton("skip-back", "First step", "the weights before training")
        self.back = IconButton("step-back", "Previous step", "one training step earlier")
        self.play = IconButton("play", "Play", "show the run like a film")
        self.forward = IconButton("step-forward", "Next step", "one training step later")
        for button in (self.first, self.back, self.play, self.forward):
            button.setEnabled(False)
        for button, count in ((self.back, -1), (self.forward, 1)):
            button.setAutoRepeat(True)
            button.clicked.connect(partial(answer, Walk(count)))
        self.first.clicked.connect(partial(answer, ToStart()))
        fill(QHBoxLayout(self), self.first, self.back, self.play, self.forward, spacing=4)

    def set_playing(self, playing: bool) -> None:
        """Offer to pause the film, or to play it."""
        if playing:
            self.play.set_icon("pause", "Pause the film")
        else:
            self.play.set_icon("play", "Play")
            self.play.setToolTip("Play: show the run like a film")

    def set_enabled(self, *, earlier: bool, later: bool, film: bool) -> None:
        """Allow what makes sense: going back, going forward, playing."""
        self.first.setEnabled(earlier)
        self.back.setEnabled(earlier)
        self.forward.setEnabled(later)
        self.play.setEnabled(film)


class ShownMoment(QWidget):
    """Which step is shown, in a field that takes another one, and what was measured there."""

    def __init__(self) -> None:
        super().__init__()
        tip = "Step that all panels show: type another one and press Enter, or use the arrow keys"
        self.field = named(IntField(0, 0, 0), "Shown step", tip)
        self.field.subject = "The step"
        self.field.setEnabled(False)
        self._label = label_of(self.field, "step")
        self.measured = ElidedLabel("", "muted", widest="loss 8.88e−8 · 88.8 %", small=True)
        row = fill(QHBoxLayout(), self._label, (self.field, 1), spacing=5)
        fill(QVBoxLayout(self), 1, row, self.measured, 1, spacing=0)
        scaled(self.field.setFixedWidth, 92)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.field.editingFinished.connect(lambda: self.field.lineEdit().setModified(False))

    def set_roomy(self, roomy: bool) -> None:
        """Show the words, or only the field where there is little room."""
        self._label.setVisible(roomy)
        self.measured.setVisible(roomy)

    def set_range(self, first: int, last: int) -> None:
        """Set the steps that can be shown."""
        if (first, last) != (self.field.minimum(), self.field.maximum()):
            with QSignalBlocker(self.field):
                self.field.setRange(first, last)

    def set_moment(self, step: int | None, measured: str, window: str = "last step") -> None:
        """Show a step, None before there is one, and what was measured there, over which steps up to it."""
        means = f"means over the {window} up to it, on the training images of those steps."
        self.setToolTip(f"The moment that all panels show. Loss and accuracy are {means}")
        is_typed = self.field.hasFocus() and self.field.lineEdit().isModified()
        if step is not None and not is_typed:
            self.field.set_value(step)
        self.field.setEnabled(step is not None)
        self.measured.set_text(measured)


class BranchQuestion(QFrame):
    """Asks for the learning rate of a branch; Enter continues, Esc cancels."""

    #: Continue with this learning rate.
    continued = Signal(float)
    #: Nothing is to happen.
    cancelled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "bar")
        self._says = ElidedLabel()
        low, high = SETTINGS["learning_rate"].limits
        tip = "Length of a step in the branch. Unchanged, it repeats the run so far, bit for bit."
        self.rate = named(FloatField(low, high, low), "Learning rate of the branch", tip)
        self.rate.subject = "Learning rate"
        label = label_of(self.rate, "Learning rate", "")
        tip = "Train on from this step with this rate"
        self.go = Button("Continue", "git-fork", "primary", tip, "Return")
        self.cancel = Button("Cancel", kind="link", tooltip="Cancel; nothing changes", shortcut="Esc")
        self._problem = ElidedLabel(role="danger")
        parts = (self._says, 1), label, self.rate, self._problem, self.go, self.cancel
        fill(QHBoxLayout(self), *parts, spacing=8, margins=(12, 5, 12, 2))
        scaled(self.rate.setFixedWidth, 110)
        self._told = ""  # what there was time to read
        self._offered = ""
        self.rate.messageChanged.connect(self._on_message)
        self.go.clicked.connect(self._on_continued)
        self.cancel.clicked.connect(self.cancelled)
        self.hide()

    def ask(self, step: int, settings: Experiment) -> None:
        """Ask about a branch from a step, with the rate in `settings` unless another one is typed."""
        self._offered = self.rate.text()
        self.set_moment(step, settings)
        self.show()
        self.rate.setFocus(Qt.FocusReason.OtherFocusReason)
        self.rate.selectAll()

    def set_moment(self, step: int, settings: Experiment) -> None:
        """Name the step at which the branch begins, and offer its rate unless another one is typed."""
        if self.rate.text() == self._offered:
            self.rate.set_value(settings.learning_rate)
            self._offered = self.rate.text()
        begin = f"Train on from step {format_count(step)}"
        self._says.set_text(f"{begin}; the present run stays as a grey curve.")

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if is_enter(event):
            self._on_continued()
        elif event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
        else:
            super().keyPressEvent(event)

    def _on_continued(self) -> None:
        self.rate.interpretText()
        told, self._told = self._told, self.rate.message
        if told == self.rate.message:
            self.continued.emit(self.rate.value())

    def _on_message(self, text: str) -> None:
        self._problem.set_text(text)
        self._told = ""
