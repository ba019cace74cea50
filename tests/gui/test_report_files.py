"""Reports as files of the user: a new one, one saved, one opened again; and nothing is lost unasked."""

import json
import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMenu
from pytestqt.qtbot import QtBot

from cnnviz.lab.model import Answer
from cnnviz.report import Report
from cnnviz.report.blocks import Heading
from cnnviz.report.content import GUIDES, WORKING_PRINCIPLE
from tests.gui.driving import opened
from tests.gui.lab_driving import open_lab, press
from tests.gui.own_digit_driving import ONE, open_board, settle, stroke
from ui.export.dialog import ExportDialog
from ui.keep import report_files
from ui.panels.report import ReportPanel
from ui.panels.report.inserts import InsertPicker
from ui.panels.training import TrainingPanel
from ui.session import Session


def ask(session: Session, name: str) -> None:
    session.window.menus.action(name).trigger()


def type_report(session: Session) -> ReportPanel:
    session.window.panels.show_panel(4)
    panel = session.window.panel(ReportPanel)
    for field, words in ((panel.head.edits["author"], "Ada"), (panel.head.edits["roll_number"], "12")):
        field.setFocus()
        QTest.keyClicks(field, words)
    panel.fields.edits["objective"].setFocus()
    QTest.keyClicks(panel.fields.edits["objective"], "to see <b>x</b>")
    return panel


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Answers that are still to be given to the question before words are lost."""
    given: list[str] = []
    monkeypatch.setattr(report_files, "ask_about_words", lambda *_: given.pop(0))
    return given


def choose(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    for dialog in ("getSaveFileName", "getOpenFileName"):
        monkeypatch.setattr(QFileDialog, dialog, lambda *_: (str(path), ""))


def test_a_new_report_holds_nothing_of_the_last_one(qtbot: QtBot, tmp_path: Path, answers: list[str]) -> None:
    with opened(qtbot, tmp_path / "window.ini") as session:
        sitting = open_lab(qtbot, session, tmp_path)
        sitting.desk.go_to("field")
        answer: Answer = 5.0
        sitting.desk.predict(answer)
        panel = type_report(session)
        answers.append("cancel")
        ask(session, "new_report")
        assert panel.head.edits["author"].text() == "Ada", "the user has thought better of it"
        answers.append("discard")
        ask(session, "new_report")
        assert {edit.text() for name, edit in panel.head.edits.items() if name != "title"} == {""}
        assert panel.fields.edits["objective"].toPlainText() == ""
        qtbot.waitUntil(lambda: sitting.desk.lab is not None)
        assert not sitting.desk.record.has_work()
        ask(session, "new_report")  # nothing is asked where nothing would be lost
        assert panel.save_draft()
        assert "Ada" not in session.workspace.draft.read_text(encoding="utf-8")
    with opened(qtbot, tmp_path / "window.ini") as again:
        assert again.window.panel(ReportPanel).head.edits["author"].text() == ""


def test_a_saved_report_comes_back_as_it_was(
    qtbot: QtBot, session: Session, tmp_path: Path, answers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = type_report(session)
    session.exporter.insert(session.window.panel(TrainingPanel).filters.view("filters"))
    qtbot.waitUntil(lambda: bool(panel.writing.words.demonstrations[0].inserts))
    before = panel.writing.draft.to_dict()
    choose(monkeypatch, tmp_path / "mine.report.json")
    answers.append("save")  # saves, then empties
    ask(session, "new_report")
    qtbot.waitUntil(lambda: panel.head.edits["author"].text() == "")
    ask(session, "open_report")
    qtbot.waitUntil(lambda: panel.head.edits["author"].text() == "Ada")
    assert panel.writing.draft.to_dict() == before
    assert panel.fields.inserts.titles() == [panel.writing.words.demonstrations[0].inserts[0].title]
    ask(session, "new_report")  # the file holds it all: no question
    assert panel.head.edits["author"].text() == ""
    session.files.open(tmp_path / "mine.report.json")  # as when it is dropped on the window
    qtbot.waitUntil(lambda: panel.head.edits["author"].text() == "Ada")


def exported(qtbot: QtBot, panel: ReportPanel, path: Path) -> str:
    """Export the report as HTML, and return what is read in it: words, tables and figures."""
    with qtbot.waitSignal(panel.exported):
        panel.export_to(path)
    text, times = re.subn(r"<script.*?</script>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert times <= 1
    return text


def test_a_report_with_results_is_the_same_in_another_window(
    qtbot: QtBot, tmp_path: Path, answers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(monkeypatch, tmp_path / "mine.report.json")
    with opened(qtbot, tmp_path / "window.ini") as session:
        panel = type_report(session)
        panel.run_lab()
        qtbot.waitUntil(lambda: panel.findings is not None)
        alone = exported(qtbot, panel, tmp_path / "alone.html")
        assert (alone.count("<table"), alone.count("<svg")) == (16, 9)
        sitting = open_lab(qtbot, session, tmp_path)
        session.window.panels.show_panel(4)  # the lab begins in another one
        sitting.desk.go_to("field")
        sitting.desk.predict(5.0)
        qtbot.waitUntil(lambda: "added, with what was measured for it" in panel.status.text())
        guided = exported(qtbot, panel, tmp_path / "guided.html")
        assert re.search(r"Measured \d{4}-\d\d-\d\d \d\d:\d\d for the step “Predict”, seed", guided)
        ask(session, "save_report")
        qtbot.waitUntil(lambda: "Saved the report" in session.window.notices.text())
        session.window.lab_dock.set_shown(False)
        assert panel.save_draft()
    with opened(qtbot, tmp_path / "window.ini") as session:
        panel = session.window.panel(ReportPanel)
        qtbot.waitUntil(lambda: panel.composer.guided(False) is not None)
        assert not session.window.lab_dock.isVisible()
        assert exported(qtbot, panel, tmp_path / "again.html") == guided
    (tmp_path / "other").mkdir()
    with opened(qtbot, tmp_path / "other" / "window.ini") as session:
        panel = session.window.panel(ReportPanel)
        ask(session, "open_report")
        qtbot.waitUntil(lambda: panel.head.edits["author"].text() == "Ada")
        wanted = session.window.notices.action_button()  # a file that a report names is not opened unasked
        qtbot.waitUntil(lambda: wanted.height() > 0)
        press(wanted)
        qtbot.waitUntil(lambda: panel.composer.guided(False) is not None)
        assert panel.composer.measuring() is None, "the numbers of the guided lab are there, too"
        assert exported(qtbot, panel, tmp_path / "again.html") == guided
        assert panel.findings is not None
        assert panel.again.isEnabled()


def test_a_guided_report_without_a_figure_says_so_and_offers_one(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    sitting = open_lab(qtbot, session, tmp_path)
    sitting.desk.go_to("think")
    sitting.desk.write("all of it is said")
    sitting.desk.finish()
    session.window.panels.show_panel(4)
    panel = session.window.panel(ReportPanel)
    panel.export.click()
    assert panel.message.text() == "The report has no figure."
    panel.message.look_button.click()  # it is still sliding in
    (picker,) = (each for each in session.window.findChildren(InsertPicker) if each.isVisible())
    picker.insert()
    qtbot.waitUntil(lambda: bool(panel.writing.words.demonstrations[0].inserts))
    assert panel.composer.gaps().text == "", "the fields beside the lab need not be filled in"
    qtbot.waitUntil(lambda: panel.message.text() != "The report has no figure.")
    document = panel.composer.composed(is_final=False)()
    assert len(document.figures) == 1
    assert [each.text for each in document.blocks if isinstance(each, Heading)][-2:] == [
        f"3  {GUIDES[WORKING_PRINCIPLE].title}",
        "Observations",
    ]


def test_a_new_report_holds_no_image_of_the_last_writer(
    qtbot: QtBot, tmp_path: Path, answers: list[str]
) -> None:
    with opened(qtbot, tmp_path / "window.ini") as session:
        own, samples = open_board(qtbot, session), session.window.samples
        stroke(qtbot, own, ONE)
        settle(qtbot, session)
        panel = type_report(session)
        panel.run_lab()
        qtbot.waitUntil(lambda: panel.findings is not None)
        session.exporter.insert(session.window.panel(TrainingPanel).filters.view("filters"))
        qtbot.waitUntil(lambda: bool(panel.writing.words.demonstrations[0].inserts))
        assert panel.save_draft()
        figures = session.workspace.draft.with_suffix(".figures")
        assert list(figures.iterdir())
        answers += ["discard"]
        ask(session, "new_report")
        assert session.state.sample is not None
        assert session.state.sample.index == 0
        assert own.isHidden()
        samples.draw()
        assert own.pad.is_blank()
        assert not own.pad.can_undo()
        assert session.state.sample.index == 0
        for edit in (panel.head.edits["author"], panel.fields.edits["objective"]):
            edit.setFocus()
            QTest.keyClick(edit, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert panel.writing.words == Report()
        assert panel.findings is None
        assert panel.save_draft()
        assert list(figures.iterdir()) == []


def test_a_new_report_leaves_no_name_of_a_file_or_folder(
    qtbot: QtBot, tmp_path: Path, answers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "Ada Lovelace"
    folder.mkdir()
    with opened(qtbot, tmp_path / "window.ini") as session:
        with qtbot.waitSignal(session.files.recentChanged):
            session.files.save_session(folder / "ada.json")
        session.exporter.export(session.window.panel(TrainingPanel))
        (dialog,) = session.window.findChildren(ExportDialog)
        dialog.folder.setText(str(folder))
        with qtbot.waitSignal(dialog.exported):
            dialog.export()
        choose(monkeypatch, folder / "ada.report.json")
        type_report(session)
        answers.append("save")
        ask(session, "new_report")
        qtbot.waitUntil(lambda: "new report" in session.window.notices.text())
        assert (folder / "ada.report.json").is_file(), "files of the user stay where they are"
        recent = session.window.menus.action("open_recent").menu()
        assert isinstance(recent, QMenu)
        recent.aboutToShow.emit()
        assert "ada" not in " ".join(each.text() for each in recent.actions()).lower()
        asked: list[str] = []
        monkeypatch.setattr(
            QFileDialog, "getOpenFileName", lambda *given: (asked.append(given[2]), ("", ""))[1]
        )
        ask(session, "open_report")
        assert asked == [str(Path.home())]
    assert "ada" not in (tmp_path / "window.ini").read_text(encoding="utf-8").lower()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "is no text of JSON"),
        (b"\xff\xfe\x00", "is no text of JSON"),
        (b"[1]", "cannot be opened"),
        (b'{"report": {"format": "cnnviz-report", "version": 99}}', "newer CNNViz"),
        (b'{"report": {"format": "cnnviz-report", "version": 1}, "labs": 5}', "damaged"),
        (None, "does not exist"),
    ],
)
def test_what_is_no_report_is_named_and_nothing_changes(
    qtbot: QtBot, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, said: str
) -> None:
    panel, path = type_report(session), tmp_path / "odd.json"
    before = panel.writing.draft
    if content is not None:
        path.write_bytes(content)
    choose(monkeypatch, path)
    ask(session, "open_report")
    qtbot.waitUntil(lambda: said in session.window.notices.text())
    assert panel.writing.draft is before


def test_a_figure_that_is_lost_is_not_left_out_in_silence(
    qtbot: QtBot, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, path = type_report(session), tmp_path / "odd.json"
    values = panel.writing.draft.to_dict()
    insert = {"title": "Curves", "caption": "", "time": "", "svg": {"file": "x"}, "csv": "", "width_cm": 5}
    values["report"]["demonstrations"][0]["inserts"] = [insert]
    path.write_text(json.dumps(values), encoding="utf-8")
    choose(monkeypatch, path)
    ask(session, "open_report")
    qtbot.waitUntil(lambda: "lost or damaged parts (Curves)" in session.window.notices.text())
