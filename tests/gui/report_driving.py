"""Sections and fields of the report panel."""

from ui.panels.report.fields import AnswerField
from ui.panels.report.panel import ReportPanel

PRINCIPLE, TRANSLATION, BACKPROP = "principle", "translation", "backprop"
"""Sections of free work, each with one step of the same name."""


def answer(panel: ReportPanel, part: str) -> AnswerField:
    """Return the field of a part of the section that is shown."""
    return next(each for each in panel.fields.answers if each.question.part == part)
