"""Hands that write into the report panel and run its lab."""

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from ui.panels.report import ReportPanel


def write(qtbot: QtBot, panel: ReportPanel, name: str, words: str) -> None:
    edit = panel.fields.edits[name]
    edit.setFocus()
    qtbot.keyClicks(edit, words)


def run(qtbot: QtBot, panel: ReportPanel) -> None:
    before = panel.findings
    qtbot.mouseClick(panel.run_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.findings is not before)
