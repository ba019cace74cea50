"""The lab report panel: words, stamped hypotheses, the lab run, its pages, and the files of an export."""

from dataclasses import replace
from functools import partial
from operator import eq

import numpy as np
import pytest
from msgspec import structs
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from cnnviz.covers import Secret
from cnnviz.history import EvaluationPoint
from cnnviz.lab.course import free_lab, shipped_labs
from cnnviz.lab.document import heading_of
from cnnviz.lab.model import PARTS
from cnnviz.lab.reading import load_lab
from cnnviz.lab.record import Work
from cnnviz.report import pdf
from cnnviz.report.blocks import Figure, Heading, Insert, Table, Words
from cnnviz.snapshots import Snapshot
from tests.engine.report_cases import small_data
from tests.gui.document_driving import through_document
from tests.gui.driving import EventCounter, drain, settle, show_window
from tests.gui.report_driving import BACKPROP, PRINCIPLE, TRANSLATION, answer
from tests.records import progress
from ui.controls.buttons import Button
from ui.controls.labels import WrapLabel
from ui.panels.report.panel import ReportPanel
from ui.panels.report.preview import preview_work
from ui.state import AppState, RunStatus, Sample
from ui.tasks import TaskRunner


@pytest.fixture
def state() -> AppState:
    state = AppState()
    data = small_data()
    state.set_dataset(data)
    network = state.experiment.build_network(data.input_shape)
    state.set_live(Snapshot(0, network))
    state.set_sample(Sample(data.test_images[2], int(data.test_labels[2]), 2))
    return state


@pytest.fixture
def background():
    runner = TaskRunner("background")
    yield runner
    assert runner.close(10_000)
    runner.deleteLater()


@pytest.fixture
def make(qtbot: QtBot, state: AppState, background: TaskRunner):
    def rest(panel: ReportPanel) -> None:
        """Let what is under way come to its end: its results go to widgets that are still there."""
        panel.hide()
        qtbot.waitUntil(lambda: background.is_idle)
        drain(qtbot, background)

    def build() -> ReportPanel:
        panel = ReportPanel(state, background, background, background)
        qtbot.addWidget(panel, before_close_func=rest)
        panel.resize(1000, 700)
        show_window(qtbot, panel)
        return panel

    return build


def write(qtbot: QtBot, panel: ReportPanel, part: str, words: str) -> None:
    edit = answer(panel, part).field
    edit.setFocus()
    qtbot.keyClicks(edit, words)


def record(qtbot: QtBot, panel: ReportPanel) -> None:
    """Record the hypothesis of the section that is shown."""
    qtbot.mouseClick(answer(panel, "hypothesis").record, Qt.MouseButton.LeftButton)


def run(qtbot: QtBot, panel: ReportPanel) -> None:
    before = panel.measuring.numbers
    qtbot.mouseClick(panel.run_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.measuring.numbers is not before)


def stamp(panel) -> str:
    return answer(panel, "hypothesis").note.text()


def versions(panel, step):
    return panel.work.record.step(step).hypothesis


def test_guiding_questions_follow_the_section_and_the_network(qtbot, make, state):
    panel = make()
    for step in free_lab().steps:
        qtbot.mouseClick(panel.pages.button(step.section), Qt.MouseButton.LeftButton)
        asked = {each.part: each.text for each in step.asked(panel.work.experiment)}
        shown = {each.question.part: each.field.placeholderText() for each in panel.fields.answers}
        assert shown == asked
        assert list(shown) == list(PARTS)
    panel.show_step(BACKPROP)
    assert "pooled value" in answer(panel, "objective").field.placeholderText()
    without = replace(state.experiment, pool="none")
    state.set_settings(without, without)
    assert "pooled" not in answer(panel, "objective").field.placeholderText()


def test_the_fields_of_another_section_are_painted(qtbot, make):
    panel = make()
    settle(qtbot, parts=[panel], painted=True)
    qtbot.mouseClick(panel.pages.button(BACKPROP), Qt.MouseButton.LeftButton)
    fields = [each.field.viewport() for each in panel.fields.answers]
    painted = EventCounter(QEvent.Type.Paint, *fields)
    qtbot.waitUntil(lambda: any(not view.visibleRegion().isEmpty() for view in fields))
    seen = [view for view in fields if not view.visibleRegion().isEmpty()]
    qtbot.waitUntil(lambda: all(painted.counts[view] for view in seen))


def test_words_stay_with_their_section_and_are_not_in_anothers_work(qtbot, make):
    panel = make()
    panel.head.edits["author"].setFocus()
    qtbot.keyClicks(panel.head.edits["author"], "Ada")
    write(qtbot, panel, "objective", "to see <b>$x$</b> #1")
    work = through_document(panel.work.work)
    qtbot.mouseClick(panel.pages.button(BACKPROP), Qt.MouseButton.LeftButton)
    assert answer(panel, "objective").field.toPlainText() == ""
    panel.show_step(PRINCIPLE)
    assert answer(panel, "objective").field.toPlainText() == "to see <b>$x$</b> #1"
    panel.work.begin(Work())
    answer(panel, "objective").field.undo()
    assert answer(panel, "objective").field.toPlainText() == ""
    panel.work.begin(work)
    assert panel.head.edits["author"].text() == "Ada"
    assert answer(panel, "objective").field.toPlainText() == "to see <b>$x$</b> #1"


def test_a_section_of_several_steps_has_all_their_fields_and_is_printed_part_by_part(qtbot, make):
    panel = make()
    lab = load_lab(shipped_labs()["lab5"])
    panel.work.set_lab(lab, "lab5")
    steps = lab.of_section("network")
    assert {each.step.id for each in panel.fields.answers} == {step.id for step in steps if step.questions}
    write(qtbot, panel, "objective", "to tell a 0 from a 1")
    blocks = panel.exporter.composed(is_final=False)().blocks
    texts = [block.text for block in blocks if isinstance(block, Heading | Words)]
    section = texts[: texts.index("2  Translation and max pooling")]
    assert [text for text in section if text in PARTS.values()] == list(PARTS.values())
    assert section.index("Objective") < section.index("to tell a 0 from a 1") < section.index("Hypothesis")


def test_running_the_lab_stamps_hypotheses_and_the_next_sitting_knows_it_and_measures_the_same_again(
    qtbot, make, state, background
):
    panel = make()
    write(qtbot, panel, "hypothesis", "99 %")
    assert "Not recorded yet" in stamp(panel)
    assert "recorded as written" not in stamp(panel)
    state.update_run(step=120, status=RunStatus.PAUSED)
    assert " Results of training have been on the screen since " in stamp(panel)
    assert stamp(panel).endswith("; what you write now is recorded as written after them.")
    run(qtbot, panel)
    (first,) = versions(panel, PRINCIPLE)
    assert (first.text, first.step, first.after_run) == ("99 %", 120, True)
    assert "after results of training, on the screen since " in stamp(panel)
    before = panel.measuring.numbers
    assert before.sample == 2
    assert f"seed {before.experiment.seed}." in panel.status.text()

    write(qtbot, panel, "hypothesis", " or so")
    assert "not recorded yet" in stamp(panel)
    record(qtbot, panel)
    before_it, later = versions(panel, PRINCIPLE)
    assert (before_it, later.after_run) == (first, True)
    assert "The report shows both" in stamp(panel)
    assert versions(panel, TRANSLATION) == ()

    panel.hide()  # both would have pages set by the same thread
    drain(qtbot, background)
    again = make()
    again.work.begin(through_document(panel.work.work))
    again.show_step(TRANSLATION)
    write(qtbot, again, "hypothesis", "I knew it")
    record(qtbot, again)
    (version,) = versions(again, TRANSLATION)
    assert version.after_run
    assert version.shown.lab
    assert "after results of this section, on the screen since " in stamp(again)
    assert again.measuring.numbers == before
    assert f"Measured {before.time}: " in again.status.text()
    qtbot.mouseClick(again.run_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: again.measuring.numbers is not before and not again.cancel.isVisible())
    assert again.measuring.numbers.parts == before.parts
    for name, is_known in (("lab5", True), ("fooling", False)):  # which is about other classes
        again.work.set_lab(load_lab(shipped_labs()[name]), name)
        assert again.work.version(again.work.lab.steps[0], "x").after_run is is_known


def test_what_was_trained_stays_known_after_a_reset_and_a_new_report_knows_what_is_on_the_screen(
    qtbot, make, state
):
    panel = make()
    assert stamp(panel).startswith("Write it down before you train: ")
    write(qtbot, panel, "hypothesis", "a guess")
    record(qtbot, panel)
    assert "before this network had shown any result" in stamp(panel)
    state.update_run(step=500, status=RunStatus.FINISHED)
    state.update_run(step=0, status=RunStatus.READY)
    panel.show_step(TRANSLATION)
    write(qtbot, panel, "hypothesis", "now I know")
    record(qtbot, panel)
    (version,) = versions(panel, TRANSLATION)
    assert version.shown.training
    assert "after results of training, on the screen since " in stamp(panel)

    for step, status in ((500, RunStatus.FINISHED), (0, RunStatus.READY)):
        state.update_run(step=step, status=status)
        panel.work.begin(Work())
        assert panel.work.version(panel.work.lab.steps[0], "x").after_run is (step > 0)


@pytest.mark.typesets
def test_the_preview_grows_with_results_shows_none_while_one_is_predicted_and_never_the_work_before(
    qtbot, make, state, background
):
    panel = make()
    panel.present(alone=True)
    assert panel.status.isHidden(), "it tells of buttons that are not there"
    panel.present(alone=False)
    qtbot.waitUntil(lambda: len(panel.preview.pages) > 0)
    before = len(panel.preview.pages)
    write(qtbot, panel, "objective", "to see")
    run(qtbot, panel)
    qtbot.waitUntil(lambda: len(panel.preview.pages) > before + 2)
    whole, most = panel.exporter.composed(is_final=False), len(panel.preview.pages)
    assert len([block for block in whole().blocks if isinstance(block, Figure)]) >= 8
    # In the GUI thread those of a long report took 0.28 s of processor time.
    pages = []
    background.submit("pages", preview_work(whole, 20), lambda found: pages.extend(found.images))
    qtbot.waitUntil(lambda: bool(pages))
    width = round(20 * 210 / 25.4)
    assert {(page.width(), page.format()) for page in pages} == {(width, QImage.Format.Format_RGB32)}

    state.set_covered({Secret.TEST: "Step 2 asks for it."})
    assert not panel.preview.pages
    shown = panel.exporter.composed(is_final=False)().blocks
    assert "to see" in [block.text for block in words(shown)]
    assert not any(isinstance(each, Figure | Table) for each in shown)
    assert any(isinstance(each, Figure) for each in panel.exporter.composed(is_final=True)().blocks)
    qtbot.waitUntil(lambda: 0 < len(panel.preview.pages) <= before + 2)
    state.set_covered({})
    qtbot.waitUntil(lambda: len(panel.preview.pages) == most)

    panel.work.begin(Work(author="Ada"))
    assert not panel.preview.pages
    said = [each.text() for each in panel.preview.findChildren(WrapLabel) if each.isVisible()]
    assert said == ["The pages of the report are being made…"]
    qtbot.waitUntil(lambda: len(panel.preview.pages) == before)


@pytest.mark.typesets
def test_the_pages_show_the_section_that_is_chosen_the_words_that_are_typed_and_a_figure_put_in_unseen(
    qtbot, make
):
    panel = make()

    def is_seen(is_it) -> bool:
        """Whether the place at which a block begins is in sight."""
        images, blocks, places = panel.preview.shown
        found = (place for place, block in zip(places, blocks, strict=bool(images)) if is_it(block))
        page, share = next(found, (0, -1.0))
        if share < 0:
            return False
        shown, area = panel.preview.pages[page], panel.preview.viewport()
        return 0 <= shown.mapTo(area, QPoint(0, round(share * shown.height()))).y() < area.height()

    lab = load_lab(shipped_labs()["lab5"])
    panel.hide()
    panel.work.set_lab(lab, "lab5")
    panel.mode.button("edit").click()
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="300"/>'
    panel.work.add_insert(lab.step("ties"), Insert("Ties", "seed 0", "now", svg=svg))
    show_window(qtbot, panel)

    def is_figure(each) -> bool:
        return isinstance(each, Figure) and each.svg == svg

    qtbot.waitUntil(lambda: is_seen(is_figure))
    for section in ("network", "conclusion", "translation"):
        panel.pages.button(section).click()
        head = heading_of(lab, next(each for each in lab.sections if each.id == section))
        qtbot.waitUntil(partial(is_seen, partial(eq, head)))
    panel.preview.verticalScrollBar().setValue(0)
    write(qtbot, panel, "inference", "it moves")
    qtbot.waitUntil(lambda: is_seen(lambda each: isinstance(each, Words) and each.text == "it moves"))
    for place in panel.work.observing[::-1]:
        if panel.work.done(place).inserts:  # they are moved up all the way
            panel.work.move_insert(place, 0, -1)
    headings = [each.title for each in panel.work.observing[:2]]

    def is_below_the_first() -> bool:
        told = [each.text if isinstance(each, Heading) else each for each in panel.preview.shown.blocks]
        figure = next(place for place, each in enumerate(told) if is_figure(each))
        return told.index(headings[0]) < figure < told.index(headings[1])

    qtbot.waitUntil(lambda: is_seen(is_figure) and is_below_the_first())
    panel.mode.button("read").click()
    qtbot.waitUntil(lambda: not panel.words.isVisible() and is_seen(is_figure))
    panel.pages.set_current("conclusion")
    panel.mode.button("edit").click()
    qtbot.waitUntil(lambda: panel.words.isVisible() and is_seen(is_figure))
    assert panel.pages.current() == "network"


def test_a_draft_shows_the_run_in_the_window_but_no_curves_that_tell_an_answer_and_a_report_does_not(
    make, state
):
    panel = make()

    def shown(*, is_final: bool = False) -> set[str]:
        blocks = panel.exporter.composed(is_final=is_final)().blocks
        return {each.name for each in blocks if isinstance(each, Figure | Table)}

    assert shown() == set()
    state.history.append(progress(1, np.linspace(0.7, 0.3, 40)))
    state.history.add_test(EvaluationPoint(40, 0.31, 0.95))
    blocks = panel.exporter.composed(is_final=False)().blocks
    assert any("40 steps" in each.text and "95 %" in each.text for each in words(blocks))
    assert [
        row for each in blocks if isinstance(each, Table) for row in each.data.rows if row[0] == "trained"
    ] == [("trained", "40 steps")]
    assert shown() == {"training-curves", "settings"}
    assert shown(is_final=True) == set()
    lab = load_lab(shipped_labs()["lab5"])
    panel.work.set_lab(lab, "lab5")
    blocks = panel.exporter.composed(is_final=False)().blocks
    heads = [each.text for each in blocks if isinstance(each, Heading)]
    assert heads[heads.index("The run so far") - 1] == lab.step("slow").title, "the first that is observed"
    moment = f"LAB5, classes 0, 1 · seed {state.experiment.seed} · step"
    for step, is_same in ((30, False), (40, True)):
        caption = f"{moment} {step} · test image 3, a 0"
        for cards in (("Loss",), ("Network", "Accuracy")):
            assert "training-curves" in shown(), "both of them"
            insert = Insert("Network panel", caption, "now", svg="<svg/>", cards=cards)
            panel.work.add_insert(lab.step("full"), insert)
        assert ("training-curves" not in shown()) == is_same, "the same curves stand there once"
    panel.work.set_inserts(lab.step("full"), ())
    state.set_covered({Secret.TEST: "Step 2 asks for it."})
    assert shown() == {"settings"}


@pytest.mark.typesets
def test_without_room_for_the_typesetter_the_panel_says_so(qtbot, make, monkeypatch):
    monkeypatch.setattr(pdf, "_ROOM", 1 << 50)
    panel = make()
    qtbot.waitUntil(lambda: panel.message.text().startswith("There is not enough memory for this."))


@pytest.mark.typesets
def test_pages_fit_the_width_pixel_by_pixel_or_are_larger_and_may_have_the_whole_panel(qtbot, make):
    panel = make()
    preview = panel.preview

    def is_sharp() -> bool:
        """Whether each pixel of a page is one of the screen, and the page as wide as is wanted."""
        return bool(preview.pages) and all(
            page.contentsRect().size() == page.pixmap().deviceIndependentSize().toSize()
            for page in preview.pages
        )

    qtbot.waitUntil(is_sharp)
    assert preview.viewport().width() - 3 <= preview.pages[0].width() <= preview.viewport().width()
    before = preview.pages[0].width()
    qtbot.mouseClick(panel.mode.button("read"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: preview.pages[0].width() > 1.5 * before and is_sharp())
    assert not panel.head.isVisible()
    for key, wanted in ((Qt.Key.Key_Plus, "125 %"), (Qt.Key.Key_Minus, "100 %")):
        qtbot.keyClick(preview, key)
        assert preview.fit.text() == wanted
    qtbot.waitUntil(lambda: is_sharp() and abs(preview.pages[0].width() - 96 * 210 / 25.4) < 4)
    state = panel.view_state()
    qtbot.keyClick(preview, Qt.Key.Key_0)
    qtbot.mouseClick(panel.mode.button("edit"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: is_sharp() and preview.pages[0].width() == before)
    panel.restore_view(state)
    assert preview.fit.text() == "100 %"
    assert not panel.head.isVisible()
    panel.write_in(panel.work.lab.steps[0], panel.work.lab.steps[0].questions[0])
    assert panel.head.isVisible(), "there is something to write"
    panel.restore_view(panel.view_state())
    panel.work.set_lab(load_lab(shipped_labs()["lab5"]), "lab5")  # as after a restart, a moment later
    assert panel.head.isVisible(), "the student had been editing"
    panel.present(True)
    panel.restore_view({"reading": False})
    assert not panel.head.isVisible(), "in front of the class"
    panel.present(False)
    assert panel.head.isVisible()
    panel.restore_view({})
    assert not panel.head.isVisible(), "a lab begins with its pages"


def test_numbers_that_were_edited_are_gone_and_the_words_stay(qtbot, make):
    panel = make()
    run(qtbot, panel)
    write(qtbot, panel, "objective", "to see")
    harmed = structs.replace(panel.measuring.numbers, time="never")
    panel.work.set_record(structs.replace(panel.work.record, numbers=harmed))
    panel.work.begin(through_document(panel.work.work))
    assert answer(panel, "objective").field.toPlainText() == "to see"
    assert "trains a network and measures it" in panel.status.text()
    assert not any(isinstance(each, Figure) for each in panel.exporter.composed(is_final=False)().blocks)


def test_cancelling_leaves_everything_as_it_was(qtbot, make, background):
    panel = make()
    qtbot.mouseClick(panel.run_button, Qt.MouseButton.LeftButton)
    assert not panel.run_button.isVisible()
    qtbot.mouseClick(panel.cancel, Qt.MouseButton.LeftButton)
    assert panel.run_button.isVisible()
    drain(qtbot, background)
    assert panel.measuring.numbers is None
    assert not panel.progress.isVisible()


def test_the_preview_shows_a_hypothesis_that_is_not_recorded(qtbot, make, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "ui.panels.report.preview.placed_pages",
        lambda document, *_: (seen.append(document.blocks) or [], []),
    )
    panel = make()
    write(qtbot, panel, "hypothesis", "it will not move")
    qtbot.waitUntil(lambda: bool(seen) and any(block.text == "it will not move" for block in words(seen[-1])))
    shown = [block.text for block in words(seen[-1])]
    assert shown[shown.index("it will not move") - 1] == "Not recorded yet"
    assert versions(panel, PRINCIPLE) == (), "looking at it is no record"
    record(qtbot, panel)
    qtbot.waitUntil(lambda: "Not recorded yet" not in [block.text for block in words(seen[-1])])
    assert "it will not move" in [block.text for block in words(seen[-1])]


def words(blocks):
    return [block for block in blocks if isinstance(block, Words)]


# -- export ------------------------------------------------------------------------------------------------


def click(qtbot: QtBot, panel: ReportPanel, name: str) -> None:
    """Press a button of the message."""
    button = next(each for each in panel.message.findChildren(Button) if each.text() == name)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def export_anyway(qtbot: QtBot, panel: ReportPanel) -> None:
    """Press Export, and insist although much is still to be written."""
    qtbot.mouseClick(panel.export, Qt.MouseButton.LeftButton)
    assert "still to be written" in panel.message.text()
    panel.message.action_button().click()


def test_what_is_still_to_be_written_is_named_before_the_export(qtbot, make, monkeypatch):
    asked = []
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: asked.append(1) or ("", ""))
    panel = make()
    qtbot.mouseClick(panel.pages.button(BACKPROP), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.export, Qt.MouseButton.LeftButton)
    assert panel.message.text() == (
        "15 answers are still to be written. The first is “Objective” in section 1."
    )
    assert panel.message.height() < 2.5 * panel.message.fontMetrics().lineSpacing(), "it is one line"
    assert panel.message.action_button().hasFocus()
    assert panel.pages.current() == BACKPROP, "nobody is led away from what is being written"
    click(qtbot, panel, "Write it")
    assert panel.pages.current() == "network"
    assert answer(panel, "objective").field.hasFocus()
    write(qtbot, panel, "objective", "x")
    qtbot.waitUntil(
        lambda: panel.message.text().startswith("14 answers are still to be written. The first is “Hypo")
    )
    for key in ("network", TRANSLATION, BACKPROP):
        qtbot.mouseClick(panel.pages.button(key), Qt.MouseButton.LeftButton)
        for name in ("objective", "hypothesis", "description", "observations"):
            write(qtbot, panel, name, "x")
        if key != TRANSLATION:
            write(qtbot, panel, "inference", "x")
    qtbot.mouseClick(panel.export, Qt.MouseButton.LeftButton)
    assert panel.message.text() == "Still to be written: “Inference and conclusion” in section 2."
    assert not asked
    click(qtbot, panel, "Write it")
    write(qtbot, panel, "inference", "x")
    qtbot.mouseClick(panel.export, Qt.MouseButton.LeftButton)
    assert asked


def test_export_writes_the_chosen_kind(qtbot, make, tmp_path, monkeypatch):
    panel = make()
    write(qtbot, panel, "hypothesis", "typed, not recorded")
    for name, kind, written in (
        ("mine", "PDF (*.pdf)", "mine.pdf"),
        ("mine", "HTML, one file (*.html)", "mine.html"),
        ("mine.html", "PDF (*.pdf)", "mine.html"),
        ("mine.htm", "HTML, one file (*.html)", "mine.htm"),
    ):
        (tmp_path / written).unlink(missing_ok=True)
        chosen = str(tmp_path / name), kind
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, chosen=chosen: chosen)
        panel.message.clear()
        export_anyway(qtbot, panel)
        qtbot.waitUntil(lambda: panel.message.kind() == "success")
        assert (tmp_path / written).stat().st_size > 1000
    assert len(panel.work.record.step(PRINCIPLE).hypothesis) == 1, "an export records what was typed"


def test_what_the_dialog_has_not_asked_about_is_asked_and_an_export_that_fails_says_why(
    qtbot, make, background, tmp_path, monkeypatch
):
    panel = make()
    old = tmp_path / "mine.html"
    old.write_text("old")
    chosen = str(tmp_path / "mine.pdf"), "HTML, one file (*.html)"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: chosen)
    export_anyway(qtbot, panel)
    qtbot.waitUntil(lambda: panel.message.kind() == "warning")
    assert "still to be written" not in panel.message.text().lower()
    drain(qtbot, background)
    assert old.read_text() == "old"
    panel.message.action_button().click()
    qtbot.waitUntil(lambda: panel.message.kind() == "success")
    assert old.stat().st_size > 1000
    panel.exporter.write(tmp_path / "none" / "lab.pdf")
    qtbot.waitUntil(lambda: panel.message.kind() == "error")
    assert "folder does not exist" in panel.message.text()
    assert panel.export.isEnabled()
    for is_draft, said in ((True, "Wrote a draft to "), (False, "Wrote the report to ")):
        panel.exporter.write(old, is_draft=is_draft)
        panel.exporter.ask()  # by its key: the button is disabled
        assert panel.message.text() == ""
        panel.work.begin(Work())
        qtbot.waitUntil(lambda said=said: panel.message.text().startswith(said))
