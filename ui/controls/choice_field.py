"""A drop-down list of keys with readable names."""

from collections.abc import Sequence
from typing import override

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QWidget

from ui.controls.key_moves import opens_list


class DropDownList(QComboBox):
    """A drop-down list that shows all of its entries."""

    def set_heading(self, place: int) -> None:
        """Make an entry the heading of those below it: neither keys nor clicks choose it."""
        self.setItemData(
            place, 0, Qt.ItemDataRole.UserRole - 1
        )  # where QComboBox's own model keeps its flags
        font = self.font()
        font.setBold(True)
        self.setItemData(place, font, Qt.ItemDataRole.FontRole)

    @override
    def showPopup(self) -> None:
        """Make room for the last entry: Qt forgets a part of the frame while the field has the keyboard."""
        super().showPopup()
        view = self.view()
        popup, frame = view.window(), view.contentsMargins()
        rows = [view.sizeHintForRow(row) for row in range(self.count())]
        # What lies above and below the view. The items of the layout are better not asked: the Python object
        # of a spacer outlives it, and is taken for whatever comes to lie in its memory.
        spaces = popup.height() - view.height()
        wanted = sum(rows) + frame.top() + frame.bottom() + spaces
        if 0 < wanted - popup.height() < min(rows, default=0):  # else it is longer than can be seen at a time
            for part in popup.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
                part.setVisible(part is view)  # no arrows to scroll by
            popup.resize(popup.width(), wanted)


class ChoiceField(DropDownList):
    """Emits `choiceEdited` when the user, not the program, picks another key.

    Keys choose only in the open list: closed, the field opens it at the upper and lower arrow keys, Enter and
    F4, and leaves all other keys to what it stands in.
    """

    choiceEdited = Signal(str)

    def __init__(self, options: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.set_options(options)
        # A long entry must not widen the form; the list itself is as wide as it needs to be.
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self.activated.connect(self._on_activated)

    def choice(self) -> str:
        """Return the chosen key."""
        return str(self.currentData())

    def set_options(self, options: Sequence[tuple[str, str]]) -> None:
        """Offer these keys with their names; the chosen one stays chosen, unless it is not among them."""
        if [(self.itemData(place), self.itemText(place)) for place in range(self.count())] != list(options):
            chosen = self.currentData()
            self.clear()
            for key, text in options:
                self.addItem(text, key)
            self.setCurrentIndex(max(self.findData(chosen), 0))

    def set_choice(self, key: str) -> None:
        """Show another key; an unknown one is shown as no choice."""
        self.setCurrentIndex(self.findData(key))

    def set_option_enabled(self, key: str, enabled: bool) -> None:
        """Allow or forbid one key."""
        item = self.model().item(self.findData(key))  # pyright: ignore[reportAttributeAccessIssue] -- QComboBox's own model
        item.setEnabled(enabled)

    @override
    def minimumSizeHint(self) -> QSize:
        # Qt keeps the one that it has found for another number of letters.
        by_letters = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        return self.sizeHint() if self.sizeAdjustPolicy() is by_letters else super().minimumSizeHint()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if opens_list(event):
            self.showPopup()
        else:
            event.ignore()

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the scroll area around the form, so that scrolling changes no setting."""
        event.ignore()

    def _on_activated(self, _index: int) -> None:
        self.choiceEdited.emit(self.choice())
