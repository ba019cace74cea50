"""Figures from the screen: the window in which one is chosen, and the list of what was put in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from msgspec.structs import replace
from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QIcon, QImage, QPainter, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from cnnviz.lab.model import Step
from cnnviz.quantities import today
from cnnviz.report.blocks import LONGEST_WORDS, Insert
from ui.controls.buttons import Button, IconButton
from ui.controls.labels import ElidedLabel, WrapLabel
from ui.controls.layouts import discard, fill, named, scaled
from ui.controls.message_bar import MessageBar
from ui.panels.report.work import Complain, StudentWork, adding, attempt
from ui.theme import Theme, follow_theme

type Give = Callable[[Insert], None]
"""Takes what was made."""

_PICTURE = QSize(128, 72)
_CHOICE = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class InsertChoice:
    """A figure, as it is when it is asked for."""

    panel: str  # title of the panel it is in
    title: str
    # draws it; gives it when it is finished, which may be a little later
    make: Callable[[Give, Complain], None]
    origin: str  # what it is made with, as the report says it
    # draws it so small that it fits into so many pixels; None where it is gone
    picture: Callable[[QSize], QImage | None]


class InsertPicker(QDialog):
    """Lists everything that can be put in, panel by panel, with small pictures made one after the other."""

    chosen = Signal(object)  # what is to be put in

    def __init__(self, place: str, choices: Sequence[InsertChoice], parent: QWidget) -> None:
        super().__init__(parent)
        self._waiting: list[QListWidgetItem] = []  # for their pictures
        self._drawing = QTimer(self, interval=0)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Insert a figure")
        self.setObjectName("insert")
        self.list = QListWidget()
        self.list.setAccessibleName("What can be inserted")
        self.list.setToolTip("What the other panels showed when you last saw them")
        self.list.setWordWrap(True)
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # words wrap
        self.insert_button = Button(
            "Insert", "image", "primary", f"Put it below the observations of “{place}”"
        )
        self.cancel = Button("Cancel", tooltip="Close this window and insert nothing")
        buttons = fill(QHBoxLayout(), 1, self.cancel, self.insert_button, spacing=8)
        where = WrapLabel(f"It will stand below the observations of “{place}”.", role="muted")
        fill(QVBoxLayout(self), where, (self.list, 1), buttons, spacing=8, margins=(14, 14, 14, 14))
        scaled(self.resize, 560, 600)
        self.list.itemActivated.connect(self.insert)
        self.insert_button.clicked.connect(self.insert)
        self.cancel.clicked.connect(self.reject)
        self._drawing.timeout.connect(self._draw_next)
        self.finished.connect(self._drawing.stop)
        follow_theme(self)
        self._list(choices)

    def set_theme(self, theme: Theme) -> None:
        self.list.setIconSize(QSize(theme.px(_PICTURE.width()), theme.px(_PICTURE.height())))

    def choice(self) -> InsertChoice | None:
        """What is chosen; None where there is nothing."""
        item = self.list.currentItem()
        return None if item is None else item.data(_CHOICE)

    def insert(self) -> None:
        """Put in what is chosen, and close."""
        if (choice := self.choice()) is not None:
            self.chosen.emit(choice)
            self.accept()

    def _list(self, choices: Sequence[InsertChoice]) -> None:
        panel = ""
        for choice in choices:
            if choice.panel != panel:
                panel = choice.panel
                self._add_heading(panel)
            self._add(choice)
        self.insert_button.setEnabled(bool(choices))
        if choices:
            self.list.setCurrentRow(1)
            self._drawing.start()
        else:
            self._add_heading("Open another panel first: its figures are listed here")

    def _add_heading(self, text: str) -> None:
        item = QListWidgetItem(text, self.list)
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        font = item.font()
        font.setBold(True)
        item.setFont(font)

    def _add(self, choice: InsertChoice) -> None:
        item = QListWidgetItem(f"{choice.title}\n{choice.origin}", self.list)
        item.setData(_CHOICE, choice)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{choice.panel}: {choice.title}")
        item.setIcon(QIcon(self._blank(1.0)))
        self._waiting.append(item)

    def _draw_next(self) -> None:
        """Draw one picture in a turn of the event loop."""
        if not self._waiting:
            self._drawing.stop()
            return
        item = self._waiting.pop(0)
        choice: InsertChoice = item.data(_CHOICE)
        ratio = self.devicePixelRatioF()
        if (image := choice.picture(self.list.iconSize() * ratio)) is not None:
            pixmap = self._blank(ratio)
            painter = QPainter(pixmap)
            painter.drawImage(pixmap.rect().center() - image.rect().center(), image)
            painter.end()
            pixmap.setDevicePixelRatio(ratio)
            item.setIcon(QIcon(pixmap))

    def _blank(self, ratio: float) -> QPixmap:
        """Return an empty picture: all are of one size, so that no row moves when its picture comes."""
        pixmap = QPixmap(self.list.iconSize() * ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        return pixmap


class InsertList(QWidget):
    """What was put into a step, in its order; each can be moved up or down, or taken out and brought back."""

    def __init__(
        self, work: StudentWork, step: Step, message: MessageBar,
        choices: Callable[[], Sequence[InsertChoice]],
    ) -> None:  # fmt: skip
        super().__init__()
        self._work, self.step, self._message, self._choices = work, step, message, choices
        #: Opens a window with pictures of everything that can be put in; it stands elsewhere.
        self.insert_button = named(
            Button(
                "Insert…", "image",
                tooltip="Insert a figure of another panel, as you last saw it, below the observations. "
                "In a panel: Ctrl+I, or its context menu.",
            ),
            "Insert a figure",
        )  # fmt: skip
        self.insert_button.clicked.connect(self.ask)
        #: Rows from top to bottom.
        self.rows: list[QWidget] = []
        self._shown: tuple[Insert, ...] = ()
        self._is_typed = False  # whether it changes by what is typed into a row
        self._layout = fill(QVBoxLayout(self), spacing=2)
        self.hide()
        work.changed.connect(self.look)
        self.look()

    def look(self) -> None:
        """Show what is in the step now."""
        inserts = self._work.record.step(self.step.id).inserts
        if inserts == self._shown:
            return
        self._shown = inserts
        if self._is_typed:
            return  # it stands there
        discard(self._layout, self.rows)
        self.rows = [self._row(place, insert) for place, insert in enumerate(inserts)]
        for row in self.rows:
            self._layout.addWidget(row)
        self.setVisible(bool(inserts))

    # --- what is asked for ----------------------------------------------------------------------------------

    def ask(self) -> None:
        """Open the window in which it is chosen."""
        picker = InsertPicker(self.step.title, self._choices(), self.window())
        picker.chosen.connect(self.put)
        picker.open()

    def put(self, choice: InsertChoice) -> None:
        """Put in what was chosen, when it is finished."""
        choice.make(adding(self._work, self.step, self._message.show_error), self._message.show_error)

    def _remove(self, place: int) -> None:
        insert = self._shown[place]
        self._work.set_inserts(self.step, self._shown[:place] + self._shown[place + 1 :])

        def bring_back() -> None:
            self._message.clear()
            attempt(lambda: self._work.add_insert(self.step, insert, place), self._message.show_error)

        text = f"{insert.title} was removed from the report."
        self._message.show_message(text, "info", "Bring it back", bring_back)

    # --- rows -----------------------------------------------------------------------------------------------

    def _on_typed(self, place: int, words: str) -> None:
        self._is_typed, inserts = True, list(self._shown)
        inserts[place] = replace(inserts[place], words=words)
        self._work.set_inserts(self.step, tuple(inserts))
        self._is_typed = False

    def _move(self, place: int, way: int) -> None:
        attempt(lambda: self._work.move_insert(self.step, place, way), self._message.show_error)

    def _way(self, place: int, way: int) -> tuple[str, bool]:
        """Say where a figure would go to, if that is a step of its own, and whether it can go."""
        if 0 <= place + way < len(self._shown):
            return "", True
        other = self._work.neighbour(self.step, way)
        return ("", False) if other is None else (f"to the observations of “{other.title}”", True)

    def _row(self, place: int, insert: Insert) -> QWidget:
        row = QWidget(self)
        layout = fill(QHBoxLayout(), spacing=6)
        words = QLineEdit(insert.words)
        words.setMaxLength(LONGEST_WORDS)
        words.setAccessibleName(f"Your caption of {insert.title}")
        words.setPlaceholderText("Your caption: what does it show?")
        words.setToolTip(
            "Your words come first below the figure, followed by what it was made with: seed, step, image"
        )
        words.textEdited.connect(partial(self._on_typed, place))
        fill(QVBoxLayout(row), layout, words, spacing=2)
        layout.addWidget(ElidedLabel(insert.title))
        layout.addWidget(ElidedLabel(_details(insert), role="muted"), 1)
        for icon, does, tip, is_possible, act in (
            ("arrow-up", f"Move {insert.title} up", *self._way(place, -1), partial(self._move, place, -1)),
            ("arrow-down", f"Move {insert.title} down", *self._way(place, 1), partial(self._move, place, 1)),
            ("x", f"Remove {insert.title}", "you can bring it back", True, partial(self._remove, place)),
        ):
            button = IconButton(icon, does, tip)
            button.setProperty("kind", "quiet")
            button.setEnabled(is_possible)
            button.clicked.connect(act)
            layout.addWidget(button)
        return row


def _details(insert: Insert) -> str:
    """When it was put in and what it was made with; what is alike in many of them comes last."""
    day, _, clock = insert.time.partition(" ")
    time = clock if clock and day == today() else insert.time
    parts = insert.caption.split(" · ")
    seed = next((place for place, part in enumerate(parts) if part.startswith("seed ")), -1)
    return " · ".join([time, *parts[seed + 1 :], *parts[: seed + 1]])
