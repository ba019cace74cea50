"""Figures and tables go from the panels into the report by key, context menu and the report's own menu."""

import json
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from cnnviz.report.guides import BACKPROP, TRANSLATION, WORKING_PRINCIPLE
from ui.export.numbers import tables_of
from ui.panels.report.draft import load_draft
from ui.session import Session
from ui.state import RunStatus

KEYS = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def draft_file(session: Session, tmp_path: Path) -> Path:
    """Return the file in which the report of `session` is kept."""
    session.window.activateWindow()
    return tmp_path / "report-draft.json"


def _train(qtbot: QtBot, session: Session, steps: int) -> None:
    for _ in range(steps):
        before = session.state.run.step
        qtbot.keyClick(session.window, Qt.Key.Key_S)
        qtbot.waitUntil(lambda before=before: session.state.run.step > before, timeout=5000)
    qtbot.waitUntil(lambda: session.state.shown is not None and session.state.shown.step == steps)


def _titles(session: Session, key: str) -> list[str]:
    return [insert.title for insert in session.window.report.report.demonstration(key).inserts]


def _choose(session: Session, panel: str, title: str, table: bool) -> None:
    """Choose an entry of the menu at the observations, as a click on it does."""
    menu = session.window.report.fields.insert.menu()
    menu.aboutToShow.emit()
    submenu = next(action.menu() for action in menu.actions() if action.text() == panel.replace("&", "&&"))
    assert isinstance(submenu, QMenu)
    is_table = False
    for action in submenu.actions():
        if action.isSeparator():
            is_table = action.text() == "As a table"
        elif is_table is table and action.text().replace("&&", "&") == title:
            action.trigger()
            return
    raise AssertionError(f"{title} is not in the menu of {panel}")


def test_ctrl_i_puts_the_plot_with_the_focus_in_its_place(
    qtbot: QtBot, session: Session, draft_file: Path
) -> None:
    window = session.window
    _train(qtbot, session, 2)
    plot = window.training.curves.loss
    plot.setFocus()
    qtbot.keyClick(plot, Qt.Key.Key_I, KEYS)
    title = plot.accessibleName()
    assert _titles(session, WORKING_PRINCIPLE) == [title]
    assert title in window.notices.text()
    assert "demonstration 1" in window.notices.text()
    (insert,) = window.report.report.demonstration(WORKING_PRINCIPLE).inserts
    assert "step 2" in insert.caption
    assert "<svg" in insert.svg
    assert insert.csv

    window.notices.action_button().click()  # it is still sliding in
    qtbot.waitUntil(window.report.isVisible)
    assert window.report.fields.inserts.titles() == [title]
    window.report.save_draft()
    draft, message = load_draft(draft_file)
    assert message == ""
    assert draft.report.demonstration(WORKING_PRINCIPLE).inserts == (insert,)
    assert insert.svg not in draft_file.read_text(encoding="utf-8")  # it is written once, not with every word


def test_the_context_menu_puts_a_panel_into_its_own_demonstration(qtbot: QtBot, session: Session) -> None:
    window = session.window
    for number, key in ((2, TRANSLATION), (3, BACKPROP)):
        qtbot.keyClick(window, (Qt.Key.Key_3, Qt.Key.Key_4)[number - 2], KEYS)
        panel = (window.translation, window.backprop)[number - 2]
        qtbot.waitUntil(panel.isVisible)
        menu = session.exporter.menu_for(panel)
        action = next(each for each in menu.actions() if each.text().startswith("Insert into report"))
        assert isinstance(action, QAction)
        action.trigger()
        assert _titles(session, key) == [f"{('Translation', 'Backprop')[number - 2]} panel"]


def test_a_right_click_offers_it(qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    menus: list[QMenu] = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, _place: menus.append(menu))
    plot = session.window.training.curves.loss
    place = QPoint(40, 40)
    QApplication.sendEvent(
        plot, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, plot.mapToGlobal(place))
    )
    (menu,) = menus
    assert any(action.text().startswith("Insert into report") for action in menu.actions())


def test_the_menu_of_the_report_lists_what_was_in_sight(qtbot: QtBot, session: Session) -> None:
    window, state = session.window, session.state
    qtbot.keyClick(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: state.run.step > 50, timeout=10_000)
    qtbot.keyClick(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: state.run.status is RunStatus.PAUSED and state.evaluation is not None)
    step = state.run.step
    qtbot.waitUntil(lambda: state.evaluation is not None and state.evaluation.step == step)
    qtbot.keyClick(window, Qt.Key.Key_5, KEYS)
    qtbot.waitUntil(window.report.isVisible)
    panels = {choice.panel for choice in session.inserter.choices()}
    assert panels == {"Training"}  # the others have not been in sight yet

    matrix = window.training.results.matrix
    (shown,) = tables_of(matrix)
    # What was seen is what is put in, also when training has gone on since.
    session.controller.on_step_requested()
    qtbot.waitUntil(lambda: state.run.step == step + 1, timeout=5000)
    _choose(session, "Training", shown.title, table=True)
    (insert,) = window.report.report.demonstration(WORKING_PRINCIPLE).inserts
    assert insert.data is not None
    assert [list(row) for row in insert.data.rows] == [
        [str(row[0]), *(int(value) for value in row[1:])] for row in shown.rows
    ]
    assert f"step {step:,}" in insert.caption


def test_it_can_be_moved_taken_out_and_brought_back(qtbot: QtBot, session: Session) -> None:
    window = session.window
    qtbot.keyClick(window, Qt.Key.Key_5, KEYS)
    qtbot.waitUntil(window.report.isVisible)
    names = [choice.title for choice in session.inserter.choices() if not choice.is_table][:3]
    for name in names:
        _choose(session, "Training", name, table=False)
    assert _titles(session, WORKING_PRINCIPLE) == names
    listed = window.report.fields.inserts
    assert not listed.button(0, "raise").isEnabled()
    qtbot.mouseClick(listed.button(2, "raise"), Qt.MouseButton.LeftButton)
    assert _titles(session, WORKING_PRINCIPLE) == [names[0], names[2], names[1]]
    qtbot.mouseClick(listed.button(1, "remove"), Qt.MouseButton.LeftButton)
    assert _titles(session, WORKING_PRINCIPLE) == [names[0], names[1]]
    assert names[2] in window.report.message.text()
    window.report.message.action_button().click()  # it is still sliding in
    assert _titles(session, WORKING_PRINCIPLE) == [names[0], names[2], names[1]]
    assert listed.titles() == [names[0], names[2], names[1]]


def test_a_lost_drawing_is_named_and_the_rest_stays(qtbot: QtBot, session: Session, draft_file: Path) -> None:
    report = session.window.report
    for name in ("Loss", "Training panel"):
        choice = next(each for each in session.inserter.choices() if each.title.startswith(name))
        report.add_insert(choice.make(), WORKING_PRINCIPLE)
    report.save_draft()
    kept = json.loads(draft_file.read_text(encoding="utf-8"))
    lost = kept["report"]["demonstrations"][0]["inserts"][0]
    (draft_file.with_suffix(".figures") / lost["svg"]["file"]).unlink()
    draft, message = load_draft(draft_file)
    assert lost["title"] in message
    assert [each.title for each in draft.report.demonstrations[0].inserts] == ["Training panel"]
