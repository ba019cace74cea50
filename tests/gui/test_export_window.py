"""Figures of the window: which one is meant, on the clipboard, and without good news."""

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from tests.gui.driving import activate
from ui.export.dialog import ExportDialog
from ui.export.formats import draw_svg, to_image
from ui.export.sheet import Figure, Sheet
from ui.panels.training import TrainingPanel
from ui.panels.training.curve_plot import CurvePlot
from ui.session import Session


def _dialogs() -> list[ExportDialog]:
    return [each for each in QApplication.topLevelWidgets() if isinstance(each, ExportDialog)]


def test_keys_and_context_menu_reach_the_figure_that_is_meant(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    menus: list[QMenu] = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, _place: menus.append(menu))
    window = session.window
    activate(qtbot, window)
    window.setFocus()
    qtbot.keyClick(window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    (dialog,) = _dialogs()
    assert dialog.figure().title == "Training panel"
    dialog.reject()
    qtbot.waitUntil(lambda: not _dialogs())

    plot = next(each for each in window.panel(TrainingPanel).findChildren(CurvePlot))
    place = plot.rect().center()
    viewport = plot.childAt(place)
    assert viewport is not None
    at = plot.mapToGlobal(place)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, viewport.mapFromGlobal(at), at)
    QApplication.sendEvent(viewport, event)
    (menu,) = menus
    export = next(each for each in menu.actions() if each.text().startswith("Export figure"))
    export.trigger()
    (dialog,) = _dialogs()
    assert dialog.figure().widget is plot
    dialog.reject()
    qtbot.waitUntil(lambda: not _dialogs())


def test_copying_fills_the_clipboard_with_picture_svg_and_text(qtbot: QtBot, session: Session) -> None:
    session.window.setFocus()
    with qtbot.waitSignal(QGuiApplication.clipboard().dataChanged):
        session.exporter.copy()
    data = QGuiApplication.clipboard().mimeData()
    assert data.imageData().width() == 2 * session.window.panel(TrainingPanel).width()
    assert b"<svg" in data.data("image/svg+xml").data()
    assert "lab5" in data.text()
    assert "seed 0" in data.text()


def test_good_news_are_no_part_of_a_figure(qtbot: QtBot, session: Session) -> None:
    window, state = session.window, session.state
    sheet, bar = Sheet(Figure(window, "Whole window", "window")), session.window.notices
    for kind, is_left_out in (("success", True), ("warning", False)):
        state.raise_notice("files", kind, "Something was done.")
        qtbot.waitUntil(lambda: bar.isVisible() and bar.maximumHeight() > 1000)  # it has slid in
        shape, focus = bar.geometry(), QApplication.focusWidget()
        place = QRect(bar.mapTo(window, QPoint(0, 0)), bar.size())
        colours = {
            image.pixel(x, y)
            for image in (to_image(sheet).copy(place),)
            for x in range(image.width())
            for y in range(image.height())
        }
        assert (len(colours) == 1) is is_left_out
        assert bar.isVisible()
        assert bar.geometry() == shape
        assert QApplication.focusWidget() is focus
        assert ("Something was done." in draw_svg(sheet)().decode()) is not is_left_out
