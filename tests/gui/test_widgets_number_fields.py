"""Numbers as text, and the fields that take numbers."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.driving import column_window, place, turn_wheel
from ui.controls.number_field import FloatField, IntField


@pytest.fixture
def window(qtbot) -> QWidget:
    return column_window(qtbot)


def type_into(qtbot: QtBot, field: IntField | FloatField, text: str, *, confirm: bool = True) -> None:
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, text)
    if confirm:
        qtbot.keyClick(field, Qt.Key.Key_Return)


@pytest.fixture
def rate(qtbot, window) -> FloatField:
    field = FloatField(1e-6, 10, 1e-4)
    field.set_subject("Learning rate")
    place(qtbot, window, field)
    return field


@pytest.fixture
def batch(qtbot, window) -> IntField:
    field = IntField(1, 1024, 1)
    field.set_subject("Batch")
    place(qtbot, window, field)
    return field


def test_a_rate_can_be_typed_in_either_way(qtbot, rate):
    for typed, value, text in (
        ("0.001", 1e-3, "0.001"),
        ("1e-4", 1e-4, "0.0001"),
        ("5E-6", 5e-6, "5e-6"),
        ("0,25", 0.25, "0.25"),
        (".5", 0.5, "0.5"),
    ):
        rate.set_value(3)
        with qtbot.waitSignal(rate.valueEdited) as edited:
            type_into(qtbot, rate, typed)
        assert edited.args == [pytest.approx(value)]
        assert rate.value() == pytest.approx(value)
        assert rate.text() == text
        assert rate.message() == ""


@pytest.mark.parametrize(("typed", "nearest"), [("50", 10.0), ("1e-9", 1e-6)])
def test_a_rate_out_of_range_is_explained_and_corrected(qtbot, rate, typed, nearest):
    type_into(qtbot, rate, typed, confirm=False)
    assert rate.message() == "Learning rate must be a number from 1e−6 to 10."
    assert rate.property("invalid") is True
    qtbot.keyClick(rate, Qt.Key.Key_Return)
    assert rate.value() == pytest.approx(nearest)
    assert "was changed to" in rate.message()
    type_into(qtbot, rate, "0.01")
    assert rate.message() == ""
    assert rate.property("invalid") is False


def test_half_a_number_or_letters_are_not_taken(qtbot, rate):
    with qtbot.assertNotEmitted(rate.valueEdited):
        type_into(qtbot, rate, "1e")
    assert rate.value() == 1e-4
    assert rate.text() == "0.0001"
    assert "is not a number; 0.0001 is kept" in rate.message()
    type_into(qtbot, rate, "abc", confirm=False)
    assert "abc" not in rate.text()


def test_steps_go_1_2_5_and_stop_at_the_ends(qtbot, rate):
    rate.setFocus()
    seen: list[float] = []
    rate.valueEdited.connect(seen.append)
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Down):
        qtbot.keyClick(rate, key)
    assert seen == [pytest.approx(value) for value in (2e-4, 5e-4, 1e-3, 5e-4)]
    rate.set_value(10)
    rate.stepBy(3)
    assert rate.value() == 10
    rate.set_value(1e-6)
    rate.stepBy(-3)
    assert rate.value() == 1e-6


@pytest.mark.parametrize(("typed", "value"), [("64", 64), ("5000", 1024), ("0", 1)])
def test_whole_numbers_are_taken_or_corrected_with_a_message(qtbot, batch, typed, value):
    type_into(qtbot, batch, typed)
    assert batch.value() == value
    assert (batch.message() == "") == (int(typed) == value)
    if batch.message():
        assert (
            batch.message()
            == f"Batch must be a whole number from 1 to 1,024. {typed} was changed to {value}."
        )


def test_the_wheel_scrolls_the_page_unless_the_field_has_the_keyboard(qtbot, window, batch):
    other = window.findChild(QComboBox)
    other.setFocus()
    turn_wheel(batch, 1)
    assert batch.value() == 1
    batch.setFocus()
    turn_wheel(batch, 1)
    assert batch.value() == 2
