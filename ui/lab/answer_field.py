"""What the student writes about a step."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cnnviz.lab.model import Question, Step
from cnnviz.lab.record import StepRecord
from cnnviz.quantities import format_count
from cnnviz.report.document import moment_of
from ui.controls.labels import SectionTitle, WrapLabel
from ui.controls.layouts import fill
from ui.panels.report.fields import WordsField
from ui.theme import Theme, follow_theme


class AnswerField(QWidget):
    """The question of a step, a field for the answer, and how many words it has.

    * `wordsEdited(str)`: what stands in the field by now.
    """

    wordsEdited = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
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
