"""Events of the monkey as values: what is done where, and how it is done again."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent, QWindow
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMenu, QWidget
from shiboken6 import isValid

from soak.places import here


@dataclass(frozen=True)
class Event:
    """Something that a hand could do.

    Attributes
    ----------
    kind : str
        ``click``, ``double``, ``drag``, ``move``, ``wheel``, ``key``, ``type``, ``action``, ``resize``,
        ``drop`` or ``close``.
    window : str
        ``main``, ``modal``, ``popup`` or the kind of another window that is open.
    at, to : tuple of int
        Place in the window; where a drag ends, how far a wheel is turned, the new size.
    button, modifiers, key : int
        Qt's numbers.
    text : str
        What is typed; the text of an action; the name of a file that is dropped.
    answer : str
        What a file dialog is answered with, if one opens.
    target : str
        What was there when it happened first, for whoever reads the log.
    """

    kind: str
    window: str = "main"
    at: tuple[int, int] = (0, 0)
    to: tuple[int, int] = (0, 0)
    button: int = 1
    modifiers: int = 0
    key: int = 0
    text: str = ""
    answer: str = ""
    target: str = ""

    def to_json(self) -> str:
        """Return the event as a line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> Self:
        """Return the event of a line."""
        values: dict[str, Any] = json.loads(line)
        return cls(**values | {name: tuple(values[name]) for name in ("at", "to")})

    def __str__(self) -> str:
        what = self.text or (Qt.Key(self.key).name if self.key else "")
        return f"{self.kind} {what} {self.target or self.window} {self.at} {self.answer}".replace("  ", " ")


def read_log(path: Path) -> list[Event]:
    """Return the events of a log."""
    return [Event.from_json(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def window_of(name: str) -> QWidget | None:
    """Return the window of a name; None if there is none any more."""
    if name == "popup":
        return QApplication.activePopupWidget()
    if name == "modal":
        return QApplication.activeModalWidget()
    wanted = "MainWindow" if name == "main" else name
    for each in QApplication.topLevelWidgets():
        if type(each).__name__ == wanted and each.isVisible():
            return each
    return None


def play(event: Event) -> None:
    """Do it, by way of Qt's window system, so that hover, grabs, focus and shortcuts are those of a hand."""
    widget = window_of(event.window)
    window = None if widget is None else widget.windowHandle()
    if widget is None or window is None:
        return
    button, keys = Qt.MouseButton(event.button), Qt.KeyboardModifier(event.modifiers)
    at, to = QPoint(*event.at), QPoint(*event.to)
    match event.kind:
        case "click":
            QTest.mousePress(window, button, keys, at)
            _release(window, button, keys, at)
        case "double" if event.window != "popup":  # that would be gone after the first half
            QTest.mouseDClick(window, button, keys, at)
        case "drag":
            QTest.mousePress(window, button, keys, at)
            for part in (1, 2, 3):
                if isValid(window):
                    QTest.mouseMove(window, at + (to - at) * part / 3)
            _release(window, button, keys, to)
        case "move":
            QTest.mouseMove(window, at)
        case "wheel":
            QTest.wheelEvent(window, QPointF(at), to, QPoint(), keys)
        # Alt and a letter open another menu, which destroys the popup; QTest would go on with it. (Keys of a
        # real screen open the menu, and that is all.)
        case "key" if event.window != "popup" or not keys & Qt.KeyboardModifier.AltModifier:
            QTest.keyPress(window, Qt.Key(event.key), keys)
            if isValid(window):  # the key may have closed it
                QTest.keyRelease(window, Qt.Key(event.key), keys)
        case "type":
            for letter in event.text:
                if isValid(window):
                    QTest.keyClick(window, letter)
        case _:
            _play_other(event, widget)


def _release(window: QWindow, button: Qt.MouseButton, keys: Qt.KeyboardModifier, at: QPoint) -> None:
    """Let a button go, unless pressing it has closed the window."""
    if isValid(window):
        QTest.mouseRelease(window, button, keys, at)


def _play_other(event: Event, widget: QWidget) -> None:
    match event.kind:
        case "action":
            for action in widget.findChildren(QAction):
                if action.text() == event.text and action.isEnabled():
                    action.trigger()
                    return
        case "resize":
            widget.resize(*event.to)
        case "drop":
            drop(widget, QPointF(*event.at), here().files / event.text)
        case "close":
            if isinstance(widget, QDialog):
                widget.reject()
            elif isinstance(widget, QMenu):
                widget.close()


def drop(widget: QWidget, at: QPointF, path: Path) -> None:
    """Drop a file as another program would; nobody but Qt's own window system can do it more truly."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    common = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(widget, QDragEnterEvent(at.toPoint(), *common))
    QApplication.sendEvent(widget, QDropEvent(at, *common))
