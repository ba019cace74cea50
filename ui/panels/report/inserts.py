"""Figures and tables from the screen: the button that asks for one, and the list of what was put in."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from cnnviz.clock import today
from cnnviz.report.inserts import Insert
from ui.controls.buttons import Button, IconButton
from ui.controls.icon_label import IconLabel
from ui.controls.labels import ElidedLabel
from ui.controls.layouts import fill
from ui.panels.report.insert_choice import InsertChoice
from ui.panels.report.insert_picker import InsertPicker, caption_field


class InsertButton(Button):
    """Opens a window with pictures of everything that can be put in.

    * `chosen(InsertChoice`, `str)`: what is to be put in, and the student's own caption.
    """

    chosen = Signal(object, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "Insert…",
            "image",
            "",
            "Put a figure or measured table of another panel, as it was last shown, below the observations. "
            "In a panel: Ctrl+I, or its context menu.",
            parent=parent,
        )
        #: Lists what there is at the moment it is asked for.
        self.choices: Callable[[], Sequence[InsertChoice]] = tuple
        self.setAccessibleName("Insert a figure or table")
        self.clicked.connect(self.ask)

    @Slot()
    def ask(self) -> None:
        """Open the window in which it is chosen."""
        picker = InsertPicker(self.choices(), self.window())
        picker.chosen.connect(self.chosen)
        picker.open()


class InsertList(QWidget):
    """What was put in, in its order; each can be moved up or down, or taken out.

    * `raiseRequested(int)`, `lowerRequested(int)`, `removeRequested(int)`: position in the list.
    * `wordsEdited(int`, `str)`: position, and the student's own caption.
    """

    raiseRequested = Signal(int)
    lowerRequested = Signal(int)
    removeRequested = Signal(int)
    wordsEdited = Signal(int, str)

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
        before, self._shown = self._shown, inserts
        if _without_words(before) == _without_words(inserts):
            self._show_words()
            return
        for row in self._rows:
            self._layout.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = [self._row(place, insert) for place, insert in enumerate(inserts)]
        for row in self._rows:
            self._layout.addWidget(row)
        self.setVisible(bool(inserts))
        self._show_words()

    def words_field(self, place: int) -> QLineEdit:
        """Return the field with the student's own caption of a row."""
        field = self._rows[place].findChild(QLineEdit)
        assert isinstance(field, QLineEdit)
        return field

    def _show_words(self) -> None:
        for place, insert in enumerate(self._shown):
            field = self.words_field(place)
            if field.text() != insert.words:  # it may be the one that is being typed in
                field.setText(insert.words)

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
        layout = fill(QHBoxLayout(), spacing=6)
        words = caption_field(f"Your caption of {insert.title}")
        words.textEdited.connect(lambda text: self.wordsEdited.emit(place, text))
        fill(QVBoxLayout(row), layout, words, spacing=2)
        icon = IconLabel()
        icon.set_icon("image" if insert.data is None else "list", "muted")
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


def _without_words(inserts: tuple[Insert, ...]) -> list[Insert]:
    return [replace(insert, words="") for insert in inserts]


def _details(insert: Insert) -> str:
    """When it was put in and what it was made with; what is alike in many of them comes last."""
    day, _, clock = insert.time.partition(" ")
    time = clock if clock and day == today() else insert.time
    parts = insert.caption.split(" · ")
    seed = next((place for place, part in enumerate(parts) if part.startswith("seed ")), -1)
    return " · ".join([time, *parts[seed + 1 :], *parts[: seed + 1]])
