"""What is kept of a lab: after a restart, in a session, in what is handed in, in a course."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QFileDialog

from cnnviz.datasets import load_mnist
from cnnviz.document import archive
from cnnviz.lab.course import made_course, shipped_labs
from cnnviz.lab.events import Event
from cnnviz.lab.grade_table import verdict_of
from cnnviz.lab.model import PARTS, seed_of
from cnnviz.lab.reading import parse_lab
from cnnviz.lab.verifying import verify
from cnnviz.network import weights_checksum
from cnnviz.report.blocks import Words
from cnnviz.training import Trainer
from tests.engine.lab_cases import read_hand_in
from tests.gui import whole_window
from tests.gui.document_driving import restored
from tests.gui.driving import begun, click, opened, save_document, settle
from tests.gui.lab_driving import LAB, LabDesk, await_verdict, is_open, open_lab, result
from tests.small_data import first_images
from ui.first_run import welcome
from ui.panels.report.panel import ReportPanel
from ui.panels.translation.panel import TranslationPanel
from ui.session import Session
from ui.state import PinnedCell, RunStatus, Shift


@pytest.mark.alone
def test_what_was_done_is_there_after_a_restart_the_words_and_the_results(qtbot, few, tmp_path):
    session, sitting = few, open_lab(qtbot, few, tmp_path)
    desk, page = sitting.control, sitting.column.page
    QTest.keyClicks(page.answers[-1].field, "one two")
    for step, rate in ((100, 1e-2), (1000, 1e-4)):
        session.controller.edit(replace(session.state.draft, learning_rate=rate))
        whole_window.train(qtbot, session, step)
    click(sitting.column.next)
    assert desk.is_changed_run
    click(sitting.column.show_me)
    whole_window.rest(qtbot, session, lambda: not desk.is_changed_run)  # trained anew
    desk.predict(5)
    await_verdict(qtbot, session)
    moment = result(page.prediction)["moment"]
    assert moment == f"Measured {desk.done.revealed} on the network of step 1,000."
    session.close()
    changed = LAB.replace("Some **strong** words.", "Other words.")
    (tmp_path / "small.toml").write_text(changed, encoding="utf-8")
    with opened(qtbot, tmp_path / session._settings.fileName()) as again:
        found, column = again.lab, again.lab.column
        qtbot.waitUntil(lambda: is_open(again, "small"))
        assert found.control.record.step("think").hypothesis[0].text == "one two"
        assert column.isVisible()
        assert found.control.step.id == "field"
        told = result(column.page.prediction)
        assert told["verdict"] == "Not right: 1 pixel off. You said 5 pixels; it is 4 pixels"
        assert (told["why"], told["moment"]) == ("It is 4 pixels.", moment)
        assert found.control.lab.source == LAB, "the document has the lab as it was"
        found.open_file(tmp_path / "small.toml")
        qtbot.waitUntil(lambda: found.control.lab.source == changed)
        click(column.back)
        assert column.page.answers[-1].field.toPlainText() == "one two"


def test_guide_and_report_panel_show_the_same_words(qtbot, session, tmp_path):
    sitting = open_lab(qtbot, session, tmp_path)
    report = session.window.panel(ReportPanel)
    sitting.control.go_to("field")
    assert session.state.covered
    click(sitting.column.close_button)
    assert not session.state.covered
    assert report.work.lab.is_free, "a lab in which nothing was done goes with the guide"
    assert [each.question.part for each in report.fields.answers] == list(PARTS)
    sitting.enter()
    qtbot.waitUntil(lambda: report.work.lab.id == "small")
    sitting.control.go_to("think")
    session.window.panels.show_panel(4)
    (beside,) = sitting.column.page.answers
    field = report.fields.answer("think", "hypothesis").field
    QTest.keyClicks(beside.field, "it will")
    assert field.toPlainText() == "it will"
    assert not field.isVisible(), "the pages have the panel"
    click(report.mode.button("edit"))
    QTest.keyClick(field, Qt.Key.Key_End)
    QTest.keyClicks(field, " learn")
    assert beside.field.toPlainText() == "it will learn"
    click(report.fields.answer("think", "hypothesis").record)
    (version,) = sitting.control.record.step("think").hypothesis
    assert version.text == "it will learn"
    document = report.exporter.composed(is_final=False)()
    assert "it will learn" in [block.text for block in document.blocks if isinstance(block, Words)]
    assert f"Recorded {version.time}" in beside.note.text()
    assert sitting.control.done.done, "words count wherever they are written"
    QTest.keyClicks(report.head.edits["author"], "Ada")
    assert sitting.column.page.who.name.text() == "Ada"
    click(sitting.column.close_button)
    assert report.work.lab.id == "small", "a lab in which something was done stays"
    assert session.state.covered, "and its question is open"


def test_a_result_is_of_the_network_or_lesson_that_the_step_is_about():
    lab = LAB.replace('"receptive_field"', '"dots_cells_changed"').replace('"pool1" }', '"max" }', 1)
    desk = LabDesk(lab)
    desk.open()
    control = desk.control
    control.go_to("field")
    control.predict(0)
    control.happened(Event("visited", what="feature_maps"))
    desk.end_run(is_changed=True)
    assert not desk.later.tasks
    assert "rate of this run was changed on the way" in desk.revealer.present().waiting
    desk.end_run(ties="first")
    assert not desk.later.tasks
    assert "needs the network of this step" in desk.revealer.present().waiting
    desk.end_run()
    told = desk.told()
    assert told.verdict.words == "Right: 0 cells"
    assert told.moment.endswith("with the filter of the lesson, not with your network.")
    desk.end_run(seed=5)
    assert not desk.later.tasks
    assert desk.revealer.present().verdict == told.verdict, "another network takes the place of no result"


def test_the_first_start_opens_the_guide_and_it_stays_as_it_was_left(qtbot, tmp_path):
    for expected in (True, False):
        settings = QSettings(str(tmp_path / "first.ini"), QSettings.Format.IniFormat)
        welcome(settings)
        with begun(qtbot, settings) as session:
            assert session.window.lab_dock.isVisible() == expected
            if expected:
                qtbot.waitUntil(lambda session=session: is_open(session, "lab5"))
                click(session.lab.column.close_button)


def test_what_was_said_and_measured_is_handed_in_with_name_and_roll_number(qtbot, session, tmp_path):
    sitting = open_lab(qtbot, session, tmp_path)
    page = sitting.column.page
    QTest.keyClicks(page.who.name, "Ada")
    QTest.keyClicks(page.who.roll_number, "7")
    QTest.keyClicks(page.answers[-1].field, "it will learn")
    click(sitting.column.next)
    QTest.keyClicks(page.prediction.number, "5")
    click(page.prediction.commit)
    report = session.window.panel(ReportPanel)
    assert report.exporter.name == "small-7-report"
    with qtbot.waitSignal(report.exporter.handed_out):
        report.exporter.write(tmp_path / "handed.pdf")
    handed = read_hand_in(tmp_path / "handed.pdf")
    assert (handed.name, handed.roll_number, handed.lab.id) == ("Ada", "7", "small")
    assert handed.predictions["field"].answer == 5
    assert handed.hypotheses["think"][0].text == "it will learn"
    values = {each.measure: each.value for each in handed.measured}
    assert values["receptive_field"] == 4
    with qtbot.waitSignal(report.exporter.handed_out):
        report.exporter.write(tmp_path / "handed.html")
    text = (tmp_path / "handed.html").read_text(encoding="utf-8")
    assert text.index("What do you expect?") < text.index("it will learn")
    assert "The prediction is not right" in text
    lab = sitting.control.lab
    rows = verify([tmp_path / "handed.pdf", tmp_path / "handed.html"], {lab.sha256: lab})
    assert [verdict_of(row) for row in rows] == ["ok"] * len(rows), [row.remarks for row in rows]
    assert "No answer yet" not in text.split("Section two")[0].split("What do you expect?")[0]


def test_the_message_of_a_result_leads_to_where_it_stands(qtbot, theme):
    desk = LabDesk()
    column = desk.column(qtbot)
    theme.set_scale(1.35)
    column.resize(300, 500)
    settle(qtbot)
    column.show_result("field")
    settle(qtbot)
    card, bar = column.page.prediction, column.page_area.verticalScrollBar()
    assert bar.maximum() > 0
    top = card.mapTo(column.page_area.viewport(), QPoint()).y()
    assert 0 <= top < 20 or bar.value() == bar.maximum(), "it begins where the view does"


_COURSE = LAB.replace(
    '[start]\npanel = "training"\n',
    """[settings]
classes = ["4", "9"]
[start]
panel = "translation"
moment = 500
sample = 7
shift = { dx = 1, dy = 0 }
pinned = { stage = "pool1", index = [0, 4, 4] }
views.translation = { pair = "sides", stage = "average" }
""",
)


def test_a_course_opens_where_it_begins_shows_nothing_of_later_and_gives_each_student_a_document(
    qtbot, session, tmp_path
):
    lab, mistakes = parse_lab(_COURSE)
    assert lab is not None, mistakes
    data, path = first_images((4, 9), 1000, 211), tmp_path / "class.cnnviz"
    archive.save(path, *made_course(lab, {}, data, with_data=True))
    content = path.read_bytes()
    assert restored(qtbot, session, lambda: session.document.open(path))
    assert (session.document.path, session.document.name) == (None, "Untitled")
    state, experiment = session.state, lab.experiment
    assert (state.experiment, state.run.status, state.run.step) == (experiment, RunStatus.PAUSED, 500)
    assert session.lab.control.step.id == "think"
    assert session.window.panels.front == 2
    assert (state.sample.index, state.shift, state.pinned) == (7, Shift(1, 0), PinnedCell("pool1", (0, 4, 4)))
    view = session.window.panel(TranslationPanel).view_state()
    assert (view["pair"], view["stage"]) == ("sides", "average")
    trainer = Trainer(experiment.build_network(), data, experiment)
    losses = trainer.advance(500).losses
    assert weights_checksum(state.shown.network) == weights_checksum(trainer.network)
    assert np.array_equal(state.history.losses, losses)
    assert session.window.notices.text() == ""
    QTest.keyClicks(session.lab.column.page.answers[-1].field, "mine")
    save_document(qtbot, session, tmp_path / "mine.cnnviz")
    assert path.read_bytes() == content
    # A step that is about the end has the run of the course at once.
    trainer.advance(500)
    session.lab.control.go_to("field")
    for _ in range(2):
        with qtbot.waitSignal(session.document.restorer.finished):
            click(session.lab.column.show_me)
        whole_window.rest(qtbot, session)
        assert (state.run.status, state.run.step) == (RunStatus.FINISHED, 1000)
        assert weights_checksum(state.live.network) == weights_checksum(trainer.network)
        assert [point.step for point in state.history.tests] == [0, 1000]
        assert "class.cnnviz" in state.live.note
        assert session.document.may_lose_run()
    with opened(qtbot, tmp_path / "home.ini") as other:
        assert restored(qtbot, other, lambda: other.document.open(tmp_path / "mine.cnnviz"))
        state, sitting = other.state, other.lab
        assert (state.dataset.classes, state.run.step) == (("4", "9"), 500)
        other.window.lab_dock.set_shown(True)
        qtbot.waitUntil(lambda: is_open(other, lab.id))
        assert sitting.column.page.answers[-1].field.toPlainText() == "mine"
        QTest.keyClicks(sitting.column.page.answers[-1].field, "this is ")
        save_document(qtbot, other, tmp_path / "again.cnnviz")
        document, files = archive.load(tmp_path / "again.cnnviz")
        written = document.words["records"]["small 1"]["steps"]["think"]["written"]
        assert written == {"hypothesis": "this is mine"}
        assert files["lab.toml"] == lab.source.encode()
        sitting.control.go_to("field")
        with qtbot.waitSignal(other.document.restorer.finished):
            click(sitting.column.show_me)
        whole_window.rest(qtbot, other)  # the run of the course is still there, and needs no training
        assert (state.run.status, state.run.step) == (RunStatus.FINISHED, 1000)


_PREDICTED_FIRST = LAB.replace(
    'preset = "lab5"', 'preset = "lab5"\n[settings]\nseed = "roll number"'
).replace('panel = "training"\n[[section]]', 'panel = "training"\nmoment = "start"\n[[section]]', 1)


def test_in_a_course_no_result_is_known_before_it_was_on_the_screen(qtbot, session, tmp_path):
    lab, mistakes = parse_lab(_PREDICTED_FIRST)
    assert lab is not None, mistakes
    course = made_course(lab, {}, load_mnist(("0", "1")), with_data=False, seed=77)
    archive.save(tmp_path / "class.cnnviz", *course)
    assert restored(qtbot, session, lambda: session.document.open(tmp_path / "class.cnnviz"))
    state, desk = session.state, session.lab.control
    assert (state.experiment.seed, state.run.status, state.run.step) == (77, RunStatus.READY, 0)
    assert (len(state.history.losses), len(state.history.tests)) == (0, 0)
    page = session.lab.column.page
    QTest.keyClicks(page.who.roll_number, "19")
    qtbot.waitUntil(lambda: state.experiment.seed == seed_of("19"))
    whole_window.rest(qtbot, session)
    for step in desk.lab.steps:
        desk.go_to(step.id)
        assert not desk.is_late, step.id
    assert [each for each in desk.record.steps.values() if each.shown] == []
    assert str(seed_of("19")) in page.who.note.text()
    whole_window.train(qtbot, session, 3)
    QTest.keyClicks(page.who.roll_number, "1")
    qtbot.waitUntil(lambda: f"Seed {seed_of('191')} (now" in session.lab.column.mismatch.text())
    assert (state.experiment.seed, state.run.step) == (seed_of("19"), 3), "what is trained stays"
    assert not state.pending


@pytest.mark.parametrize("measure", ["test_accuracy", "training_steps"])
def test_the_roll_number_gives_a_network_of_ones_own_and_the_result_of_another_is_not_its(measure):
    """Somebody trains what is there, then types a roll number; no seed changes how many steps a run has."""
    text = LAB.replace("[start]", '[settings]\nseed = "roll number"\n[start]')
    text = text.replace('"update_loss_change"\nwith = { sample = 3 }', f'"{measure}"')
    desk = LabDesk(text.replace('kind = "direction"', 'kind = "number"'))
    desk.open()
    control = desk.control
    desk.end_run(seed=5)
    control.go_to("way")
    assert control.is_late, "of the network that is there"
    assert control.experiment.seed == 5
    desk.work.set_head("roll_number", "19")
    assert control.experiment.seed == seed_of("19") != 5
    assert control.mismatch == ("seed",)
    assert control.is_late is (measure == "training_steps"), "though the other network is still there"
    if control.is_late:
        control.predict(1000)
        assert control.done.prediction.after_run
        assert control.done.prediction.seen == control.done.shown_of(5)
        return
    desk.end_run(seed=seed_of("19"))
    assert control.is_late, "of its own network"
    desk.work.set_head("roll_number", "20")
    assert not control.is_late
    desk.work.set_head("roll_number", "19")
    assert control.is_late
    control.predict(100)
    assert control.done.prediction.after_run
    assert control.done.prediction.seen == control.done.shown_of(seed_of("19"))


def test_what_a_file_has_handed_out_is_known_once_it_could_be_written(qtbot, few, tmp_path):
    """The report of a lab that is not done yet shows results that are still to be predicted."""
    sitting = open_lab(qtbot, few, tmp_path)
    desk, report = sitting.control, few.window.panel(ReportPanel)
    QTest.keyClicks(sitting.column.page.who.roll_number, "7")
    with qtbot.waitSignal(report.exporter.ended) as ended:
        report.exporter.write(tmp_path / "nowhere" / "out.html")
    assert ended.args == [False]
    desk.go_to("way")
    assert not desk.is_late
    desk.go_to("field")
    told = "Still to be written: “Hypothesis” in step 1, “Think”. 2 predictions are still open."
    assert report.exporter.lacking().startswith(told)
    desk.predict(5)
    assert "1 prediction is still open." in report.exporter.lacking()
    assert not desk.done.prediction.after_run
    with qtbot.waitSignal(report.exporter.handed_out):
        report.exporter.write(tmp_path / "out.pdf")
    assert "Missing in it: 1 answer and 1 prediction." in report.message.text()
    assert not desk.done.shown, "which was predicted"
    desk.go_to("way")
    assert desk.is_late
    assert not few.state.covered, "what was shown is covered no longer"
    assert "have already seen the result" in sitting.column.page.prediction.hint.text()
    desk.predict("up")
    assert desk.done.prediction.after_run
    with qtbot.waitSignal(report.exporter.handed_out):
        report.exporter.write(tmp_path / "again.html")
    assert read_hand_in(tmp_path / "again.html").predictions["way"].after_run


def test_a_draft_is_written_at_once_and_says_what_is_lacking(qtbot, few, tmp_path, monkeypatch):
    """It has what was written and the results that were told, measures nothing, and nobody can grade it."""
    sitting, report, path = open_lab(qtbot, few, tmp_path), few.window.panel(ReportPanel), tmp_path / "d.html"
    desk = sitting.control
    QTest.keyClicks(sitting.column.page.answers[-1].field, "it will learn")
    desk.go_to("field")
    click(sitting.column.show_me)
    whole_window.rest(qtbot, few, lambda: desk.is_at_end(desk.step))
    desk.predict(5)
    qtbot.waitUntil(lambda: sitting.revealer.present().verdict is not None)
    asked = []
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *said: asked.append(said) or (str(path), ""))
    few.window.panels.show_panel(4)
    click(report.export)
    lacking = report.message.text()
    assert lacking.startswith("1 prediction is still open. ")
    assert ("Your name and roll number are missing." in lacking) == (not report.work.work.author)
    anyway = "“Export anyway” shows all results: a prediction made after it counts as late."
    assert lacking.endswith(anyway)
    shown = {each.text() for each in report.message.findChildren(QAbstractButton) if each.isVisible()}
    assert {"Export draft", "Export anyway"} <= shown, "an export runs the lab by itself"
    with qtbot.assertNotEmitted(report.exporter.handed_out):
        click(report.message.action_button())
        qtbot.waitUntil(lambda: report.message.kind() == "success")
    assert (asked[0][1], Path(asked[0][2]).name) == ("Export draft", "small-report-draft.pdf")
    said = path.read_text(encoding="utf-8")
    for words in (
        "A small lab (draft)",
        "Draft, not to be handed in. 1 prediction is still open.",
        "it will learn",
        "The prediction is not",
        "The pixels on which a pooled cell depends",
    ):
        assert words in said
    assert report.measuring.numbers is None
    desk.go_to("way")
    assert not desk.is_late
    click(report.run_button)
    qtbot.waitUntil(lambda: report.message.text().endswith("once the open predictions are made."))
    path.unlink()
    click(report.export)
    assert anyway in report.message.text()
    buttons = {each.text(): each for each in report.message.findChildren(QAbstractButton)}
    assert buttons["Export anyway"].isVisible()
    click(buttons["Export draft"])
    qtbot.waitUntil(lambda: report.message.kind() == "success")
    assert not desk.is_late, "a draft shows no result that is still to be predicted"
    assert read_hand_in(path).without_results == "a draft"


def test_a_lab_file_opens_with_the_data_and_the_sample_it_starts_with(qtbot, tmp_path):
    session = Session(QSettings(str(tmp_path / "fresh.ini"), QSettings.Format.IniFormat))
    session.first_lab = shipped_labs()["fooling"]  # as --lab does
    session.window.show()
    session.start()
    state = session.state
    qtbot.waitUntil(lambda: state.experiment.classes == ("4", "9") and state.run.status is RunStatus.READY)
    assert state.dataset.classes == ("4", "9")
    assert session.lab.control.mismatch == ()
    assert session.window.notices.text() == ""
    session.close()
