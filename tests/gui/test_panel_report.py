"""The lab report panel: words are kept, hypotheses are stamped, the lab is run, the report is written."""

import json
from dataclasses import replace
from pathlib import Path
from typing import override

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from cnnviz.report.blocks import Words
from cnnviz.report.guides import BACKPROP, GUIDES, TRANSLATION, WORKING_PRINCIPLE
from cnnviz.snapshots import Snapshot
from tests.engine.report_cases import small_data
from tests.gui.driving import drain, settle, show_window
from tests.small_data import first_images
from ui.panels.report import ReportPanel
from ui.panels.report.work import preview_work
from ui.run.tasks import TaskRunner
from ui.state import AppState, Sample, Settings


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
def make(qtbot: QtBot, state: AppState, background: TaskRunner, tmp_path: Path):
    def rest(panel: ReportPanel) -> None:
        """Let what is under way come to its end: its results go to widgets that are still there."""
        panel.hide()
        qtbot.waitUntil(lambda: background.is_idle)
        drain(qtbot, background)

    def build() -> ReportPanel:
        panel = ReportPanel(state, background, background, background, tmp_path / "data" / "draft.json")
        qtbot.addWidget(panel, before_close_func=rest)
        panel.resize(1000, 700)
        show_window(qtbot, panel)
        return panel

    return build


def write(qtbot: QtBot, panel: ReportPanel, name: str, words: str) -> None:
    edit = panel.fields.edits[name]
    edit.setFocus()
    qtbot.keyClicks(edit, words)


def run(qtbot: QtBot, panel: ReportPanel) -> None:
    before = panel.findings
    qtbot.mouseClick(panel.run_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.findings is not before)


def export_anyway(qtbot: QtBot, panel: ReportPanel) -> None:
    """Press Export, and insist although much is still to be written."""
    qtbot.mouseClick(panel.export, Qt.MouseButton.LeftButton)
    assert "still to be written" in panel.message.text()
    panel.message.action_button().click()


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
    assert panel.save_draft()
    again = make()
    assert again.head.edits["author"].text() == "Ada"
    assert again.fields.edits["objective"].toPlainText() == "to see <b>$x$</b> #1"
    qtbot.mouseClick(again.pages.button(BACKPROP), Qt.MouseButton.LeftButton)
    assert again.fields.edits["hypothesis"].toPlainText() == "only the winner"
    assert again.report.demonstration(BACKPROP).hypothesis == ()


def test_the_draft_is_written_while_the_panel_is_open(qtbot, make, tmp_path):
    panel = make()
    write(qtbot, panel, "inference", "it works")
    path = tmp_path / "data" / "draft.json"
    qtbot.waitUntil(path.exists)
    values = json.loads(path.read_text(encoding="utf-8"))
    assert values["report"]["demonstrations"][0]["inference"] == "it works"


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[1]", b'{"report": {"format": "else"}}'])
def test_a_damaged_draft_is_kept_and_reported(make, tmp_path, content):
    path = tmp_path / "data" / "draft.json"
    path.parent.mkdir()
    path.write_bytes(content)
    panel = make()
    assert "could not be read" in panel.message.text()
    assert (tmp_path / "data" / "draft.damaged.json").read_bytes() == content


def test_a_draft_that_cannot_be_written_is_reported(qtbot, make, tmp_path):
    (tmp_path / "data").write_text("in the way")
    panel = make()
    write(qtbot, panel, "objective", "x")
    panel.save_draft()
    assert "not being kept" in panel.unsaved.text()
    assert panel.unsaved.kind() == "error"


def test_running_the_lab_stamps_the_hypothesis_before_and_shows_later_edits(qtbot, make, state):
    panel = make()
    write(qtbot, panel, "hypothesis", "99 %")
    assert "Not recorded yet" in panel.fields.stamp.text()
    state.update_run(step=120)
    run(qtbot, panel)
    (first,) = panel.report.demonstration(WORKING_PRINCIPLE).hypothesis
    assert (first.text, first.step, first.after_run) == ("99 %", 120, False)
    assert "before the lab was measured, but after 120 steps of training" in panel.fields.stamp.text()
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
    assert panel.save_draft()
    again = make()
    write(qtbot, again, "hypothesis", "I knew it")
    qtbot.mouseClick(again.fields.record, Qt.MouseButton.LeftButton)
    assert again.report.demonstrations[0].hypothesis[0].after_run


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
    assert panel.save_draft()
    panel.hide()  # both would have pages set by the same thread
    drain(qtbot, background)
    again = make()
    assert again.findings == before
    qtbot.waitUntil(lambda: again.preview.page_count == pages)
    assert f"Measured {before.time}: test accuracy" in again.status.text()
    assert "measured again" not in again.composer.gaps().text
    state.set_sample(Sample(state.dataset.test_images[5], 0, 5))  # another image is in front by now
    qtbot.mouseClick(again.again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: again.findings is not before and not again.cancel.isVisible())
    assert (again.findings.measured_with, again.findings.parts) == (before.measured_with, before.parts)


@pytest.mark.parametrize("harm", ["of an earlier version", "lost", "edited"])
def test_measured_numbers_that_are_not_there_are_measured_again_as_they_were(qtbot, make, tmp_path, harm):
    panel = make()
    run(qtbot, panel)
    write(qtbot, panel, "objective", "to see")
    assert panel.save_draft()
    path = tmp_path / "data" / "draft.json"
    (kept,) = (tmp_path / "data" / "draft.figures").glob("*.json")
    if harm == "of an earlier version":
        values = json.loads(path.read_text(encoding="utf-8"))
        del values["findings"], values["numbers"]
        path.write_text(json.dumps(values), encoding="utf-8")
    elif harm == "lost":
        kept.unlink()
    else:
        kept.write_bytes(kept.read_bytes().replace(b"mistakes", b"misteaks"))
    again = make()
    assert again.findings is None
    assert again.fields.edits["objective"].toPlainText() == "to see"
    assert ("What was measured for your report is lost" in again.message.text()) == (
        harm != "of an earlier version"
    )
    assert "seed 0, test image 2" in again.status.text()
    assert "have to be measured again" in again.composer.gaps().text
    qtbot.mouseClick(again.again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: again.findings is not None)
    assert again.findings.parts == panel.findings.parts


def test_other_data_are_not_measured_in_the_place_of_those_of_before(qtbot, make, state):
    panel = make()
    run(qtbot, panel)
    assert panel.save_draft()
    state.set_dataset(first_images((0, 1), 300, 100))
    again = make()
    qtbot.mouseClick(again.again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "was measured with other images" in again.message.text())
    assert again.findings == panel.findings, "what was measured stays"


def test_what_is_still_to_be_written_is_named_before_the_export(qtbot, make, monkeypatch):
    asked = []
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: asked.append(1) or ("", ""))
    panel = make()
    qtbot.mouseClick(panel.pages.button(BACKPROP), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.export, Qt.MouseButton.LeftButton)
    assert panel.message.text() == "15 places are still to be written."
    lines = panel.message.look_button.toolTip().splitlines()[1:]
    assert [line.partition(": ")[0] for line in lines] == [
        f"{number}  {guide.title}" for number, guide in enumerate(GUIDES.values(), start=1)
    ]
    assert all(line.count(", ") == 4 for line in lines)
    assert panel.message.height() < 2.5 * panel.message.fontMetrics().lineSpacing(), "it is one line"
    assert panel.message.action_button().hasFocus()
    qtbot.keyClick(panel.message.action_button(), Qt.Key.Key_Backtab)
    assert panel.message.look_button.hasFocus(), "the keys go as one reads"
    panel.message.look_button.click()  # it is still sliding in
    assert panel.pages.current() == WORKING_PRINCIPLE
    assert panel.fields.edits["objective"].hasFocus()
    write(qtbot, panel, "objective", "x")
    qtbot.waitUntil(lambda: panel.message.text() == "14 places are still to be written.")
    for key in GUIDES:
        qtbot.mouseClick(panel.pages.button(key), Qt.MouseButton.LeftButton)
        for name in ("objective", "hypothesis", "description", "observations"):
            write(qtbot, panel, name, "x")
        if key != TRANSLATION:
            write(qtbot, panel, "inference", "x")
    qtbot.mouseClick(panel.export, Qt.MouseButton.LeftButton)
    assert panel.message.text() == (
        "Still to be written – 2  Translation and max pooling: Inference and conclusion."
    )
    assert not asked
    panel.message.look_button.click()  # it is still sliding in
    assert panel.pages.current() == TRANSLATION
    write(qtbot, panel, "inference", "x")
    qtbot.mouseClick(panel.export, Qt.MouseButton.LeftButton)
    assert asked


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


@pytest.mark.parametrize(
    ("name", "chosen", "written"),
    [
        ("mine.pdf", "PDF (*.pdf)", "mine.pdf"),
        ("mine", "PDF (*.pdf)", "mine.pdf"),
        ("mine", "HTML, one file (*.html)", "mine.html"),
        ("mine.html", "PDF (*.pdf)", "mine.html"),
        ("mine.pdf", "HTML, one file (*.html)", "mine.html"),
        ("mine.htm", "HTML, one file (*.html)", "mine.htm"),
        ("mine.pdf", "Folder with Markdown, PNG and CSV (*)", "mine/report.md"),
        ("mine", "Folder with Markdown, PNG and CSV (*)", "mine/report.md"),
    ],
)
def test_export_writes_the_chosen_kind(qtbot, make, tmp_path, monkeypatch, name, chosen, written):
    panel = make()
    write(qtbot, panel, "hypothesis", "typed, not recorded")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / name), chosen))
    export_anyway(qtbot, panel)
    qtbot.waitUntil(lambda: panel.message.kind() == "success")
    assert (tmp_path / written).stat().st_size > 1000
    assert len(panel.report.demonstrations[0].hypothesis) == 1, "an export records what was typed"


@pytest.mark.parametrize(
    ("name", "chosen", "there", "written"),
    [
        ("mine.pdf", "HTML, one file (*.html)", "mine.html", "mine.html"),
        ("mine.pdf", "Folder with Markdown, PNG and CSV (*)", "mine/diary.txt", "mine/report.md"),
    ],
)
def test_what_the_dialog_has_not_asked_about_is_asked(
    qtbot, make, background, tmp_path, monkeypatch, name, chosen, there, written
):
    panel = make()
    old = tmp_path / there
    old.parent.mkdir(exist_ok=True)
    old.write_text("old")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / name), chosen))
    export_anyway(qtbot, panel)
    qtbot.waitUntil(lambda: panel.message.kind() == "warning")
    assert "still to be written" not in panel.message.text().lower()
    drain(qtbot, background)
    assert [path for path in tmp_path.rglob("*") if path.name in ("report.md", "figures")] == []
    assert old.read_text() == "old"
    panel.message.action_button().click()
    qtbot.waitUntil(lambda: panel.message.kind() == "success")
    assert (tmp_path / written).stat().st_size > 1000

    # A folder that a report was written to before is a report's folder.
    if written.endswith("report.md"):
        export_anyway(qtbot, panel)
        qtbot.waitUntil(lambda: panel.message.kind() == "success")
        qtbot.waitUntil(lambda: panel.export.isEnabled())


def test_the_preview_shows_a_hypothesis_that_is_not_recorded(qtbot, make, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "ui.panels.report.work.to_pages", lambda document, _dpi: seen.append(document.blocks) or []
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


def test_export_that_fails_says_why(qtbot, make, tmp_path):
    panel = make()
    panel.export_to(tmp_path / "none" / "lab.pdf")
    qtbot.waitUntil(lambda: panel.message.kind() == "error")
    assert "folder does not exist" in panel.message.text()
    assert panel.export.isEnabled()
