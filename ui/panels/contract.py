"""What a panel owes the window, and what it is given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, override

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QWidget

from cnnviz._types import View
from cnnviz.experiment import Experiment
from cnnviz.snapshots import Snapshot
from ui.controls.keyboard import is_enter, plain_arrow_step
from ui.controls.message_bar import MessageBar
from ui.panels.provenance import HasProvenance
from ui.state import AppState
from ui.tasks import TaskRunner
from ui.theme import LIGHT, Theme


class Runs(Protocol):
    """What parts of the window ask for that starts something: runs, training, moments trained again."""

    def train_present(self) -> None:
        """Train, continue or pause the present network."""

    def begin_new(self) -> None:
        """Train a new run with the settings as edited."""

    def edit(self, draft: Experiment) -> None:
        """Take settings edited in the form; a rate is taken at once."""

    def choose_preset(self, name: str) -> None:
        """Put a preset into the form."""

    def show_moment(self, step: int | None) -> None:
        """Show the network as it was at a step, or with None follow training again."""

    def fork(self, learning_rate: float | None = None) -> None:
        """Train on from the moment that is shown."""

    def adopt(self, snapshot: Snapshot) -> None:
        """Continue the run from weights that were changed by hand."""


@dataclass(frozen=True, slots=True)
class Services:
    """What panels are built with; each takes what it needs.

    * `analysis`, `background`: where quick things are computed, for which a pointer waits, and long ones.
    * `typesetting`, `files`: where pages of the report are set, and files written that were asked for.
    * `show_cells`: show the pinned cell in Filters & maps.
    """

    state: AppState
    runs: Runs
    analysis: TaskRunner
    background: TaskRunner
    typesetting: TaskRunner
    files: TaskRunner
    show_cells: Callable[[], object]


class WindowPart(HasProvenance, QFrame):
    """A panel, or what stands beside or below the panels.

    It arranges what is in it whenever its size or the theme changes, which it follows from the end of its
    ``__init__`` on (`follow_theme`).

    * `role`: for the stylesheet.
    """

    #: Whether it also does so when something in it wants other room.
    fits_parts = False

    def __init__(self, role: str = "panel") -> None:
        super().__init__()
        self._theme = LIGHT
        self.setProperty("role", role)

    def set_theme(self, theme: Theme) -> None:
        """Scale what is not scaled where it is made."""
        self._theme = theme
        self._fit()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    @override
    def event(self, event: QEvent) -> bool:
        if self.fits_parts and event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().event(event)

    def _fit(self) -> None:
        """Use the room that there is; here layouts do."""


class Panel(WindowPart):
    """A panel of the window: a row of `ui.panels.registry`.

    It draws the state. It says what it has drawn (`provenance`), for captions and documents, and keeps the
    choices made in it (`view_state`, `restore_view`).
    """

    paged = Signal()  # another page is in sight, or there are more of them, or fewer

    _is_alone, _turned = False, 0  # whether it is presented, and to which page

    def __init__(self) -> None:
        super().__init__()
        self.message = MessageBar(self)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        leads = self.hasFocus() and (is_enter(event) or plain_arrow_step(event) is not None)
        if not (leads and self.enter_main()):
            super().keyPressEvent(event)

    @override
    def focusNextPrevChild(self, next: bool) -> bool:
        return (next and self.hasFocus() and self.enter_main()) or super().focusNextPrevChild(next)

    def enter_main(self) -> bool:
        """Give the keyboard to the main drawing; return whether there is one."""
        if (main := self.main()) is not None:
            main.setFocus(Qt.FocusReason.TabFocusReason)
        return main is not None

    def main(self) -> QWidget | None:
        """Return the drawing to which Tab, Return and arrow keys lead when the panel has the keyboard."""
        return None

    def view_state(self) -> View:
        """Return what the user has chosen in the panel, by name; the defaults as well."""
        raise NotImplementedError

    def restore_view(self, view: View) -> None:
        """Choose as `view_state` said, now or when there is what the choices are about."""
        raise NotImplementedError

    def present(self, alone: bool) -> None:
        """Show the pictures alone, as in presenter mode, or with their settings."""
        self._is_alone = alone
        self._fit()

    def presented(self) -> tuple[str, ...]:
        """Return names of the pages that are presented one after the other; here there is one."""
        return ("",)

    def paging(self) -> tuple[int, int]:
        """Return which page is in sight, from 0, and how many there are; more than one where presented."""
        count = len(self.presented()) if self._is_alone else 1
        return min(self._turned, count - 1), count

    def has_pages(self) -> bool:
        """Whether it is in sight and has more than the page that it shows."""
        return self.isVisible() and self.paging()[1] > 1

    def turn_page(self, way: int) -> bool:
        """Show the page after, or before; return whether there is one."""
        place, count = self.paging()
        if not 0 <= place + way < count:
            return False
        self._turned = place + way
        self._fit()
        self.paged.emit()
        return True

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self._turned:  # whoever comes back begins at the first page
            self._turned = 0
            self._fit()

    def areas(self) -> Mapping[str, QWidget]:
        """Return parts that keys lead to besides the panel itself, by their names; here none."""
        return {}

    def openers(self) -> Mapping[QWidget, Callable[[], object]]:
        """Return what brings a part to the front that may be behind another; here there is none."""
        return {}
