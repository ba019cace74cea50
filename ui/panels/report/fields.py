"""The fields of the report: its head, and those of a demonstration with their guiding questions."""

from typing import override

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from cnnviz.report import Report, Version
from cnnviz.report.content import FIELDS, Guide
from cnnviz.report.document import moment_of
from ui.controls.buttons import Button
from ui.controls.labels import SectionTitle, WrapLabel
from ui.controls.layouts import fill
from ui.panels.report.inserts import InsertButton, InsertList
from ui.theme import Theme, follow_theme, ui_font

_LINES = 4
_HEAD = (
    ("title", "Title", "Title of the report"),
    ("author", "Name", "Your name, as it is to appear on the report"),
    ("roll_number", "Roll number", "Your roll number"),
    ("date", "Date", "Date of the report; empty: the day it is written"),
)


class HeadFields(QWidget):
    """Title, name, roll number and date; `headEdited(str`, `str)`: A field of `Report` and its words."""

    headEdited = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self.edits = {name: QLineEdit() for name, _, _ in _HEAD}
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(8)
        layout.setVerticalSpacing(6)
        for place, (name, title, tooltip) in enumerate(_HEAD):
            field, label = self.edits[name], QLabel(title)
            field.setAccessibleName(title)
            field.setToolTip(tooltip)
            field.textEdited.connect(lambda text, name=name: self.headEdited.emit(name, text))
            label.setBuddy(field)
            layout.addWidget(label, place // 2, 2 * (place % 2))
            layout.addWidget(field, place // 2, 2 * (place % 2) + 1)
        layout.setColumnStretch(1, 3)
        layout.setColumnStretch(3, 2)
        self.edits["date"].setPlaceholderText("today")

    def forget(self) -> None:
        """Let no field bring back by undo what was typed before."""
        for field in self.edits.values():
            field.setText(field.text())

    def set_head(self, report: Report) -> None:
        """Show the head of a report, from its first letters."""
        for name, field in self.edits.items():
            if field.text() != getattr(report, name):  # it may be the one that is being typed in
                field.setText(getattr(report, name))
                field.setCursorPosition(0)


class WordsField(QPlainTextEdit):
    """Plain text, with a guiding question while it is empty; Tab goes on to the next field."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setTabChangesFocus(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Keep room for a few lines."""
        line = QFontMetrics(ui_font(theme)).lineSpacing()  # it may be dressed in that font a little later
        self.setMinimumHeight(line * _LINES + theme.px(18))

    def ask(self, question: str) -> None:
        """Show a guiding question while there are no words, and as the tool tip."""
        self.setPlaceholderText(question)
        self.setToolTip(question)
        # Qt paints a placeholder again when it comes or goes, not when it changes.
        self.viewport().update()

    def show_words(self, words: str) -> None:
        """Show other words without telling anybody; the cursor stays where nothing changes."""
        if words != self.toPlainText():
            self.blockSignals(True)
            self.setPlainText(words)
            self.blockSignals(False)

    @override
    def sizeHint(self) -> QSize:
        """Ask for a few lines; a tall window gives more."""
        return QSize(super().sizeHint().width(), self.minimumHeight())


class DemonstrationFields(QWidget):
    """The five fields of one demonstration."""

    wordsEdited = Signal(str, str)  # a field and its words
    recordRequested = Signal()  # the hypothesis is to be recorded as it stands

    def __init__(self) -> None:
        super().__init__()
        self.edits = {name: WordsField(title) for name, title in FIELDS}
        self.insert, self.inserts = InsertButton(), InsertList()
        self.stamp = WrapLabel("", role="muted")
        self.record = Button(
            "Record",
            "check",
            tooltip="Record the hypothesis now, with time and training step. The report shows later edits.",
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for name, title in FIELDS:
            head = fill(QHBoxLayout(), (SectionTitle(title), 1), spacing=8)
            if name == "observations":
                head.addWidget(self.insert)
            layout.addLayout(head)
            layout.addWidget(self.edits[name], 1)
            if name == "observations":
                layout.addWidget(self.inserts)
            if name == "hypothesis":
                row = QHBoxLayout()
                row.setSpacing(8)
                row.addWidget(self.stamp, 1)
                row.addWidget(self.record, 0, Qt.AlignmentFlag.AlignTop)
                layout.addLayout(row)
        for name, edit in self.edits.items():
            edit.textChanged.connect(
                lambda name=name: self.wordsEdited.emit(name, self.edits[name].toPlainText())
            )
        self.record.clicked.connect(self.recordRequested)

    def set_questions(self, guide: Guide) -> None:
        """Ask the guiding questions of a demonstration."""
        for name, _ in FIELDS:
            self.edits[name].ask(guide.question(name))

    def set_words(self, name: str, words: str) -> None:
        """Show the words of a field."""
        self.edits[name].show_words(words)

    def forget(self) -> None:
        """Let no field bring back by undo what was typed before."""
        for edit in self.edits.values():
            edit.document().clearUndoRedoStacks()

    def set_record(self, versions: tuple[Version, ...], pending: bool) -> None:
        """Say when the hypothesis was recorded, and whether the field says something else."""
        self.record.setEnabled(pending)
        if not versions:
            text = (
                "Not recorded yet. Running the lab records it."
                if pending
                else "Write it down before you run the lab."
            )
        else:
            first, last = versions[0], versions[-1]
            text = f"Recorded {first.time}, {moment_of(first)}."
            if len(versions) > 1:
                text += f" Edited {last.time}, {moment_of(last)}: the report shows both."
            if pending:
                text += " Your change is not recorded yet."
        self.stamp.set_text(text)
