"""Figures go from the panels into the report by key, context menu and the report's own menu."""

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QImage
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from cnnviz.document.archive import load_picture
from cnnviz.errors import CNNVizError
from cnnviz.lab.course import shipped_labs
from cnnviz.lab.model import Step
from cnnviz.lab.reading import load_lab
from cnnviz.lab.record import Work
from cnnviz.network import weights_checksum
from cnnviz.report.blocks import MAX_WORDS, Insert
from tests.gui import whole_window
from tests.gui.document_driving import through_document
from tests.gui.driving import close_export_dialog, drain, kept_in
from tests.gui.report_driving import BACKPROP, PRINCIPLE, TRANSLATION, answer
from ui.controls.buttons import IconButton
from ui.controls.labels import ElidedLabel
from ui.export.dialog import ExportDialog
from ui.export.figures import caption_of
from ui.panels.backprop.panel import BackpropPanel
from ui.panels.feature_maps.panel import FeatureMapsPanel
from ui.panels.report.inserts import InsertChoice, InsertList, InsertPicker
from ui.panels.report.panel import ReportPanel
from ui.panels.training.panel import TrainingPanel
from ui.panels.translation.panel import TranslationPanel
from ui.session import Session

KEYS = Qt.KeyboardModifier.ControlModifier
TEXT_WIDTH, HIGHEST = 170 * 72 / 25.4, 130 * 72 / 25.4
"""Of the report and of a figure in it, in points."""


def _titles(session: Session, key: str) -> list[str]:
    return [insert.title for insert in session.window.panel(ReportPanel).work.record.step(key).inserts]


def _choose(session: Session, panel: str, title: str) -> None:
    """Choose an entry of the window that the button at the observations opens, and put it in."""
    picker = _picker(session)
    rows = [picker.list.item(row) for row in range(picker.list.count())]
    picker.list.setCurrentItem(next(each for each in rows if each.text().split("\n")[0] == title))
    choice = picker.choice()
    assert choice.panel == panel
    picker.insert_button.click()


def row_button(listed: InsertList, place: int, name: str) -> IconButton:
    """Return a button of a row: "raise", "lower" or "remove"."""
    return listed.rows[place].findChildren(IconButton)[("raise", "lower", "remove").index(name)]


def step(report: ReportPanel, step_id: str) -> Step:
    return report.work.lab.step(step_id)


def _picker(session: Session) -> InsertPicker:
    """Open the window in which it is chosen, as a click on the button does."""
    session.window.panel(ReportPanel).fields.inserts[0].insert_button.click()
    (picker,) = (each for each in session.window.findChildren(InsertPicker) if each.isVisible())
    return picker


def _show(qtbot: QtBot, session: Session) -> None:
    """Bring a panel to the front, so that there are figures."""
    whole_window.show_panel(qtbot, session, 2)
    whole_window.rest(qtbot, session)


def _panel(session: Session) -> InsertChoice:
    return next(each for each in session.inserter.choices() if each.title == "Translation panel")


def _made(qtbot: QtBot, choice: InsertChoice) -> Insert:
    """Return what a choice makes."""
    found: list[Insert] = []
    choice.make(found.append, pytest.fail)
    qtbot.waitUntil(lambda: bool(found))
    return found[0]


def test_ctrl_i_puts_the_plot_with_the_focus_in_its_place(qtbot: QtBot, session: Session) -> None:
    window = session.window
    _show(qtbot, session)
    whole_window.train_to(qtbot, session, 2)
    plot = window.panel(TranslationPanel).maps
    qtbot.waitUntil(lambda: "step 2 " in caption_of(session.state, plot))
    plot.setFocus()
    qtbot.keyClick(plot, Qt.Key.Key_I, KEYS)
    title = plot.accessibleName()
    qtbot.waitUntil(lambda: _titles(session, TRANSLATION) == [title])
    assert title in window.notices.text()
    assert "“Translation and max pooling”" in window.notices.text()
    (insert,) = window.panel(ReportPanel).work.record.step(TRANSLATION).inserts
    assert "step 2" in insert.caption
    assert "<svg" in insert.svg
    assert insert.csv

    window.notices.action_button().click()  # it is still sliding in
    qtbot.waitUntil(window.panel(ReportPanel).isVisible)
    (row,) = window.panel(ReportPanel).fields.inserts[0].rows
    assert row.findChildren(ElidedLabel)[0].text() == title
    work = window.panel(ReportPanel).work
    assert through_document(work.work).record(work.lab).step(TRANSLATION).inserts == (insert,)
    qtbot.waitUntil(lambda: "inserts/" in kept_in(session))
    assert insert.svg[:200] not in kept_in(session)  # it is written once, not with every word

    session.exporter.insert(plot)
    qtbot.waitUntil(lambda: _titles(session, TRANSLATION) == [title] * 2)
    work.set_lab(load_lab(shipped_labs()["pooling"]), "pooling")
    window.notices.action_button().click()  # the lab that has this step is no longer there

    session.exporter.insert(plot)
    work.begin(Work())
    qtbot.waitUntil(lambda: f"{title} was not inserted" in window.notices.text())
    report = window.panel(ReportPanel)
    report.fields.inserts[0].put(_panel(session))
    work.set_lab(load_lab(shipped_labs()["pooling"]), "pooling")
    qtbot.waitUntil(lambda: "was not inserted: another" in report.message.text())
    assert not any(done.inserts for record in work.work.records.values() for done in record.steps.values())


@pytest.mark.alone
def test_only_what_was_in_sight_is_offered_and_put_in_by_context_menu_into_its_own_demonstration(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, panel = session.window, session.window.panel(TranslationPanel)

    def offered() -> set[str]:
        return {choice.panel for choice in session.inserter.choices()}

    whole_window.rest(qtbot, session)
    assert offered() == {"Network"}
    session.exporter.insert(panel)
    qtbot.waitUntil(lambda: "Translation panel has nothing to show yet" in window.notices.text())
    drain(qtbot, session.controller.files)
    assert _titles(session, TRANSLATION) == []
    _show(qtbot, session)
    assert "Translation panel" in [choice.title for choice in session.inserter.choices()]
    qtbot.keyClick(window, Qt.Key.Key_2, KEYS)
    qtbot.waitUntil(lambda: offered() == {"Network", "Translation", "Filters & maps"})

    menus: list[QMenu] = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, _place: menus.append(menu))
    plot, place = session.window.panel(TrainingPanel).curves.loss, QPoint(40, 40)
    QApplication.sendEvent(
        plot, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, plot.mapToGlobal(place))
    )
    assert any(action.text().startswith("Insert into report") for action in menus[0].actions())
    for number, name, key in ((2, "Translation", TRANSLATION), (3, "Backprop", BACKPROP)):
        menu = session.exporter.menu_for(whole_window.show_panel(qtbot, session, number))
        next(each for each in menu.actions() if each.text().startswith("Insert into report")).trigger()
        qtbot.waitUntil(lambda key=key, name=name: _titles(session, key) == [f"{name} panel"])


def test_what_is_drawn_while_training_goes_on_says_what_it_shows_out_of_sight_too(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    window, state = session.window, session.state
    qtbot.keyClick(window, Qt.Key.Key_2, KEYS)
    first, last = 50, 650
    whole_window.train(qtbot, session, first)
    maps, backprop = window.panel(FeatureMapsPanel), window.panel(BackpropPanel)
    qtbot.waitUntil(lambda: (drawn := maps.provenance()) is not None and drawn.step == first)
    network = state.history.snapshots.at(first).network

    # A picture that is saved is of what is drawn by then; the maps stay as they were last drawn.
    qtbot.keyClick(window, Qt.Key.Key_4, KEYS)
    qtbot.waitUntil(lambda: (drawn := backprop.provenance()) is not None and drawn.step == first)
    qtbot.keyClick(window, Qt.Key.Key_E, KEYS)
    dialog = window.findChild(ExportDialog)
    dialog.folder.setText(str(tmp_path))
    whole_window.train(qtbot, session, last)
    qtbot.waitUntil(lambda: (drawn := backprop.provenance()) is not None and drawn.step == last)
    qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.message.kind() == "success")
    saved = load_picture(dialog._written)
    assert saved.seen.step == last
    assert saved.seen.weights_sha256 == weights_checksum(state.history.snapshots.at(last).network)
    assert f"step {last:,}" in dialog.caption.toolTip()
    close_export_dialog(qtbot)

    window.panels.show_panel(4)
    qtbot.waitUntil(window.panel(ReportPanel).isVisible)
    for title in ("Loss over the training steps", "Confusion matrix"):
        _choose(session, "Network", title)
    filters = next(each for each in session.inserter.choices() if each.title == "Filters & maps panel")
    drain(qtbot, session.controller.files)
    report = window.panel(ReportPanel)
    report.work.add_insert(step(report, PRINCIPLE), _made(qtbot, filters))

    loss, matrix, kernels = window.panel(ReportPanel).work.record.step(PRINCIPLE).inserts
    assert loss.cards == ("Loss",)
    assert all(f"step {last:,}" in each.caption for each in (loss, matrix))
    assert f"step {first:,}" in kernels.caption
    assert max(float(line.split(",")[0]) for line in loss.csv.splitlines() if line[:1].isdigit()) == last
    counts = [line.split(",")[1:] for line in matrix.csv.splitlines()]
    assert all(list(map(str, row)) in counts for row in state.evaluation.evaluation.confusion.tolist())
    assert f"{network.params['conv1.weight'][0, 0, 0, 0]!s}" in kernels.csv


def test_a_panel_is_as_wide_as_the_text_of_the_report_in_letters_of_seven_points(
    qtbot: QtBot, session: Session
) -> None:
    session.window.resize(1440, 900)
    whole_window.train_to(qtbot, session, 3)
    _show(qtbot, session)
    for title in ("Network panel", "Translation panel"):
        choice = next(each for each in session.inserter.choices() if each.title == title)
        insert = _made(qtbot, choice)
        assert title != "Network panel" or {"Loss", "Accuracy"} < {*insert.cards}
        assert float(re.search(r' width="([\d.]+)cm"', insert.svg)[1]) >= 17
        width, height = map(float, re.search(r'viewBox="\S+ \S+ (\S+) (\S+)"', insert.svg).groups())
        letters = [float(size) for size in re.findall(r'font-size="([\d.]+)"', insert.svg)]
        assert min(letters) * min(TEXT_WIDTH / width, HIGHEST / height) >= 7


def test_the_list_says_first_what_differs_and_what_is_in_it_can_be_moved_taken_out_and_brought_back(
    qtbot: QtBot, session: Session
) -> None:
    report, listed = session.window.panel(ReportPanel), session.window.panel(ReportPanel).fields.inserts[0]
    _show(qtbot, session)
    choice = _panel(session)
    report.show_step(PRINCIPLE)
    for count in (1, 2, 3):
        whole_window.train_to(qtbot, session, count)
        whole_window.rest(qtbot, session)
        listed.put(choice)
        drain(qtbot, session.controller.files)
        assert report.message.text() == ""

    def steps() -> list[str]:
        """What follows the kind of figure in each row, less what is the same in all."""
        labels = [label.text() for row in listed.rows for label in row.findChildren(ElidedLabel)]
        found = [text.split(" · ")[1].split(",")[0] for text in labels if "seed" in text]
        inserts = report.work.record.step(PRINCIPLE).inserts
        assert all(each in insert.caption for each, insert in zip(found, inserts, strict=True))
        return found

    session.window.panels.show_panel(4)
    assert steps() == ["step 1", "step 2", "step 3"]
    assert not row_button(listed, 0, "raise").isEnabled()
    assert row_button(listed, 2, "lower").isEnabled(), "it leads into the next section"
    for place, name, expected in ((2, "raise", "132"), (0, "lower", "312"), (1, "remove", "32")):
        button = row_button(listed, place, name)
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        button.click()  # as Return does a moment later: its row has gone
        assert steps() == [f"step {each}" for each in expected]
    assert choice.title in report.message.text()
    report.message.action_button().click()  # it is still sliding in
    assert steps() == ["step 3", "step 1", "step 2"]


def test_a_figure_goes_on_into_the_next_step_and_section_and_stops_at_the_ends_of_the_report(
    qtbot: QtBot, session: Session
) -> None:
    report = session.window.panel(ReportPanel)
    report.work.set_lab(load_lab(shipped_labs()["lab5"]), "lab5")
    session.window.panels.show_panel(4)
    steps = [each.id for each in report.work.observing]
    assert len({step(report, each).section for each in steps}) > 1
    report.work.add_insert(step(report, steps[0]), Insert("Loss", "seed 0 · step 3", "now", svg="<svg/>"))
    for way, places in (("lower", steps), ("raise", steps[::-1])):
        for place in places:
            assert [each for each in steps if _titles(session, each)] == [place]
            listed = next(each for each in report.fields.inserts if each.step.id == place)
            said = session.window.notices.text()
            assert step(report, place).title in said, said
            assert row_button(listed, 0, way).isEnabled() == (place != places[-1])
            row_button(listed, 0, way).click()


def test_a_field_takes_only_what_can_be_kept_and_bringing_back_needs_room(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = session.window.panel(ReportPanel)
    qtbot.keyClick(session.window, Qt.Key.Key_5, KEYS)
    edit = answer(report, "objective").field
    words = ("seven of " * MAX_WORDS)[:MAX_WORDS]
    edit.setPlainText(words)
    assert report.message.text() == ""
    edit.insertPlainText("y")
    assert "at most 50,000 letters" in report.message.text()
    assert edit.toPlainText() == words

    most = 5
    monkeypatch.setattr("cnnviz.lab.record.MOST_INSERTS", most)
    _show(qtbot, session)
    insert = _made(qtbot, _panel(session))
    for _ in range(most):
        report.work.add_insert(step(report, PRINCIPLE), insert)
    with pytest.raises(CNNVizError, match="at most"):
        report.work.add_insert(step(report, PRINCIPLE), insert)
    row_button(report.fields.inserts[0], 3, "remove").click()
    report.work.add_insert(step(report, PRINCIPLE), insert)
    report.message.action_button().click()
    assert "at most" in report.message.text()
    assert len(_titles(session, PRINCIPLE)) == most


def test_each_figure_is_told_by_picture_and_name_and_stands_below_own_words_that_are_kept(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    whole_window.train_to(qtbot, session, 3)
    _show(qtbot, session)
    picker = _picker(session)
    items = [picker.list.item(row) for row in range(picker.list.count())]
    listed = [each for each in items if each.flags() & Qt.ItemFlag.ItemIsSelectable]
    assert len({each.text() for each in listed}) == len(listed) > 4

    def pictures() -> list[QImage]:
        return [each.icon().pixmap(picker.list.iconSize()).toImage() for each in listed]

    # All of them are drawn, one after the other, and no two figures are alike.
    qtbot.waitUntil(lambda: all(each.pixelColor(each.rect().center()).alpha() for each in pictures()))
    shown = pictures()
    assert all(one != other for n, one in enumerate(shown) for other in shown[:n])
    assert "step 3" in listed[0].text()
    picker.cancel.click()
    assert _titles(session, PRINCIPLE) == []

    report = session.window.panel(ReportPanel)
    session.window.panels.show_panel(4)
    picker = _picker(session)
    title = picker.choice().title
    qtbot.keyClick(picker.list, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: _titles(session, PRINCIPLE) == [title])
    assert f"{title} is in the report" in session.window.notices.text()
    field = report.fields.inserts[0].rows[0].findChild(QLineEdit)
    field.setFocus()
    qtbot.keyClicks(field, "Falls <b>fast</b>, then slowly")
    assert report.fields.inserts[0].rows[0].findChild(QLineEdit) is field, "it can be typed on"
    (insert,) = report.work.record.step(PRINCIPLE).inserts
    assert insert.words == "Falls <b>fast</b>, then slowly"
    again = through_document(report.work.work)
    assert again.record(report.work.lab).step(PRINCIPLE).inserts == (insert,)
    with qtbot.waitSignal(report.exporter.handed_out):
        report.exporter.write(tmp_path / "a.html")
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    own = text.index("Falls &lt;b&gt;fast&lt;/b&gt;, then slowly</span><br>")
    assert text.rindex(f"Drawn by CNNViz: {title}, for “") > own


def test_ctrl_i_in_the_report_asks_about_the_observations_with_the_cursor_else_of_the_step_in_front(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, report = session.window, session.window.panel(ReportPanel)
    lab = load_lab(shipped_labs()["lab5"])
    report.work.set_lab(lab, "lab5")
    report.work.set_record(report.work.record.looked_at(lab.step("winner"), ""))
    qtbot.keyClick(window, Qt.Key.Key_5, KEYS)
    qtbot.waitUntil(report.isVisible)
    asked: list[str] = []
    monkeypatch.setattr(InsertList, "ask", lambda listed: asked.append(listed.step.id))
    report.setFocus()
    report.fields.ask_insert()
    field = report.fields.answer("full", "observations").field
    field.setFocus()
    qtbot.keyClick(field, Qt.Key.Key_I, KEYS)
    assert asked == ["winner", "full"]
