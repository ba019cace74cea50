"""All steps of a lab below one another, under the titles of their sections, with their ticks."""

from collections.abc import Callable, Collection
from typing import override

from PySide6.QtCore import QModelIndex, QSize, Qt
from PySide6.QtGui import QFont, QIcon, QPixmap, QResizeEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QSizePolicy

from cnnviz.lab.model import Lab
from ui.theme import Theme, follow_theme, theme_manager
from ui.theme.icons import icon

_DIGIT = "\N{FIGURE SPACE}"
_ID = Qt.ItemDataRole.UserRole


class StepList(QListWidget):
    """A row for each step: a tick, its number, and its title. Click one, or go by arrow keys and Enter.

    Steps of a section that follow one another stand under its title. `lab` is the one whose steps are listed;
    `go_to` takes the id of a step that the user wants to see.
    """

    def __init__(self, go_to: Callable[[str], object]) -> None:
        super().__init__()
        self._go_to = go_to
        self.lab: Lab | None = None
        #: Number of the step in front, and ids of those that are done, as they are shown.
        self._shown: tuple[int, frozenset[str]] = (0, frozenset())
        self._steps: list[QListWidgetItem] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # the column scrolls
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrap(True)
        self.setMouseTracking(True)
        self.setAccessibleName("Steps of the lab")
        self.itemClicked.connect(self._request)
        self.itemActivated.connect(self._request)
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Tick in other colours."""
        self.setIconSize(QSize(theme.px(16), theme.px(16)))
        self._tick()

    def set_lab(self, lab: Lab | None) -> None:
        """Show the steps of another lab."""
        self.clear()
        self.lab, self._steps, section = lab, [], ""
        titles = {} if lab is None else {each.id: each.title for each in lab.sections}
        for number, step in enumerate(() if lab is None else lab.steps):
            if step.section != section:
                section = step.section
                heading = QListWidgetItem(titles.get(section, ""), self)
                heading.setFlags(Qt.ItemFlag.NoItemFlags)
                heading.setFont(_bold(heading.font(), True))
            item = QListWidgetItem(f"{f'{number + 1:>2}'.replace(' ', _DIGIT)}  {step.title}", self)
            item.setData(_ID, step.id)
            self._steps.append(item)
        self.updateGeometry()
        self._shown = (-1, frozenset())
        self.show_progress(0, ())

    def show_progress(self, current: int, done: Collection[str]) -> None:
        """Show which step is in front, and which are ticked; most of what is typed changes neither."""
        shown = current, frozenset(done)
        if shown != self._shown:
            self._shown = shown
            self._tick()
        if self._steps:
            self.setCurrentItem(self._steps[current])

    def _tick(self) -> None:
        if self.lab is None:
            return
        (current, done), theme, blank = self._shown, theme_manager().theme, QPixmap(self.iconSize())
        blank.fill(Qt.GlobalColor.transparent)
        tick, none = icon("check", "success", theme), QIcon(blank)
        for step, item in zip(self.lab.steps, self._steps, strict=True):
            is_done = step.id in done
            item.setIcon(tick if is_done else none)
            item.setFont(_bold(item.font(), item is self._steps[current]))
            about = "Done." if is_done else f"About {step.minutes} minutes."
            item.setToolTip(f"{step.title}: {step.purpose} {about}")
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{item.text()}{', done' * is_done}")

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.updateGeometry()  # of another width the titles have other lines

    @override
    def sizeHint(self) -> QSize:
        last = self.visualItemRect(self.item(self.count() - 1)).bottom() if self.count() else 0
        return QSize(theme_manager().theme.px(260), self.verticalOffset() + last + 3)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(theme_manager().theme.px(140), self.sizeHint().height())

    @override
    def moveCursor(
        self, cursorAction: QListWidget.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        """Home leads to the first step, not to the title above it."""
        if cursorAction == QListWidget.CursorAction.MoveHome and self._steps:
            return self.indexFromItem(self._steps[0])
        return super().moveCursor(cursorAction, modifiers)

    def _request(self, item: QListWidgetItem) -> None:
        if item.data(_ID):
            self._go_to(item.data(_ID))


def _bold(font: QFont, is_bold: bool) -> QFont:
    font.setWeight(QFont.Weight.DemiBold if is_bold else QFont.Weight.Normal)
    return font
