"""The step in front: what it is for, what to read, to predict and to write."""

from collections.abc import Iterable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cnnviz.lab.figures import Picture
from cnnviz.lab.model import PARTS, Step
from cnnviz.quantities import format_count
from ui.controls.buttons import Button
from ui.controls.labels import WrapLabel
from ui.controls.layouts import fill
from ui.lab.controller import LabController
from ui.lab.prediction_card import PredictionCard
from ui.lab.step_text import StepImage, StepText
from ui.panels.report.fields import AnswerField, HeadField
from ui.panels.report.work import Complain, StudentWork
from ui.state import AppState

_SET = "The window is ready for this step."


class StepPage(QWidget):
    """Everything of one step, from top to bottom."""

    def __init__(self, work: StudentWork, state: AppState) -> None:
        super().__init__()
        self._work = work
        self.image = StepImage(state)
        self.section = WrapLabel("", small=True)
        self.title = WrapLabel("", role="title")
        self.purpose = WrapLabel("", role="muted")
        self.who = WhoFields(work)
        self.show_me = Button(
            "Show me",
            "eye",
            "primary",
            tooltip="Prepare the window for this step: panel, network, image",
            shortcut="Ctrl+Shift+L",
        )  # fmt: skip
        self.mismatch = WrapLabel("", role="muted")
        self.text = StepText()
        #: What earlier steps have found that this one needs.
        self.recalled = WrapLabel("", role="muted")
        self.prediction = PredictionCard()
        self.step: Step | None = None
        self.answers: list[AnswerField] = []
        self.shown = WrapLabel("", small=True)
        self._is_set = self._was_set = False
        row = fill(QHBoxLayout(), self.show_me, (self.shown, 1), spacing=10)
        self._layout = fill(
            QVBoxLayout(self), self.section, self.title, self.purpose, self.who, row, self.mismatch,
            self.image, self.text, self.recalled, self.prediction, 1, spacing=10, margins=(14, 8, 10, 14),
        )  # fmt: skip

    def set_is_set(self, is_set: bool) -> None:
        """Show whether the window is as the step wants it; what is done after that needs no "Show me"."""
        self._is_set, self._was_set = is_set, self._was_set or is_set
        self._show_need()

    def set_mismatch(self, text: str) -> None:
        """Say why the network is not that of the step; with "" it is."""
        self.mismatch.show_text(text)
        self._show_need()

    def _show_need(self) -> None:
        is_needed = not self._was_set or bool(self.mismatch.text())
        self.show_me.set_kind("primary" if is_needed else "")
        self.shown.set_text(_SET if self._is_set else "")

    def show_recalled(self, found: Iterable[tuple[str, str]]) -> None:
        """Show what was said and found in earlier steps, each with its title."""
        self.recalled.show_text("\n".join(f"Step {title}: {words}" for title, words in found))

    def set_step(
        self, control: LabController, figures: Mapping[str, Picture | str], complain: Complain
    ) -> None:
        """Show the step in front.

        * `figures`: the figures of the lab; of one that cannot be shown, why not.
        """
        lab, step = control.lab, control.step
        assert lab is not None
        assert step is not None
        titles = {each.id: each.title for each in lab.sections}
        count, minutes = format_count(len(lab.steps)), format_count(step.minutes)
        self.step = step
        self.section.set_text(f"{titles.get(step.section, '')} · about {minutes} min")
        self.title.set_text(f"{control.number + 1} of {count}  {step.title}")
        self.purpose.set_text(step.purpose)
        self._is_set = self._was_set = False
        self._show_need()
        self.text.set_text(step.text, figures, control.filter_words)
        self.image.set_step(step)
        self.prediction.set_prediction(step.prediction)
        for old in self.answers:
            self._layout.removeWidget(old)
            old.hide()
            old.deleteLater()
        asked = step.asked(control.experiment)
        self.answers = []
        for place, question in enumerate(asked):
            title = PARTS[question.part] if len(asked) > 1 or question.is_hypothesis else "Explain"
            answer = AnswerField(self._work, step, question, title, complain, is_asked=True)
            self.answers.append(answer)
            self._layout.insertWidget(self._layout.indexOf(self.prediction) + 1 + place, answer, 9)
        self._lead_through_answers()

    def _lead_through_answers(self) -> None:
        """Let Tab go on to the answers from what is above them; Qt puts what is made later at the end."""
        last = [each for each in self.prediction.findChildren(QWidget) if _is_stop(each)][-1]
        for answer in self.answers:
            for stop in filter(_is_stop, answer.findChildren(QWidget)):
                self.setTabOrder(last, stop)
                last = stop


def _is_stop(widget: QWidget) -> bool:
    return bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)


class WhoFields(QWidget):
    """Name and roll number, asked for where the lab begins."""

    def __init__(self, work: StudentWork) -> None:
        super().__init__()
        tip = "Your name, as it will appear on the report"
        self.name = HeadField(work, "author", "Your name", tip)
        self.roll_number = HeadField(work, "roll_number", "Your roll number", "Your roll number")
        self.name.setPlaceholderText("Name")
        self.roll_number.setPlaceholderText("Roll number")
        for field in (self.name, self.roll_number):
            field.setMinimumWidth(60)
        self.note = WrapLabel("", small=True)
        row = fill(QHBoxLayout(), (self.name, 3), (self.roll_number, 2), spacing=6)
        fill(QVBoxLayout(self), row, self.note, spacing=4)
