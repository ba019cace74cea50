"""Export of the report: what is asked before, and which files are written."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from cnnviz.lab.opening import free_lab
from tests.gui.driving import drain
from tests.gui.report.hands import BACKPROP, PRINCIPLE, TRANSLATION, answer, write
from ui.panels.report import ReportPanel


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
    assert panel.message.text() == "15 places are still to be written."
    lines = panel.message.look_button.toolTip().splitlines()[1:]
    assert [line.partition(": ")[0] for line in lines] == [
        f"{number}  {each.title}" for number, each in enumerate(free_lab().sections, start=1)
    ]
    assert all(line.count(", ") == 4 for line in lines)
    assert panel.message.height() < 2.5 * panel.message.fontMetrics().lineSpacing(), "it is one line"
    assert panel.message.action_button().hasFocus()
    qtbot.keyClick(panel.message.action_button(), Qt.Key.Key_Backtab)
    assert panel.message.look_button.hasFocus(), "the keys go as one reads"
    panel.message.look_button.click()  # it is still sliding in
    assert panel.pages.current() == PRINCIPLE
    assert answer(panel, "objective").field.hasFocus()
    write(qtbot, panel, "objective", "x")
    qtbot.waitUntil(lambda: panel.message.text() == "14 places are still to be written.")
    for key in (PRINCIPLE, TRANSLATION, BACKPROP):
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


@pytest.mark.parametrize(
    ("name", "chosen", "written"),
    [
        ("mine.pdf", "PDF (*.pdf)", "mine.pdf"),
        ("mine", "PDF (*.pdf)", "mine.pdf"),
        ("mine", "HTML, one file (*.html)", "mine.html"),
        ("mine.html", "PDF (*.pdf)", "mine.html"),
        ("mine.pdf", "HTML, one file (*.html)", "mine.html"),
        ("mine.htm", "HTML, one file (*.html)", "mine.htm"),
    ],
)
def test_export_writes_the_chosen_kind(qtbot, make, tmp_path, monkeypatch, name, chosen, written):
    panel = make()
    write(qtbot, panel, "hypothesis", "typed, not recorded")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / name), chosen))
    export_anyway(qtbot, panel)
    qtbot.waitUntil(lambda: panel.message.kind() == "success")
    assert (tmp_path / written).stat().st_size > 1000
    assert len(panel.work.record.step(PRINCIPLE).hypothesis) == 1, "an export records what was typed"


def test_what_the_dialog_has_not_asked_about_is_asked(qtbot, make, background, tmp_path, monkeypatch):
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


def test_export_that_fails_says_why(qtbot, make, tmp_path):
    panel = make()
    panel.export_to(tmp_path / "none" / "lab.pdf")
    qtbot.waitUntil(lambda: panel.message.kind() == "error")
    assert "folder does not exist" in panel.message.text()
    assert panel.export.isEnabled()
