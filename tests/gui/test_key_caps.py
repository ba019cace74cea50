"""Keys on the controls that they press: by a switch, and by itself for who uses only keys."""

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui import whole_window
from ui.session import Session
from ui.window.keys import KeyCaps


def _caps(session: Session) -> KeyCaps:
    return session.window.findChild(KeyCaps)


def _press_tab(session: Session, count: int) -> None:
    for _ in range(count):
        event = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Tab, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(session.window.windowHandle(), event)


def test_the_switch_puts_each_key_on_its_control_and_who_has_a_mouse_is_shown_none(
    qtbot: QtBot, session: Session
) -> None:
    window, caps = session.window, _caps(session)
    assert caps.shown == []
    window.menus.action("keys").setChecked(True)
    whole_window.rest(qtbot, session)
    assert {"Space", "S", "Ctrl+R", "Ctrl+1", "Ctrl+4"} <= {key for key, _ in caps.shown}
    train = window.run_bar.train
    place = train.rect().translated(train.mapTo(window, QPoint(0, 0)))
    assert any(key == "Space" and place.intersects(each) for key, each in caps.shown)
    found = [each for _, each in caps.shown]
    assert not any(one.intersects(other) for n, one in enumerate(found) for other in found[:n])
    window.run_bar.step.hide()
    qtbot.waitUntil(lambda: "S" not in [key for key, _ in caps.shown])
    window.menus.action("keys").setChecked(False)
    assert caps.shown == []

    corner = QPointF(2, 2)
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    for kind, held in ((QEvent.Type.MouseButtonPress, left), (QEvent.Type.MouseButtonRelease, none)):
        event = QMouseEvent(kind, corner, corner, left, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(window.windowHandle(), event)
    _press_tab(session, 12)
    assert not window.menus.action("keys").isChecked(), "there is a mouse as well"


def test_who_uses_only_keys_is_shown_them(qtbot: QtBot, session: Session) -> None:
    action = session.window.menus.action("keys")
    _press_tab(session, 5)
    assert not action.isChecked()
    _press_tab(session, 1)
    assert action.isChecked()
    qtbot.waitUntil(lambda: "Space" in [key for key, _ in _caps(session).shown])
