"""The step bar with its buttons, and what is said about the step."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSpacerItem, QVBoxLayout, QWidget

from cnnviz.drawing import Ask
from cnnviz.drawing.page import Card, Page, down
from cnnviz.graphics.formula import FORMULA, Formulas
from cnnviz.graphics.steps import STEPS, Steps
from cnnviz.graphics.texts import WORDS, Words
from cnnviz.mathematics import Node
from ui.controls.buttons import Button, IconButton
from ui.controls.layouts import fill
from ui.marks import view_of
from ui.page_view import PageView
from ui.panels.backprop.asks import GoTo
from ui.panels.backprop.steps import Step
from ui.theme import Theme, follow_theme

_PLAY_MS = 2500


class StepHeader(QWidget):
    """Steps, back, play, next; a sentence and a formula.

    * `stepRequested`: number, from 0, of the step to show.
    """

    stepRequested = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        tip = "Steps of the backward pass; click one, or use Page up and Page down"
        self.bar = view_of(
            STEPS, "Steps of the backward pass", tip, self._answer, focus=Qt.FocusPolicy.StrongFocus
        )
        self.bar.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._shown = Steps((), 0, GoTo)
        self.back = Button("Back", "chevron-left", "", "Step before", "PgUp")
        self.play = IconButton("play", "Play the steps", "one every few seconds", "P")
        self.cover = IconButton("eye", "Predict first", "cover the results until you click them", "V")
        self.cover.setCheckable(True)
        self.next = Button("Next", "chevron-right", "primary", "Next step", "PgDown")
        self.said = PageView(lambda _ask: None)
        self._timer = QTimer(self)
        self._timer.setInterval(_PLAY_MS)
        row = fill(QHBoxLayout(), (self.bar, 1), self.cover, self.back, self.play, self.next, spacing=8)
        self._strut = QSpacerItem(0, 0)
        self._below = fill(QHBoxLayout(), (self.said, 1), spacing=0)
        self._below.addItem(self._strut)
        self._layout = fill(QVBoxLayout(self), row, self._below, spacing=8)
        self.back.clicked.connect(self.go_back)
        self.next.clicked.connect(self.go_on)
        self.play.clicked.connect(self.toggle_play)
        self._timer.timeout.connect(self._on_timeout)
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale."""
        # Two lines for the sentence and one fraction: the maps below must not jump from step to step.
        # A minimum of the widget itself would hide that the text may need more.
        self._strut.changeSize(0, theme.px(64))
        self._below.invalidate()
        self._layout.invalidate()

    def hasHeightForWidth(self) -> bool:
        """Say no, as `ViewStack` does and for its reason."""
        return False

    @property
    def current(self) -> int:
        """Number of the step that is shown, from 0."""
        return self._shown.current

    @property
    def _last(self) -> int:
        return len(self._shown.titles) - 1

    def show_steps(self, steps: Sequence[Step], current: int) -> None:
        """Show the steps of a network, and which of them is shown."""
        self._shown = Steps(tuple((step.short, step.title) for step in steps), current, GoTo)
        self.bar.show_content(self._shown)
        self.back.setEnabled(current > 0)
        self.next.setEnabled(current < self._last)

    def set_explanation(self, sentence: str, formula: Node, *, is_covered: bool = False) -> None:
        """Say what happens in the step; cover its result, which is what is set in the accent."""
        words = Card("sentence", WORDS, Words(sentence, ink="muted"), room=None)
        self.said.show_page(
            Page(down(words, Card("formula", FORMULA, Formulas((formula,), is_covered), room=None), gap=4))
        )

    def is_playing(self) -> bool:
        """Whether the steps follow one another by themselves."""
        return self._timer.isActive()

    def go_on(self) -> bool:
        """Ask for the next step; return whether there is one."""
        return self.go_to(self.current + 1)

    def go_back(self) -> bool:
        """Ask for the step before; return whether there is one."""
        return self.go_to(self.current - 1)

    def go_to(self, index: int) -> bool:
        """Ask for a step; return whether there is one."""
        self.stop()
        is_there = 0 <= index <= self._last
        if is_there:
            self.stepRequested.emit(index)
        return is_there

    def toggle_play(self) -> None:
        """Let the steps follow one another, from the first if the last one is shown; or stop."""
        if self._timer.isActive():
            self.stop()
            return
        if self.current >= self._last:
            self.stepRequested.emit(0)
        self._timer.start()
        self.play.set_icon("pause", "Pause")

    def stop(self) -> None:
        """Stop playing."""
        if self._timer.isActive():
            self._timer.stop()
            self.play.set_icon("play", "Play the steps")

    def _answer(self, ask: Ask) -> None:
        match ask:
            case GoTo(step) if step != self.current:
                self.go_to(step)
            case _:
                self.stop()

    def _on_timeout(self) -> None:
        if self.current < self._last:
            self.stepRequested.emit(self.current + 1)
        if self.current >= self._last:
            self.stop()
