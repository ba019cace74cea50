"""The prediction of a step: asked for, committed, and beside it the result."""

import re
from collections.abc import Hashable
from contextlib import suppress
from itertools import pairwise
from typing import override

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QLineEdit, QRadioButton, QVBoxLayout, QWidget

from cnnviz.drawing import Ink
from cnnviz.drawing.page import Card, Item, Page, broken, down
from cnnviz.errors import ParameterError
from cnnviz.graphics.texts import WORDS, Words
from cnnviz.lab.judging import answer_words, checked_answer, typed_number
from cnnviz.lab.measures import MEASURES
from cnnviz.lab.model import DIRECTIONS, Answer, Prediction
from cnnviz.lab.record import Commitment, StepRecord
from ui.controls.buttons import Button
from ui.controls.keyboard import is_enter, plain_arrow_step
from ui.controls.labels import SectionTitle, WrapLabel
from ui.controls.layouts import discard, fill, named
from ui.lab.revealing import Reveal
from ui.page_view import PageView
from ui.theme import repolish, theme_manager

_NOT_YET = "You see the result after you commit and do what the step asks. A commitment is final."
_LATE = (
    "You have already seen the result. You can still commit, but your prediction will be recorded as late."
)
_GIVES_UP = (
    "Once you have seen the result, you can no longer predict in this step, or get points for a prediction."
)
_GIVEN_UP = "You asked to see the result without a prediction."
_INKS: dict[str, Ink] = {"right": "success", "close": "success", "not to be judged": "muted"}
"""Colour by `Verdict.nearness`; of those that are missing "danger"."""
_NATS = "Nats: the unit of natural logarithms. A guess between two classes costs ln 2 = 0.693 nats."
#: Pixels that the text of an answer stands lower than its button, so that both are on one line.
_LOWER = 3
#: Least width of the column, in pixels at scale 1.
_WIDE = 288


class PredictionCard(QWidget):
    """Question, field, and the button that commits; after that prediction, result and verdict."""

    committed = Signal(object)  # what the student commits to
    givenUp = Signal()  # the result is to be shown without a prediction

    def __init__(self) -> None:
        super().__init__()
        self._prediction: Prediction | None = None
        self._cell: tuple[int, ...] | None = None
        self._key: Hashable = None
        #: What was begun in other steps: number, name of an answer, cell.
        self._drafts: dict[Hashable, tuple[str, str, tuple[int, ...] | None]] = {}
        self._prediction_is_open = self._is_asking = False
        self.question = WrapLabel("", role="text")
        self.number = named(QLineEdit(), tip="A number, such as 0.5; Enter commits")
        self.number.setPlaceholderText("a number")
        self.unit = QLabel()
        self.number_row = QWidget()
        fill(QHBoxLayout(self.number_row), (self.number, 1), self.unit, spacing=8)
        self.understood = WrapLabel("", role="text")
        self.choices = QWidget()
        self._answers = fill(QVBoxLayout(self.choices), spacing=4)
        self._choices = QButtonGroup(self)
        self.cell = WrapLabel("", role="text")
        self.error = WrapLabel("", role="danger", small=True)
        self.commit = Button("Commit", "check", tooltip="Commit to this prediction")
        self.hint = WrapLabel("", small=True)
        self.skip = Button("Show the result without a prediction", kind="link")
        self.warning = WrapLabel(_GIVES_UP, small=True)
        tip = "See the result, and make no prediction in this step"
        self.show_result = Button("Show the result", tooltip=tip)
        self.keep_predicting = Button("Predict first", tooltip="Go back to the question; nothing is shown")
        self.result = PageView(lambda _ask: None)
        row = fill(QHBoxLayout(), self.commit, 1)
        skipping = fill(QHBoxLayout(), self.skip, self.show_result, self.keep_predicting, 1, spacing=8)
        fill(
            QVBoxLayout(self), SectionTitle("Predict"), self.question, self.number_row,
            self.choices, self.cell, row, self.understood, self.error, self.hint,
            self.warning, skipping, self.result, spacing=8,
        )  # fmt: skip
        self.number.returnPressed.connect(self._on_commit_clicked)
        self.number.textEdited.connect(lambda: self.complain(""))
        self.number.textChanged.connect(self._show_understood)
        self.commit.clicked.connect(self._on_commit_clicked)
        self.skip.clicked.connect(lambda: self._show_skip(True))
        self.show_result.clicked.connect(self.givenUp)
        self.keep_predicting.clicked.connect(lambda: self._show_skip(False))

    def set_prediction(self, prediction: Prediction | None, key: Hashable) -> None:
        """Ask what the step of a key asks; what was begun there and not committed to is there again."""
        if self._prediction_is_open:
            button = self._choices.checkedButton()
            chosen = button.objectName() if button else ""
            self._drafts[self._key] = self.number.text(), chosen, self._cell
        typed, chosen, cell = self._drafts.pop(key, ("", "", None))
        self._prediction, self._key = prediction, key
        self._prediction_is_open = self._is_asking = False
        self.setVisible(prediction is not None)
        for button in self._choices.buttons():
            self._choices.removeButton(button)
        discard(self._answers, self.choices.findChildren(_Choice))
        if prediction is None:
            return
        self.question.set_text(prediction.question)
        self.number.clear()
        self.complain("")
        measure = MEASURES[prediction.truth.measure]
        self.unit.setText(measure.unit)
        self.unit.setToolTip(_tip(measure.unit))
        self.number.setAccessibleName(f"Your prediction: {prediction.question} {measure.unit}".rstrip())
        usual = dict(DIRECTIONS) if prediction.kind == "direction" else {}
        texts = {each.name: each.text for each in prediction.choices} or usual
        for name, text in texts.items():
            button = _AnswerButton()
            button.setObjectName(name)
            button.setChecked(name == chosen)
            self._choices.addButton(button)
            self._answers.addWidget(_Choice(text, button))
            button.toggled.connect(lambda: self.complain(""))
        chain = [self.number, *self._choices.buttons(), self.commit]
        for before, after in pairwise(chain):  # what is made later would come last of all
            self.setTabOrder(before, after)
        self.number.setText(typed)
        self.show_cell(cell)

    def show_cell(self, cell: tuple[int, ...] | None) -> None:
        self._cell, prediction = cell, self._prediction
        if prediction is not None and prediction.kind == "cell":
            chosen = "none yet" if cell is None else answer_words(prediction, cell)
            how = f"Click a cell of {prediction.stage} in the panel, then commit to it."
            self.cell.set_text(f"{how}\nChosen: {chosen}")
            self.complain("")

    def show_record(self, done: StepRecord, reveal: Reveal) -> None:
        prediction, commitment = self._prediction, done.prediction
        if prediction is None:
            return
        is_open = self._prediction_is_open = commitment is None and not done.revealed
        self.hint.set_text(_LATE if reveal.is_late else _NOT_YET + reveal.waiting)
        for part, is_shown in (
            (self.number_row, prediction.kind == "number"),
            (self.understood, bool(self.understood.text())),
            (self.choices, prediction.kind in ("choice", "direction")),
            (self.cell, prediction.kind == "cell"),
            (self.commit, True),
            (self.hint, not self.error.text()),
        ):
            part.setVisible(is_open and is_shown)
        self._show_skip(self._is_asking)
        self.result.setHidden(is_open)
        if not is_open:
            self.result.show_page(_result(prediction, commitment, reveal))

    # --- without a prediction -------------------------------------------------------------------------------

    def _show_skip(self, asking: bool) -> None:
        """Offer the result without a prediction, and ask again before it is shown."""
        is_open, self._is_asking = self._prediction_is_open, asking
        self.skip.setVisible(is_open and not asking)
        for widget in (self.warning, self.show_result, self.keep_predicting):
            widget.setVisible(is_open and asking)

    # --- committing -----------------------------------------------------------------------------------------

    def _on_commit_clicked(self) -> None:
        prediction = self._prediction
        if prediction is None:
            return
        try:
            answer = checked_answer(prediction, self._answer(prediction))
        except ParameterError as error:
            self.complain(str(error))
            if prediction.kind == "number":
                self.number.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self.complain("")
        self.committed.emit(answer)

    def _answer(self, prediction: Prediction) -> Answer:
        if prediction.kind == "number":
            return typed_number(prediction, self.number.text())
        if prediction.kind == "cell":
            if self._cell is None:
                raise ParameterError(f"Click a cell of {prediction.stage} first.")
            return self._cell
        button = self._choices.checkedButton()
        if button is None:
            raise ParameterError("Choose one of the answers first.")
        return button.objectName()

    def _show_understood(self, typed: str) -> None:
        """Say how the number is read, with its unit: what is committed to stays."""
        prediction, text = self._prediction, ""
        if prediction is not None:
            with suppress(ParameterError):
                read = answer_words(prediction, typed_number(prediction, typed))
                text = "" if f"{typed} {self.unit.text()}".strip() == read else f"Read as: {read}"
        self.understood.show_text(text)
        self.number.setAccessibleDescription(text)

    def complain(self, text: str) -> None:
        """Say why an answer is not taken; with "" nothing is wrong."""
        self.error.show_text(text)
        self.hint.setVisible(not text)
        if self.number.property("invalid") != bool(text):
            self.number.setProperty("invalid", bool(text))
            repolish(self.number)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not is_enter(event):
            super().keyPressEvent(event)
        elif self.commit.isVisible():  # else it has just committed, and means nothing to who has the keys
            self._on_commit_clicked()


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


class _Choice(QWidget):
    """An answer whose text wraps, as that of a radio button does not; a click on it chooses it."""

    def __init__(self, text: str, button: QRadioButton) -> None:
        super().__init__()
        self._button = button
        button.setAccessibleName(text)
        beside = fill(QVBoxLayout(), WrapLabel(text, role="text"), margins=(0, _LOWER, 0, 0))
        row = fill(QHBoxLayout(self), button, (beside, 1), spacing=2)
        row.setAlignment(button, Qt.AlignmentFlag.AlignTop)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._button.setChecked(True)
        self._button.setFocus(Qt.FocusReason.MouseFocusReason)


def _result(prediction: Prediction, made: Commitment | None, reveal: Reveal) -> Page:
    verdict, predicted = reveal.verdict, _GIVEN_UP
    if made is not None:
        late = f", made {made.words}" if made.after_run else ""
        said = answer_words(prediction, made.answer)
        predicted = f"Your prediction: {said}{late}" if late or verdict is None else ""
    besides = "\n".join(f"{title[0].upper()}{title[1:]}: {words}" for title, words in reveal.besides)
    items: list[Item] = _words("predicted", predicted)
    if verdict is not None:
        items += _words("verdict", verdict.words, "strong", _INKS.get(verdict.nearness, "danger"))
    if reveal.picture is not None:
        theme = theme_manager().theme
        items.append(broken(reveal.picture.body, theme.px(_WIDE), theme))
    items += [*_words("why", reveal.why), *_words("besides", besides)]
    items += _words("moment", reveal.moment, "small", "muted")
    return Page(down(*items, *_words("waiting", reveal.waiting or reveal.remark, "", "muted"), gap=8))


def _words(key: str, words: str, font: str = "", ink: Ink = "text") -> list[Item]:
    return [Card(key, WORDS, Words(words, font, ink), tip=_tip(words), room=None)] if words else []


def _tip(text: str) -> str:
    return _NATS if re.search(r"\bnats\b", text) else ""
