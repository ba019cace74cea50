"""Choices, forms, labels, buttons, messages, fields for numbers; scrolling to a place that comes later."""

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QMainWindow,
    QPushButton,
    QScrollArea,
    QSpacerItem,
    QStackedWidget,
    QToolTip,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot
from shiboken6 import Shiboken

from cnnviz.drawing import LIGHT, Ask, Asking
from cnnviz.drawing.look import unbroken
from cnnviz.drawing.page import Card, Choice, Fit, Page, down
from cnnviz.graphics.texts import WORDS, Words
from tests.gui.driving import column_window, place, settle, show_window, turn_wheel, type_into
from ui.controls.buttons import IconButton
from ui.controls.choice_field import ChoiceField, ClassPicker, SegmentedControl
from ui.controls.cover import Cover
from ui.controls.keyboard import beside_by_tab
from ui.controls.labels import ElidedLabel, RichLabel, SectionTitle, WrapLabel
from ui.controls.layouts import Form, fill
from ui.controls.message_bar import MessageBar
from ui.controls.number_field import FloatField, IntField
from ui.controls.scroll_column import ScrollColumn, place_of, scroll_later
from ui.page_view import PageView
from ui.panels.backprop.asks import Choose, SetSide
from ui.theme import ThemeManager

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    return column_window(qtbot)


# -- choice ------------------------------------------------------------------------------------------------


def test_a_list_shows_all_its_entries(qtbot: QtBot, window: QWidget) -> None:
    count = 12
    choice = ChoiceField([(str(place), f"entry {place}") for place in range(count)])
    place(qtbot, window, choice)
    for has_keyboard in (False, True):
        if has_keyboard:
            choice.setFocus()
        qtbot.mouseClick(choice, LEFT)
        view = choice.view()
        qtbot.waitUntil(view.isVisible)
        settle(qtbot)
        assert view.viewport().height() >= sum(view.sizeHintForRow(row) for row in range(count))
        assert view.verticalScrollBar().maximum() == 0
        choice.hidePopup()
        qtbot.waitUntil(lambda: not choice.view().isVisible())


def test_opened_lists_leave_no_python_objects_of_what_belongs_to_qt(qtbot: QtBot, window: QWidget) -> None:
    """They would outlive the lists, and whatever comes to lie in their memory would be taken for them."""

    def items() -> int:
        return sum(isinstance(each, QSpacerItem) for each in Shiboken.getAllValidWrappers())

    lists = [ChoiceField([("a", "Apple"), ("b", "Bean")]) for _ in range(3)]
    for each in lists:
        place(qtbot, window, each)
    before = items()
    for each in lists:
        each.showPopup()
        qtbot.waitUntil(each.view().isVisible)
        each.hidePopup()
    assert items() == before


# -- segmented control -------------------------------------------------------------------------------------


def test_options_are_chosen_by_click_and_arrow_keys_unless_they_are_off(
    qtbot: QtBot, window: QWidget
) -> None:
    ties, changes = SegmentedControl([("first", "First"), ("all", "All"), ("split", "Split")]), list[str]()
    place(qtbot, window, ties)
    ties.currentChanged.connect(changes.append)
    assert ties.current() == "first"
    for _ in range(2):
        qtbot.mouseClick(ties.button("split"), LEFT)
        assert ties.current() == "split"
    ties.setFocus()
    qtbot.keyClick(ties.button("split"), Qt.Key.Key_Left)
    ties.set_option_enabled("first", False)
    qtbot.mouseClick(ties.button("first"), LEFT)
    assert ties.current() == "all"
    assert changes == ["split", "all"]


# -- form, labels, buttons ---------------------------------------------------------------------------------


def test_a_form_names_explains_aligns_and_hides_its_fields(qtbot: QtBot, window: QWidget) -> None:
    form = Form()
    first, second = IntField(1, 9, 1), FloatField(0, 1, 0.5)
    label = form.add_row("&Filters", first, "How many patterns it looks for, 1 to 9")
    form.add_row("Rate", second)
    place(qtbot, window, form)
    assert first.accessibleName() == "Filters"
    assert first.toolTip() == label.toolTip() == first.accessibleDescription() != ""
    assert label.buddy() is first
    assert first.x() == second.x()
    assert first.width() == second.width()
    for is_visible in (False, True):
        form.set_row_visible(first, is_visible)
        assert (first.isVisible(), label.isVisible()) == (is_visible, is_visible)
    window.resize(700, 300)
    qtbot.waitUntil(lambda: first.y() == second.y())
    assert first.geometry().right() < second.x()


def test_a_label_without_room_ends_in_an_ellipsis_and_has_a_tool_tip(qtbot: QtBot, window: QWidget) -> None:
    label = ElidedLabel("a rather long caption that does not fit")
    place(qtbot, window, label)
    assert label.toolTip() == ""
    label.resize(60, label.height())
    assert label.is_elided()
    assert label.toolTip() == label.text()
    label.set_text("short")
    assert label.toolTip() == ""


def test_no_line_ends_inside_a_size_or_between_a_number_and_its_unit(qtbot: QtBot) -> None:
    text = "8 maps\nof 26 × 26 cells, 99 % of 1,352 × 3, 4 px wide, 6 MB, image 3; r × s, a % of 2 pixels"
    kept = "8 maps\nof 26_×_26 cells, 99_% of 1,352_×_3, 4_px wide, 6_MB, image_3; r × s, a % of 2 pixels"
    assert unbroken(text) == kept.replace("_", "\N{NO-BREAK SPACE}")
    assert LIGHT.font("small").wrapped(text, 10) == [each.replace("_", " ") for each in kept.split()]
    assert RichLabel(text).text() == unbroken(text)


def test_wrapped_text_is_never_cut(qtbot: QtBot, window: QWidget, theme: ThemeManager) -> None:
    label = WrapLabel("Max pooling passes each gradient to the cell that won its window. " * 3)
    place(qtbot, window, label)
    theme.set_scale(1.35)
    for width in (400, 250, 320):
        window.resize(width, 400)
        qtbot.waitUntil(lambda: label.height() >= label.heightForWidth(label.width()))
    assert label.heightForWidth(120) > label.heightForWidth(400) > 0
    label.set_text("")
    assert label.heightForWidth(200) == 0


def test_a_caption_without_room_stands_below_its_title(qtbot: QtBot, window: QWidget) -> None:
    title = SectionTitle("Filters")
    title.set_caption("change")
    place(qtbot, window, title)
    caption = next(each for each in title.findChildren(ElidedLabel))
    window.resize(400, 300)
    qtbot.waitUntil(lambda: caption.x() > 0)
    title.hide()
    title.set_caption("change as you watch")
    title.show()
    qtbot.waitUntil(lambda: not caption.is_elided())
    assert caption.y() < title.height() // 2
    window.resize(170, 300)
    qtbot.waitUntil(lambda: caption.x() == 0 < caption.y())
    assert not caption.is_elided()
    qtbot.waitUntil(lambda: title.minimumHeight() > caption.y())


def test_a_scroll_column_is_never_narrower_than_its_content(qtbot: QtBot, theme: ThemeManager) -> None:
    content = QWidget()
    layout = QVBoxLayout(content)
    for text in ("a label that needs its width", *("row",) * 60):
        layout.addWidget(QLabel(text))
    column, window = ScrollColumn(content), QWidget()
    QVBoxLayout(window).addWidget(column)
    qtbot.addWidget(window)
    window.resize(10, 200)
    show_window(qtbot, window)
    for scale in (1.35, 1.0):
        theme.set_scale(scale)
        settle(qtbot)
        window.resize(10, 200)
        qtbot.waitUntil(lambda: column.viewport().width() >= content.minimumSizeHint().width())
        assert column.verticalScrollBar().maximum() > 0
    window.resize(300, content.sizeHint().height() + 400)
    qtbot.waitUntil(lambda: column.verticalScrollBar().maximum() == 0)
    assert not column.verticalScrollBar().isEnabled()


def test_a_page_out_of_sight_tells_each_time_what_room_it_needs(qtbot: QtBot) -> None:
    stack, window = QStackedWidget(), QWidget()
    labels = [QLabel("short") for _ in range(2)]
    for label in labels:
        content = QWidget()
        QVBoxLayout(content).addWidget(label)
        stack.addWidget(ScrollColumn(content))
    QVBoxLayout(window).addWidget(stack)
    qtbot.addWidget(window)
    show_window(qtbot, window)
    usual = window.minimumSizeHint().width()
    for text in ("long " * 40, "short", "longer " * 40, "short"):
        labels[1].setText(text)
        settle(qtbot)
        assert not labels[1].isVisible()
        assert (window.minimumSizeHint().width() > usual) is (text != "short")


# -- messages ----------------------------------------------------------------------------------------------


@pytest.fixture
def bar(qtbot: QtBot, window: QWidget) -> MessageBar:
    widget = MessageBar()
    place(qtbot, window, widget)
    return widget


def show(qtbot: QtBot, bar: MessageBar, *message: Any) -> None:
    """Show a message and wait until it has slid in."""
    bar.show_message(*message)
    qtbot.waitUntil(lambda: bar.height() >= bar.heightForWidth(bar.width()))


def test_a_message_is_shown_whole_pushes_the_rest_down_and_is_told_to_a_screen_reader(
    qtbot: QtBot, window: QWidget, bar: MessageBar
) -> None:
    assert not bar.isVisible()
    text = "Training stopped at step 7,850 because the loss became infinite. Try a smaller learning rate."
    show(qtbot, bar, text, "error")
    assert (bar.text(), bar.kind(), bar.accessibleName()) == (text, "error", f"error: {text}")
    assert not bar.action_button().isVisible()
    below = window.findChild(QComboBox)
    qtbot.waitUntil(lambda: bar.height() > 20 and below.y() >= bar.geometry().bottom())


def test_a_message_has_an_action_is_closed_by_mouse_and_by_key_and_replaced_by_a_later_one(
    qtbot: QtBot, bar: MessageBar
) -> None:
    done: list[bool] = []
    show(qtbot, bar, "The loss became infinite.", "error", "Use 0.001", lambda: done.append(True))
    assert bar.action_button().text() == "Use 0.001"
    qtbot.mouseClick(bar.action_button(), LEFT)
    assert done == [True]
    show(qtbot, bar, "One.", "warning")
    with qtbot.waitSignal(bar.closed):
        qtbot.mouseClick(bar.findChild(IconButton), LEFT)
    assert bar.text() == ""
    show(qtbot, bar, "Two.", "success", "Undo")
    bar.action_button().setFocus()
    with qtbot.waitSignal(bar.closed):
        qtbot.keyClick(bar.action_button(), Qt.Key.Key_Escape)
    assert not bar.isVisible()
    bar.show_message("One.", "error", "Retry")
    bar.show_message("Two.", "info")
    assert (bar.text(), bar.kind()) == ("Two.", "info")
    assert not bar.action_button().isVisible()
    with qtbot.assertNotEmitted(bar.closed):
        bar.clear()
    assert bar.text() == ""


def test_kinds_of_messages_differ_by_sign_as_well_as_by_colour(qtbot: QtBot, bar: MessageBar) -> None:
    pictures = []
    for kind in ("info", "success", "warning", "error"):
        show(qtbot, bar, "Same words.", kind)
        sign = bar.grab(bar.rect().adjusted(8, 0, 40 - bar.width(), 0)).toImage()
        ground = sign.pixelColor(0, 0)
        pictures.append(
            tuple(sign.pixelColor(x, y) != ground for x in range(sign.width()) for y in range(sign.height()))
        )
    assert len(set(pictures)) == 4


def test_a_cover_gives_its_part_the_height_that_it_wants_now(qtbot):
    """In a layout of its own, which Qt must tell of every change as it told the one before."""
    around, part, label = QWidget(), QWidget(), QLabel("short")
    label.setWordWrap(True)
    fill(QVBoxLayout(part), label)
    fill(QVBoxLayout(around), part, 1)
    Cover(part)
    qtbot.addWidget(around)
    around.resize(200, 400)
    show_window(qtbot, around)
    before = part.height()
    label.setText("a text of several lines " * 6)
    qtbot.waitUntil(lambda: part.height() == part.heightForWidth(part.width()) > before)


# -- scrolling later -----------------------------------------------------------------------------------------


@pytest.fixture
def area(qtbot: QtBot) -> QScrollArea:
    made = QScrollArea()
    content = QWidget()
    content.resize(100, 300)
    made.setWidget(content)
    made.resize(200, 200)
    qtbot.addWidget(made)
    vars(qtbot).setdefault("kept", []).append(made)
    return made


def test_a_place_is_gone_to_at_once_or_when_it_comes(qtbot: QtBot, area: QScrollArea) -> None:
    bar = area.verticalScrollBar()
    scroll_later(bar, 900)  # nothing has been laid out yet
    assert place_of(bar) == 900
    show_window(qtbot, area)
    assert bar.value() < 900
    area.widget().resize(100, 2000)
    assert bar.value() == place_of(bar) == 900
    for near in (60, 0):  # what is there already
        scroll_later(bar, near)
        assert bar.value() == near


def test_the_user_who_scrolls_meanwhile_stays_there(qtbot: QtBot, area: QScrollArea) -> None:
    show_window(qtbot, area)
    bar = area.verticalScrollBar()
    scroll_later(bar, 900)
    turn_wheel(area.viewport(), -1)
    turned = bar.value()
    area.widget().resize(100, 2000)
    assert bar.value() == place_of(bar) == turned > 0


# -- pages ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [5, 7])
def test_of_two_numbers_that_leave_room_for_each_other_the_smaller_is_shown(
    qtbot: QtBot, window: QWidget, first: int
) -> None:
    def page(side: int) -> Page:
        card = Card("map", WORDS, Words(f"{side} cells"))
        return Page(card, fit=Fit("map", lambda *_: (12 - side, 3), (side, 3), SetSide))

    def answer(ask: Ask) -> None:
        assert isinstance(ask, SetSide)
        view.show_page(page(ask.side[0]))

    view = PageView(answer)
    place(qtbot, window, view)
    view.show_page(page(first))
    assert view.view("map").content.content == Words("5 cells")


def test_what_was_marked_before_a_card_was_hidden_is_not_marked_when_it_is_back(
    qtbot: QtBot, window: QWidget
) -> None:
    def page(*cards: str, marked: str = "") -> Page:
        body = down(*(Card(each, WORDS, Words(each)) for each in cards))
        return Page(body, marked={each: "row 3" for each in cards if each == marked})

    view = PageView(lambda _ask: None)
    place(qtbot, window, view)
    view.show_page(page("conv1", "conv2", marked="conv2"))
    card = view.view("conv2")
    assert card.drawing().ground.marked == "row 3"
    view.show_page(page("conv1"))
    view.show_page(page("conv1", "conv2"))
    assert card.isVisible()
    assert card.drawing().ground.marked is None


def test_a_card_has_the_tip_of_the_page_that_is_shown(qtbot: QtBot, window: QWidget) -> None:
    view = PageView(lambda _ask: None)
    place(qtbot, window, view)
    for tip in ("Nats: the unit of natural logarithms", ""):
        view.show_page(Page(Card("one", WORDS, Words("one"), tip=tip)))
        assert view.view("one").toolTip() == tip


def test_a_number_that_was_typed_when_its_page_went_is_taken(qtbot: QtBot, window: QWidget) -> None:
    asked = list[Ask]()
    view = PageView(asked.append)
    place(qtbot, window, view)
    rate = Choice("rate", "number", "Rate", Asking(Choose, "rate"), 0.1, ((0.01,), (9.0,)))
    view.show_page(Page(down(rate, Card("one", WORDS, Words("one")))))
    view.view("rate").setFocus()
    for typed, said in (("50", "Rate must be a number from 0.01 to 9."), ("0.5", "")):
        view.view("rate").selectAll()
        QTest.keyClicks(view.view("rate"), typed)
        qtbot.waitUntil(lambda said=said: QToolTip.text() == said)
    view.show_page(Page(Card("other", WORDS, Words("another page"))))
    assert asked == [Choose("rate", 0.5)]


def test_a_page_that_grew_out_of_sight_can_be_scrolled_to_its_end(qtbot: QtBot, window: QWidget) -> None:
    stack, view = QStackedWidget(), PageView(lambda _ask: None)
    column = ScrollColumn(view)
    stack.addWidget(column)
    stack.addWidget(QWidget())
    place(qtbot, window, stack)
    for count in (90, 95):
        stack.setCurrentIndex(1)
        view.show_page(Page(down(*(Card(f"{n}", WORDS, Words(f"row {n}")) for n in range(count)))))
        settle(qtbot)
        stack.setCurrentIndex(0)
        settle(qtbot)
        assert view.height() == view.minimumSizeHint().height() > column.height()


def test_what_was_ticked_in_the_list_of_classes_is_taken_however_it_is_closed(qtbot: QtBot) -> None:
    picker, edited = ClassPicker(2, 10), list[tuple[str, ...]]()
    qtbot.addWidget(picker)
    picker.set_options(("0", "1", "2", "3"))
    picker.set_value(("0", "1"))
    picker.valueEdited.connect(edited.append)
    show_window(qtbot, picker)
    menu = picker.menu()
    done = menu.actions()[-1]

    def click_done() -> None:
        QTest.mouseClick(menu, LEFT, pos=menu.actionGeometry(done).center())

    closings = lambda: QTest.keyClick(menu, Qt.Key.Key_Return), click_done, menu.close
    for row, close in zip((2, 3, 2), closings, strict=True):
        menu.popup(picker.mapToGlobal(picker.rect().bottomLeft()))
        menu.setActiveAction(menu.actions()[row])
        QTest.keyClick(menu, Qt.Key.Key_Space)
        picker.setAttribute(Qt.WidgetAttribute.WA_UnderMouse)  # as Qt leaves it that opens a menu at a click
        close()
        assert not menu.isVisible()
        assert not picker.underMouse(), "it would look pressed"
    assert edited == [("0", "1", "2"), ("0", "1", "2", "3"), ("0", "1", "3")]


# -- numbers -------------------------------------------------------------------------------------------------


@pytest.fixture
def rate(qtbot, window) -> FloatField:
    field = FloatField(1e-6, 10, 1e-4)
    field.subject = "Learning rate"
    place(qtbot, window, field)
    return field


@pytest.fixture
def batch(qtbot, window) -> IntField:
    field = IntField(1, 1024, 1)
    field.subject = "Batch"
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
            type_into(rate, typed)
        assert edited.args == [pytest.approx(value)] == [rate.value()]
        assert (rate.text(), rate.message) == (text, "")


def test_what_is_no_rate_is_explained_and_corrected_or_not_taken(qtbot, rate):
    for typed, nearest in (("50", 10.0), ("1e-9", 1e-6)):
        rate.setFocus()
        rate.selectAll()
        qtbot.keyClicks(rate, typed)
        said = "Learning rate must be a number from 1e−6 to 10."
        assert (rate.message, rate.property("invalid")) == (said, True)
        qtbot.keyClick(rate, Qt.Key.Key_Return)
        assert rate.value() == pytest.approx(nearest)
        assert "was changed to" in rate.message
        type_into(rate, "0.01")
        assert (rate.message, rate.property("invalid")) == ("", False)
    with qtbot.assertNotEmitted(rate.valueEdited):
        type_into(rate, "1e")
    assert (rate.value(), rate.text()) == (0.01, "0.01")
    assert "is not a number; 0.01 is kept" in rate.message
    rate.selectAll()
    qtbot.keyClicks(rate, "abc")
    assert "abc" not in rate.text()


def test_steps_go_1_2_5_and_stop_at_the_ends(qtbot, rate):
    rate.setFocus()
    seen: list[float] = []
    rate.valueEdited.connect(seen.append)
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Down):
        qtbot.keyClick(rate, key)
    assert seen == [pytest.approx(value) for value in (2e-4, 5e-4, 1e-3, 5e-4)]
    for end, steps in ((10, 3), (1e-6, -3)):
        rate.set_value(end)
        rate.stepBy(steps)
        assert rate.value() == end


def test_whole_numbers_are_taken_or_corrected_with_a_message(qtbot, batch):
    type_into(batch, "64")
    assert (batch.value(), batch.message) == (64, "")
    for typed, value in (("5000", 1024), ("0", 1)):
        type_into(batch, typed)
        assert batch.value() == value
        said = f"Batch must be a whole number from 1 to 1,024. {typed} was changed to {value}."
        assert batch.message == said


def test_the_wheel_scrolls_the_page_unless_the_field_has_the_keyboard(qtbot, window, batch):
    for holder, value in ((window.findChild(QComboBox), 1), (batch, 2)):
        holder.setFocus()
        turn_wheel(batch, 1)
        assert batch.value() == value


@pytest.mark.parametrize("forward", [True, False])
def test_a_window_outlives_the_control_from_which_tab_led_to_it(qtbot: QtBot, forward: bool) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    action, button = window.menuBar().addMenu("File").addAction("Open"), QPushButton(window)
    around = button
    while around is not window:
        around = beside_by_tab(around, forward=forward)
    Shiboken.delete(button)
    assert Shiboken.isValid(action)
