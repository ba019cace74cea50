"""The prediction of a step: asked for, committed, and beside it the result."""

import math
import re
from itertools import pairwise
from typing import override

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QLineEdit, QRadioButton, QVBoxLayout, QWidget

from cnnviz.lab.judging import answer_words
from cnnviz.lab.measures import MEASURES, Measured
from cnnviz.lab.model import DIRECTIONS, Answer, Prediction
from cnnviz.lab.record import StepRecord
from cnnviz.quantities import format_value
from ui.controls.buttons import Button
from ui.controls.icon_label import IconLabel
from ui.controls.key_moves import is_enter, plain_arrow_step
from ui.controls.labels import SectionTitle, WrapLabel
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.lab.revealing import Reveal
from ui.theme import Theme, follow_theme, repolish

_NOT_YET = "The measured result comes after you have committed. What you commit to stays."
_LATE = "Its result has been shown already. You can still commit; it is recorded that you did so after that."
_VERDICTS = {
    True: ("circle-check", "success", "Right"),
    False: ("circle-x", "danger", "Not right"),
    None: ("info", "muted", "Not to be judged: it is not defined here"),
}
#: Pixels that the text of an answer stands lower than its button, so that both are on one line.
_LOWER = 3
_NUMBER = re.compile(r"[+\-−]?(\d+([.,]\d*)?|[.,]\d+)([eE][+\-−]?\d+)?")


class PredictionCard(QWidget):
    """Question, field, and the button that commits; after that prediction, result and verdict.

    Parameters
    ----------
    parent : QWidget, optional

    Signals
    -------
    committed : Answer
        What the student commits to.
    """

    committed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._prediction: Prediction | None = None
        self._cell: tuple[int, ...] | None = None
        self._build_widgets()
        self._build_layout()
        self.number.returnPressed.connect(self._on_commit_clicked)
        self.number.textEdited.connect(self._clear_error)
        self.commit.clicked.connect(self._on_commit_clicked)
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale."""
        self._layout.setSpacing(theme.px(8))

    def set_prediction(self, prediction: Prediction | None) -> None:
        """Ask another question, or none."""
        self._prediction, self._cell = prediction, None
        self.setVisible(prediction is not None)
        for button in self._choices.buttons():
            self._choices.removeButton(button)
        self.choices.clear()
        if prediction is None:
            return
        self.question.set_text(prediction.question)
        self.number.clear()
        self._complain("")
        measure = MEASURES[prediction.truth.measure]
        self.unit.setText(measure.unit)
        self.number.setAccessibleName(f"Your prediction: {prediction.question} {measure.unit}".rstrip())
        texts = {each.name: each.text for each in prediction.choices}
        if prediction.kind == "direction":
            texts = texts or dict(DIRECTIONS)
        for name, text in texts.items():
            self._add_choice(name, text)
        chain = [self.number, *self._choices.buttons(), self.commit]
        for before, after in pairwise(chain):  # what is made later would come last of all
            self.setTabOrder(before, after)
        self.show_cell(None)

    def show_cell(self, cell: tuple[int, ...] | None) -> None:
        """Show the cell that was clicked, which may be committed to."""
        self._cell = cell
        prediction = self._prediction
        if prediction is not None and prediction.kind == "cell":
            self.how.set_text(
                f"Click a cell of {prediction.stage} in the panel (by keys: Tab to the map, arrows, Enter). "
                "Commit makes it your prediction."
            )
            self.cell.set_text(
                "Chosen: none yet" if cell is None else f"Chosen: {answer_words(prediction, cell)}"
            )
            self._complain("")

    def show_record(self, done: StepRecord, reveal: Reveal) -> None:
        """Show what was committed to, and what is known of the result."""
        prediction, commitment = self._prediction, done.prediction
        if prediction is None:
            return
        is_open = commitment is None
        kind = prediction.kind
        self.number_row.setVisible(is_open and kind == "number")
        self.choices.setVisible(is_open and kind in ("choice", "direction"))
        self.how.setVisible(is_open and kind == "cell")
        self.cell.setVisible(is_open and kind == "cell")
        self.commit.setVisible(is_open)
        self.hint.setVisible(is_open and not self.error.text())
        self.hint.set_text(_LATE if reveal.is_late else _NOT_YET)
        self.predicted.setVisible(not is_open)
        self.measured.setVisible(reveal.verdict is not None)
        self.verdict_row.setVisible(reveal.verdict is not None)
        self.waiting.setVisible(bool(reveal.waiting or reveal.remark))
        self.waiting.set_text(reveal.waiting or reveal.remark)
        self.moment.setVisible(bool(reveal.moment))
        self.moment.set_text(reveal.moment)
        self.besides.setVisible(bool(reveal.besides))
        self.besides.set_text("\n".join(_sentence(each) for each in reveal.besides))
        if commitment is None:
            return
        words = answer_words(prediction, commitment.answer)
        late = f", made {commitment.when.words}" if commitment.when.after_run else ""
        self.predicted.set_text(f"Your prediction: {words}{late}")
        if reveal.verdict is not None:
            icon, role, text = _VERDICTS[reveal.verdict.is_right]
            self.measured.set_text(f"Measured: {reveal.verdict.measured}")
            self.verdict_icon.set_icon(icon, role)
            self.verdict.set_text(f"{text}{_within(prediction)}.")

    # --- building -------------------------------------------------------------------------------------------

    def _build_widgets(self) -> None:
        self.question = WrapLabel("", role="text")
        self.number = named(QLineEdit(), tip="A number, such as 0.5; Enter commits")
        self.number.setPlaceholderText("a number")
        self.unit = QLabel()
        self.number_row = QWidget()
        fill(QHBoxLayout(self.number_row), (self.number, 1), self.unit, spacing=8)
        self.choices = _Choices()
        self._choices = QButtonGroup(self)
        self.how, self.cell = WrapLabel("", role="text"), WrapLabel("", role="text")
        self.error = WrapLabel("", role="danger", small=True)
        self.commit = Button("Commit", "check", tooltip="Fix this prediction, then see the result")
        self.hint = WrapLabel(_NOT_YET, small=True)
        self.predicted = WrapLabel("", role="text")
        self.measured = WrapLabel("", role="title")
        self.verdict_icon, self.verdict = IconLabel(), WrapLabel("", role="text")
        self.verdict_row = QWidget()
        fill(QHBoxLayout(self.verdict_row), self.verdict_icon, (self.verdict, 1), spacing=6)
        self.waiting = WrapLabel("", role="muted")
        self.moment = WrapLabel("", small=True)
        self.besides = WrapLabel("", role="text")

    def _build_layout(self) -> None:
        row = fill(QHBoxLayout(), self.commit, 1)
        self._layout = fill(
            QVBoxLayout(self), SectionTitle("Predict"), self.question, self.number_row, self.choices,
            self.how, self.cell, row, self.error, self.hint, self.predicted, self.measured,
            self.verdict_row, self.besides, self.moment, self.waiting,
        )  # fmt: skip

    def _add_choice(self, name: str, text: str) -> None:
        button = _AnswerButton()
        button.setObjectName(name)
        self._choices.addButton(button)
        self.choices.add(text, button)
        button.toggled.connect(self._clear_error)

    # --- committing -----------------------------------------------------------------------------------------

    @Slot()
    def _on_commit_clicked(self) -> None:
        answer = self._answer()
        if answer is not None:
            self._complain("")
            self.committed.emit(answer)

    def _answer(self) -> Answer | None:
        """Return what was chosen; None, after saying what is missing, where there is nothing."""
        prediction = self._prediction
        if prediction is None:
            return None
        if prediction.kind == "number":
            number = parsed_number(self.number.text())
            if number is None:
                self._complain("Type a number first, such as 0.5.")
                self.number.setFocus(Qt.FocusReason.OtherFocusReason)
            return number
        if prediction.kind == "cell":
            if self._cell is None:
                self._complain(f"Click a cell of {prediction.stage} first.")
            return self._cell
        button = self._choices.checkedButton()
        if button is None:
            self._complain("Choose one of the answers first; by keys, with an arrow or Space.")
            return None
        return button.objectName()

    @Slot()
    def _clear_error(self) -> None:
        self._complain("")

    def _complain(self, text: str) -> None:
        self.error.set_text(text)
        self.error.setVisible(bool(text))
        self.hint.setVisible(not text)
        if self.number.property("invalid") != bool(text):
            self.number.setProperty("invalid", bool(text))
            repolish(self.number)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if is_enter(event) and not self.commit.isVisible():
            pass  # it has just committed, and means nothing to what has the keyboard since
        elif is_enter(event):
            self._on_commit_clicked()
        else:
            super().keyPressEvent(event)


class _AnswerButton(QRadioButton):
    """Of a group in which arrow keys choose, also where nothing is chosen yet; Qt leads on only, then."""

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        super().keyPressEvent(event)
        if plain_arrow_step(event) is not None:
            event.accept()
            for button in self.group().buttons():
                if button.hasFocus():
                    button.setChecked(True)


class _Choices(QWidget):
    """Answers below one another."""

    def __init__(self) -> None:
        super().__init__()
        self._layout = fill(QVBoxLayout(self), spacing=4)
        self._choices: list[QWidget] = []

    def add(self, text: str, button: QRadioButton) -> None:
        """Add an answer."""
        self._choices.append(_Choice(text, button))
        self._layout.addWidget(self._choices[-1])

    def clear(self) -> None:
        """Take all answers away."""
        for choice in self._choices:
            choice.hide()
            choice.deleteLater()
        self._choices = []


class _Choice(QWidget):
    """An answer whose text wraps, as that of a radio button does not; a click on it chooses it."""

    def __init__(self, text: str, button: QRadioButton) -> None:
        super().__init__()
        self._button = button
        button.setAccessibleName(text)
        button.setToolTip(text)
        row = fill(QHBoxLayout(self), spacing=2)
        row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        beside = QVBoxLayout()
        beside.addSpacing(_LOWER)
        beside.addWidget(WrapLabel(text, role="text"))
        row.addLayout(beside, 1)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._button.setChecked(True)
        self._button.setFocus(Qt.FocusReason.MouseFocusReason)


def _sentence(measured: Measured) -> str:
    """Return a number that was measured besides, with what it is."""
    title = measured.measure.title_of(measured.measurement)
    return f"{title[0].upper()}{title[1:]}: {measured.words}"


def parsed_number(text: str) -> float | None:
    """Return a number as it is typed, with a comma or a point and with or without its per cent sign."""
    text = text.strip().removesuffix("%").strip()
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text.replace("−", "-").replace(",", "."))
    return number if math.isfinite(number) else None


def _within(prediction: Prediction) -> str:
    """Return how far a prediction may be off, to follow "Right"."""
    if prediction.kind != "number":
        return ""
    if prediction.tolerance == 0:
        return ": it had to be exact"
    measure = MEASURES[prediction.truth.measure]
    unit = "percentage points" if measure.quantity == "percent" else measure.unit
    off = " ".join(part for part in (format_value(prediction.tolerance), unit) if part)
    return f": up to {off} off counts as right"
