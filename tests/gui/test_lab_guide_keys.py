"""The lab guide without a mouse."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QRadioButton

from tests.gui import whole_window
from tests.gui.driving import activate, click, find, focus, press, settle
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
        press(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
        assert focus() is page.show_me
    for put_away in (
        lambda: QTest.keyClick(column.close_button, Qt.Key.Key_Space),
        window.menus.action("close_lab").trigger,
    ):
        column.close_button.setFocus(Qt.FocusReason.TabFocusReason)
        put_away()
        assert not column.isVisible()
        assert focus() is window.panels.front_panel
        press(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
        assert focus() is page.show_me

    qtbot.waitUntil(lambda: is_open(session, "small"))
    activate(qtbot, window)
    find(qtbot, session, "step 2")
    qtbot.waitUntil(lambda: focus() is page.show_me)
    for key, number in ((Qt.Key.Key_End, 2), (Qt.Key.Key_Home, 0)):
        column.list_button.setChecked(True)
        QTest.keyClick(column.steps, key)
        QTest.keyClick(column.steps, Qt.Key.Key_Return)
        assert sitting.control.number == number

    column.message.show_message("The result is known now.", "info", "See it")
    window.areas.enter(column)
    press(Qt.Key.Key_F6)
    assert focus() is column.message
    assert column.message.accessibleDescription() == "The result is known now."
    press(Qt.Key.Key_Tab)
    assert focus() is column.message.action_button()


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
        assert focus() is checked[0]
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
        press(Qt.Key.Key_Space)
    whole_window.rest(qtbot, session)
    assert focus() is window.panels.front_panel
    assert state.run.step == 0
    press(Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: state.run.step > 0)

    session.controller.pause()
    whole_window.rest(qtbot, session)
    before, button = state.run.step, sitting.column.back
    button.setFocus()
    QTest.keyClicks(button, "sees")
    assert focus() is button
    assert state.run.step == before
    window.samples.grid.setFocus()
    press(Qt.Key.Key_S)  # where nothing is written it is a command
    qtbot.waitUntil(lambda: state.run.step == before + 1)
    whole_window.rest(qtbot, session)

    # A remote control goes through Backprop and on to the next step.
    desk, samples = sitting.control, window.samples.grid
    desk.go_to("think")
    panel = whole_window.show_panel(qtbot, session, 3)

    def turn(key):
        samples.setFocus()
        press(key)
        return panel.model.index, desk.step.id

    down, up, last = Qt.Key.Key_PageDown, Qt.Key.Key_PageUp, len(panel.model.steps) - 1
    assert [turn(down) for _ in range(last)] == [(number, "think") for number in range(1, last + 1)]
    assert [turn(key) for key in (down, up, up, down, down)] == [  # what was turned last comes back
        (last, "field"), (last, "think"), (last - 1, "think"), (last, "think"), (last, "field"),
    ]  # fmt: skip
    click(panel.header.back)  # pages were turned by hand since
    assert turn(up) == (last - 2, "field")
    whole_window.show_panel(qtbot, session, 0)
    assert [turn(down), turn(up)] == [(last - 2, "way"), (last - 2, "field")]
