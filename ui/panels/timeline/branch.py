"""What is asked before training goes on from an earlier moment."""

from typing import override

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel

from cnnviz.experiment import SETTINGS, Experiment
from cnnviz.quantities import format_count
from ui.controls.buttons import Button
from ui.controls.key_moves import is_enter
from ui.controls.labels import ElidedLabel
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.controls.number_field import FloatField
from ui.theme import Theme, follow_theme


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
        self.rate.set_subject("Learning rate")
        label = QLabel("Learning rate")
        label.setBuddy(self.rate)
        self.go = Button(
            "Continue", "git-fork", "primary", "Train on from this step with this rate", "Return"
        )
        self.cancel = Button("Cancel", kind="link", tooltip="Leave everything as it is", shortcut="Esc")
        self._problem = ElidedLabel(role="danger")
        self._layout = fill(
            QHBoxLayout(self), (self._says, 1), label, self.rate, self._problem, self.go, self.cancel
        )
        self.rate.messageChanged.connect(self._problem.set_text)
        self.go.clicked.connect(self._on_continued)
        self.cancel.clicked.connect(self.cancelled)
        self.hide()
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale the spacing."""
        self._layout.setContentsMargins(theme.px(12), theme.px(5), theme.px(12), theme.px(2))
        self._layout.setSpacing(theme.px(8))
        self.rate.setFixedWidth(theme.px(110))

    def ask(self, step: int, settings: Experiment) -> None:
        """Ask about a branch from a step, with the rate in `settings` unless another one is typed."""
        self.set_step(step)
        self.rate.set_value(settings.learning_rate)
        self.show()
        self.rate.setFocus(Qt.FocusReason.OtherFocusReason)
        self.rate.selectAll()

    def set_step(self, step: int) -> None:
        """Name the step at which the branch begins."""
        self._says.set_text(f"Train on from step {format_count(step)}; the run so far stays as a grey curve.")

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if is_enter(event):
            self._on_continued()
        elif event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
        else:
            super().keyPressEvent(event)

    @Slot()
    def _on_continued(self) -> None:
        self.rate.interpretText()
        if not self.rate.message():
            self.continued.emit(self.rate.value())
