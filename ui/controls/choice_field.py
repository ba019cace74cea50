"""Choosing: a drop-down list of keys, buttons side by side, and a menu in which classes are ticked."""

from collections.abc import Sequence
from typing import override

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionButton,
    QStylePainter,
    QWidget,
)

from ui.controls.keyboard import is_enter, opens_list
from ui.controls.layouts import fill
from ui.controls.tips import wrapped
from ui.theme import theme_manager
from ui.theme.icons import icon_pixmap


class DropDownList(QComboBox):
    """A drop-down list that shows all of its entries."""

    def __init__(self) -> None:
        super().__init__()
        self.setItemDelegate(QStyledItemDelegate(self))  # which the style sheet reaches, unlike Qt's own

    @override
    def showPopup(self) -> None:
        """Make room for the last entry: Qt forgets a part of the frame while the field has the keyboard."""
        view, popup = self.view(), self.view().window()
        popup.setContentsMargins(1, 0, 1, 0)  # or the list covers the frame
        super().showPopup()
        frame = view.contentsMargins()
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
    _options: Sequence[tuple[str, ...]] = ()

    def __init__(self, options: Sequence[tuple[str, ...]]) -> None:
        super().__init__()
        self.set_options(options)
        # A long entry must not widen the form; the list itself is as wide as it needs to be.
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self.activated.connect(lambda _index: self.choiceEdited.emit(self.choice()))

    def choice(self) -> str:
        return str(self.currentData())

    def set_options(self, options: Sequence[tuple[str, ...]]) -> None:
        """Offer these keys with names and tips; the chosen one stays chosen, unless it is not among them."""
        if options != self._options:
            chosen, self._options = self.currentData(), options
            self.clear()
            for place, (key, text, *tip) in enumerate(options):
                self.addItem(text, key)
                self.setItemData(place, wrapped("".join(tip)), Qt.ItemDataRole.ToolTipRole)
            self.setCurrentIndex(max(self.findData(chosen), 0))

    def set_choice(self, key: str) -> None:
        """Show another key; an unknown one is shown as no choice."""
        self.setCurrentIndex(self.findData(key))

    def set_option_enabled(self, key: str, enabled: bool) -> None:
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


class SegmentedControl(QFrame):
    """Exclusive choice between options in sight, the first at first. Arrow keys move the choice.

    * `options`: Key, text and, if any, a tip.
    """

    #: Key of the option that the user has chosen.
    currentChanged = Signal(str)
    _current = ""

    def __init__(self, options: Sequence[tuple[str, ...]]) -> None:
        super().__init__()
        self.setProperty("role", "segmented")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._buttons: dict[str, QPushButton] = {}
        self._group = QButtonGroup(self)
        self._row = fill(QHBoxLayout(self), spacing=0)
        self.set_options(options)
        self._group.buttonToggled.connect(self._on_button_toggled)

    def set_options(self, options: Sequence[tuple[str, ...]]) -> None:
        """Offer other options; the chosen one stays chosen, unless it is not among them."""
        before, self._buttons = self._buttons, {}
        last = before.get(self._current)
        for key, text, *tip in options:
            button = QPushButton(text.replace("&", "&&"), self)
            button.setCheckable(True)
            button.setAutoDefault(False)
            button.setProperty("kind", "segment")
            button.setAccessibleName(text)
            button.setToolTip("".join(tip))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
            self._buttons[key] = button
            self._group.addButton(button)
            self._row.addWidget(button)
            if last is not None:  # Tab comes by where it did, and leaves nothing out
                QWidget.setTabOrder(last, button)
                last = button
        for button in before.values():
            self._group.removeButton(button)
            button.hide()
            button.deleteLater()
        self.set_current(self._current if self._current in self._buttons else options[0][0])

    def current(self) -> str:
        """Key of the chosen option."""
        return self._current

    def set_current(self, key: str) -> None:
        """Choose an option, and tell nobody."""
        with QSignalBlocker(self._group):
            self._buttons[key].setChecked(True)
        self._current = key
        self.setFocusProxy(self._buttons[key])

    def set_option_enabled(self, key: str, enabled: bool) -> None:
        self._buttons[key].setEnabled(enabled)

    def button(self, key: str) -> QAbstractButton:
        return self._buttons[key]

    def _on_button_toggled(self, button: QAbstractButton, checked: bool) -> None:
        if not checked:
            return
        self._current = next(key for key, each in self._buttons.items() if each is button)
        self.setFocusProxy(button)
        self.currentChanged.emit(self._current)


class ClassPicker(QPushButton):
    """The menu stays open until Done, Enter or a click elsewhere; then it announces the choice once."""

    valueEdited = Signal(tuple)
    messageChanged = Signal(str)

    def __init__(self, fewest: int, most: int) -> None:
        super().__init__()
        self._limits = (fewest, most)
        self._chosen: tuple[str, ...] = ()
        self._done: QAction | None = None
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self._menu.setAttribute(Qt.WidgetAttribute.WA_NoMouseReplay)  # a click elsewhere only closes it
        self._menu.installEventFilter(self)
        self._menu.aboutToHide.connect(self._on_menu_hiding)
        self.setMenu(self._menu)

    def set_options(self, names: tuple[str, ...]) -> None:
        self._menu.clear()
        for name in names:
            action = self._menu.addAction(name)
            action.setCheckable(True)
        self._menu.addSeparator()
        self._done = self._menu.addAction("Done")
        self._done.setToolTip("Take the ticked classes (Enter); Space ticks one")
        self._tick()

    def set_value(self, names: tuple[str, ...]) -> None:
        self._chosen, text = names, ", ".join(names)
        self.setText(text if len(text) <= 12 else f"{len(names)} classes")
        self._tick()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the button with the arrow that other fields have."""
        painter, option = QStylePainter(self), QStyleOptionButton()
        self.initStyleOption(option)
        # With the arrow of the style sheet, Qt would forget the padding of the text.
        option.features &= ~QStyleOptionButton.ButtonFeature.HasMenu
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        theme = theme_manager().theme
        side, color = theme.px(14), theme.color("muted" if self.isEnabled() else "border")
        arrow = icon_pixmap("chevron-down", color, side, self.devicePixelRatioF())
        painter.drawPixmap(self.width() - theme.px(12) - side // 2, (self.height() - side) // 2, arrow)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if opens_list(event):
            self.showMenu()
        else:
            super().keyPressEvent(event)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the menu open when a class is ticked by mouse or keyboard."""
        action = self._chosen_by(event) if watched is self._menu else None
        if action is None:
            return super().eventFilter(watched, event)
        if action.isCheckable():
            action.trigger()
        elif not action.isSeparator():
            self._menu.close()
        return True

    def _chosen_by(self, event: QEvent) -> QAction | None:
        if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonRelease:
            return self._menu.actionAt(event.position().toPoint())
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if is_enter(event):
                return self._done
            return self._menu.activeAction() if event.key() == Qt.Key.Key_Space else None
        return None

    def _tick(self) -> None:
        for action in self._menu.actions():
            action.setChecked(action.text() in self._chosen)

    def _on_menu_hiding(self) -> None:
        self.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, False)  # Qt forgets that the pointer has left it
        names = tuple(action.text() for action in self._menu.actions() if action.isChecked())
        fewest, most = self._limits
        if not fewest <= len(names) <= most:
            self._tick()
            self.messageChanged.emit(f"Choose {fewest} to {most} classes; the earlier choice is kept.")
            return
        self.messageChanged.emit("")
        if names != self._chosen:
            self.set_value(names)
            self.valueEdited.emit(names)
