"""The right column: what all steps depend on, and three pages below it."""

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QFrame, QStackedWidget, QVBoxLayout, QWidget

from cnnviz.drawing import Ask
from ui.controls.choice_field import SegmentedControl
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.controls.scroll_column import ScrollColumn, place_of, scroll_later
from ui.page_view import PageView
from ui.panels.backprop.pages import Now, check, inspect, poke

INSPECT, POKE, CHECK = "inspect", "poke", "check"
_PAGES = ((INSPECT, "Inspect"), (POKE, "Poke"), (CHECK, "Check all"))


class SideColumn(QWidget):
    """Label and ties on top; inspect, poke or check below, each scrolled where there is too little room."""

    def __init__(self, answer: Callable[[Ask], object]) -> None:
        super().__init__()
        self.ties, self.inspect, self.poke, self.check = (PageView(answer) for _ in range(4))
        self.pages = named(SegmentedControl(_PAGES), "What the right column shows")
        self.pages.set_option_tooltip(INSPECT, "Numbers of the cell that is pointed at or pinned")
        self.pages.set_option_tooltip(POKE, "Change one number and see whether the gradient was right")
        self.pages.set_option_tooltip(CHECK, "Poke every parameter of the network")
        self._stack = QStackedWidget()
        for page in (self.inspect, self.poke, self.check):
            self._stack.addWidget(ScrollColumn(page))
        line = named(QFrame(), role="separator")
        fill(QVBoxLayout(self), self.ties, line, self.pages, (self._stack, 1), spacing=8)
        self.pages.currentChanged.connect(self._on_page_changed)

    def hasHeightForWidth(self) -> bool:
        """Say no, as `ViewStack` does and for its reason."""
        return False

    def show_now(self, now: Now) -> None:
        """Show the numbers of another moment."""
        self.ties.show_page(inspect.ties_page(now))
        self.inspect.show_page(inspect.page(now))
        self.poke.show_page(poke.page(now))
        self.check.show_page(check.page(now))

    def prepare(self, now: Now) -> None:
        """Draw the numbers of another step ahead."""
        self.inspect.prepare(inspect.page(now))

    def scrolled(self) -> int:
        """How far the page that is shown is scrolled."""
        return place_of(self._area().verticalScrollBar())

    def scroll_to(self, place: int) -> None:
        """Scroll the page that is shown as `scrolled` said."""
        scroll_later(self._area().verticalScrollBar(), place)

    def _area(self) -> ScrollColumn:
        area = self._stack.currentWidget()
        assert isinstance(area, ScrollColumn)
        return area

    def openers(self) -> dict[QWidget, Callable[[], object]]:
        """Return what brings each page to the front."""
        pages = {INSPECT: self.inspect, POKE: self.poke, CHECK: self.check}
        return {page: partial(self.show_page, key) for key, page in pages.items()}

    def page(self) -> str:
        """Key of the page that is shown."""
        return self.pages.current()

    def show_page(self, key: str) -> None:
        """Show another page."""
        self.pages.set_current(key)
        self._on_page_changed(key)

    def _on_page_changed(self, key: str) -> None:
        self._stack.setCurrentIndex([name for name, _ in _PAGES].index(key))
