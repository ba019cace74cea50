"""What stands round a step: the step bar above it, and the column with three pages at its right."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import override

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from cnnviz.drawing import Ask
from cnnviz.drawing.page import Card, Page
from cnnviz.graphics.formula import FORMULA, Formulas
from cnnviz.graphics.steps import STEPS, Steps
from cnnviz.graphics.texts import WORDS, Words
from cnnviz.mathematics import Node
from ui.controls.buttons import Button, IconButton
from ui.controls.choice_field import SegmentedControl
from ui.controls.layouts import fill, named
from ui.controls.scroll_column import ScrollColumn
from ui.marks import MarkView
from ui.page_view import PageView
from ui.panels.backprop.asks import GoTo
from ui.panels.backprop.focus import Now, Step
from ui.panels.backprop.pages import check, inspect, poke
from ui.theme import Theme, follow_theme


class StepHeader(QWidget):
    """Steps; a sentence beside back and next; a formula.

    * `stepRequested`: number, from 0, of the step to show.
    """

    stepRequested = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        tip = "Steps of the backward pass; click one, or use Page up and Page down"
        self.bar = MarkView(
            STEPS, "Steps of the backward pass", tip, self._answer, focus=Qt.FocusPolicy.StrongFocus
        )
        self.bar.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._shown = Steps((), 0, GoTo)
        self.back = Button("Back", "chevron-left", "", "Previous step", "PgUp")
        self.cover = IconButton("eye", "Predict first", "cover the results until you click them", "V")
        self.cover.setCheckable(True)
        self.next = Button("Next", "chevron-right", "primary", "Next step", "PgDown")
        self.sentence, self.formula = PageView(lambda _ask: None), PageView(lambda _ask: None)
        # The names of the steps have the whole line: a deep network has many.
        self._below = below = QGridLayout()
        for column, part in enumerate((self.sentence, self.cover, self.back, self.next)):
            top = Qt.AlignmentFlag(0) if part is self.sentence else Qt.AlignmentFlag.AlignTop
            below.addWidget(part, 0, column, top)  # where they stay, however long the sentence is
        below.addWidget(self.formula, 1, 0, 1, -1)
        below.setColumnStretch(0, 1)
        fill(QVBoxLayout(self), self.bar, below, spacing=6)
        self.back.clicked.connect(lambda: self.go_to(self.current - 1))
        self.next.clicked.connect(lambda: self.go_to(self.current + 1))
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Keep two lines for the sentence, or its cover, and one sum of fractions: maps must not jump."""
        # A minimum of the widgets themselves would hide that the text may need more.
        for row, high in enumerate((44, 42)):
            self._below.setRowMinimumHeight(row, theme.px(high))

    @override
    def hasHeightForWidth(self) -> bool:
        return False  # or layouts around it would take its usual height for its least

    @property
    def current(self) -> int:
        """Number of the step that is shown, from 0."""
        return self._shown.current

    def show_steps(self, steps: Sequence[Step], current: int) -> None:
        """Show the steps of a network, and which of them is shown."""
        self._shown = Steps(tuple((step.short, step.title) for step in steps), current, GoTo)
        self.bar.show_content(self._shown)
        self.back.setEnabled(current > 0)
        self.next.setEnabled(current < len(steps) - 1)

    def set_explanation(self, sentence: str, *formulas: Node, is_covered: bool) -> None:
        """Say what happens in the step; its result, set in the accent, may be covered."""
        self.sentence.show_page(Page(Card("sentence", WORDS, Words(sentence, ink="muted"), room=None)))
        self.formula.show_page(Page(Card("formula", FORMULA, Formulas(formulas, is_covered), room=None)))

    def go_to(self, index: int) -> bool:
        """Ask for a step; return whether there is one."""
        is_there = 0 <= index < len(self._shown.titles)
        if is_there:
            self.stepRequested.emit(index)
        return is_there

    def _answer(self, ask: Ask) -> None:
        if isinstance(ask, GoTo) and ask.step != self.current:
            self.go_to(ask.step)


INSPECT, POKE, CHECK = "inspect", "poke", "check"
_ABOUT_ONE = "Finite difference of one number: change it by ±ε and compare the loss with the gradient"
_PAGES = (
    (INSPECT, "Inspect", "Numbers of the cell that is pointed at or pinned"),
    (POKE, "Check one", _ABOUT_ONE),
    (CHECK, "Check all", "Finite difference of every parameter of the network"),
)


class SideColumn(QWidget):
    """Label and ties on top; inspect, poke or check below, each scrolled where there is too little room."""

    def __init__(self, answer: Callable[[Ask], object]) -> None:
        super().__init__()
        self.ties, self.inspect, self.poke, self.check = (PageView(answer) for _ in range(4))
        self.pages = named(SegmentedControl(_PAGES), "What the right column shows")
        self._stack = QStackedWidget()
        self._pages = {INSPECT: self.inspect, POKE: self.poke, CHECK: self.check}
        self._areas = {key: ScrollColumn(page) for key, page in self._pages.items()}
        for area in self._areas.values():
            self._stack.addWidget(area)
        line = named(QFrame(), role="separator")
        fill(QVBoxLayout(self), self.ties, line, self.pages, (self._stack, 1), spacing=8)
        self.pages.currentChanged.connect(self._on_page_changed)

    @override
    def hasHeightForWidth(self) -> bool:
        return False  # or layouts around it would take its usual height for its least

    def show_now(self, now: Now) -> None:
        self.ties.show_page(inspect.ties_page(now))
        self.inspect.show_page(inspect.page(now))
        self.poke.show_page(poke.page(now))
        self.check.show_page(check.page(now))

    def prepare(self, now: Now) -> None:
        """Draw the numbers of another step ahead."""
        self.inspect.prepare(inspect.page(now))

    def openers(self) -> dict[QWidget, Callable[[], object]]:
        """Return what brings each page to the front."""
        return {page: partial(self.show_page, key) for key, page in self._pages.items()}

    def page(self) -> str:
        """Key of the page that is shown."""
        return self.pages.current()

    def show_page(self, key: str) -> None:
        self.pages.set_current(key)
        self._on_page_changed(key)

    def _on_page_changed(self, key: str) -> None:
        self._stack.setCurrentWidget(self._areas[key])
