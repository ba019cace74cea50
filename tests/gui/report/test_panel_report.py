"""The lab report panel: words are taken, hypotheses are stamped, the lab is run, the pages show all of it."""

from dataclasses import replace
from typing import override

import pytest
from msgspec import structs
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QImage

from cnnviz.lab.model import PARTS
from cnnviz.lab.opening import free_lab, shipped_labs
from cnnviz.lab.reading import load_lab
from cnnviz.lab.record import Work
from cnnviz.report.blocks import Figure, Heading, Words
from tests.gui.driving import drain, settle
from tests.gui.report.hands import BACKPROP, PRINCIPLE, TRANSLATION, answer, record, run, write
from tests.small_data import first_images
from ui.document.words import words_of, work_of
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


def kept(work: Work) -> Work:
    """What comes back of a work that was put into a document."""

    class Document:
        words, lab = {}, ""

    files = {}
    said = words_of(work, files)
    Document.words, Document.lab = said["words"], said["lab"]
    again, lost = work_of(Document(), files)
    assert lost == []
    return again


def stamp(panel) -> str:
    return answer(panel, "hypothesis").note.text()


def versions(panel, step):
    return panel.work.record.step(step).hypothesis


def test_guiding_questions_follow_the_section(qtbot, make):
    panel = make()
    for step in free_lab().steps:
        qtbot.mouseClick(panel.pages.button(step.section), Qt.MouseButton.LeftButton)
        assert panel.pages.current() == step.section
        asked = {each.part: each.text for each in step.asked(panel.work.experiment)}
        shown = {each.question.part: each.field.placeholderText() for each in panel.fields.answers}
        assert shown == asked
        assert list(shown) == list(PARTS)


def test_guiding_questions_follow_the_network(qtbot, make, state):
    panel = make()
    panel.show_step(BACKPROP)
    assert "pooled value" in answer(panel, "objective").field.placeholderText()
    without = replace(state.experiment, pool="none")
    state.set_settings(Settings(without, without))
    assert "pooled" not in answer(panel, "objective").field.placeholderText()


def test_the_fields_of_another_section_are_painted(qtbot, make):
    panel = make()
    settle(qtbot, parts=[panel], painted=True)
    painted = PaintCounter()
    qtbot.mouseClick(panel.pages.button(BACKPROP), Qt.MouseButton.LeftButton)
    fields = [each.field.viewport() for each in panel.fields.answers]
    for viewport in fields:
        viewport.installEventFilter(painted)
    qtbot.waitUntil(lambda: any(not view.visibleRegion().isEmpty() for view in fields))
    seen = [view for view in fields if not view.visibleRegion().isEmpty()]
    qtbot.waitUntil(lambda: all(view in painted.widgets for view in seen))


def test_words_stay_with_their_section_and_come_back_with_the_document(qtbot, make):
    panel = make()
    panel.head.edits["author"].setFocus()
    qtbot.keyClicks(panel.head.edits["author"], "Ada")
    write(qtbot, panel, "objective", "to see <b>$x$</b> #1")
    qtbot.mouseClick(panel.pages.button(BACKPROP), Qt.MouseButton.LeftButton)
    assert answer(panel, "objective").field.toPlainText() == ""
    write(qtbot, panel, "hypothesis", "only the winner")
    again = make()
    again.work.begin(kept(panel.work.work))
    assert again.head.edits["author"].text() == "Ada"
    assert answer(again, "objective").field.toPlainText() == "to see <b>$x$</b> #1"
    qtbot.mouseClick(again.pages.button(BACKPROP), Qt.MouseButton.LeftButton)
    assert answer(again, "hypothesis").field.toPlainText() == "only the winner"
    assert versions(again, BACKPROP) == ()


def test_undo_brings_nothing_back_of_another_students_work(qtbot, make):
    panel = make()
    write(qtbot, panel, "objective", "mine")
    panel.work.begin(Work())
    assert answer(panel, "objective").field.toPlainText() == ""
    answer(panel, "objective").field.undo()
    assert answer(panel, "objective").field.toPlainText() == ""


def test_a_section_of_several_steps_has_all_their_fields_and_is_printed_part_by_part(qtbot, make):
    panel = make()
    lab = load_lab(shipped_labs()["lab5"])
    panel.work.set_lab(lab, "lab5")
    steps = lab.of_section("principle")
    assert {each.step.id for each in panel.fields.answers} == {step.id for step in steps if step.questions}
    write(qtbot, panel, "objective", "to tell a 0 from a 1")
    blocks = panel.exporter.composed(is_final=False)().blocks
    texts = [block.text for block in blocks if isinstance(block, Heading | Words)]
    section = texts[: texts.index("2  Translation and max pooling")]
    assert [text for text in section if text in PARTS.values()] == list(PARTS.values())
    assert section.index("Objective") < section.index("to tell a 0 from a 1") < section.index("Hypothesis")


def test_running_the_lab_stamps_the_hypothesis_before_and_shows_later_edits(qtbot, make, state):
    panel = make()
    write(qtbot, panel, "hypothesis", "99 %")
    assert "Not recorded yet" in stamp(panel)
    state.update_run(step=120, status=RunStatus.PAUSED)
    run(qtbot, panel)
    (first,) = versions(panel, PRINCIPLE)
    assert (first.text, first.step, first.after_run) == ("99 %", 120, True)
    assert "after results of training had been shown at " in stamp(panel)
    assert panel.numbers.sample == 2
    assert f"{100 * panel.numbers.accuracy:.2f} %" in panel.status.text()

    write(qtbot, panel, "hypothesis", " or so")
    assert "not recorded yet" in stamp(panel)
    record(qtbot, panel)
    later = versions(panel, PRINCIPLE)
    assert later[0] == first
    assert later[1].after_run
    assert "the report shows both" in stamp(panel)
    assert versions(panel, TRANSLATION) == ()


def test_a_hypothesis_after_a_run_of_an_earlier_sitting_is_marked(qtbot, make):
    panel = make()
    run(qtbot, panel)
    again = make()
    again.work.begin(kept(panel.work.work))
    write(qtbot, again, "hypothesis", "I knew it")
    record(qtbot, again)
    (version,) = versions(again, PRINCIPLE)
    assert version.after_run
    assert version.shown.lab
    assert "after results of this lab had been shown at " in stamp(again)


@pytest.mark.parametrize("restarts", [False, True])
def test_what_was_trained_stays_known_after_a_reset(qtbot, make, state, restarts):
    panel = make()
    write(qtbot, panel, "hypothesis", "a guess")
    record(qtbot, panel)
    assert "before any result had been shown" in stamp(panel)
    state.update_run(step=500, status=RunStatus.FINISHED)
    state.update_run(step=0, status=RunStatus.READY)
    if restarts:
        before = panel
        panel = make()
        panel.work.begin(kept(before.work.work))
    panel.show_step(TRANSLATION)
    write(qtbot, panel, "hypothesis", "now I know")
    record(qtbot, panel)
    (version,) = versions(panel, TRANSLATION)
    assert version.shown.training
    assert "after results of training had been shown at " in stamp(panel)


def test_a_new_report_knows_what_is_on_the_screen_and_no_more(qtbot, make, state):
    panel = make()
    state.update_run(step=500, status=RunStatus.FINISHED)
    panel.work.begin(Work())
    assert panel.work.version("x").shown.training
    state.update_run(step=0, status=RunStatus.READY)
    panel.work.begin(Work())
    assert not panel.work.version("x").after_run


def test_the_preview_grows_with_the_results(qtbot, make):
    panel = make()
    qtbot.waitUntil(lambda: panel.preview.page_count > 0)
    before = panel.preview.page_count
    run(qtbot, panel)
    qtbot.waitUntil(lambda: panel.preview.page_count > before)
    document = panel.exporter.composed(is_final=False)()
    assert len([block for block in document.blocks if isinstance(block, Figure)]) >= 8


def test_pages_of_the_preview_come_decoded_from_the_background(qtbot, make, background):
    """In the GUI thread those of a long report took 0.28 s of processor time."""
    pages = []
    document = make().exporter.composed(is_final=False)
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
    before = panel.numbers
    qtbot.waitUntil(lambda: panel.preview.page_count > 3)
    pages = panel.preview.page_count
    panel.hide()  # both would have pages set by the same thread
    drain(qtbot, background)
    again = make()
    again.work.begin(kept(panel.work.work))
    assert again.numbers == before
    qtbot.waitUntil(lambda: again.preview.page_count == pages)
    assert f"Measured {before.time}: test accuracy" in again.status.text()
    assert "measured again" not in again.exporter.gaps().text
    state.set_sample(Sample(state.dataset.test_images[5], 0, 5))  # another image is in front by now
    qtbot.mouseClick(again.again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: again.numbers is not before and not again.cancel.isVisible())
    assert (again.numbers.experiment, again.numbers.sample) == (before.experiment, before.sample)
    assert again.numbers.parts == before.parts


def test_measured_numbers_that_were_edited_are_measured_again_as_they_were(qtbot, make):
    panel = make()
    run(qtbot, panel)
    write(qtbot, panel, "objective", "to see")
    numbers = panel.numbers
    harmed = structs.replace(numbers, accuracy=1.0)
    panel.work.set_record(structs.replace(panel.work.record, numbers=harmed))
    files = {}
    said = words_of(panel.work.work, files)

    class Document:
        words, lab = said["words"], said["lab"]

    work, lost = work_of(Document(), files)
    assert lost == ["what was measured"]
    again = make()
    again.work.begin(work)
    assert answer(again, "objective").field.toPlainText() == "to see"
    assert "seed 0, test image 2" in again.status.text()
    assert "have to be measured again" in again.exporter.gaps().text
    assert not any(isinstance(each, Figure) for each in again.exporter.composed(is_final=False)().blocks)
    qtbot.mouseClick(again.again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not again.measuring.is_lost)
    assert again.numbers.parts == numbers.parts


def test_other_data_are_not_measured_in_the_place_of_those_of_before(qtbot, make, state):
    panel = make()
    run(qtbot, panel)
    before = panel.numbers
    state.set_dataset(first_images((0, 1), 300, 100))
    qtbot.mouseClick(panel.again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "was measured with other images" in panel.message.text())
    assert panel.numbers == before, "what was measured stays"


def test_cancelling_leaves_everything_as_it_was(qtbot, make, background):
    panel = make()
    qtbot.mouseClick(panel.run_button, Qt.MouseButton.LeftButton)
    assert panel.cancel.isVisible()
    assert not panel.run_button.isVisible()
    qtbot.mouseClick(panel.cancel, Qt.MouseButton.LeftButton)
    assert panel.run_button.isVisible()
    drain(qtbot, background)
    assert panel.numbers is None
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
    assert versions(panel, PRINCIPLE) == (), "looking at it is no record"
    record(qtbot, panel)
    qtbot.waitUntil(lambda: "Not recorded yet" not in [block.text for block in words(seen[-1])])
    assert "it will not move" in [block.text for block in words(seen[-1])]


def words(blocks):
    return [block for block in blocks if isinstance(block, Words)]
