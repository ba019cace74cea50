"""Presenter mode: everything is larger, and still nothing is cut off or out of reach."""

from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QAbstractScrollArea, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.driving import settle
from tests.gui.whole_window import PANELS, choose_preset, controls_in, place_of, show_panel, train
from ui.panels.training import TrainingPanel
from ui.session import Session
from ui.theme import ThemeManager
from ui.window.panel_frame import PanelFrame

SIZES = ((1440, 900), (1280, 720), (1100, 700))


@pytest.fixture(params=["lab5", "lenet"])
def enlarged(request: pytest.FixtureRequest, qtbot: QtBot, session: Session, theme: ThemeManager) -> Session:
    if request.param != "lab5":
        choose_preset(qtbot, session, request.param)
    train(qtbot, session, 100)
    theme.set_presenter(True)
    return session


def _resize(qtbot: QtBot, session: Session, size: tuple[int, int]) -> None:
    session.window.resize(*size)
    settle(qtbot)
    assert (session.window.width(), session.window.height()) == size


def _cut(widget: QWidget) -> QWidget | None:
    """Return what cuts a widget off, without a way to scroll to the rest; None where nothing does."""
    window, rect = widget.window(), QRect(QPoint(0, 0), widget.size())
    while widget is not window:
        parent = widget.parentWidget()
        area = parent.parentWidget()
        if isinstance(area, QAbstractScrollArea) and area.viewport() is parent:
            widget, rect = area, area.rect()
            continue
        rect = rect.translated(widget.pos())
        if not parent.rect().contains(rect):
            return parent
        widget = parent
    return None


def test_no_control_is_cut_off(qtbot: QtBot, enlarged: Session) -> None:
    faults: list[str] = []
    for number, name in enumerate(PANELS):
        panel = show_panel(qtbot, enlarged, number)
        for size in SIZES:
            _resize(qtbot, enlarged, size)
            faults += [f"{name} at {size}: {each}" for each in _cut_off(enlarged, panel)]
    assert not faults


def _cut_off(session: Session, panel: QWidget) -> list[str]:
    """Return what cannot be seen whole, or only by scrolling sideways."""
    faults: list[str] = []
    for control in controls_in(session.window):
        by = _cut(control)
        if by is not None:
            faults.append(f"{place_of(control)} by {type(by).__name__}")
    frame = next(each for each in session.window.findChildren(PanelFrame) if each.widget() is panel)
    if frame.horizontalScrollBar().maximum() > 0:
        faults.append("has to be scrolled sideways")
    return faults


def test_menus_and_buttons_stand_side_by_side_at_the_top(
    qtbot: QtBot, session: Session, theme: ThemeManager
) -> None:
    for presenter in (False, True):
        theme.set_presenter(presenter)
        for size in SIZES:
            _resize(qtbot, session, size)
            _check_top(session)
    bar = session.window.run_bar
    assert not bar.reset.text(), "there is no room for texts"
    _resize(qtbot, session, (1500, 900))
    assert (bar.reset.text(), bar.step.text(), bar.epoch.text()) == ("Reset", "Step", "+1 epoch")


def _check_top(session: Session) -> None:
    bar, buttons = session.window.menuBar(), session.window.run_bar
    menus = [bar.actionGeometry(action) for action in bar.actions()]
    assert all(menu.isValid() for menu in menus)
    assert menus[-1].right() < buttons.geometry().left()
    assert bar.rect().contains(buttons.geometry())
    parts = [each for each in buttons.children() if isinstance(each, QWidget) and each.isVisible()]
    parts.sort(key=lambda each: each.x())
    for part, other in pairwise(parts):
        assert part.geometry().right() < other.x()
    for part in parts:
        assert buttons.rect().contains(part.geometry())
        assert part.width() >= part.minimumSizeHint().width()
    for button in (buttons.step, buttons.stop, buttons.epoch, buttons.reset):
        assert button.accessibleName()
        assert not button.icon().isNull()


def test_a_narrow_training_panel_shows_settings_or_results(
    qtbot: QtBot, session: Session, theme: ThemeManager
) -> None:
    panel = session.window.panel(TrainingPanel)
    theme.set_presenter(True)
    _resize(qtbot, session, (1100, 700))
    settings, results = panel.form, panel.log
    assert settings.isVisible()
    assert not results.isVisible()
    panel._switch.button("results").click()
    assert results.isVisible()
    assert not settings.isVisible()
    assert panel.curves.isVisible()
    _resize(qtbot, session, (1800, 900))
    assert settings.isVisible()
    assert results.isVisible()


def test_a_panel_that_needs_more_room_is_scrolled(qtbot: QtBot) -> None:
    panel, content = QWidget(), QWidget()
    content.setMinimumSize(700, 300)
    layout = QVBoxLayout(panel)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(content)
    frame = PanelFrame(panel)
    qtbot.addWidget(frame)
    frame.resize(800, 500)
    with qtbot.waitExposed(frame):
        frame.show()
    assert panel.size() == frame.viewport().size(), "all the room, without bars"
    frame.resize(600, 500)
    assert panel.width() == 700
    assert frame.horizontalScrollBar().maximum() > 0
    assert frame.verticalScrollBar().maximum() == 0
    frame.resize(705, 290)
    assert panel.size().width() == 700
    assert panel.size().height() == 300
    assert frame.verticalScrollBar().maximum() > 0
