"""The window in which a figure or table for the report is chosen by its picture."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from cnnviz.report.inserts import LONGEST_WORDS
from ui.controls.buttons import Button
from ui.controls.labels import WrapLabel
from ui.controls.layouts import fill
from ui.panels.report.insert_choice import InsertChoice
from ui.theme import Theme, follow_theme

_PICTURE = QSize(128, 72)
_CHOICE = Qt.ItemDataRole.UserRole


def caption_field(name: str) -> QLineEdit:
    """Return a field for the student's own caption."""
    field = QLineEdit()
    field.setMaxLength(LONGEST_WORDS)
    field.setAccessibleName(name)
    field.setPlaceholderText("Your caption: what is to be seen?")
    field.setToolTip(
        "Your words stand first below the figure; what it was made with (seed, step, image) stays below them"
    )
    return field


class InsertPicker(QDialog):
    """Lists everything that can be put in, panel by panel, with small pictures made one after the other.

    * `choices`: those of a panel one after the other.
    * `chosen(InsertChoice`, `str)`: what is to be put in, and the student's own caption.
    """

    chosen = Signal(object, str)

    def __init__(self, choices: Sequence[InsertChoice], parent: QWidget) -> None:
        super().__init__(parent)
        self._waiting: list[QListWidgetItem] = []  # for their pictures
        self._drawing = QTimer(self, interval=0)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Insert a figure or table")
        self.setObjectName("insert")
        self._build_widgets()
        self._build_layout()
        self._connect_signals()
        follow_theme(self)
        self._list(choices)

    def set_theme(self, theme: Theme) -> None:
        """Scale the window and its pictures."""
        self._layout.setContentsMargins(*(4 * [theme.px(14)]))
        self._layout.setSpacing(theme.px(8))
        self.list.setIconSize(QSize(theme.px(_PICTURE.width()), theme.px(_PICTURE.height())))
        self.resize(theme.px(560), theme.px(600))

    def choice(self) -> InsertChoice | None:
        """What is chosen; None where there is nothing."""
        item = self.list.currentItem()
        return None if item is None else item.data(_CHOICE)

    @Slot()
    def insert(self) -> None:
        """Put in what is chosen, and close."""
        choice = self.choice()
        if choice is not None:
            self.chosen.emit(choice, self.words.text())
            self.accept()

    def _build_widgets(self) -> None:
        self.list = QListWidget()
        self.list.setAccessibleName("What can be inserted")
        self.list.setToolTip("What the other panels showed when they were last in sight")
        self.list.setWordWrap(True)
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.words = caption_field("Your caption")
        self.origin = WrapLabel("", role="muted")
        self.insert_button = Button(
            "Insert", "image", "primary", "Put it below the observations of the demonstration that is shown"
        )
        self.cancel = Button("Cancel", tooltip="Put in nothing")

    def _build_layout(self) -> None:
        label = QLabel("Your &caption, if you like")
        label.setBuddy(self.words)
        buttons = fill(QHBoxLayout(), 1, self.cancel, self.insert_button, spacing=8)
        self._layout = fill(QVBoxLayout(self), (self.list, 1), label, self.words, self.origin, buttons)

    def _connect_signals(self) -> None:
        self.list.currentItemChanged.connect(self._on_current_changed)
        self.list.itemActivated.connect(self.insert)
        self.words.returnPressed.connect(self.insert)
        self.insert_button.clicked.connect(self.insert)
        self.cancel.clicked.connect(self.reject)
        self._drawing.timeout.connect(self._draw_next)
        self.finished.connect(self._drawing.stop)

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
        item = QListWidgetItem(choice.label, self.list)
        item.setData(_CHOICE, choice)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{choice.panel}: {choice.label}")
        item.setIcon(QIcon(self._blank(1.0)))
        self._waiting.append(item)

    @Slot()
    def _draw_next(self) -> None:
        """Draw one picture in a turn of the event loop: that of a row in sight, if any is without."""
        if not self._waiting:
            self._drawing.stop()
            return
        sight = self.list.viewport().rect()
        item = next(
            (each for each in self._waiting if self.list.visualItemRect(each).intersects(sight)),
            self._waiting[0],
        )
        self._waiting.remove(item)
        choice: InsertChoice = item.data(_CHOICE)
        ratio = self.devicePixelRatioF()
        image = choice.picture(self.list.iconSize() * ratio)
        if image is not None:
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

    @Slot()
    def _on_current_changed(self) -> None:
        choice = self.choice()
        self.origin.set_text("" if choice is None else f"Stays below it: {choice.origin()}")
