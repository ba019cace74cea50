"""Hands that write into the report panel and run its lab."""

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from ui.controls.buttons import IconButton
from ui.controls.labels import ElidedLabel
from ui.panels.report.fields import AnswerField
from ui.panels.report.inserts import InsertList
from ui.panels.report.panel import ReportPanel

PRINCIPLE, TRANSLATION, BACKPROP = "principle", "translation", "backprop"
"""Sections of free work, each with one step of the same name."""


def answer(panel: ReportPanel, part: str) -> AnswerField:
    """Return the field of a part of the section that is shown."""
    return next(each for each in panel.fields.answers if each.question.part == part)


def titles_in(listed: InsertList) -> list[str]:
    """Titles of what was put in, as its rows show them."""
    return [row.findChildren(ElidedLabel)[0].text() for row in listed.rows]


def row_button(listed: InsertList, place: int, name: str) -> IconButton:
    """Return a button of a row: "raise", "lower" or "remove"."""
    return listed.rows[place].findChild(IconButton, name)


def write(qtbot: QtBot, panel: ReportPanel, part: str, words: str) -> None:
    edit = answer(panel, part).field
    edit.setFocus()
    qtbot.keyClicks(edit, words)


def record(qtbot: QtBot, panel: ReportPanel) -> None:
    """Record the hypothesis of the section that is shown."""
    qtbot.mouseClick(answer(panel, "hypothesis").record, Qt.MouseButton.LeftButton)


def run(qtbot: QtBot, panel: ReportPanel) -> None:
    before = panel.numbers
    qtbot.mouseClick(panel.run_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.numbers is not before)
