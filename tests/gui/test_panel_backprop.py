"""The backprop panel in a window: buttons, mouse and keys, the background, the trial, and what it follows."""

import re
from dataclasses import replace
from typing import override

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QProxyStyle, QStyle
from pytestqt.qtbot import QtBot

from cnnviz.covers import Secret
from cnnviz.drawing import CellKey
from cnnviz.experiment import LAB5
from cnnviz.routing import Target, apply_update
from tests.gui.backprop_desk import Desk, cell, cells, cut, lab5, two_blocks, value
from tests.gui.driving import choose_by_keys, click, click_part, drain, part_center, point_at, type_into
from ui.marks import MarkView
from ui.panels.backprop.arithmetic import filter_weight
from ui.panels.backprop.asks import Enlarge, PointAt, Poke, ShowFilter
from ui.panels.backprop.focus import StepKind, backward_steps
from ui.panels.backprop.header import CHECK, POKE
from ui.state import PinnedCell, Sample
from ui.theme import ThemeManager


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    made = Desk(qtbot, LAB5)
    made.show(lab5())
    return made


def column(desk: Desk, key: str):
    """Card of the column that shows numbers."""
    return desk.panel.side.inspect.page.leaves()[key]


def title(desk: Desk) -> str:
    return column(desk, "title").content.words


# -- going from step to step --------------------------------------------------------------------------------


def test_buttons_and_keys_walk_through_the_steps_and_stop_at_the_ends(desk: Desk) -> None:
    panel = desk.panel
    assert not panel.header.back.isEnabled()
    for place in range(1, 9):
        click(panel.header.next)
        assert panel.header.current == place
    assert not panel.header.next.isEnabled()
    click(panel.header.back)
    assert panel.model.step.kind is StepKind.INPUT
    assert panel.header.bar.spoken_summary() == "step 8 of 9: Input"
    panel.setFocus()
    home, end, down, up = Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp
    for key, place in ((home, 0), (up, 0), (down, 1), (down, 2), (up, 1), (end, 8), (down, 8), (home, 0)):
        QTest.keyClick(panel, key)
        assert panel.header.current == place
    panel.header.bar.setFocus()
    QTest.keyClick(panel.header.bar, Qt.Key.Key_Right)
    assert panel.header.current == 1
    QTest.keyClick(panel, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert panel.header.current == 2


def enter_pool(desk: Desk) -> MarkView:
    """Go to the step before the pool, and on."""
    panel = desk.panel
    pool = [step.kind for step in panel.model.steps].index(StepKind.ROUTE)
    panel.header.go_to(pool - 1)
    panel.turn_page(1)
    return desk.view("route")


def test_numbers_fly_to_the_pool_where_that_is_wanted_and_any_input_or_another_content_ends_it(
    desk: Desk, theme: ThemeManager
) -> None:
    assert enter_pool(desk).drawing().ground.motion == 1, "not wanted"
    theme.moves = True
    view = enter_pool(desk)
    assert view.drawing().ground.motion < 1
    desk.settle()
    assert view.drawing().ground.motion == 1
    point_at(view, part_center(view, "arriving"))
    desk.panel.turn_page(1)
    desk.panel.turn_page(-1)
    assert view.drawing().ground.motion == 1, "neither a pointer nor the way back moves anything"

    handle, corner = view.window().windowHandle(), QPoint(1, 1)  # where there is nothing to press
    for end in (
        lambda: QTest.keyClick(handle, Qt.Key.Key_F),
        lambda: QTest.mouseClick(handle, Qt.MouseButton.LeftButton, pos=corner),
        lambda: desk.panel.model.answer(Enlarge(0.1, 0.1)),
    ):
        assert enter_pool(desk).drawing().ground.motion < 1
        end()
        assert view.drawing().ground.motion == 1
    view.setStyle(still := StillStyle())
    still.setParent(view)
    assert enter_pool(desk).drawing().ground.motion == 1, "the system wants none"


class StillStyle(QProxyStyle):
    """What a style says where the system wants no animations."""

    @override
    def styleHint(self, hint, option=None, widget=None, returned=None) -> int:
        if hint == QStyle.StyleHint.SH_Widget_Animation_Duration:
            return 0
        return super().styleHint(hint, option, widget, returned)


# -- mouse and keys -----------------------------------------------------------------------------------------


def test_dragging_moves_the_enlarged_block_and_pointing_at_a_cell_tells_its_numbers(desk: Desk) -> None:
    desk.go_to(StepKind.INPUT)
    view = desk.view("saliency")
    start, end = (part_center(view, CellKey("whole", n, n)).toPoint() for n in (14, 1))
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(view, end)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=end)
    assert desk.shown("pixels").content.map.shown[:2] == (0, 0)
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert desk.shown("pixels").content.map.shown[:2] == (0, 1)
    oracle = desk.gradients(lab5()).input[0, 0]
    np.testing.assert_array_equal(cells(desk.shown("pixels")), cut(desk.shown("pixels"), oracle))

    before = title(desk)
    row, col, *_ = desk.shown("pixels").content.map.shown
    point_at(desk.view("pixels"), part_center(desk.view("pixels"), cell(1, 0)))
    assert title(desk) == f"pixel, row {row + 1}, column {col}"
    assert desk.view("pixels").spoken_value().startswith(f"row {row + 1}, column {col}: ")
    QTest.mouseMove(desk.panel.header.next)
    desk.view("pixels").leaveEvent(None)
    assert title(desk) == before


def test_keys_point_at_cells_a_click_pins_one_and_a_pinned_window_stays(desk: Desk) -> None:
    desk.go_to(StepKind.ROUTE)
    shown, route = desk.view("route"), desk.shown("route").content.route
    row, col = route.corner
    shown.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Right):
        QTest.keyClick(shown, key)  # the first one leads to the first cell
    assert shown.hovered.grid in ("values", "gets")
    channel = desk.panel.model.focus.channel(lab5(), "conv1")
    assert title(desk) == f"Window of pool1: filter {channel}, row {row // 2}, column {col // 2}"

    pinned, key = PinnedCell("conv1", (channel, row + 1, col)), CellKey("values", 1, 0)
    click_part(shown, key)
    assert desk.state.pinned == pinned
    assert "Esc" in column(desk, "hint").content.words
    click_part(shown, key)
    assert desk.state.pinned is None
    point_at(shown, part_center(shown, key))
    desk.bot.waitUntil(lambda: shown.hovered == key)
    shown.setFocus()
    for key in (Qt.Key.Key_Escape, Qt.Key.Key_Delete):
        QTest.keyClick(shown, Qt.Key.Key_Return)
        assert desk.state.pinned == pinned
        QTest.keyClick(shown, key)
        assert desk.state.pinned is None

    click_part(shown, "arriving")
    pinned = desk.state.pinned
    assert pinned == PinnedCell("pool1", (channel, row // 2, col // 2))
    shown.leaveEvent(None)
    assert title(desk).endswith(f"row {pinned.index[1]}, column {pinned.index[2]}")
    QTest.keyClick(desk.view("overview"), Qt.Key.Key_Down)
    assert desk.state.pinned is None, "another window is looked at"
    assert desk.shown("route").content.route.corner == (row + 2, col)

    desk.state.set_pinned(PinnedCell("conv1", (6, 1, 2)))
    assert desk.panel.model.focus.channel(lab5(), "conv1") == 6
    assert desk.shown("route").content.route.corner == (0, 2)


def test_buttons_slider_and_curve_choose_how_many_terms_button_and_small_map_the_rule(desk: Desk) -> None:
    desk.go_to(StepKind.FILTER)
    model = desk.panel.model
    for key, terms in (("chevron-right", 2), ("chevron-right", 3), ("chevron-left", 2)):
        click(desk.view(key))
        assert model.focus.terms == terms
    desk.view("count").setFocus()
    QTest.keyClick(desk.view("count"), Qt.Key.Key_Right)
    assert model.focus.terms == 3
    click(desk.view("skip-forward"))
    assert not desk.view("chevron-right").isEnabled()
    click(desk.view("distance"))
    middle, count = model.focus.terms, len(model.passed.terms("conv1", 0).gradients)
    assert abs(middle - count / 2) < count / 10

    desk.choose_rule("split")
    assert desk.panel.model.passed.rule == "split"
    click_part(desk.panel.side.inspect.view("rules"), 0)
    desk.settle()
    assert desk.panel.model.passed.rule == "first"
    assert desk.panel.side.ties.view("rule").current() == "first"
    assert desk.state.shown.network is lab5()


def test_an_unlabelled_digit_is_differentiated_for_the_class_the_user_chooses(desk: Desk) -> None:
    desk.inspect(lab5(), Sample(desk.dataset.test_images[3], None, None, "drawn"))
    guess = int(np.argmax(desk.panel.model.passed.probabilities))
    ties = desk.panel.side.ties
    assert ties.view("label").choice() == str(guess)
    assert "no label" in ties.page.leaves()["for"].content.words
    desk.go_to(StepKind.OUTPUT)
    assert desk.shown("sample").caption == f"own image, loss for class {guess}"
    assert ties.page.leaves()["image"].content.words.startswith("Own image, step ")
    choose_by_keys(ties.view("label"), str(1 - guess))
    desk.settle()
    desk.go_to(StepKind.LOGITS)
    oracle = desk.gradients(lab5(), 1 - guess)
    (row,) = [row for row in desk.shown("numbers").content.numbers.rows if row.key == "d"]
    assert row.values == oracle.outputs["dense1"].ravel()


def test_results_can_be_covered_and_guessed_before_they_are_shown(desk: Desk) -> None:
    panel = desk.panel
    desk.go_to(StepKind.OUTPUT)
    click(panel.header.cover)
    assert desk.state.why_covered(Secret.PREDICTION), "nor does the list beside it tell it"
    QTest.keyClick(panel, Qt.Key.Key_V)
    assert not desk.state.why_covered(Secret.PREDICTION)
    desk.go_to(StepKind.LOSS)
    assert desk.state.why_covered(Secret.PREDICTION)
    desk.go_to(StepKind.DENSE)
    assert not desk.state.why_covered(Secret.PREDICTION)
    assert desk.shown("map 1").content.is_covered
    assert not desk.shown("map 0").content.is_covered
    assert panel.header.formula.view("formula").drawing().texts().count("?") == 2
    before = panel.model.target
    click_part(desk.view("map 1"), cell(1, 1))
    assert not desk.shown("map 1").content.is_covered
    assert panel.model.target == before
    click_part(desk.view("map 1"), cell(1, 1))
    assert panel.model.target != before
    desk.go_to(StepKind.ARRIVE)
    assert desk.shown("map 1").content.is_covered, "each step anew"
    QTest.keyClick(panel, Qt.Key.Key_V)
    assert not desk.shown("map 1").content.is_covered
    click(panel.header.cover)
    desk.go_to(StepKind.DENSE)
    assert not desk.shown("map 1").content.is_covered


def test_who_gets_the_gradient_is_covered_here_as_long_as_in_the_maps(desk: Desk) -> None:
    desk.go_to(StepKind.ROUTE)
    desk.state.set_covered({Secret.SHARES: "Predict first."})
    assert desk.shown("route").content.is_covered
    QTest.keyClick(desk.panel, Qt.Key.Key_V)
    assert not desk.panel.header.cover.isChecked(), "nobody can press it"
    desk.go_to(StepKind.FILTER)
    assert desk.shown("later").content.words.startswith("Until then"), "its gradient tells where it came from"
    view = desk.panel.view_state()
    desk.go_to(StepKind.OUTPUT)
    assert not desk.panel.model.focus.is_covered
    assert not desk.state.why_covered(Secret.PREDICTION), "it tells of no window"
    desk.state.set_covered({})
    desk.go_to(StepKind.ROUTE)
    assert not desk.shown("route").content.is_covered
    desk.panel.restore_view(view | {"step": "route"})
    desk.settle()
    assert not desk.shown("route").content.is_covered, "what was kept then covers nothing now"
    header = desk.panel.header
    assert "winner" in " ".join(header.sentence.view("sentence").drawing().texts())
    header.cover.setChecked(True)
    told = [
        text for key in ("sentence", "formula") for text in getattr(header, key).view(key).drawing().texts()
    ]
    assert not re.search("winner|others", " ".join(told)), "nor do the words above it tell it"


# -- in the background --------------------------------------------------------------------------------------


def test_tied_windows_are_counted(desk: Desk) -> None:
    desk.go_to(StepKind.ROUTE)
    said = desk.panel.side.inspect.page.leaves()["tied windows"].content.words
    tied = desk.panel.model.passed.routings["pool1"].tied
    count, share = tied[desk.panel.model.focus.channel(lab5(), "conv1")].sum(), f"{100 * tied.mean():.0f} %"
    assert said == f"{count} of 169 windows are tied in this map, {share} in all maps."


def shown_poke(desk: Desk):
    desk.settle()
    return desk.panel.model.poked.poke


def test_what_is_clicked_is_poked_and_the_poke_follows_eps_and_sample(desk: Desk) -> None:
    desk.go_to(StepKind.ROUTE)
    texts = desk.panel.side.inspect.view("patch").drawing().texts()
    assert sum("." in text for text in texts) == 9, "a number for each weight"
    click(desk.panel.side.pages.button(POKE))
    row, col = desk.shown("route").content.route.corner
    click_part(desk.view("route"), CellKey("values", 1, 1))
    target = shown_poke(desk).target
    assert not target.is_parameter
    assert target.index[1:] == (row + 1, col + 1)
    click(desk.panel.side.pages.button("inspect"))
    desk.go_to(StepKind.FILTER)
    click_part(desk.view("total"), cell(1, 2))
    assert desk.panel.side.page() == POKE, "a weight cannot be pinned: it is poked at once"
    channel = desk.panel.model.focus.channel(lab5(), "conv1")
    assert shown_poke(desk).target == Target("conv1.weight", (channel, 0, 1, 2))
    slider = desk.panel.side.poke.view("eps")
    slider.setFocus()
    for eps in (2e-5, 5e-5, 1e-4):
        QTest.keyClick(slider, Qt.Key.Key_Right)
        assert shown_poke(desk).eps == pytest.approx(eps)
    first = shown_poke(desk)
    desk.show(lab5(), 1)
    assert shown_poke(desk).target == first.target
    assert shown_poke(desk).loss == pytest.approx(desk.gradients(lab5()).loss, rel=1e-12)
    desk.go_to(StepKind.INPUT)
    click_part(desk.view("pixels"), cell(0, 0))
    assert shown_poke(desk).target.name == "input"
    desk.choose_rule("first")
    assert "outcome of the poke" in desk.panel.side.poke.page.leaves()


def test_the_window_that_is_shown_is_poked_until_another_number_is_chosen(desk: Desk) -> None:
    model = desk.panel.model
    click(desk.panel.side.pages.button(POKE))
    desk.go_to(StepKind.FILTER)
    click_part(desk.view("total"), cell(1, 2))
    weight = shown_poke(desk).target
    desk.go_to(StepKind.ROUTE)
    desk.panel.answer(desk.panel.side.poke.page.leaves()["weights"].asks)
    assert (model.step.kind, shown_poke(desk).target.name) == (StepKind.FILTER, "conv1.weight")
    assert "weights" not in desk.panel.side.poke.page.leaves()
    desk.panel.answer(Poke(weight))
    desk.go_to(StepKind.ROUTE)

    def pooled() -> Target:
        channel, (row, col) = model.focus.channel(lab5(), "pool1"), desk.shown("route").content.route.corner
        return Target("pool1", (channel, row // 2, col // 2))

    assert shown_poke(desk).target == pooled(), "the weight was chosen on another step"
    for number in ("arriving", CellKey("values", 1, 1), weight):
        if number is weight:
            desk.panel.answer(Poke(weight))  # as the list of the check does
        else:
            click_part(desk.view("route"), number)
        assert shown_poke(desk).target == (weight if number is weight else Target(*model.focus.pinned))
        before = shown_poke(desk).target
        point_at(desk.view("route"), part_center(desk.view("route"), CellKey("values", 0, 0)))
        assert shown_poke(desk).target == before
        desk.view("route").leaveEvent(None)
        for place in (3, 20):
            click_part(desk.view("overview"), CellKey("whole", place, place))
            assert pooled().index[1:] == (place // 2, place // 2)
            assert shown_poke(desk).target == pooled() != before

    click_part(desk.view("route"), CellKey("values", 0, 1))
    pinned = shown_poke(desk).target
    other = (model.focus.channel(lab5(), "pool1") + 1) % 8
    desk.view("route").leaveEvent(None)
    click_part(desk.view("filters of conv1"), other)
    assert shown_poke(desk).target == Target("conv1", (other, *pinned.index[1:])), "it goes along"
    assert pooled() == Target("pool1", (other, 10, 10))
    click_part(desk.view("filters of conv1"), pinned.index[0])
    assert shown_poke(desk).target == pinned
    desk.panel.setFocus()
    QTest.keyClick(desk.panel, Qt.Key.Key_Escape)
    assert shown_poke(desk).target == pooled()
    desk.go_to(StepKind.FILTER)
    name, (kernel, *_) = (found := shown_poke(desk).target).name, found.index
    assert (name, kernel) == ("conv1.weight", pinned.index[0]), "a weight of the filter that is shown"
    desk.go_to(StepKind.INPUT)
    assert model.target is None, "what was freed does not come back"


def test_at_a_dense_layer_the_weight_of_the_formula_is_poked_until_another_number_is_chosen(
    desk: Desk,
) -> None:
    model, side = desk.panel.model, desk.panel.side
    desk.go_to(StepKind.ROUTE)
    desk.state.set_pinned(PinnedCell("pool1", (2, 7, 5)))
    click(side.pages.button(POKE))
    assert shown_poke(desk).target == Target("pool1", (2, 7, 5))
    desk.go_to(StepKind.DENSE)
    weight = Target("dense1.weight", (0, 2 * 169 + 7 * 13 + 5))
    assert "7,5" in desk.panel.header.formula.view("formula").drawing().texts()
    assert shown_poke(desk).target == weight
    name = "w of filter 2, row 7, column 5: dense1.weight[0, 434]"
    for page in (side.poke.page, side.inspect.page):
        assert page.leaves()["title"].content.words == name
    click_part(desk.view("map 0"), cell(1, 1))
    assert shown_poke(desk).target == Target(*model.focus.pinned) != weight
    before = cells(desk.shown("map 0"))
    click_part(desk.view("map 1"), cell(0, 1))
    chosen = shown_poke(desk).target
    assert chosen.is_parameter
    np.testing.assert_array_equal(cells(desk.shown("map 0")), before, "the maps stay where they are")
    read = tuple(map(int, np.unravel_index(chosen.index[1], (8, 13, 13))))
    desk.view("map 1").leaveEvent(None)
    assert model.focus.pinned == ("pool1", read)
    assert "{},{}".format(*read[1:]) in desk.panel.header.formula.view("formula").drawing().texts()
    desk.go_to(StepKind.FILTER)
    assert shown_poke(desk).target.name == "conv1.weight"
    desk.go_to(StepKind.DENSE)
    desk.panel.setFocus()
    QTest.keyClick(desk.panel, Qt.Key.Key_Escape)
    texts = desk.panel.header.formula.view("formula").drawing().texts()
    row, col = next(each for each in texts if "," in each).split(",")
    assert shown_poke(desk).target == Target("dense1.weight", (0, 2 * 169 + int(row) * 13 + int(col)))


def checks(desk: Desk) -> dict:
    return desk.panel.side.check.page.leaves()


def outcome(desk: Desk, key: str) -> tuple[str, ...]:
    return next(row.texts for row in checks(desk)["outcome"].content.rows if row.key == key)


def check(desk: Desk) -> None:
    click(desk.panel.side.check.view("check"))
    desk.bot.waitUntil(lambda: "check" in checks(desk))


def test_all_parameters_are_checked_under_the_rule_it_was_begun_with_and_listed_and_it_can_be_cancelled(
    desk: Desk,
) -> None:
    panel = desk.panel
    click(panel.side.pages.button(CHECK))
    click(panel.side.check.view("check"))
    assert "progress" in checks(desk)
    click(panel.side.check.view("cancel"))
    assert "check" in checks(desk)
    drain(desk.bot, desk.background)
    assert "outcome" not in checks(desk)
    click(panel.side.check.view("check"))
    desk.choose_rule("first")
    desk.bot.waitUntil(lambda: "outcome" in checks(desk))
    assert "parameters" not in checks(desk)
    assert outcome(desk, "tie_rule") == ("–", "72", "–")
    check(desk)
    assert outcome(desk, "checked") == ("1,425", "1,425", "–")
    desk.choose_rule("all")
    listed = panel.side.check.view("parameters")
    listed.setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(40):
        QTest.keyClick(listed, Qt.Key.Key_Down)
    fortieth = listed.content.content.rows[40]
    middle = listed.mapTo(panel.side, part_center(listed, fortieth.key).toPoint())
    assert panel.side.rect().contains(middle), "it is scrolled to what the keys point at"
    QTest.keyClick(listed, Qt.Key.Key_Return)
    assert panel.side.page() == POKE
    assert shown_poke(desk).target == fortieth.ask.target
    # What was checked is of this image, this class and these weights alone.
    desk.show(lab5(), 1)
    assert "outcome" not in checks(desk)
    desk.show(lab5(), 0)
    assert "outcome" in checks(desk)
    choose_by_keys(panel.side.ties.view("label"), str(1 - panel.model.passed.label))
    desk.settle()
    assert "outcome" not in checks(desk)


# -- the trial ----------------------------------------------------------------------------------------------


def test_the_update_speaks_of_the_weight_that_was_checked_whatever_cell_is_pinned(desk: Desk) -> None:
    model, side = desk.panel.model, desk.panel.side
    desk.state.set_pinned(PinnedCell("conv1", (0, 12, 12)))
    side.show_page(POKE)
    desk.go_to(StepKind.DENSE)
    checked = shown_poke(desk).target
    assert checked.is_parameter
    desk.go_to(StepKind.INPUT)
    assert not shown_poke(desk).target.is_parameter, "the pinned cell"
    desk.go_to(StepKind.UPDATE)
    assert shown_poke(desk).target == model.target == checked
    assert desk.view("parameter").choice() == checked.name, "and shows it"


def test_a_weight_that_was_checked_stays_while_its_filter_is_shown(desk: Desk) -> None:
    """With another image, too, where another weight has the largest gradient: the two can be compared."""
    model, largest = desk.panel.model, set[Target]()
    desk.panel.side.show_page(POKE)
    desk.go_to(StepKind.FILTER)
    model.answer(ShowFilter("conv1", 0))
    desk.settle()
    checked = shown_poke(desk).target
    for image in range(6):
        desk.state.choose_test_image(image)
        desk.settle()
        assert (model.passed.scene.sample.index, model.target) == (image, checked)
        largest.add(filter_weight(model.passed, model.step, model.focus))
    assert len(largest) > 1


@pytest.fixture
def update(desk: Desk) -> Desk:
    desk.go_to(StepKind.UPDATE)
    return desk


def apply(desk: Desk) -> None:
    click(desk.view("Apply the update"))
    desk.settle()


def test_applied_updates_change_the_panel_and_never_the_run_and_another_rate_makes_another_step(
    update: Desk,
) -> None:
    model = update.panel.model
    losses = [model.passed.gradients.loss]
    for _ in range(2):
        apply(update)
        losses.append(model.passed.gradients.loss)
    assert losses[2] < losses[1] < losses[0]
    assert float(value(update.shown("outcome"), "run")) == pytest.approx(losses[0], rel=1e-5)
    assert update.state.shown.network is lab5()
    hint = update.panel.side.ties.page.leaves()["trial"].content.words
    assert "2 trial updates; the run is unchanged" in hint
    click(update.view("Undo"))
    update.settle()
    once = apply_update(lab5(), update.gradients(lab5()), LAB5.learning_rate)
    for name, array in once.params.items():
        np.testing.assert_array_equal(model.passed.network.params[name], array)
    click(update.view("Undo"))
    update.settle()
    assert model.passed.network.params is lab5().params
    assert not update.view("Undo").isEnabled()

    type_into(update.view("rate"), "0.5")
    update.settle()
    after = apply_update(lab5(), update.gradients(lab5()), 0.5)
    kernel = update.panel.model.focus.channel(lab5(), "conv1")
    np.testing.assert_array_equal(cells(update.shown("map 2")), after.params["conv1.weight"][kernel, 0])
    assert "0.5" in update.panel.header.formula.view("formula").drawing().texts()


def test_trial_updates_stay_for_another_sample_are_adopted_and_dropped_when_the_run_moves_on(
    update: Desk,
) -> None:
    update.choose_rule("first")
    apply(update)
    changed = update.panel.model.passed.network.params
    update.show(lab5(), 4)
    assert update.panel.model.passed.network.params is changed
    assert update.panel.message.text() == ""
    click(update.view("Adopt"))
    (adopted,) = update.adopted
    assert adopted.network.layers == lab5().layers, "with the run's own rule"
    for name, array in adopted.network.params.items():
        np.testing.assert_array_equal(array, changed[name])
        assert not np.array_equal(array, lab5().params[name])
    moved = lab5().with_params({name: array * 0.9 for name, array in lab5().params.items()})
    update.show(moved, 0, step=10)
    assert "dropped" in update.panel.message.text()
    assert update.panel.model.passed.network.params is moved.params
    assert not update.view("Adopt").isEnabled()


def test_presented_the_step_has_all_the_room_and_the_column_comes_back(desk: Desk) -> None:
    desk.go_to(StepKind.ROUTE)
    before = desk.view("route").width()
    desk.panel.present(True)
    desk.bot.waitUntil(lambda: desk.view("route").width() > 1.3 * before)
    assert not desk.panel.side.isVisible()
    desk.panel.present(False)
    desk.bot.waitUntil(lambda: desk.view("route").width() == before)
    assert desk.panel.side.isVisible()


# -- following network, sample and run ----------------------------------------------------------------------


def logit_gradient(desk: Desk) -> float:
    return next(row.values[0] for row in desk.shown("numbers").content.numbers.rows if row.key == "d")


def test_another_sample_or_network_keeps_step_and_pinned_cell_and_shows_its_own(desk: Desk) -> None:
    desk.go_to(StepKind.LOGITS)
    first = logit_gradient(desk)
    desk.show(lab5(), 1)
    assert desk.panel.model.step.kind is StepKind.LOGITS
    assert logit_gradient(desk) == desk.gradients(lab5()).outputs["dense1"][0, 0]
    assert logit_gradient(desk) != first

    desk.go_to(StepKind.ROUTE)
    desk.state.set_pinned(PinnedCell("conv1", (1, 3, 4)))
    desk.show(lab5(), 2)
    assert desk.panel.model.focus.channel(lab5(), "conv1") == 1, "the filter of the pinned cell"
    desk.show(two_blocks())
    assert len(desk.panel.header.bar.content.titles) == len(backward_steps(two_blocks()))
    assert desk.panel.model.step.kind is StepKind.ROUTE
    assert desk.panel.model.step.layer == "pool1"
    assert desk.panel.model.focus.pinned == ("conv1", (1, 3, 4))
    assert column(desk, "hint").content.words == "Pinned: conv1, filter 1, row 3, column 4. Esc frees it."


def test_a_pinned_cell_goes_along_into_the_filter_that_is_chosen(desk: Desk) -> None:
    desk.go_to(StepKind.FILTER)
    desk.state.set_pinned(PinnedCell("pool1", (2, 3, 4)))
    desk.panel.answer(ShowFilter("conv1", 5))
    assert desk.state.pinned == PinnedCell("pool1", (5, 3, 4))
    assert title(desk).startswith("conv1, filter 5")
    assert desk.shown("filter of conv1").value == 5
    for pinned in (PinnedCell("dense1", (0,)), PinnedCell("input", (0, 3, 4))):
        desk.state.set_pinned(pinned)
        desk.panel.answer(ShowFilter("conv1", 1))
        assert desk.state.pinned == pinned


def test_the_step_stays_with_the_filter_of_the_weight_that_is_checked_and_frames_it(desk: Desk) -> None:
    desk.go_to(StepKind.FILTER)
    desk.state.set_pinned(PinnedCell("pool1", (6, 3, 4)))
    for number in range(2):
        desk.panel.answer(Poke(Target("conv1.weight", (number, 0, 1, 2))))
        desk.show(lab5(), 3 + number)
        assert desk.shown("filter of conv1").value == number == desk.state.pinned.index[0]
        assert ("selected", (1, 2, 1, 1)) in desk.shown("total").content.outlines
    desk.panel.answer(ShowFilter("conv1", 5))
    kernel, _, *place = desk.panel.model.target.index
    assert (kernel, desk.shown("total").content.outlines) == (5, (("selected", (*place, 1, 1)),))


def test_a_weight_that_another_network_has_not_is_let_go(desk: Desk) -> None:
    """Also of kernels of another size, and yet maps of the same."""
    for before, after in (
        (LAB5, replace(LAB5, filters=(2,))),
        (replace(LAB5, kernel_size=5, padding=2), replace(LAB5, padding=1)),
    ):
        network = before.build_network()
        desk.show(network)
        desk.go_to(StepKind.FILTER)
        last = tuple(side - 1 for side in network.params["conv1.weight"].shape)
        desk.panel.model.set_target(Target("conv1.weight", last))
        desk.panel.answer(PointAt(weight=Target("conv1.weight", last)))
        desk.settle()
        assert title(desk).endswith(f": conv1.weight[{', '.join(map(str, last))}]")
        desk.show(after.build_network())
        assert str(list(last)) not in title(desk)


def test_a_cell_that_is_pinned_elsewhere_is_poked_when_the_panel_is_shown(desk: Desk) -> None:
    desk.panel.side.show_page(POKE)
    desk.panel.hide()
    desk.state.set_pinned(PinnedCell("conv1", (0, 3, 4)))
    desk.panel.show()
    model = desk.panel.model
    desk.bot.waitUntil(lambda: model.poked is not None)
    assert model.poked.poke.target == Target("conv1", (0, 3, 4))


def test_before_there_is_a_network_the_panel_says_what_to_do(qtbot: QtBot) -> None:
    desk = Desk(qtbot, LAB5)
    assert desk.panel.empty.isVisible()
    assert "an image" in desk.panel.empty.text()
