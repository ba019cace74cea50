"""Everything that can be found by words: its sources, and the box that finds it."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import chain
from typing import override

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt
from PySide6.QtGui import QAccessible, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QDialog,
    QHeaderView,
    QLineEdit,
    QMenu,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ui.controls.choice_field import ChoiceField, SegmentedControl
from ui.controls.cover import Cover
from ui.controls.keyboard import is_enter
from ui.controls.labels import ElidedLabel
from ui.controls.layouts import fill, named
from ui.controls.message_bar import MessageBar
from ui.controls.tips import wrapped
from ui.guide.chapters import CHAPTERS, FIRST_STEPS, TERMS, place_of, sections_of
from ui.state import RunStatus
from ui.theme import Theme, follow_theme
from ui.window.actions import ACTIONS, as_read
from ui.window.menus import Menus, all_keys

_WIDTH, _HEIGHT, _PLACE_WIDTH, _MARGIN, _MOST = 760, 420, 190, 10, 60
#: Words of the place count as less than those of the name, and those of the tool tip as less again.
_PLACE_COST, _ABOUT_COST = 2, 4
_LIST_KEYS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
_NOTHING = "Nothing fits these words. Try other words, or only part of one."
_HINT = "↑ ↓ choose an entry, Enter opens it, Esc changes nothing"


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that can be found.

    * `place`: where it belongs: a menu, a panel, the help.
    * `key`: as `QKeySequence` reads it, or "".
    * `why_not`: why it cannot be had now; "" if it can.
    * `about`: further words by which it is found, such as its tool tip.
    * `text`: of its page, by whose words it is found where no entry has them all otherwise.
    * `is_behind`: whether it belongs to a panel that is not in front, or to the help: of what the
      words fit equally, it comes last.
    """

    name: str
    place: str
    act: Callable[[], object]
    key: str = ""
    why_not: str = ""
    about: str = ""
    text: str = ""
    is_behind: bool = False


Source = Callable[[], Iterable[Entry]]
"""Lists what can be found of one kind, as it is at that moment."""


class Finder(QObject):
    """Asks for words, and does what is chosen among all that they fit."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._sources: list[Source] = []

    def add(self, source: Source) -> None:
        self._sources.append(source)

    def entries(self) -> list[Entry]:
        """Return all that can be found now; of two that look alike the first."""
        found: dict[tuple[str, str], Entry] = {}
        for source in self._sources:
            for entry in source():
                found.setdefault((entry.name, entry.place), entry)
        return list(found.values())

    def ask(self) -> None:
        ask_for(self.entries(), "Find an action, a setting, a control, a page of the help …", self._window)


def ask_for(entries: list[Entry], hint: str, window: QWidget) -> None:
    """Open the box over a window; what is chosen is done when it has gone."""
    box = FinderBox(entries, window)
    box.line.setPlaceholderText(hint)
    # Only then has the window the keyboard again, which what is chosen may give to one of its parts.
    box.finished.connect(box.deleteLater)
    box.accepted.connect(box.act, Qt.ConnectionType.QueuedConnection)
    box.open()


def found(entries: Sequence[Entry], text: str) -> list[Entry]:
    """Return the entries that have all words of a text, the best first; all of them for no words.

    Where none has all of them: those that have them but for slips; then those whose page has them, and those
    that have some of the longer ones, which count for more the rarer they are.
    """
    wanted, scores = words_of(text), defaultdict[Entry, float](float)
    if fitting := _fitting(entries, wanted) or _fitting(entries, wanted, with_slips=True):
        return fitting
    longer = (word for word in wanted if len(word) >= _LEAST_WITH_SLIP)
    some = (_fitting(entries, [word], with_slips=True) for word in longer)
    for fitting in (_fitting(entries, wanted, in_text=True), *some):
        for each in fitting:
            scores[each] += 1 / len(fitting)
    return sorted(scores, key=lambda each: -scores[each])


def _fitting(
    entries: Sequence[Entry], wanted: Sequence[str], *, in_text: bool = False, with_slips: bool = False
) -> list[Entry]:
    costs: list[tuple[tuple[int, bool, bool, int], Entry]] = []
    for entry in entries:
        so_far = ""
        about = f"{entry.about} {entry.text}" if in_text else entry.about
        for more, extra in ((entry.name, 0), (entry.place, _PLACE_COST), (about, _ABOUT_COST)):
            so_far = f"{so_far} {more}"
            fit = cost(wanted, words_of(so_far), with_slips=with_slips)
            if fit is not None:
                length = len(entry.name) if wanted else 0
                costs.append(((fit + extra, bool(entry.why_not), entry.is_behind, length), entry))
                break
    return [entry for _, entry in sorted(costs, key=lambda each: each[0])]


class FinderBox(QDialog):
    """A line for words, and below it what they fit, with its place and its key."""

    def __init__(self, entries: list[Entry], parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self._all, self._shown = entries, list[Entry]()
        self._chosen: Entry | None = None
        self.setWindowTitle("Find")
        self.line = named(QLineEdit(), "Find", "Words that describe what you are looking for, in any order")
        self.list = named(QTreeWidget(), "Found", "What fits these words: press Enter or click to open it")
        self.list.setColumnCount(3)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setAllColumnsShowFocus(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setStretchLastSection(False)
        self.list.header().setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # the whole is in the tip
        self.hint = ElidedLabel(_HINT, role="muted")
        fill(QVBoxLayout(self), self.line, (self.list, 1), self.hint, spacing=8, margins=4 * (_MARGIN,))
        self.line.textChanged.connect(self._find)
        self.line.installEventFilter(self)
        self.list.itemClicked.connect(self._take)
        self.list.currentItemChanged.connect(self._say_why_not)
        follow_theme(self)
        self._find("")

    def set_theme(self, theme: Theme) -> None:
        """Scale, and stay at the top in the middle of the window."""
        margin, window = theme.px(_MARGIN), self._window
        self.list.setColumnWidth(1, theme.px(_PLACE_WIDTH))
        room = window.size() - QSize(2 * margin, 2 * margin)
        self.resize(QSize(theme.px(_WIDTH), theme.px(_HEIGHT)).boundedTo(room))
        self.move(window.mapToGlobal(QPoint((window.width() - self.width()) // 2, theme.px(60))))

    def act(self) -> None:
        if self._chosen is not None:
            self._window.activateWindow()
            self._chosen.act()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in _LIST_KEYS:
                self.list.keyPressEvent(event)
                return True
            if is_enter(event):
                self._take(self.list.currentItem())
                return True
        return super().eventFilter(watched, event)

    def _find(self, text: str) -> None:
        self._shown = found(self._all, text)[:_MOST]
        self.list.clear()
        for entry in self._shown:
            key = QKeySequence(entry.key).toString(QKeySequence.SequenceFormat.NativeText)
            place = f"{entry.place} · not now" if entry.why_not else entry.place
            item = QTreeWidgetItem([entry.name, place, key])
            for column, tip in enumerate((entry.name, entry.why_not or entry.place, key)):
                item.setToolTip(column, wrapped(tip))
            if entry.why_not:
                for column in range(3):
                    item.setForeground(column, self.palette().placeholderText())
            self.list.addTopLevelItem(item)
        if (first := self.list.topLevelItem(0)) is not None:
            self.list.setCurrentItem(first)
        self._say_why_not()

    def _entry(self) -> Entry | None:
        item = self.list.currentItem()
        row = -1 if item is None else self.list.indexOfTopLevelItem(item)
        return self._shown[row] if 0 <= row < len(self._shown) else None

    def _say_why_not(self) -> None:
        entry = self._entry()
        self.hint.set_text(_NOTHING if entry is None else entry.why_not or _HINT)

    def _take(self, _item: QTreeWidgetItem | None) -> None:
        entry = self._entry()
        if entry is not None and not entry.why_not:
            self._chosen = entry
            self.accept()


_WORDS = re.compile(r"[^\W_]+")
#: What a word costs that is the whole word, its beginning, some part of it, or these but for a slip.
_WHOLE, _BEGINNING, _PART, _SLIP = 0, 1, 3, 5
#: Words this short would be like too many others.
_LEAST_WITH_SLIP, _LEAST_STEM = 4, 3
#: Endings without which a word is looked for, too: "pooled" is found in "pool", "invariant" in "invariance".
_ENDINGS = ("ing", "ed", "es", "s", "t", "ce")


@lru_cache(4096)  # the same for each letter that is typed
def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a text, in small letters, each once."""
    return tuple(dict.fromkeys(_WORDS.findall(text.casefold())))


def cost(wanted: Sequence[str], words: Sequence[str], *, with_slips: bool = True) -> int | None:
    """Return how far words are from those wanted: 0 where all are there as a whole, None if one is not."""
    total = 0
    for word in wanted:
        costs = [each for other in words if (each := _cost_of(word, other)) is not None]
        if not costs or (min(costs) == _SLIP and not with_slips):
            return None
        total += min(costs)
    return total


@lru_cache(16384)  # many names and tool tips share their words
def _cost_of(wanted: str, word: str) -> int | None:
    if word.startswith(wanted):
        return _WHOLE if word == wanted else _BEGINNING
    if wanted in word:
        return _PART
    if len(wanted) < _LEAST_WITH_SLIP:
        return None
    stems = (wanted.removesuffix(ending) for ending in _ENDINGS if wanted.endswith(ending))
    if any(len(stem) >= _LEAST_STEM and word.startswith(stem) for stem in stems):
        return _PART
    # A letter may be missing, be one too many, be another one, or have changed places with the next.
    beginnings = {word[: len(wanted) + more] for more in (-1, 0, 1)}
    return _SLIP if any(_is_a_slip(wanted, each) for each in beginnings) else None


def _is_a_slip(typed: str, meant: str) -> bool:
    same = 0
    while same < min(len(typed), len(meant)) and typed[same] == meant[same]:
        same += 1
    a, b = typed[same:], meant[same:]
    is_swapped = a[:2] == b[1::-1] and len(a) > 1 and a[2:] == b[2:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or is_swapped


_STATES = {
    RunStatus.LOADING: "while the data are loading",
    RunStatus.READY: "before training has begun",
    RunStatus.TRAINING: "while training runs",
    RunStatus.PAUSED: "while training is paused",
    RunStatus.FINISHED: "when every epoch is done",
    RunStatus.FAILED: "after the run has failed",
}
#: More options than these would push everything else aside.
_MOST_OPTIONS = 12
_CHOSEN = re.compile(r",? (filter|map|unit) \d+")
Show = Callable[[], object]


def actions_of(menus: Menus) -> Iterator[Entry]:
    """Yield everything that the menus offer."""
    for row in (each for each in ACTIONS if not each.listing):
        place, action = as_read(row.menu), menus.action(row.name)
        words = as_read(action.text()).removesuffix("…")
        why_not = "" if action.isEnabled() else f"{words} is not possible {_STATES[menus.state.run.status]}."
        yield Entry(words, place, action.trigger, row.key, why_not, row.tooltip)


def chapters(show: Callable[[str], object], *, is_whole: bool = False) -> Iterator[Entry]:
    """Yield terms, pages of the help and headings, by their whole text or not; `show` opens one by name."""
    for chapter in sorted(CHAPTERS, key=lambda each: each.name != TERMS):
        yield Entry(chapter.title, "Help", partial(show, chapter.name), about=chapter.about, is_behind=True)
        for heading, text in sections_of(chapter):
            place = f"{chapter.name}#{place_of(heading)}"
            about = text if is_whole or chapter.name == TERMS else ""
            where = f"Help: {chapter.title}"
            yield Entry(heading, where, partial(show, place), about=about, text=text, is_behind=True)
    for key, words in chain(*all_keys().values()) if is_whole else ():
        where, does = words.split(": ", 1) if words.startswith(("on ", "in ")) else ("", words)
        name = f"{does[0].upper()}{does[1:]} – {key}{f' ({where})' if where else ''}"
        yield Entry(name, "Help: Keys", partial(show, f"{FIRST_STEPS}#{place_of(words)}"))


def controls_of(
    part: QWidget, place: str, show: Show, pages: Mapping[QWidget, Show], leave: Show | None = None
) -> Iterator[Entry]:
    """Yield the controls of a part of the window, and the options of its lists.

    * `pages`: of those of its pages, or controls, that may be out of sight, what brings them to the
      front.
    * `leave`: leaves presenter mode, which may hide them; None in the window.
    """
    covers = part.findChildren(Cover)
    for widget in part.findChildren(QWidget):
        if isinstance(widget.window(), QMenu):  # of the plotting library, and nowhere to be seen
            continue
        name, bar = _name_of(widget), widget.parent()
        if isinstance(bar, MessageBar) and (bar.isHidden() or widget.isHidden()):
            continue
        if not name or not widget.focusPolicy() & Qt.FocusPolicy.TabFocus or widget.focusProxy() is not None:
            continue
        why_not = "" if widget.isEnabled() else f"“{name}” is not available now."
        page = next((each for each in pages if each is widget or each.isAncestorOf(widget)), part)
        if page is widget and widget.isHidden():  # drawn ahead, when others were chosen
            name = _CHOSEN.sub("", name)
        elif page is not widget and not widget.isVisibleTo(page):
            reasons = [each.reason.text() for each in covers if each.isAncestorOf(widget)]
            why_not = next(filter(None, reasons), "" if leave else f"“{name}” is not shown in {place} now.")
        use = partial(_use, widget, (show, pages.get(page)), leave)
        yield Entry(name, place, use, widget.property("key") or "", why_not, f"{name}: {widget.toolTip()}")
        if isinstance(widget, ChoiceField) and not why_not and widget.count() <= _MOST_OPTIONS:
            is_on = Qt.ItemFlag.ItemIsEnabled
            for row in (n for n in range(widget.count()) if widget.model().index(n, 0).flags() & is_on):
                choose = partial(_choose, widget, row, use)
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


def _use(widget: QWidget, shows: tuple[Show | None, ...], leave: Show | None) -> None:
    """Press a button, if in sight; give anything else the keyboard."""
    for show in filter(None, shows):
        show()
    if leave is not None and not widget.isVisible():
        for show in filter(None, (leave, *shows)):
            show()
        if not widget.isVisible():
            return
    widget.setFocus(Qt.FocusReason.ShortcutFocusReason)
    if isinstance(widget, QAbstractButton):
        widget.click()


def _choose(field: ChoiceField, row: int, use: Show) -> None:
    use()
    field.setCurrentIndex(row)
    field.activated.emit(row)
