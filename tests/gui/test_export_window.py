"""Figures of the window: which one is meant, and on the clipboard."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from tests.gui.driving import activate
from tests.gui.whole_window import show_panel
from ui.export.dialog import ExportDialog
from ui.session import Session


def _dialogs() -> list[ExportDialog]:
    return [each for each in QApplication.topLevelWidgets() if isinstance(each, ExportDialog)]


def test_keys_and_context_menu_reach_the_figure_that_is_meant(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    menus: list[QMenu] = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, _place: menus.append(menu))
    window, plot = session.window, show_panel(qtbot, session, 2).strip
    activate(qtbot, window)
    window.setFocus()
    qtbot.keyClick(window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    (dialog,) = _dialogs()
    assert dialog.figure().title == "Translation panel"
    dialog.reject()
    qtbot.waitUntil(lambda: not _dialogs())

    place = plot.rect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, plot.mapToGlobal(place))
    QApplication.sendEvent(plot, event)
    (menu,) = menus
    export = next(each for each in menu.actions() if each.text().startswith("Export figure"))
    export.trigger()
    (dialog,) = _dialogs()
    assert dialog.figure().widget is plot
    dialog.reject()
    qtbot.waitUntil(lambda: not _dialogs())


@pytest.mark.parametrize("number", [2, 4])
def test_copying_fills_the_clipboard_with_picture_svg_and_text(
    qtbot: QtBot, session: Session, number: int
) -> None:
    """Of a panel without a figure of its own, such as the report, the whole window is copied."""
    panel = show_panel(qtbot, session, number)
    session.window.setFocus()
    with qtbot.waitSignal(QGuiApplication.clipboard().dataChanged):
        session.exporter.copy()
    data = QGuiApplication.clipboard().mimeData()
    assert data.imageData().width() >= (2 * panel.width() if number == 2 else session.window.width())
    assert (b"<svg" in data.data("image/svg+xml").data()) is (number == 2)
    assert "lab5" in data.text()
    assert "seed 0" in data.text()
