"""Figures and tables from the screen: choosing one, and the list of those that were put in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from cnnviz.clock import today
from cnnviz.report.inserts import Insert
from ui.controls.buttons import IconButton
from ui.controls.icon_label import IconLabel
from ui.controls.labels import ElidedLabel
from ui.theme import bind_icon

type Give = Callable[[Insert], None]
"""Takes what was made."""

type Complain = Callable[[str], None]
"""Takes what went wrong, as one sentence."""


@dataclass(frozen=True, slots=True)
class InsertChoice:
    """Something on the screen that could be put in.

    Attributes
    ----------
    panel : str
        Title of the panel it is in.
    title : str
    is_table : bool
    make : callable
        Draws the figure, or reads the numbers, as they are when it is called; gives them when they are
        finished, which may be a little later.
    """

    panel: str
    title: str
    is_table: bool
    make: Callable[[Give, Complain], None]

    @property
    def label(self) -> str:
        """What the menu calls it: often there is a figure and a table of the same name."""
        return f"{self.title} (table)" if self.is_table else self.title


class InsertButton(QToolButton):
    """Opens a menu of everything that can be put in, panel by panel.

    Signals
    -------
    chosen : InsertChoice
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        #: Lists what there is at the moment the menu opens.
        self.choices: Callable[[], Sequence[InsertChoice]] = tuple
        self.setText("Insert")
        self.setAccessibleName("Insert a figure or table")
        self.setToolTip(
            "Put a figure or measured table of another panel, as it was last shown, below the observations. "
            "In a panel: Ctrl+I, or its context menu."
        )
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        bind_icon(self, "image")
        self._menu = QMenu(self)
        self._menu.setAccessibleName("What can be inserted")
        self._menu.setToolTipsVisible(True)
        self._menu.aboutToShow.connect(self._fill)
        self.setMenu(self._menu)

    @Slot()
    def _fill(self) -> None:
        self._menu.clear()
        for panel, choices in groupby(self.choices(), key=lambda choice: choice.panel):
            submenu = self._menu.addMenu(panel.replace("&", "&&"))
            listed = list(choices)
            for is_table in (False, True):
                if is_table:
                    submenu.addSeparator()
                for choice in (each for each in listed if each.is_table is is_table):
                    action = submenu.addAction(choice.label.replace("&", "&&"))
                    bind_icon(action, _icon_of(is_table))
                    action.triggered.connect(lambda _checked=False, choice=choice: self.chosen.emit(choice))
        if self._menu.isEmpty():
            self._menu.addAction("Open another panel first: its figures are listed here").setEnabled(False)


class InsertList(QWidget):
    """What was put in, in its order; each can be moved up or down, or taken out.

    Signals
    -------
    raiseRequested(int), lowerRequested(int), removeRequested(int)
        Position in the list.
    """

    raiseRequested = Signal(int)
    lowerRequested = Signal(int)
    removeRequested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[QWidget] = []
        self._shown: tuple[Insert, ...] = ()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(2)
        self.hide()

    def set_inserts(self, inserts: tuple[Insert, ...]) -> None:
        """Show these."""
        if inserts == self._shown:
            return
        self._shown = inserts
        for row in self._rows:
            self._layout.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = [self._row(place, insert) for place, insert in enumerate(inserts)]
        for row in self._rows:
            self._layout.addWidget(row)
        self.setVisible(bool(inserts))

    def titles(self) -> list[str]:
        """Titles as shown."""
        return [insert.title for insert in self._shown]

    def rows(self) -> list[QWidget]:
        """Rows from top to bottom."""
        return self._rows.copy()

    def button(self, place: int, name: str) -> IconButton:
        """Return a button of a row: ``"raise"``, ``"lower"`` or ``"remove"``."""
        return next(each for each in self._rows[place].findChildren(IconButton) if each.objectName() == name)

    def _row(self, place: int, insert: Insert) -> QWidget:
        row = QWidget(self)
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        icon = IconLabel()
        icon.set_icon(_icon_of(insert.data is not None), "muted")
        layout.addWidget(icon)
        layout.addWidget(ElidedLabel(insert.title))
        layout.addWidget(ElidedLabel(_details(insert), role="muted"), 1)
        higher = IconButton("arrow-up", f"Move {insert.title} up")
        higher.setObjectName("raise")
        higher.setEnabled(place > 0)
        higher.clicked.connect(lambda: self.raiseRequested.emit(place))
        lower = IconButton("arrow-down", f"Move {insert.title} down")
        lower.setObjectName("lower")
        lower.setEnabled(place < len(self._shown) - 1)
        lower.clicked.connect(lambda: self.lowerRequested.emit(place))
        remove = IconButton("x", f"Take {insert.title} out", "it can be brought back")
        remove.setObjectName("remove")
        remove.clicked.connect(lambda: self.removeRequested.emit(place))
        for button in (higher, lower, remove):
            button.setProperty("kind", "quiet")
            layout.addWidget(button)
        return row


def _icon_of(is_table: bool) -> str:
    return "list" if is_table else "image"


def _details(insert: Insert) -> str:
    """When it was put in and what it was made with; what is alike in many of them comes last."""
    day, _, clock = insert.time.partition(" ")
    time = clock if clock and day == today() else insert.time
    parts = insert.caption.split(" · ")
    seed = next((place for place, part in enumerate(parts) if part.startswith("seed ")), -1)
    return " · ".join([time, *parts[seed + 1 :], *parts[: seed + 1]])
