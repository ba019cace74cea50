"""The lab guide in the window: predict, do, see, by mouse and by keys alone."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QRadioButton

from cnnviz.datasets import to_input
from cnnviz.errors import ParameterError
from cnnviz.lab.course import shipped_labs
from cnnviz.lab.events import Event
from cnnviz.lab.grading import late_in
from cnnviz.lab.markup import parse_formula
from cnnviz.lab.model import seed_of
from cnnviz.lab.reading import load_lab
from cnnviz.lab.record import Shown, Work
from cnnviz.mathematics import plain
from cnnviz.report.bench import filter_number
from cnnviz.training import epoch_order
from tests.engine.lab_cases import read_hand_in
from tests.gui import whole_window
from tests.gui.document_driving import answered
from tests.gui.driving import activate, click, find, focus, press, settle, tab_to, type_into
from tests.gui.lab_driving import LAB, LabDesk, await_verdict, is_open, open_lab, result
from tests.replacing import replace
from ui.controls.labels import RichLabel
from ui.lab.library import titles
from ui.panels.feature_maps.asks import PressCell
from ui.panels.feature_maps.panel import FeatureMapsPanel
from ui.panels.report.panel import ReportPanel
from ui.panels.translation.panel import TranslationPanel
from ui.state import PinnedCell, RunStatus
from ui.theme import LIGHT, theme_manager


def test_the_step_keeps_its_place_when_less_is_left_to_do_and_the_list_its_row_when_its_lab_comes_back(qtbot):
    more = '[{ event = "visited", what = "translation" }, { event = "finished" }, { event = "swept" }, '
    desk = LabDesk(LAB.replace('[{ event = "predicted" }', more + '{ event = "predicted" }', 1))
    column, control = desk.column(qtbot), desk.control
    settle(qtbot)
    usual = column.page_area.height()
    control.go_to("field")
    settle(qtbot)
    height, said, line = column.page_area.height(), column.to_do.text(), column.to_do.fontMetrics().height()
    assert usual - height >= line
    visits = Event("visited", what="translation"), Event("visited", what="feature_maps")
    for event in (*visits, Event("predicted"), Event("finished"), Event("swept")):
        control.happened(event)
        settle(qtbot)
        assert column.to_do.text() != said
        said = column.to_do.text()
        assert column.page_area.height() == height
    assert "is done" in said
    control.go_to("think")
    settle(qtbot)
    assert column.page_area.height() == usual

    control.go_to(desk.lab.steps[-1].id)
    column.steps.set_lab(replace(desk.lab, steps=desk.lab.steps[:1]))
    column.show_progress()
    column.steps.set_lab(desk.lab)
    column.show_progress()
    last, shown = desk.lab.steps[-1], column.steps.currentItem()
    assert shown.text() == last.title, "all its lines begin beside the number"
    assert shown.data(Qt.ItemDataRole.AccessibleTextRole) == f"{len(desk.lab.steps)} {last.title}"


def test_labs_of_the_program_are_told_apart_by_name_and_say_what_they_are():
    assert len({title for _, title, _ in titles()}) == len(shipped_labs())
    for name, _, purpose in titles():
        lab = load_lab(shipped_labs()[name])
        assert purpose == f"{len(lab.steps)} steps. {lab.purpose}"


def test_what_a_result_waits_for_is_said_from_the_start():
    desk = LabDesk(LAB.replace('moment = "end"\nsample = 3', "sample = 3"))
    desk.open()
    desk.control.go_to("field")
    trained = desk.revealer.present().waiting  # as it is said before anything is predicted
    desk.control.predict(4.0)
    visit = "To see the result, first open the panel Filters & maps."
    assert "up to step 640" in trained
    assert desk.revealer.present().waiting == visit + trained
    desk.end_run()
    assert desk.revealer.present().waiting == visit


def test_a_result_that_comes_when_its_lab_has_gone_is_dropped():
    desk = LabDesk()
    desk.open()
    desk.control.go_to("field")
    desk.control.predict(4.0)
    desk.control.happened(Event("visited", what="feature_maps"))
    desk.end_run()
    assert desk.revealer.present().waiting == "Measuring the result…"
    desk.control.open(load_lab(shipped_labs()["pooling"]), "pooling")
    desk.later.finish("lab-truth")
    assert "field" not in desk.work.record.steps


def test_a_student_predicts_trains_and_sees_the_result(qtbot, session, tmp_path):
    sitting = open_lab(qtbot, session, tmp_path)
    column, desk, page = sitting.column, sitting.control, sitting.column.page
    assert "write 3 words" in column.to_do.text()
    QTest.keyClicks(page.answers[-1].field, "it will learn")
    assert column.to_do.text() == "To do: record your hypothesis."
    click(page.answers[-1].record)
    assert "done" in column.to_do.text()
    click(column.next)
    assert desk.record.step("think").hypothesis[0].text == "it will learn"
    assert desk.step.id == "field"

    card = page.prediction
    for typed in ("many", "1e13"):
        type_into(card.number, typed)
        assert card.error.text()
    assert "1,000,000,000,000" in card.error.text()
    assert desk.done.prediction is None
    card.number.clear()
    assert not card.understood.isVisibleTo(page)
    QTest.keyClicks(card.number, "4,0")
    assert card.understood.text() == "Read as: 4 pixels"
    assert card.understood.isVisibleTo(page)
    QTest.keyClick(card.number, Qt.Key.Key_Return)
    assert desk.done.prediction.answer == 4
    assert not card.understood.isVisibleTo(page)
    assert result(card)["waiting"] == "To see the result, first open the panel Filters & maps."
    click(column.show_me)
    await_verdict(qtbot, session)
    assert session.state.run.status is RunStatus.FINISHED
    assert session.window.panels.front == 1
    assert session.state.sample.index == 3
    told, data, network = result(card), session.state.dataset, session.state.shown.network
    right = np.mean(network.predict(to_input(data.test_images, network.dtype)) == data.test_labels)
    assert told["besides"] == f"Accuracy on the test images: {100 * right:.2f} %"
    assert told["verdict"] == "Right: 4 pixels"
    assert "Pixels" in card.result.figure(LIGHT).texts()
    assert told["why"] == "It is 4 pixels."
    assert desk.done.done

    click(column.next)
    assert "commit to your prediction" in column.to_do.text()
    assert "train" not in column.to_do.text()  # the run is at its end already
    choices = card.choices.findChildren(QRadioButton)
    click(next(each for each in choices if each.accessibleName() == "It grows"))
    click(card.commit)
    await_verdict(qtbot, session)
    assert result(card)["verdict"].startswith("Not right")
    assert "natural logarithms" in card.result.view("verdict").toolTip(), "which says what nats are"
    assert desk.done.done

    run = session.state.run
    sitting.revealer.arrived.emit("field")
    assert "is known" in column.message.text()
    session.lab.open_file(shipped_labs()["pooling"])
    qtbot.waitUntil(lambda: is_open(session, "pooling"))
    whole_window.rest(qtbot, session)
    assert not column.message.isVisible(), "what was told of a result goes with its lab"
    assert session.state.run == run, "a trained network of its own stays"


def test_what_the_student_does_ticks_the_step_in_front_and_in_slow_motion_it_shows_the_image_that_comes_in(
    qtbot, few, tmp_path
):
    session, state = few, few.state
    kinds = ("slowed", "epochs", "moment", "sampled", "pinned", "dragged", "walked", "visited", "lesson")
    waits = ", ".join(f'{{ event = "{kind}" }}' for kind in kinds)
    slow = LAB.replace('[{ event = "words", at_least = 3 }]', '[{ event = "slowed" }]')
    slow = slow.replace("Some **strong** words.", "Press **Train** now.")
    slow = slow.replace('[{ event = "predicted" }, { event = "finished" }]', f"[{waits}]")
    sitting = open_lab(qtbot, session, tmp_path, slow)
    desk, image = sitting.control, sitting.column.page.image
    assert image.view("said").content.content.words.startswith(
        "The first step will take in this training image"
    )
    text, train = sitting.column.page.text, session.window.run_bar.train

    def said():
        return " ".join(each.text() for each in text.findChildren(RichLabel) if not each.isHidden())

    assert train.accessibleName() in said()
    session.controller.train_to(7, 1)
    qtbot.waitUntil(lambda: "Continue" in said())
    assert train.accessibleName() == "Continue"
    assert ">Train<" not in said(), "the text calls the button what it says"
    qtbot.waitUntil(lambda: image.view("said").content.content.words.startswith("Step 7 took in"))
    data = state.dataset
    index = epoch_order(len(data.train_labels), state.experiment.seed, 0)[6]
    assert image.view("said").content.content.words.endswith(f"a {data.classes[data.train_labels[index]]}.")
    shown = image.view("image").content.content
    np.testing.assert_array_equal(shown.levels, data.train_images[index][0])

    desk.go_to("field")
    assert image.isHidden()
    desk.go_to("way")
    desk.predict("up")
    assert "visited" in desk.done.counts
    state.set_speed(30)
    session.controller.train()
    qtbot.waitUntil(lambda: "slowed" in desk.done.counts)
    state.set_speed(None)
    qtbot.waitUntil(lambda: "epochs" in desk.done.counts)
    session.controller.show_moment(0)
    state.choose_test_image(4)
    whole_window.rest(qtbot, session)
    whole_window.show_panel(qtbot, session, 1)
    for channel in (0, 1):  # the map that is looked at takes the pinned cell along
        state.set_pinned(PinnedCell("pool1", (channel, 4, 4)))
    assert (desk.done.counts["pinned"], desk.done.counts["pinned:pool1"]) == (1, 1)
    translation = whole_window.show_panel(qtbot, session, 2)
    QTest.keyClick(translation.image, Qt.Key.Key_Right)
    translation.choices.choose(lesson="dots")
    backprop = whole_window.show_panel(qtbot, session, 3)
    QTest.keyClick(backprop, Qt.Key.Key_PageDown)
    assert set(kinds) <= set(desk.done.counts)
    assert desk.done.done
    whole_window.rest(qtbot, session)


def test_a_prediction_made_after_its_training_is_recorded_as_late_and_says_so(qtbot, few, tmp_path):
    session = few
    sitting = open_lab(qtbot, session, tmp_path, _COUNTED)  # which nothing covers
    desk, card = sitting.control, sitting.column.page.prediction
    desk.go_to("way")
    assert "after you commit" in card.hint.text()
    whole_window.train(qtbot, session, 1000)
    whole_window.rest(qtbot, session)
    assert "have already seen the result" in card.hint.text()
    session.controller.reset()  # which makes nobody forget
    whole_window.rest(qtbot, session, lambda: session.state.is_untrained)
    assert "have already seen the result" in card.hint.text()
    QTest.keyClicks(card.number, "1000")
    click(card.commit)
    assert desk.done.prediction.after_run
    said = f"after its result had been shown at {desk.done.shown[-5:]}"
    assert result(card)["predicted"].endswith(f"made {said}")
    report = session.window.panel(ReportPanel)
    with qtbot.waitSignal(report.exporter.handed_out):
        report.exporter.write(tmp_path / "handed.html")
    assert said in (tmp_path / "handed.html").read_text(encoding="utf-8")
    late = late_in(read_hand_in(tmp_path / "handed.html"), desk.lab)
    assert list(late) == [f"way: the prediction was made {said}"]


_UNASKED = LAB.partition('kind = "direction"')[0]
_COUNTED = f"""{_UNASKED}
kind = "number"
question = "How many steps will the run have?"
measure = "training_steps"
tolerance = 0
"""
_CELL = f"""{_UNASKED}
kind = "cell"
question = "Which of the four cells is the largest?"
stage = "conv1"
measure = "window_winner"
with = {{ filter = 0, row = 4, column = 4, sample = 3 }}
"""


def test_a_click_chooses_the_cell_that_is_asked_for_and_the_button_that_commits_stays_where_it_is(
    qtbot, session, tmp_path
):
    sitting = open_lab(qtbot, session, tmp_path, _CELL)
    card, state = sitting.column.page.prediction, session.state
    theme_manager().set_scale(2.0)
    sitting.control.go_to("field")
    whole_window.rest(qtbot, session)
    place = card.commit.y()
    for typed, is_other in (("4", False), ("4,0", True)):
        card.number.setText(typed)
        whole_window.rest(qtbot, session)
        assert card.understood.isVisible() is is_other
        assert card.commit.y() == place, "a number that is typed does not move it"

    network, cell = session.window.panel(FeatureMapsPanel).network, PinnedCell("conv1", (0, 8, 8))
    state.set_pinned(cell)
    sitting.control.go_to("way")
    whole_window.show_panel(qtbot, session, 1)
    assert card.cell.text().endswith("Chosen: none yet"), "nobody has clicked it"
    places = [card.commit.y()]
    click(card.commit)
    assert "first" in card.error.text()
    whole_window.rest(qtbot, session)
    places.append(card.commit.y())
    for pressed in (cell, cell, PinnedCell("conv1", (0, 19, 19))):
        network.answer(PressCell(pressed))
        whole_window.rest(qtbot, session)
        assert state.pinned == pressed, "no click frees one"
        assert not card.error.isVisible()
        assert card.cell.text().endswith("Chosen: filter 0, row {}, column {}".format(*pressed.index[1:]))
        places.append(card.commit.y())
    assert len(set(places)) == 1
    click(card.commit)  # the last of them is in another window
    said = "This cell is not in the window: choose one of filter 0, rows 8–9, columns 8–9."
    assert card.error.text() == said
    assert sitting.control.done.prediction is None, "a slip can be mended"
    network.answer(PressCell(cell))
    click(card.commit)
    assert sitting.control.done.prediction.answer == (0, 8, 8)
    network.answer(PressCell(cell))
    assert state.pinned is None, "no cell is asked for any more"
    whole_window.rest(qtbot, session)


def test_the_strongest_filter_is_named_by_its_number_once_the_network_is_trained(qtbot, few, tmp_path):
    shows = 'moment = "end"\nfilter = "strongest"\npinned = { stage = "conv1", index = [0, 8, 8] }\n'
    lab = _CELL.replace("filter = 0", 'filter = "strongest"').replace('moment = "start"\n', shows)
    cell = '"cell_value"\nwith = { stage = "pool1", filter = "strongest", row = 4, column = 4, sample = 3 }'
    lab = lab.replace("Some **strong** words.", "Look at {filter}.").replace('"test_accuracy"', cell)
    (alone,) = LabDesk(lab).column(qtbot).page.text.findChildren(RichLabel)
    assert alone.text() == "Look at the strongest filter.", "before anybody has called it so"
    sitting = open_lab(qtbot, few, tmp_path, lab)
    page, desk = sitting.column.page, sitting.control
    (label,) = page.text.findChildren(RichLabel)
    assert label.text() == "Look at the strongest filter."
    desk.go_to("way")
    with pytest.raises(ParameterError, match="Press “Show me” first"):
        desk.predict((0, 8, 8))
    desk.go_to("think")
    click(sitting.column.show_me)
    whole_window.rest(qtbot, few, lambda: desk.is_at_end(desk.step))
    number = filter_number("strongest", few.state.shown.network)
    assert few.state.pinned.index == (number, 8, 8)
    assert f"Look at filter {number}." in [each.text() for each in page.text.findChildren(RichLabel)]
    desk.go_to("field")
    desk.predict(4.0)
    desk.happened(Event("visited", what="feature_maps"))
    await_verdict(qtbot, few)
    said = result(page.prediction)["besides"]
    assert said.startswith(f"Value of pool1 at filter {number}, row 4, column 4, test image 3: ")


def test_a_result_comes_into_sight_with_its_question_verdict_and_picture(qtbot, session, tmp_path):
    """The commitment moves nothing; its result brings the question to the top; then writing leads."""
    asks = 'text = "Where from?"\npart = "{}"\n'
    questions = "".join(f"[[step.question]]\n{asks.format(part)}" for part in ("objective", "observations"))
    lab = LAB.replace('[[step.measured]]\nmeasure = "test_accuracy"\n', questions)
    sitting = open_lab(qtbot, session, tmp_path, lab)
    window, samples = session.window, sitting.column.samples_button
    qtbot.waitUntil(lambda: samples.isHidden() and window.samples_dock.isVisible())
    window.resize(1100, 700)
    qtbot.waitUntil(lambda: samples.isVisible() and window.samples_dock.isHidden())
    sitting.control.go_to("field")
    click(sitting.column.show_me)
    whole_window.rest(qtbot, session)
    activate(qtbot, session.window)
    qtbot.waitUntil(lambda: sitting.control.is_at_end(sitting.control.step))
    page, area = sitting.column.page, sitting.column.page_area
    card, bar = page.prediction, area.verticalScrollBar()
    card.number.setFocus()
    bar.setValue(bar.maximum())
    show_me = sitting.column.show_me
    assert whole_window.seen_rect(show_me).size() == show_me.size(), "however far the step is scrolled"
    QTest.keyClicks(card.number, "4")
    top = card.mapTo(area.viewport(), QPoint()).y()
    click(card.commit)
    assert card.mapTo(area.viewport(), QPoint()).y() == top
    await_verdict(qtbot, session)
    for part in (card.question, card.result):
        assert whole_window.seen_rect(part).size() == part.size()
    field = page.answers[0].field
    assert field.hasFocus(), "not the last of them"
    QTest.keyClicks(field, "two words")
    assert whole_window.seen_rect(field).size() == field.size()
    show_me.setFocus()
    bar.setValue(0)
    tab_to(lambda each: each is field)
    assert whole_window.seen_rect(field).size() == field.size(), "also for who comes by keys"
    click(samples)  # in whose place the guide stands where room is short
    assert window.samples_dock.isVisible()
    assert window.lab_dock.isHidden()
    click(window.samples.guide_button)
    assert window.samples_dock.isHidden()
    assert window.lab_dock.isVisible()


_OTHER = f"""{LAB}
[[step]]
id = "first"
section = "two"
title = "Another rule"
purpose = "Another network."
text = "Ties."
[step.show]
panel = "training"
moment = "start"
settings = {{ ties = "first" }}
"""


def _lost(step):
    what = (
        f"The network has been trained for {step:,} steps and is not saved. You can bring it back until you"
    )
    return f"{what} train again. Before the network is replaced? Replace"


def test_a_lab_says_when_the_network_is_another_and_asks_only_before_it_takes_what_it_cannot_train_again(
    qtbot, session, tmp_path, monkeypatch
):
    asked = answered(monkeypatch, *["cancel"] * 9)
    session.ask_before_closing(True)
    state, controller = session.state, session.controller
    sitting = open_lab(qtbot, session, tmp_path, _OTHER)
    desk, show_me = sitting.control, sitting.column.show_me

    def show(step):
        desk.go_to(step)
        with qtbot.waitSignal(session.document.restorer.finished):
            click(show_me)
        whole_window.rest(qtbot, session)

    whole_window.train(qtbot, session, 3)
    losses = state.history.losses
    show("first")  # the run of the lab gives way, and its curves can be compared
    assert np.array_equal(state.ghost.losses, losses)
    assert (state.experiment.ties, asked) == ("first", [])
    assert "was replaced" not in session.window.notices.text(), "“Show me” of its step brings it back"
    whole_window.train(qtbot, session, 3)
    show("think")
    assert (state.experiment.ties, state.run.step, asked) == ("all", 0, [])

    whole_window.train(qtbot, session, 3)
    guard = session.window.close_guard
    assert (guard(), asked) == (True, []), "closing the window loses no more than “Show me” does"
    controller.edit(replace(state.draft, learning_rate=0.001))  # changed on the way
    whole_window.train(qtbot, session, state.run.step + 3)
    controller.edit(replace(state.draft, learning_rate=0.0001))
    whole_window.train(qtbot, session, state.run.step + 3)
    step = state.run.step
    session.document.path = tmp_path / "work.cnnviz"
    show("first")
    assert (state.experiment.ties, state.run.step, asked) == ("all", step, [_lost(step)])

    own = replace(state.experiment, filters=(4,))
    controller.begin(own)
    qtbot.waitUntil(lambda: state.experiment == own and state.run.status is RunStatus.READY)
    whole_window.train(qtbot, session, 3)
    show("first")
    assert (state.experiment, asked) == (own, [_lost(step), _lost(state.run.step)])
    session.document.path = None
    assert guard(), "a document without a name is kept"
    show("first")
    assert (state.experiment, len(asked)) == (own, 3), "but not the run that another one replaces in it"
    session.ask_before_closing(False)

    said = sitting.column.mismatch
    controller.begin(replace(state.experiment, classes=("4", "9"), filters=(4,)))
    whole_window.rest(qtbot, session, lambda: state.experiment.classes == ("4", "9"))
    desk.go_to("think")
    assert "another network: Classes 0, 1 (now 4, 9); Filters 8 (now 4)" in said.text()
    show("think")
    assert said.isHidden()
    assert state.experiment == desk.lab.experiment
    desk.go_to("first")
    assert "Ties first (now all)." in said.text()


def test_formulas_of_labs_are_set_with_their_indices_apart():
    formula = parse_formula("q_{f , 2i+1 , j} = max ( z_{f , i} , 0 )").formula
    assert plain(formula) == "q_f, 2i+1, j = max(z_f, i, 0)"


def test_a_hypothesis_is_late_after_results_of_its_own_section_on_the_students_own_network_only():
    desk = LabDesk(shipped_labs()["lab5"].read_text(encoding="utf-8"))
    desk.open()
    work, lab = desk.work, desk.lab
    first, later, dots = lab.step("objective"), lab.step("expect-shift"), lab.step("dots")
    work.note_shown(lab.experiment)
    assert work.version(first, "high").after_run, "before a roll number is typed the network is that of any"
    work.set_head("roll_number", "4711")
    own, full = work.experiment, lab.step("full")
    assert own.seed == seed_of("4711")
    for other in (replace(own, classes=("4", "9")), replace(own, filters=(4,)), replace(own, seed=1)):
        work.note_shown(other)
        desk.state.set_settings(other, other)
        work.set_record(work.record.shown(full, "2026-01-31 10:00", other.seed + 1))
        assert not work.version(first, "high").after_run, "after results of another network"
    work.note_shown(replace(own, epochs=3))
    assert work.version(first, "high").after_run
    work.set_record(work.record.revealed(full, "2026-01-31 10:00"))
    assert not work.version(later, "they stay").after_run
    work.set_record(work.record.revealed(dots, "2026-01-31 11:00"))
    assert work.version(later, "they stay").shown == Shown(lab="2026-01-31 11:00")


def test_a_step_counts_what_is_done_with_its_own_network_only():
    desk = LabDesk(LAB.replace('preset = "lab5"', 'preset = "lab5"\n[settings]\nseed = "roll number"'))
    desk.open()
    control = desk.control
    control.go_to("way")
    for settings, is_counted in (({"filters": (4,)}, False), ({}, True)):
        desk.end_run(**settings)
        control.happened(Event("finished"))
        assert ("finished" in control.done.counts) is is_counted
    desk.work.set_head("roll_number", "4711")
    control.take_seed()
    assert "finished" not in control.done.counts, "the network of the roll number is to be trained"


def test_show_me_ends_with_what_the_step_is_done_with_in_sight(qtbot, few, tmp_path):
    swept = _UNASKED.replace('[{ event = "predicted" }, { event = "finished" }]', '[{ event = "swept" }]')
    head, _, last = swept.rpartition('panel = "training"')
    sitting = open_lab(qtbot, few, tmp_path, f'{head}panel = "translation"{last.partition("[step.pred")[0]}')
    few.window.resize(1000, 640)
    panel = few.window.panel(TranslationPanel)
    sitting.control.go_to("way")
    for _ in range(2):
        click(sitting.column.show_me)
        qtbot.waitUntil(lambda: not panel.sweep.visibleRegion().isEmpty())
        whole_window.rest(qtbot, few)
        panel.area.verticalScrollBar().setValue(0)
        assert panel.sweep.visibleRegion().isEmpty()


def test_a_text_gives_room_back_when_its_column_becomes_wider(qtbot):
    label = RichLabel("Some words that need several lines where there is little room for them. " * 4)
    qtbot.addWidget(label)
    label.show()
    label.resize(120, 10)
    qtbot.waitUntil(lambda: label.minimumHeight() > 100)
    narrow = label.minimumHeight()
    label.resize(600, narrow)
    qtbot.waitUntil(lambda: 0 < label.minimumHeight() < narrow / 2)


def test_ctrl_l_leads_to_the_open_step_never_away_and_f6_to_what_the_guide_has_to_say(
    qtbot, session, tmp_path
):
    sitting = open_lab(qtbot, session, tmp_path)
    window, column = session.window, sitting.column
    activate(qtbot, window)
    sitting.control.go_to("field")
    for place in (window.samples.grid, column.labs_button, column.steps, column.next, column.show_me):
        column.list_button.setChecked(place is column.steps)
        place.setFocus()
        press(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
        assert focus() is column.show_me
    for put_away in (
        lambda: QTest.keyClick(column.close_button, Qt.Key.Key_Space),
        window.menus.action("close_lab").trigger,
    ):
        column.close_button.setFocus(Qt.FocusReason.TabFocusReason)
        put_away()
        assert not column.isVisible()
        assert focus() is window.panels.front_panel
        press(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
        assert focus() is column.show_me

    qtbot.waitUntil(lambda: is_open(session, "small"))
    activate(qtbot, window)
    find(qtbot, session, "step 2")
    qtbot.waitUntil(lambda: focus() is column.show_me)
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
        (checked,) = (each for each in card.choices.findChildren(QRadioButton) if each.isChecked())
        assert (checked.objectName(), focus()) == (answer, checked)
        assert control.done.prediction is None
    control.go_to("field")
    card.number.setText("5")
    control.go_to("way")  # where the answer still stands
    card.commit.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(card.commit, Qt.Key.Key_Space)
    assert control.done.prediction.answer == "same"
    for typed in ("5", ""):
        control.go_to("field")
        assert card.number.text() == typed
        desk.work.begin(Work())  # of somebody else
        desk.open()


def test_space_trains_after_show_me_words_without_a_field_train_nothing_and_page_keys_lead_through_the_lab(
    qtbot, session, tmp_path
):
    sitting = open_lab(qtbot, session, tmp_path)
    window, state, show_me = session.window, session.state, sitting.column.show_me
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
