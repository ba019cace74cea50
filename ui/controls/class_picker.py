"""A button with a menu in which two to ten classes are ticked."""

from typing import override

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent, QPaintEvent
from PySide6.QtWidgets import QMenu, QPushButton, QStyle, QStyleOptionButton, QStylePainter

from ui.controls.key_moves import opens_list
from ui.theme import theme_manager
from ui.theme.icons import icon_pixmap


class ClassPicker(QPushButton):
    """The menu stays open while classes are ticked; the choice is announced once, when it closes.

    * `fewest`, `most`: how many classes may be chosen.
    """

    classesEdited = Signal(tuple)
    messageChanged = Signal(str)

    def __init__(self, fewest: int = 2, most: int = 10) -> None:
        super().__init__()
        self._limits = (fewest, most)
        self._chosen: tuple[str, ...] = ()
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self._menu.installEventFilter(self)
        self._menu.aboutToHide.connect(self._on_menu_hiding)
        self.setMenu(self._menu)

    def set_options(self, names: tuple[str, ...]) -> None:
        """Offer these classes."""
        self._menu.clear()
        for name in names:
            action = self._menu.addAction(name)
            action.setCheckable(True)
        self._tick()

    def classes(self) -> tuple[str, ...]:
        """Return the chosen classes."""
        return self._chosen

    def set_classes(self, names: tuple[str, ...]) -> None:
        """Tick these classes."""
        self._chosen = tuple(names)
        self.setText(_summary(self._chosen))
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
        action = self._ticked_by(event) if watched is self._menu else None
        if action is None:
            return super().eventFilter(watched, event)
        action.trigger()
        return True

    def _ticked_by(self, event: QEvent) -> QAction | None:
        if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonRelease:
            return self._menu.actionAt(event.position().toPoint())
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._menu.activeAction() if event.key() == Qt.Key.Key_Space else None
        return None

    def _tick(self) -> None:
        for action in self._menu.actions():
            action.setChecked(action.text() in self._chosen)

    def _on_menu_hiding(self) -> None:
        names = tuple(action.text() for action in self._menu.actions() if action.isChecked())
        fewest, most = self._limits
        if not fewest <= len(names) <= most:
            self._tick()
            self.messageChanged.emit(f"Choose {fewest} to {most} classes; the earlier choice is kept.")
            return
        self.messageChanged.emit("")
        if names != self._chosen:
            self.set_classes(names)
            self.classesEdited.emit(names)


def _summary(names: tuple[str, ...]) -> str:
    text = ", ".join(names)
    return text if len(text) <= 12 else f"{len(names)} classes"
