"""The lab report panel: words are kept, hypotheses are stamped, the lab is run, the report is written."""

from dataclasses import replace
from typing import override

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QImage

from cnnviz.report.blocks import Words
from cnnviz.report.content import BACKPROP, GUIDES, TRANSLATION, WORKING_PRINCIPLE
from tests.gui.document_driving import through_document
from tests.gui.driving import drain, settle
from tests.gui.report.hands import run, write
from tests.small_data import first_images
from ui.panels.report.draft import Draft
from ui.panels.report.preview import preview_work
from ui.state import RunStatus, Sample, Settings


class PaintCounter(QObject):
    """Remembers which widgets were painted, without painting any."""

    def __init__(self) -> None:
        super().__init__()
        self.widgets: list[QObject] = []

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.widgets.append(watched)
        return False


def kept(panel):
    """Return the draft as it comes back from a document."""
    return through_document(panel.writing.draft)


def test_guiding_questions_follow_the_demonstration(qtbot, make):
    panel = make()
    for key, button in zip(GUIDES, ("1", "2", "3"), strict=True):
        qtbot.mouseClick(panel.pages.button(key), Qt.MouseButton.LeftButton)
        assert panel.pages.current() == key, button
        assert panel.fields.edits["inference"].placeholderText() == GUIDES[key].inference


def test_guiding_questions_follow_the_network(qtbot, make, state):
    panel = make()
    panel.show_demonstration(BACKPROP)
    objective = panel.fields.edits["objective"]
    assert "pooled value" in objective.placeholderText()
    without = replace(state.experiment, pool="none")
    state.set_settings(Settings(without, without))
    assert "pooled" not in objective.placeholderText()


def test_an_empty_field_is_painted_again_with_the_question_of_another_demonstration(qtbot, make):
    panel = make()
    settle(qtbot, parts=[panel], painted=True)
    painted = PaintCounter()
    fields = {name: edit.viewport() for name, edit in panel.fields.edits.items() if edit.isVisible()}
    for viewport in fields.values():
        viewport.installEventFilter(painted)
    qtbot.mouseClick(panel.pages.button(BACKPROP), Qt.MouseButton.LeftButton)
    seen = [view for view in fields.values() if not view.visibleRegion().isEmpty()]
    assert seen
    qtbot.waitUntil(lambda: all(view in painted.widgets for view in seen))


def test_words_stay_with_their_demonstration_and_survive_the_program(qtbot, make):
    panel = make()
    panel.head.edits["author"].setFocus()
    qtbot.keyClicks(panel.head.edits["author"], "Ada")
    write(qtbot, panel, "objective", "to see <b>$x$</b> #1")
    qtbot.mouseClick(panel.pages.button(BACKPROP), Qt.MouseButton.LeftButton)
    assert panel.fields.edits["objective"].toPlainText() == ""
    write(qtbot, panel, "hypothesis", "only the winner")
    again = make(kept(panel))
    assert again.head.edits["author"].text() == "Ada"
    assert again.fields.edits["objective"].toPlainText() == "to see <b>$x$</b> #1"
    qtbot.mouseClick(again.pages.button(BACKPROP), Qt.MouseButton.LeftButton)
    assert again.fields.edits["hypothesis"].toPlainText() == "only the winner"
    assert again.report.demonstration(BACKPROP).hypothesis == ()


def test_running_the_lab_stamps_the_hypothesis_before_and_shows_later_edits(qtbot, make, state):
    panel = make()
    write(qtbot, panel, "hypothesis", "99 %")
    assert "Not recorded yet" in panel.fields.stamp.text()
    state.update_run(step=120, status=RunStatus.PAUSED)
    run(qtbot, panel)
    (first,) = panel.report.demonstration(WORKING_PRINCIPLE).hypothesis
    assert (first.text, first.step, first.after_run) == ("99 %", 120, True)
    assert "after results of training had been shown at " in panel.fields.stamp.text()
    assert panel.findings.measured_with.sample == 2
    assert f"{100 * panel.findings.accuracy:.2f} %" in panel.status.text()

    write(qtbot, panel, "hypothesis", " or so")
    assert "not recorded yet" in panel.fields.stamp.text()
    qtbot.mouseClick(panel.fields.record, Qt.MouseButton.LeftButton)
    versions = panel.report.demonstration(WORKING_PRINCIPLE).hypothesis
    assert versions[0] == first
    assert versions[1].after_run
    assert "the report shows both" in panel.fields.stamp.text()
    assert panel.report.demonstration(TRANSLATION).hypothesis == ()


def test_a_hypothesis_after_a_run_of_an_earlier_sitting_is_marked(qtbot, make):
    panel = make()
    run(qtbot, panel)
    again = make(kept(panel))
    write(qtbot, again, "hypothesis", "I knew it")
    qtbot.mouseClick(again.fields.record, Qt.MouseButton.LeftButton)
    (version,) = again.report.demonstrations[0].hypothesis
    assert version.after_run
    assert version.shown.lab
    assert "after results of this lab had been shown at " in again.fields.stamp.text()


@pytest.mark.parametrize("restarts", [False, True])
def test_what_was_trained_stays_known_after_a_reset(qtbot, make, state, restarts):
    panel = make()
    write(qtbot, panel, "hypothesis", "a guess")
    qtbot.mouseClick(panel.fields.record, Qt.MouseButton.LeftButton)
    assert "before any result had been shown" in panel.fields.stamp.text()
    state.update_run(step=500, status=RunStatus.FINISHED)
    state.update_run(step=0, status=RunStatus.READY)
    if restarts:
        panel = make(kept(panel))
    panel.show_demonstration(TRANSLATION)
    write(qtbot, panel, "hypothesis", "now I know")
    qtbot.mouseClick(panel.fields.record, Qt.MouseButton.LeftButton)
    (version,) = panel.report.demonstration(TRANSLATION).hypothesis
    assert version.shown.training
    assert "after results of training had been shown at " in panel.fields.stamp.text()


def test_a_new_report_knows_what_is_on_the_screen_and_no_more(qtbot, make, state):
    panel = make()
    state.update_run(step=500, status=RunStatus.FINISHED)
    panel.writing.begin(Draft())
    assert panel.writing.version("x").shown.training
    state.update_run(step=0, status=RunStatus.READY)
    panel.writing.begin(Draft())
    assert not panel.writing.version("x").after_run


def test_the_preview_grows_with_the_results(qtbot, make):
    panel = make()
    qtbot.waitUntil(lambda: panel.preview.page_count > 0)
    before = panel.preview.page_count
    run(qtbot, panel)
    qtbot.waitUntil(lambda: panel.preview.page_count > before)


def test_pages_of_the_preview_come_decoded_from_the_background(qtbot, make, background):
    """In the GUI thread those of a long report took 0.28 s of processor time."""
    pages = []
    document = make().composer.composed(is_final=False)
    background.submit("pages", preview_work(document, 20), pages.extend)
    qtbot.waitUntil(lambda: bool(pages))
    width = round(20 * 210 / 25.4)
    assert {(page.width(), page.format()) for page in pages} == {(width, QImage.Format.Format_RGB32)}


def test_what_was_measured_is_there_in_the_next_sitting_and_can_be_measured_again(
    qtbot, make, state, background
):
    panel = make()
    assert not panel.again.isVisible()
    run(qtbot, panel)
    before = panel.findings
    qtbot.waitUntil(lambda: panel.preview.page_count > 3)
    pages = panel.preview.page_count
    panel.hide()  # both would have pages set by the same thread
    drain(qtbot, background)
    again = make(kept(panel))
    assert again.findings == before
    qtbot.waitUntil(lambda: again.preview.page_count == pages)
    assert f"Measured {before.time}: test accuracy" in again.status.text()
    assert "measured again" not in again.composer.gaps().text
    state.set_sample(Sample(state.dataset.test_images[5], 0, 5))  # another image is in front by now
    qtbot.mouseClick(again.again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: again.findings is not before and not again.cancel.isVisible())
    assert (again.findings.measured_with, again.findings.parts) == (before.measured_with, before.parts)


def test_measured_numbers_that_are_not_there_are_measured_again_as_they_were(qtbot, make):
    panel = make()
    run(qtbot, panel)
    write(qtbot, panel, "objective", "to see")
    again = make(replace(kept(panel), findings=None, numbers={}))
    assert again.findings is None
    assert again.fields.edits["objective"].toPlainText() == "to see"
    assert "seed 0, test image 2" in again.status.text()
    assert "have to be measured again" in again.composer.gaps().text
    qtbot.mouseClick(again.again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: again.findings is not None)
    assert again.findings.parts == panel.findings.parts


def test_other_data_are_not_measured_in_the_place_of_those_of_before(qtbot, make, state):
    panel = make()
    run(qtbot, panel)
    state.set_dataset(first_images((0, 1), 300, 100))
    again = make(kept(panel))
    qtbot.mouseClick(again.again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "was measured with other images" in again.message.text())
    assert again.findings == panel.findings, "what was measured stays"


def test_cancelling_leaves_everything_as_it_was(qtbot, make, background):
    panel = make()
    qtbot.mouseClick(panel.run_button, Qt.MouseButton.LeftButton)
    assert panel.cancel.isVisible()
    assert not panel.run_button.isVisible()
    qtbot.mouseClick(panel.cancel, Qt.MouseButton.LeftButton)
    assert panel.run_button.isVisible()
    drain(qtbot, background)
    assert panel.findings is None
    assert not panel.progress.isVisible()


def test_the_preview_shows_a_hypothesis_that_is_not_recorded(qtbot, make, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "ui.panels.report.preview.to_pages",
        lambda document, *_options, **_more: seen.append(document.blocks) or [],
    )
    panel = make()
    write(qtbot, panel, "hypothesis", "it will not move")
    qtbot.waitUntil(lambda: bool(seen) and any(block.text == "it will not move" for block in words(seen[-1])))
    shown = [block.text for block in words(seen[-1])]
    assert shown[shown.index("it will not move") - 1] == "Not recorded yet"
    assert panel.report.demonstrations[0].hypothesis == (), "looking at it is no record"
    qtbot.mouseClick(panel.fields.record, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Not recorded yet" not in [block.text for block in words(seen[-1])])
    assert "it will not move" in [block.text for block in words(seen[-1])]


def words(blocks):
    return [block for block in blocks if isinstance(block, Words)]
