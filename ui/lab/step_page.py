"""The step in front: what it is for, what to read, to predict and to write."""

from collections.abc import Mapping

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from cnnviz.lab.figures import Picture
from cnnviz.lab.model import Lab, Question, Step
from cnnviz.lab.record import StepRecord
from cnnviz.quantities import format_count
from cnnviz.report.document import moment_of
from ui.controls.buttons import Button
from ui.controls.labels import SectionTitle, WrapLabel
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.lab.prediction_card import PredictionCard
from ui.lab.step_text import StepText
from ui.panels.report.fields import WordsField
from ui.theme import Theme, follow_theme

_SET = "The window is set for this step."


class StepPage(QWidget):
    """Everything of one step, from top to bottom."""

    def __init__(self) -> None:
        super().__init__()
        self.section = WrapLabel("", small=True)
        self.title = WrapLabel("", role="title")
        self.purpose = WrapLabel("", role="muted")
        self.who = WhoFields()
        self.show_me = Button(
            "Show me",
            "eye",
            "primary",
            tooltip="Put the window where this step wants it: panel, network, image",
            shortcut="Ctrl+Shift+L",
        )  # fmt: skip
        self.text = StepText()
        self.prediction = PredictionCard()
        self.answer = AnswerField()
        self.shown = WrapLabel("", small=True)
        row = fill(QHBoxLayout(), self.show_me, (self.shown, 1), spacing=10)
        self._layout = fill(
            QVBoxLayout(self), self.section, self.title, self.purpose, self.who, row, self.text,
            self.prediction, (self.answer, 9), 1,
        )  # fmt: skip
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale."""
        px = theme.px
        self._layout.setContentsMargins(px(14), px(8), px(10), px(14))
        self._layout.setSpacing(px(10))

    def set_is_set(self, is_set: bool) -> None:
        """Show whether the window is as the step wants it: then there is nothing that has to be pressed."""
        self.show_me.set_kind("" if is_set else "primary")
        if is_set and not self.shown.text():
            self.shown.set_text(_SET)
        elif not is_set and self.shown.text() == _SET:
            self.shown.set_text("")

    def set_step(
        self, lab: Lab, step: Step, number: int, figures: Mapping[str, Picture | str], answer: str
    ) -> None:
        """Show a step.

        * `figures`: the figures of the lab; of one that cannot be shown, why not.
        * `answer`: what was written about it so far.
        """
        titles = {each.id: each.title for each in lab.sections}
        count, minutes = format_count(len(lab.steps)), format_count(step.minutes)
        self.section.set_text(f"{titles.get(step.section, '')} · about {minutes} min")
        self.title.set_text(f"{number + 1} of {count}  {step.title}")
        self.purpose.set_text(step.purpose)
        self.shown.set_text("")
        self.text.set_blocks(step.text, figures)
        self.prediction.set_prediction(step.prediction)
        self.answer.set_step(step, answer)


class WhoFields(QWidget):
    """Name and roll number, asked for where the lab begins."""

    def __init__(self) -> None:
        super().__init__()
        self.name = named(QLineEdit(), "Your name", "Your name, as it is to stand on the report")
        self.roll_number = named(QLineEdit(), "Your roll number", "Your roll number")
        self.name.setPlaceholderText("Name")
        self.roll_number.setPlaceholderText("Roll number")
        for field in (self.name, self.roll_number):
            field.setMinimumWidth(60)
        self.note = WrapLabel("", small=True)
        row = fill(QHBoxLayout(), (self.name, 3), (self.roll_number, 2), spacing=6)
        fill(QVBoxLayout(self), row, self.note, spacing=4)

    def set_who(self, name: str, roll_number: str, note: str) -> None:
        """Show who does the lab, without telling anybody."""
        for field, text in ((self.name, name), (self.roll_number, roll_number)):
            if field.text() != text:
                field.setText(text)
        self.note.set_text(note)
        self.note.setVisible(bool(note))


class AnswerField(QWidget):
    """The question of a step, a field for the answer, and how many words it has."""

    wordsEdited = Signal(str)  # what stands in the field by now

    def __init__(self) -> None:
        super().__init__()
        self._question: Question | None = None
        self._wanted = 0
        self.title = SectionTitle("Explain")
        self.question = WrapLabel("", role="text")
        self.field = WordsField("Answer")
        self.count = WrapLabel("", small=True)
        self._layout = fill(QVBoxLayout(self), self.title, self.question, (self.field, 1), self.count)
        self.field.textChanged.connect(self._on_text_changed)
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale."""
        self._layout.setSpacing(theme.px(6))

    def set_step(self, step: Step, answer: str) -> None:
        """Ask the question of a step, with what was answered so far."""
        question = self._question = step.question
        self.setVisible(question is not None)
        if question is None:
            return
        wanted = [each.at_least for each in step.done_when if each.event == "words"]
        self._wanted = max(wanted, default=0)
        self.title.set_text("Hypothesis" if question.is_hypothesis else "Explain")
        self.question.set_text(question.text)
        self.field.setAccessibleName(question.text)
        self.field.ask("Your words")
        self.field.setToolTip(question.text)
        self.field.show_words(answer)

    def show_record(self, done: StepRecord) -> None:
        """Say how many words there are, and when a hypothesis was recorded."""
        words = len(self.field.toPlainText().split())
        text = f"{format_count(words)} word{'s' * (words != 1)}"
        if self._wanted > words:
            text += f" of at least {format_count(self._wanted)}"
        if self._question is not None and self._question.is_hypothesis:
            if done.hypothesis:
                first, last = done.hypothesis[0], done.hypothesis[-1]
                text += f". Recorded {first.time}, {moment_of(first)}"
                if last is not first:
                    text += f"; edited {last.time}, {moment_of(last)}"
            else:
                text += ". It is recorded, with time and step, when you go on"
        self.count.set_text(f"{text}.")

    @Slot()
    def _on_text_changed(self) -> None:
        self.wordsEdited.emit(self.field.toPlainText())
