"""The lab guide in the window, by mouse and keys."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QRadioButton

from cnnviz.datasets import load_mnist, to_input
from cnnviz.lab import LabRecord, parse_lab, read_hand_in
from cnnviz.lab.course import load_course, save_course
from cnnviz.lab.formulas import parse_formula
from cnnviz.lab.grading import late_in
from cnnviz.lab.opening import made_course
from cnnviz.lab.seeds import seed_of
from cnnviz.lab.shipped import shipped_labs
from cnnviz.report.blocks import Words
from cnnviz.session_state import weights_checksum
from cnnviz.training import Trainer
from tests.gui import whole_window
from tests.gui.driving import activate, opened, save_session
from tests.gui.feature_maps_panel import Later
from tests.gui.lab_driving import LAB, open_lab, press
from ui.controls.formula_boxes import plain_text
from ui.keep import session_files
from ui.lab.door import welcome
from ui.lab.formulas import boxes_of
from ui.lab.prediction_card import parsed_number
from ui.panels.feature_maps.panel import FeatureMapsPanel
from ui.panels.report.panel import ReportPanel
from ui.panels.training.panel import TrainingPanel
from ui.panels.translation.panel import TranslationPanel
from ui.state import PinnedCell, RunStatus, Shift
from ui.theme import theme_manager


def test_a_result_that_comes_when_another_lab_is_open_is_dropped(qtbot, session, tmp_path):
    sitting = open_lab(qtbot, session, tmp_path)
    sitting.revealer._background = later = Later()
    sitting.desk.go_to("field")
    sitting.desk.predict(4.0)
    press(sitting.column.page.show_me)
    qtbot.waitUntil(lambda: bool(later.tasks))
    session.lab.open_file(shipped_labs()["pooling"])
    qtbot.waitUntil(lambda: sitting.desk.lab.id == "pooling")
    later.finish(*later.tasks)
    assert "field" not in sitting.desk.record.steps
    assert not sitting.column.message.isVisible()


def test_what_was_told_of_a_result_goes_with_its_lab(qtbot, session, tmp_path):
    sitting = open_lab(qtbot, session, tmp_path)
    sitting.revealer.arrived.emit("field")
    assert "is known now" in sitting.column.message.text()
    session.lab.open_file(shipped_labs()["pooling"])
    qtbot.waitUntil(lambda: sitting.desk.lab.id == "pooling")
    assert sitting.column.message.text() == ""


def test_a_student_predicts_trains_and_sees_the_result(qtbot, session, tmp_path):
    sitting = open_lab(qtbot, session, tmp_path)
    column, desk, page = sitting.column, sitting.desk, sitting.column.page
    assert "write 3 words" in column.to_do.text()
    page.answer.field.setFocus()
    QTest.keyClicks(page.answer.field, "it will learn")
    assert desk.done.done
    assert "done" in column.to_do.text()
    press(column.next)
    assert desk.record.step("think").hypothesis[0].text == "it will learn"
    assert desk.step.id == "field"

    page.prediction.number.setFocus()
    QTest.keyClicks(page.prediction.number, "many")
    QTest.keyClick(page.prediction.number, Qt.Key.Key_Return)
    assert page.prediction.error.text()
    assert desk.done.prediction is None
    page.prediction.number.clear()
    QTest.keyClicks(page.prediction.number, "4")
    QTest.keyClick(page.prediction.number, Qt.Key.Key_Return)
    assert desk.done.prediction.answer == 4
    assert page.prediction.waiting.text() == (
        "The result is shown when you have done this: look at the panel Filters & maps."
    )
    press(page.show_me)
    qtbot.waitUntil(lambda: sitting.revealer.present().verdict is not None)
    whole_window.rest(qtbot, session)
    assert session.state.run.status is RunStatus.FINISHED
    assert session.window.panels.front == 1
    assert session.state.sample.index == 3
    assert page.shown.text() == "Shown: Filters & maps, network of step 12,665."
    assert page.prediction.verdict.text().startswith("Right")
    accuracy = accuracy_words(session)
    assert page.prediction.besides.text() == f"Accuracy on the test images: {accuracy}"
    assert "4 pixels" in page.prediction.measured.text()
    assert desk.done.done

    press(column.next)
    assert "commit to your prediction" in column.to_do.text()
    assert "train" not in column.to_do.text()  # the run is at its end already
    choices = page.prediction.choices.findChildren(QRadioButton)
    press(next(each for each in choices if each.accessibleName() == "It grows"))
    press(page.prediction.commit)
    qtbot.waitUntil(lambda: sitting.revealer.present().verdict is not None)
    assert page.prediction.verdict.text().startswith("Not right")
    assert desk.done.done


def accuracy_words(session):
    """The share of the test images that are read correctly, counted one by one, as the guide writes it."""
    data, network = session.state.dataset, session.state.shown.network
    right = np.mean(network.predict(to_input(data.test_images, network.dtype)) == data.test_labels)
    return f"{100 * right:.2f} %"


def test_what_was_done_is_there_after_a_restart_and_the_words_are_kept(qtbot, session, tmp_path):
    sitting = open_lab(qtbot, session, tmp_path)
    QTest.keyClicks(sitting.column.page.answer.field, "one two")
    press(sitting.column.next)
    draft = session.workspace.draft
    settings = session._settings.fileName()
    session.close()
    kept = json.loads(draft.read_text(encoding="utf-8"))["labs"][0]
    assert LabRecord.from_dict(kept).step("think").hypothesis[0].text == "one two"
    changed = LAB.replace("Some **strong** words.", "Other words.")
    (tmp_path / "small.toml").write_text(changed, encoding="utf-8")
    with opened(qtbot, tmp_path / settings) as again:
        found = again.lab.sitting
        qtbot.waitUntil(lambda: found.desk.lab is not None)
        assert found.column.isVisible()
        assert found.desk.step.id == "field"
        assert "has changed" in found.column.message.text()
        press(found.column.back)
        assert found.column.page.answer.field.toPlainText() == "one two"


def test_a_result_is_there_at_once_after_a_restart_and_says_from_when_it_is(qtbot, session, tmp_path):
    sitting = open_lab(qtbot, session, tmp_path)
    desk, page = sitting.desk, sitting.column.page
    desk.go_to("field")
    press(page.show_me)
    whole_window.rest(qtbot, session)
    desk.predict(5)
    qtbot.waitUntil(lambda: sitting.revealer.present().verdict is not None)
    whole_window.rest(qtbot, session)
    time, moment = desk.done.revealed, page.prediction.moment.text()
    assert moment == f"Measured {time} on the network of step 12,665."
    # A network that the step is not about takes the place of no result.
    session.controller.begin_run(replace(session.state.experiment, ties="first", epochs=1))
    whole_window.rest(qtbot, session, lambda: session.state.experiment.ties == "first")
    whole_window.train(qtbot, session, 12665)
    whole_window.rest(qtbot, session)
    assert page.prediction.moment.text() == moment
    assert not page.prediction.waiting.isVisible()
    session.close()
    with opened(qtbot, tmp_path / session._settings.fileName()) as again:
        found = again.lab.sitting
        qtbot.waitUntil(lambda: found.desk.lab is not None)
        card = found.column.page.prediction
        assert again.state.is_untrained
        assert card.measured.text() == "Measured: 4 pixels"
        assert card.verdict.text().startswith("Not right")
        assert card.moment.text() == moment


def test_the_first_start_opens_the_guide_and_it_stays_as_it_was_left(qtbot, tmp_path):
    for expected in (True, False):
        with opened_first(qtbot, tmp_path) as session:
            dock = session.window.lab_dock
            assert dock.isVisible() == expected
            if expected:
                sitting = session.lab.sitting
                qtbot.waitUntil(lambda sitting=sitting: sitting.desk.lab is not None)
                assert sitting.desk.lab.id == "lab5"
                press(sitting.column.close_button)
                assert not dock.isVisible()


def opened_first(qtbot, folder):
    settings = QSettings(str(folder / "first.ini"), QSettings.Format.IniFormat)
    welcome(settings)
    settings.sync()
    return opened(qtbot, folder / "first.ini")


def test_what_was_said_and_measured_is_handed_in_with_name_and_roll_number(qtbot, session, tmp_path):
    sitting = open_lab(qtbot, session, tmp_path)
    page = sitting.column.page
    QTest.keyClicks(page.who.name, "Ada")
    QTest.keyClicks(page.who.roll_number, "7")
    QTest.keyClicks(page.answer.field, "it will learn")
    press(sitting.column.next)
    QTest.keyClicks(page.prediction.number, "5")
    press(page.prediction.commit)
    report = session.window.panel(ReportPanel)
    assert report.composer.name == "small-7-report"
    with qtbot.waitSignal(report.exported):
        report.export_to(tmp_path / "handed.pdf")
    handed = read_hand_in(tmp_path / "handed.pdf")
    assert (handed.name, handed.roll_number, handed.lab_id) == ("Ada", "7", "small")
    assert handed.predictions["field"].answer == 5
    assert handed.hypotheses["think"][0].text == "it will learn"
    values = {each.measured.measurement.measure: each.measured.value for each in handed.measured}
    assert values["receptive_field"] == 4
    with qtbot.waitSignal(report.exported):
        report.export_to(tmp_path / "handed.html")
    text = (tmp_path / "handed.html").read_text(encoding="utf-8")
    assert text.index("What do you expect?") < text.index("it will learn")
    assert "The prediction is not right" in text
    assert "To be written" not in text.split("Section two")[0].split("What do you expect?")[0]


def test_a_session_carries_what_was_done_and_does_not_write_over_what_is_there(qtbot, session, tmp_path):
    sitting = open_lab(qtbot, session, tmp_path)
    QTest.keyClicks(sitting.column.page.answer.field, "from home")
    saved = tmp_path / "saved.session.json"
    save_session(qtbot, session, saved)
    QTest.keyClicks(sitting.column.page.answer.field, " and more")
    with qtbot.waitSignal(session.files.restorer.finished):
        session.files.open(saved)
    qtbot.waitUntil(lambda: "record of this lab" in session.window.notices.text())
    assert sitting.desk.done.answer == "from home and more"
    whole_window.rest(qtbot, session)
    press(session.window.notices.action_button())
    qtbot.waitUntil(lambda: sitting.column.page.answer.field.toPlainText() == "from home")


def test_the_report_shows_what_was_said_before_anything_is_measured(qtbot, session, tmp_path):
    sitting = open_lab(qtbot, session, tmp_path)
    QTest.keyClicks(sitting.column.page.answer.field, "it will learn")
    press(sitting.column.next)
    document = session.window.panel(ReportPanel).composer.composed(is_final=False)()
    assert "it will learn" in [block.text for block in document.blocks if isinstance(block, Words)]


def test_the_message_of_a_result_leads_to_where_it_stands(qtbot, session, tmp_path, theme):
    column = open_lab(qtbot, session, tmp_path).column
    theme.set_presenter(True)
    session.window.resize(1100, 700)
    whole_window.rest(qtbot, session)
    column.show_result("field")
    whole_window.rest(qtbot, session)
    card, room = column.page.prediction, column.page_area.viewport().height()
    assert column.page_area.verticalScrollBar().maximum() > 0
    assert card.visibleRegion().boundingRect().height() >= min(card.height(), room - 20)


def test_keys_alone_lead_through_a_lab(qtbot, session, tmp_path):
    sitting = open_lab(qtbot, session, tmp_path)
    desk, window = sitting.desk, session.window

    def key(name, *modifiers):
        target = QApplication.focusWidget() or window
        held = Qt.KeyboardModifier.NoModifier
        for each in modifiers:
            held |= each
        QTest.keyClick(target, name, held)

    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    key(Qt.Key.Key_L, control)
    QTest.keyClicks(QApplication.focusWidget(), "Ada")
    assert sitting.column.page.who.name.text() == "Ada"
    for _ in range(3):  # roll number, "Show me", answer
        key(Qt.Key.Key_Tab)
    QTest.keyClicks(QApplication.focusWidget(), "it will learn")
    assert desk.done.done
    key(Qt.Key.Key_PageDown, control)
    assert desk.step.id == "field"
    key(Qt.Key.Key_Space)  # the focus is on "Show me"
    qtbot.waitUntil(lambda: window.panels.front == 1 and not session.files.restorer.is_busy)
    whole_window.rest(qtbot, session)
    activate(qtbot, window)  # as a window manager does when the progress of training has gone
    maps = window.panel(FeatureMapsPanel)
    assert maps.cover.isChecked(), "the step covers what is to be predicted"
    key(Qt.Key.Key_Tab)
    QTest.keyClicks(QApplication.focusWidget(), "4")
    key(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(desk.done.done))
    qtbot.waitUntil(lambda: not maps.cover.isChecked())
    with qtbot.waitSignal(sitting.shower.shown):
        sitting.show_me()  # what is predicted need not be covered again
    assert not maps.cover.isChecked()
    whole_window.rest(qtbot, session)
    activate(qtbot, window)
    key(Qt.Key.Key_PageDown, control)
    key(Qt.Key.Key_Tab)
    key(Qt.Key.Key_Down)  # the first of the answers has the keyboard
    key(Qt.Key.Key_Return)
    assert desk.done.prediction.answer == "same"
    key(Qt.Key.Key_PageUp, control)
    key(Qt.Key.Key_L, control | shift)
    whole_window.rest(qtbot, session)


def test_ctrl_l_leads_to_the_open_step_and_never_puts_the_guide_away(qtbot, session, tmp_path):
    sitting = open_lab(qtbot, session, tmp_path)
    window, column, page = session.window, sitting.column, sitting.column.page
    activate(qtbot, window)
    sitting.desk.go_to("field")
    for place in (window.samples.grid, column.labs_button, column.steps, column.next, page.show_me):
        column.list_button.setChecked(place is column.steps)
        place.setFocus()
        QTest.keyClick(place, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
        assert QApplication.focusWidget() is page.show_me
        assert page.show_me.isVisible()
    for put_away in (
        lambda: QTest.keyClick(column.close_button, Qt.Key.Key_Space),
        window.menus.action("close_lab").trigger,
    ):
        column.close_button.setFocus(Qt.FocusReason.TabFocusReason)
        put_away()
        assert not column.isVisible()
        assert QApplication.focusWidget() is window.panels.front_panel
        QTest.keyClick(window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
        assert QApplication.focusWidget() is page.show_me


def test_f6_stops_at_what_the_guide_has_to_say(qtbot, session, tmp_path):
    sitting = open_lab(qtbot, session, tmp_path)
    activate(qtbot, session.window)
    sitting.column.message.show_message("The result is known now.", "info", "See it")
    session.window.areas.enter(sitting.column)
    QTest.keyClick(sitting.column, Qt.Key.Key_F6)
    assert QApplication.focusWidget() is sitting.column.message
    assert sitting.column.message.accessibleDescription() == "The result is known now."
    QTest.keyClick(sitting.column.message, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is sitting.column.message.action_button()


@pytest.mark.parametrize(
    ("key", "answer"), [("Down", "same"), ("Right", "up"), ("Up", "up"), ("Space", "up")]
)
def test_keys_choose_among_answers_and_only_the_button_commits(qtbot, session, tmp_path, key, answer):
    sitting = open_lab(qtbot, session, tmp_path)
    sitting.desk.go_to("way")
    whole_window.rest(qtbot, session)
    activate(qtbot, session.window)
    card = sitting.column.page.prediction
    first, *_ = card.choices.findChildren(QRadioButton)
    first.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(first, Qt.Key.Key_Return)
    assert card.error.isVisible()
    assert sitting.desk.done.prediction is None, "what was not chosen"
    QTest.keyClick(first, Qt.Key["Key_" + key])
    assert [each.objectName() for each in card.choices.findChildren(QRadioButton) if each.isChecked()] == [
        answer
    ]
    assert QApplication.focusWidget().objectName() == answer
    assert sitting.desk.done.prediction is None
    card.commit.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(card.commit, Qt.Key.Key_Space)
    assert sitting.desk.done.prediction.answer == answer


def test_who_uses_keys_sees_the_whole_of_the_field_that_is_written_in(qtbot, session):
    session.lab.open_file(shipped_labs()["lab5"])
    sitting = session.lab.sitting
    qtbot.waitUntil(lambda: sitting.desk.lab is not None and sitting.desk.lab.id == "lab5")
    whole_window.rest(qtbot, session)
    activate(qtbot, session.window)
    page, field = sitting.column.page, sitting.column.page.answer.field

    def is_seen():
        assert field.hasFocus()
        return whole_window.seen_rect(field).size() == field.size()

    page.show_me.setFocus()
    QTest.keyClick(page.show_me, Qt.Key.Key_Tab)
    qtbot.waitUntil(is_seen)
    sitting.desk.go_to("slow")
    whole_window.rest(qtbot, session)
    page.prediction.number.setFocus()
    QTest.keyClicks(page.prediction.number, "0.1")
    QTest.keyClick(page.prediction.number, Qt.Key.Key_Return)
    whole_window.rest(qtbot, session)
    assert is_seen()
    sitting.column.next.setFocus()
    QTest.keyClick(sitting.column.next, Qt.Key.Key_Return)
    assert sitting.desk.step.id == "full"


def test_a_remote_control_goes_through_backprop_and_on_to_the_next_step(qtbot, session, tmp_path):
    sitting = open_lab(qtbot, session, tmp_path)
    whole_window.train(qtbot, session, 3)
    panel = whole_window.show_panel(qtbot, session, 3)
    desk, window, samples = sitting.desk, session.window, session.window.samples.grid
    activate(qtbot, window)

    def turn(key):
        samples.setFocus()
        QTest.keyClick(samples, key)
        return panel.model.index, desk.step.id

    last = len(panel.model.steps) - 1
    for number in range(1, last + 1):
        assert turn(Qt.Key.Key_PageDown) == (number, "think")
    assert turn(Qt.Key.Key_PageDown) == (last, "field")
    assert turn(Qt.Key.Key_PageUp) == (last, "think")  # what was turned last comes back
    assert turn(Qt.Key.Key_PageUp) == (last - 1, "think")
    assert turn(Qt.Key.Key_PageDown) == (last, "think")
    assert turn(Qt.Key.Key_PageDown) == (last, "field")
    press(panel.header.back)  # pages were turned by hand since
    assert turn(Qt.Key.Key_PageUp) == (last - 2, "field")
    whole_window.show_panel(qtbot, session, 0)
    assert turn(Qt.Key.Key_PageDown) == (last - 2, "way")
    assert turn(Qt.Key.Key_PageUp) == (last - 2, "field")


def test_what_the_student_does_ticks_the_step_in_front(qtbot, session, tmp_path):
    kinds = ("slowed", "epochs", "moment", "sampled", "pinned", "dragged", "walked", "visited", "lesson")
    waits = ", ".join(f'{{ event = "{kind}" }}' for kind in kinds)
    step = f"""
[[step]]
id = "all"
section = "two"
title = "Do everything"
purpose = "Try it all."
text = "Do it."
done_when = [{waits}]
[step.show]
panel = "training"
"""
    sitting = open_lab(qtbot, session, tmp_path, LAB + step)
    window, desk = session.window, sitting.desk
    desk.go_to("all")
    assert "visited" in desk.done.counts
    window.panel(TrainingPanel).speedRequested.emit(30)
    session.controller.on_train_requested()
    qtbot.waitUntil(lambda: "slowed" in desk.done.counts)
    window.panel(TrainingPanel).speedRequested.emit(None)
    qtbot.waitUntil(lambda: "epochs" in desk.done.counts)
    window.timeline.momentRequested.emit(0)
    window.samples.sampleRequested.emit(4)
    whole_window.rest(qtbot, session)
    maps = whole_window.show_panel(qtbot, session, 1)
    maps.pinRequested.emit(PinnedCell("pool1", (0, 4, 4)))
    translation = whole_window.show_panel(qtbot, session, 2)
    QTest.keyClick(translation.parts.canvas.canvas, Qt.Key.Key_Right)
    translation.choices.choose(lesson="dots")
    backprop = whole_window.show_panel(qtbot, session, 3)
    QTest.keyClick(backprop, Qt.Key.Key_PageDown)
    assert set(kinds) <= set(desk.done.counts)
    assert desk.done.done
    whole_window.rest(qtbot, session)


def test_a_prediction_made_after_its_training_is_recorded_as_late_and_says_so(qtbot, session, tmp_path):
    sitting = open_lab(qtbot, session, tmp_path)
    desk, card = sitting.desk, sitting.column.page.prediction
    desk.go_to("way")
    assert "comes after you have committed" in card.hint.text()
    whole_window.train(qtbot, session, 12665)
    whole_window.rest(qtbot, session)
    assert "to be seen already" in card.hint.text()
    press(next(each for each in card.choices.findChildren(QRadioButton)))
    press(card.commit)
    assert desk.done.prediction.when.after_run
    assert card.predicted.text().endswith("made after its result was to be seen")
    report = session.window.panel(ReportPanel)
    with qtbot.waitSignal(report.exported):
        report.export_to(tmp_path / "handed.html")
    assert "after its result was to be seen" in (tmp_path / "handed.html").read_text(encoding="utf-8")
    handed = read_hand_in(tmp_path / "handed.html")
    assert list(late_in(handed, desk.lab)) == ["way: the prediction was made after its result was to be seen"]


_CELL = LAB.replace(
    """kind = "direction"
question = "What does one update do to the loss of this image?"
measure = "update_loss_change"
with = { sample = 3 }
tolerance = 0
""",
    """kind = "cell"
question = "Which of the four cells is the largest?"
stage = "conv1"
measure = "window_winner"
with = { filter = 0, row = 4, column = 4, sample = 3 }
""",
)


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_the_button_that_commits_stays_where_it_is(qtbot, session, tmp_path, scale):
    sitting = open_lab(qtbot, session, tmp_path, _CELL)
    card = sitting.column.page.prediction
    theme_manager().set_scale(scale)
    sitting.desk.go_to("way")
    maps = whole_window.show_panel(qtbot, session, 1)
    places = [card.commit.y()]
    press(card.commit)
    assert "first" in card.error.text()
    whole_window.rest(qtbot, session)
    places.append(card.commit.y())
    for cell in ((0, 8, 8), (0, 19, 19)):
        maps.pinRequested.emit(PinnedCell("conv1", cell))
        whole_window.rest(qtbot, session)
        assert not card.error.isVisible()
        assert "row" in card.cell.text()
        places.append(card.commit.y())
    assert len(set(places)) == 1


_OTHER = LAB.replace(
    """with = { sample = 3 }
tolerance = 0
""",
    """with = { sample = 3 }
tolerance = 0
[[step]]
id = "first"
section = "two"
title = "Another rule"
purpose = "Another network."
text = "Ties."
[step.show]
panel = "training"
moment = "start"
settings = { ties = "first" }
""",
)


def test_the_guide_says_as_long_as_the_network_is_not_that_of_the_step(qtbot, session, tmp_path):
    state, controller = session.state, session.controller
    controller.begin_run(replace(state.experiment, classes=("4", "9"), filters=(4,)))
    whole_window.rest(qtbot, session, lambda: state.experiment.filters == (4,))
    sitting = open_lab(qtbot, session, tmp_path, _OTHER)
    bar = sitting.column.misfit
    assert "Classes 4, 9 instead of 0, 1; Filters 4 instead of 8" in bar.text()
    with qtbot.waitSignal(session.files.restorer.finished):
        press(bar.action_button())
    assert bar.isHidden()
    assert state.experiment == sitting.desk.lab.experiment
    sitting.desk.go_to("first")
    assert "Ties all instead of first" in bar.text()
    QTest.keyClick(bar, Qt.Key.Key_Escape)
    with qtbot.waitSignal(session.files.restorer.finished):
        press(sitting.column.page.show_me)
    assert bar.isHidden()
    assert state.experiment.ties == "first"
    whole_window.rest(qtbot, session)


def test_a_lab_asks_only_before_it_takes_what_it_cannot_train_again(qtbot, session, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(
        session_files, "ask_about_unsaved_work", lambda _window, step, _event: asked.append(step) or "cancel"
    )
    session.ask_before_closing(True)
    state, controller = session.state, session.controller
    sitting = open_lab(qtbot, session, tmp_path, _OTHER)
    desk, show_me = sitting.desk, sitting.column.page.show_me

    def show(step):
        desk.go_to(step)
        with qtbot.waitSignal(session.files.restorer.finished):
            press(show_me)
        whole_window.rest(qtbot, session)

    whole_window.train(qtbot, session, 3)
    losses = state.history.losses
    show("first")  # the run of the lab gives way, and its curves can be compared
    assert np.array_equal(state.ghost.losses, losses)
    assert (state.experiment.ties, asked) == ("first", [])
    whole_window.train(qtbot, session, 3)
    show("think")
    assert (state.experiment.ties, state.run.step, asked) == ("all", 0, [])

    whole_window.train(qtbot, session, 3)
    guard = session.window.close_guard
    assert guard is not None
    assert (guard(), asked) == (True, []), "closing the window loses no more than “Show me” does"
    controller.on_draft_requested(replace(state.draft, learning_rate=0.001))  # changed on the way
    whole_window.train(qtbot, session, state.run.step + 3)
    controller.on_draft_requested(replace(state.draft, learning_rate=0.0001))
    whole_window.train(qtbot, session, state.run.step + 3)
    step = state.run.step
    show("first")
    assert (state.experiment.ties, state.run.step, asked) == ("all", step, [step])

    own = replace(state.experiment, filters=(4,))
    controller.begin_run(own)
    qtbot.waitUntil(lambda: state.experiment == own and state.run.status is RunStatus.READY)
    whole_window.train(qtbot, session, 3)
    show("first")
    assert (state.experiment, asked) == (own, [step, state.run.step])
    assert (guard(), asked) == (False, [step, state.run.step, state.run.step])
    session.ask_before_closing(False)


def test_the_roll_number_gives_an_untrained_network_its_seed(qtbot, session, tmp_path):
    text = LAB.replace("[start]", '[settings]\nseed = "roll number"\n[start]')
    sitting = open_lab(qtbot, session, tmp_path, text)
    state, page = session.state, sitting.column.page
    QTest.keyClicks(page.who.roll_number, "21-CS-7")
    qtbot.waitUntil(lambda: state.experiment.seed == seed_of("21-CS-7"))
    whole_window.rest(qtbot, session)
    assert str(state.experiment.seed) in page.who.note.text()
    assert state.run.status is RunStatus.READY
    whole_window.train(qtbot, session, 3)
    step = state.run.step
    QTest.keyClicks(page.who.roll_number, "1")
    qtbot.waitUntil(lambda: f"instead of {seed_of('21-CS-71')}" in sitting.column.misfit.text())
    whole_window.rest(qtbot, session)
    assert (state.experiment.seed, state.run.step) == (seed_of("21-CS-7"), step)


_COURSE = LAB.replace(
    '[start]\npanel = "training"\n',
    """[settings]
classes = ["4", "9"]
[start]
panel = "translation"
moment = 5000
sample = 7
shift = { dx = 1, dy = 0 }
pinned = { stage = "pool1", index = [0, 4, 4] }
views.translation = { pair = "sides", stage = "average" }
""",
)


def test_a_course_opens_where_it_begins_with_its_network_and_its_curves(qtbot, session, tmp_path):
    lab, mistakes = parse_lab(_COURSE)
    assert lab is not None, mistakes
    data = load_mnist(("4", "9"))
    save_course(tmp_path / "class.cnnviz", made_course(lab, {}, data, with_data=False))
    course = load_course(tmp_path / "class.cnnviz")
    with qtbot.waitSignal(session.files.restorer.finished):
        session.files.open(tmp_path / "class.cnnviz")
    whole_window.rest(qtbot, session)
    state, experiment = session.state, lab.experiment
    assert (state.experiment, state.run.status, state.run.step) == (experiment, RunStatus.FINISHED, 11791)
    assert session.lab.sitting.desk.step.id == "think"
    assert session.window.panels.front == 2
    assert (state.sample.index, state.shift, state.pinned) == (7, Shift(1, 0), PinnedCell("pool1", (0, 4, 4)))
    view = session.window.panel(TranslationPanel).view_state()
    assert (view["pair"], view["stage"]) == ("sides", "average")
    # The network of that moment is that of a run of its own.
    trainer = Trainer(experiment.build_network(), data, experiment.train_config())
    losses = trainer.advance(5000).losses
    assert weights_checksum(state.shown.network) == weights_checksum(trainer.network)
    assert state.shown.origin.run_id == state.run.run_id
    assert np.array_equal(state.history.losses[:5000], losses)
    assert [point.step for point in state.history.tests] == [0, 11791]
    assert weights_checksum(state.live.network) == weights_checksum(course.model.network)
    assert not session.files.has_unsaved_work
    assert session.window.notices.text() == ""


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("0.5", 0.5),
        (" 99,5 % ", 99.5),
        ("−3", -3.0),
        ("1e-4", 1e-4),
        ("", None),
        ("many", None),
        ("1e999", None),
    ],
)
def test_numbers_are_read_as_they_are_typed(typed, number):
    assert parsed_number(typed) == number


def test_formulas_of_labs_are_set_with_their_indices_apart(qtbot):
    boxes = boxes_of(parse_formula("q_{f , 2i+1 , j} = max ( z_{f , i} , 0 )").formula)
    assert plain_text(boxes) == "q_f, 2i+1, j = \u2009max\u2009(z_f, i, 0)"
