"""The fields of the report: its head, and the answers to the questions of a lab."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import override

from PySide6.QtCore import QSignalBlocker, QSize, Signal
from PySide6.QtGui import QFontMetrics, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from cnnviz.lab.model import PARTS, Question, Section, Step
from cnnviz.lab.record import StepRecord, Version
from cnnviz.quantities import format_count, format_many
from cnnviz.report.blocks import Insert, Words
from ui.controls.buttons import Button
from ui.controls.keyboard import scroll_to
from ui.controls.labels import SectionTitle, WrapLabel
from ui.controls.layouts import Form, discard, fill, named
from ui.controls.message_bar import MessageBar
from ui.controls.pace import single_shot
from ui.panels.report.inserts import InsertChoice, InsertList
from ui.panels.report.preview import Sought
from ui.panels.report.work import Complain, StudentWork, attempt
from ui.theme import Theme, follow_theme, theme_manager, ui_font

_LINES, _MOST_LINES = 4, 14
_HEAD = {"author": "Name", "roll_number": "Roll number"}


class HeadField(QLineEdit):
    """Name or roll number, wherever it is typed: guide and report show the same."""

    def __init__(self, work: StudentWork, name: str) -> None:
        super().__init__()
        title = _HEAD[name].lower()
        named(self, f"Your {title}", f"Your {title}, as it will appear on the report")
        self._work, self._name = work, name
        self.textEdited.connect(partial(work.set_head, name))
        work.headChanged.connect(self.look)
        work.opened.connect(self._forget)
        self.look()

    def look(self) -> None:
        text = getattr(self._work.work, self._name)
        if self.text() != text:  # it may be the one that is being typed in
            self.setText(text)
            self.setCursorPosition(0)

    def _forget(self) -> None:
        """Bring nothing back by undo that was typed before."""
        self.clear()
        self.look()


class HeadFields(Form):
    """Name and roll number."""

    def __init__(self, work: StudentWork) -> None:
        super().__init__()
        self.edits = {name: HeadField(work, name) for name in _HEAD}
        for name, title in _HEAD.items():
            self.add_row(title, self.edits[name])


class WordsField(QPlainTextEdit):
    """Plain text, with a guiding question while it is empty; Tab goes on to the next field."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setTabChangesFocus(True)
        follow_theme(self)
        layout = self.document().documentLayout()
        layout.documentSizeChanged.connect(lambda _: self.set_theme(theme_manager().theme))

    def set_theme(self, theme: Theme) -> None:
        """Keep room for a few lines, and for more where there are more words."""
        line = QFontMetrics(ui_font(theme)).lineSpacing()  # it may be dressed in that font a little later
        lines = min(max(round(self.document().size().height()), _LINES), _MOST_LINES)
        self.setMinimumHeight(line * lines + theme.px(18))

    def show_words(self, words: str) -> None:
        """Show other words without telling anybody; a cursor at their end stays there."""
        if words != self.toPlainText():
            is_at_end = self.isVisible() and self.textCursor().atEnd()
            with QSignalBlocker(self):
                self.setPlainText(words)
                if is_at_end:
                    self.moveCursor(QTextCursor.MoveOperation.End)

    @override
    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self.minimumHeight())


class AnswerField(QWidget):
    """The answer to one question of a step, wherever it is written: guide and report show the same words."""

    def __init__(
        self, work: StudentWork, step: Step, question: Question, title: str, complain: Complain, *,
        is_asked: bool,  # whether the question stands above the field, and not in it while it is empty
    ) -> None:  # fmt: skip
        super().__init__()
        self._work, self._complain = work, complain
        self.step, self.question = step, question
        self.title = SectionTitle(title)
        self.field = WordsField(question.text if is_asked else title)
        self.field.setPlaceholderText("Your words" if is_asked else question.text)
        self.field.setToolTip("" if is_asked else question.text)  # it would lie over the words
        self.head = fill(QHBoxLayout(), (self.title, 1), spacing=8)
        self.note = WrapLabel("", role="muted", small=is_asked)
        self.record = Button(
            "Record", "check",
            tooltip="Record the hypothesis now, with time and step. The report shows later changes, too.",
        )  # fmt: skip
        row = fill(QHBoxLayout(), (self.note, 1), self.record, spacing=8)
        self._layout = fill(QVBoxLayout(self), self.head, spacing=6)
        if is_asked:
            self._layout.addWidget(WrapLabel(question.text, role="text"))
        self._layout.addWidget(self.field, 1)
        self._layout.addLayout(row)
        self._counts = is_asked
        self.record.setVisible(question.is_hypothesis)
        self.note.setVisible(is_asked or question.is_hypothesis)
        self.field.textChanged.connect(self._on_text_changed)
        self.record.clicked.connect(lambda: work.record_hypothesis(step))
        work.changed.connect(self.look)
        self.look()

    def look(self) -> None:
        if self.step not in self._work.lab.steps:  # of another lab: others come in a moment
            return
        done = self._work.done(self.step)
        self.field.show_words(done.said(self.question.part))
        self.record.setEnabled(done.is_pending)
        notes = [_count(self.step, done.said(self.question.part))] if self._counts else []
        if self.question.is_hypothesis:
            next_ = "train" if self._work.is_about_training(self.step) else "see a result of this section"
            notes.append(_recorded(done, self._work.version(self.step, ""), next_))
        self.note.set_text(" ".join(notes))

    def printed(self) -> tuple[Sought, Sought]:
        """Tell what the report shows of it: the words, or on pages without them yet the question."""
        said, asked = self._work.done(self.step).said(self.question.part).strip(), self.question.text
        return (
            lambda each: isinstance(each, Words) and each.kind == "student" and each.text.strip() == said,
            lambda each: isinstance(each, Words) and each.text == asked,
        )

    def forget(self) -> None:
        """Let the field bring back by undo nothing that was typed before."""
        self.field.document().clearUndoRedoStacks()

    def _on_text_changed(self) -> None:
        words = self.field.toPlainText()
        scroll_to(self)
        scroll_to(self.field)
        if not attempt(lambda: self._work.write(self.step, self.question.part, words), self._complain):
            self.look()


def _count(step: Step, words: str) -> str:
    """Say how many words a field has, and how many its step waits for."""
    count = len(words.split())
    wanted = max((each.at_least for each in step.done_when if each.event == "words"), default=0)
    if wanted > count:
        return f"{format_count(count)} of at least {format_many(wanted, 'word')}."
    return f"{format_many(count, 'word')}."


def _recorded(done: StepRecord, now: Version, next_: str) -> str:
    """Say when a hypothesis was recorded, whether the field says something else, and if `now` it is late.

    * `next_`: what it is to come before, as "before you" goes on.
    """
    results, since = now.known
    late = f"{results.capitalize()} have been on the screen since {since}; what you write now is recorded as "
    late = f"{late}written after them." if since else ""
    if not done.hypothesis and not done.is_pending:
        return late or f"Write it down before you {next_}: later it is recorded as written after results."
    text = "Not recorded yet. It will be when you press Record, leave the step, run the lab or export."
    if done.hypothesis:
        first, last = done.hypothesis[0], done.hypothesis[-1]
        text = f"Recorded {first.time}, {first.words}."
        if last is not first:
            text += f" Edited {last.time}, {last.words}. The report shows both."
        text += " Your change is not recorded yet." * done.is_pending
    return f"{text} {late}" if late and done.is_pending else text


class SectionFields(QWidget):
    """All that is to be written and put in for one section of the report, part by part."""

    #: The user has written in a field.
    typed = Signal(AnswerField)

    def __init__(self, work: StudentWork, message: MessageBar) -> None:
        super().__init__()
        self._work, self._message = work, message
        self._layout = fill(QVBoxLayout(self), spacing=6)
        self._shown: object = None
        #: Lists what the panels show, to be put in.
        self.choices: Callable[[], Sequence[InsertChoice]] = tuple
        self.answers: list[AnswerField] = []
        self.inserts: list[InsertList] = []
        work.opened.connect(self._forget)

    def set_section(self, section: Section) -> None:
        """Show the fields of a section; those that are there stay."""
        work = self._work
        steps = work.lab.of_section(section.id)
        asked = [(step, question) for step in steps for question in step.asked(work.experiment_of(step))]
        asked.sort(key=lambda each: tuple(PARTS).index(each[1].part))
        if asked == self._shown:
            return
        self._shown = asked
        discard(self._layout, (*self.answers, *self.inserts))
        self.answers, self.inserts = [], []
        for step, question in asked:
            is_one_of_many = sum(each.part == question.part for _, each in asked) > 1
            title = f"{PARTS[question.part]}: {step.title}" if is_one_of_many else PARTS[question.part]
            refuse = partial(self._message.show_message, kind="warning")
            answer = AnswerField(work, step, question, title, refuse, is_asked=False)
            answer.field.textChanged.connect(partial(self.typed.emit, answer))
            self.answers.append(answer)
            self._layout.addWidget(answer, 1)
            if question.part == "observations":
                inserts = InsertList(work, step, self._message, lambda: self.choices())
                answer.head.addWidget(inserts.insert_button)
                self.inserts.append(inserts)
                self._layout.addWidget(inserts)

    def show_insert(self, step: Step, insert: Insert) -> None:
        """Scroll to the row of a figure, once it has its place."""
        rows = next((each.rows for each in self.inserts if each.step.id == step.id), [])
        inserts = self._work.done(step).inserts
        if len(rows) == len(inserts) and insert in inserts:
            row = rows[inserts.index(insert)]
            single_shot(row, lambda: scroll_to(row), 0).start()

    def answer(self, step_id: str, part: str) -> AnswerField | None:
        return next((e for e in self.answers if (e.step.id, e.question.part) == (step_id, part)), None)

    def ask_insert(self) -> None:
        """Ask what to put in: below the observations with the cursor, else those of the step in front."""
        if self.inserts:
            written = {each.step.id for each in self.answers if each.field.hasFocus()}
            places = (*written, self._work.record.place)
            best = next((e for place in places for e in self.inserts if e.step.id == place), self.inserts[0])
            best.ask()

    def _forget(self) -> None:
        for each in self.answers:
            each.forget()
