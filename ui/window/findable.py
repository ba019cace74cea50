"""What can be found by words: the actions, the controls of a part of the window, the pages of the help."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractButton, QMenu, QWidget

from ui.controls.choice_field import ChoiceField
from ui.controls.segmented import SegmentedControl
from ui.guide.chapters import CHAPTERS
from ui.state import RunStatus
from ui.window.actions import ACTIONS, as_read
from ui.window.finder import Entry
from ui.window.menus import Menus

_STATES = {
    RunStatus.LOADING: "while the data are being read",
    RunStatus.READY: "before training has begun",
    RunStatus.TRAINING: "while training runs",
    RunStatus.PAUSED: "while training is paused",
    RunStatus.STOPPED: "after the run was ended",
    RunStatus.FINISHED: "when every epoch is done",
    RunStatus.FAILED: "after the run has failed",
}
#: More options than these would push everything else aside.
_MOST_OPTIONS = 12
Show = Callable[[], object]
_ALL_IN_SIGHT: Mapping[QWidget, Show] = MappingProxyType({})


def actions_of(menus: Menus) -> Iterator[Entry]:
    """Yield everything that the menus offer."""
    for row in ACTIONS:
        place, action = as_read(row.menu), menus.action(row.name)
        if row.listing:
            for each in menus.listed(row.name):
                yield Entry(f"{row.words}: {as_read(each.text())}", place, each.trigger)
            continue
        words = as_read(action.text()).removesuffix("…")
        why_not = "" if action.isEnabled() else f"{words} is not possible {_STATES[menus.status]}."
        yield Entry(words, place, action.trigger, row.key, why_not, row.tooltip)


def chapters(show: Callable[[str], object]) -> Iterator[Entry]:
    """Yield the pages of the help, each of which `show` opens by its name."""
    for chapter in CHAPTERS:
        yield Entry(chapter.title, "Help", partial(show, chapter.name))


def controls_of(
    part: QWidget, place: str, show: Show, pages: Mapping[QWidget, Show] = _ALL_IN_SIGHT
) -> Iterator[Entry]:
    """Yield the controls of a part of the window, and the options of its lists.

    * `place`: what the part is called.
    * `show`: brings the part to the front.
    * `pages`: of those of its pages, or controls, that may be out of sight, what brings them to the
      front.
    """
    for widget in part.findChildren(QWidget):
        if isinstance(widget.window(), QMenu):  # of the plotting library, and nowhere to be seen
            continue
        name = _name_of(widget)
        if not name or not widget.focusPolicy() & Qt.FocusPolicy.TabFocus or widget.focusProxy() is not None:
            continue
        why_not = "" if widget.isEnabled() else f"“{name}” cannot be used now."
        page = next((each for each in pages if each is widget or each.isAncestorOf(widget)), part)
        if page is not widget and not widget.isVisibleTo(page):
            why_not = f"“{name}” stands on a page of {place} that is not in sight now."
        use = partial(_use, widget, show, pages.get(page))
        yield Entry(name, place, use, why_not=why_not, about=widget.toolTip())
        if isinstance(widget, ChoiceField) and not why_not and widget.count() <= _MOST_OPTIONS:
            for row in range(widget.count()):
                choose = partial(_choose, widget, row, show, pages.get(page))
                yield Entry(f"{name}: {widget.itemText(row)}", place, choose)


def _name_of(widget: QWidget) -> str:
    """What a screen reader calls a control; an option of several is said with what it is an option of."""
    name = widget.accessibleName()
    if not name:
        found = QAccessible.queryAccessibleInterface(widget)
        name = found.text(QAccessible.Text.Name).replace("&", "") if found is not None else ""
    group = widget.parentWidget()
    whose = group.accessibleName() if isinstance(group, SegmentedControl) else ""
    return f"{whose}: {name}" if whose else name


def _use(widget: QWidget, *shows: Show | None) -> None:
    """Press a button; give anything else the keyboard."""
    for show in filter(None, shows):
        show()
    widget.setFocus(Qt.FocusReason.ShortcutFocusReason)
    if isinstance(widget, QAbstractButton):
        widget.click()


def _choose(field: ChoiceField, row: int, *shows: Show | None) -> None:
    _use(field, *shows)
    field.setCurrentIndex(row)
    field.activated.emit(row)
