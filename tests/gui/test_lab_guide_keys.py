"""The lab guide without a mouse."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QRadioButton

from tests.gui import whole_window
from tests.gui.driving import activate, click, find, settle
from tests.gui.lab_driving import LabDesk, is_open, open_lab


def test_ctrl_l_leads_to_the_open_step_never_away_and_f6_to_what_the_guide_has_to_say(
    qtbot, session, tmp_path
):
    sitting = open_lab(qtbot, session, tmp_path)
    window, column, page = session.window, sitting.column, sitting.column.page
    activate(qtbot, window)
    sitting.control.go_to("field")
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

    qtbot.waitUntil(lambda: is_open(session, "small"))
    activate(qtbot, window)
    find(qtbot, session, "step 2")
    qtbot.waitUntil(lambda: QApplication.focusWidget() is page.show_me)
    for key, number in ((Qt.Key.Key_End, 2), (Qt.Key.Key_Home, 0)):
        column.list_button.setChecked(True)
        QTest.keyClick(column.steps, key)
        QTest.keyClick(column.steps, Qt.Key.Key_Return)
        assert sitting.control.number == number

    sitting.column.message.show_message("The result is known now.", "info", "See it")
    session.window.areas.enter(sitting.column)
    QTest.keyClick(sitting.column, Qt.Key.Key_F6)
    assert QApplication.focusWidget() is sitting.column.message
    assert sitting.column.message.accessibleDescription() == "The result is known now."
    QTest.keyClick(sitting.column.message, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is sitting.column.message.action_button()


def test_keys_choose_among_answers_and_only_the_button_commits(qtbot):
    desk = LabDesk()
    card, control = desk.column(qtbot).page.prediction, desk.control
    control.go_to("way")
    settle(qtbot)
    first, *_ = card.choices.findChildren(QRadioButton)
    first.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(first, Qt.Key.Key_Return)
    assert card.error.isVisible()
    assert control.done.prediction is None, "what was not chosen"
    for key, answer in ((Qt.Key.Key_Space, "up"), (Qt.Key.Key_Down, "same")):
        QTest.keyClick(first, key)
        checked = [each for each in card.choices.findChildren(QRadioButton) if each.isChecked()]
        assert [each.objectName() for each in checked] == [answer]
        assert QApplication.focusWidget() is checked[0]
        assert control.done.prediction is None
    card.commit.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(card.commit, Qt.Key.Key_Space)
    assert control.done.prediction.answer == "same"


def test_space_trains_after_show_me_words_without_a_field_train_nothing_and_page_keys_lead_through_the_lab(
    qtbot, session, tmp_path
):
    sitting = open_lab(qtbot, session, tmp_path)
    window, state, show_me = session.window, session.state, sitting.column.page.show_me
    activate(qtbot, window)
    sitting.control.go_to("way")
    show_me.setFocus()
    with qtbot.waitSignal(sitting.shower.shown):
        QTest.keyClick(show_me, Qt.Key.Key_Space)
    whole_window.rest(qtbot, session)
    panel = QApplication.focusWidget()
    assert panel is session.window.panels.front_panel
    assert state.run.step == 0
    QTest.keyClick(panel, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: state.run.step > 0)

    session.controller.pause()
    whole_window.rest(qtbot, session)
    before, button = (state.run.step, state.experiment.epochs), sitting.column.back
    button.setFocus()
    QTest.keyClicks(button, "sees")
    assert QApplication.focusWidget() is button
    assert (state.run.step, state.experiment.epochs) == before
    window.samples.grid.setFocus()
    QTest.keyClick(window.samples.grid, Qt.Key.Key_S)  # where nothing is written it is a command
    qtbot.waitUntil(lambda: state.run.step == before[0] + 1)
    whole_window.rest(qtbot, session)

    # A remote control goes through Backprop and on to the next step.
    desk, samples = sitting.control, window.samples.grid
    desk.go_to("think")
    panel = whole_window.show_panel(qtbot, session, 3)

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
    click(panel.header.back)  # pages were turned by hand since
    assert turn(Qt.Key.Key_PageUp) == (last - 2, "field")
    whole_window.show_panel(qtbot, session, 0)
    assert turn(Qt.Key.Key_PageDown) == (last - 2, "way")
    assert turn(Qt.Key.Key_PageUp) == (last - 2, "field")
