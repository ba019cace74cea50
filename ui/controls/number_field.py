"""Fields for numbers that say in a sentence what is wrong with what was typed."""

import math
import re
from typing import Any, override

from PySide6.QtCore import QLocale, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QValidator, QWheelEvent
from PySide6.QtWidgets import QDoubleSpinBox, QLineEdit

from cnnviz.quantities import MINUS, format_count, format_plain, format_value
from ui.controls.layouts import scaled
from ui.theme import repolish

_PARTIAL_INT = re.compile(r"[+\-−]?\d*")
_PARTIAL_FLOAT = re.compile(r"[+\-−]?\d*[.,]?\d*([eE][+\-−]?\d*)?")


class NumberField(QDoubleSpinBox):
    """A number in a range; see the kinds of it. The wheel turns it only while it has the keyboard."""

    #: The number, when the user has changed it.
    valueEdited = Signal(object)
    #: What is wrong with what was typed, or "" when nothing is.
    messageChanged = Signal(str)

    _kind: type = float
    _partial, _called, _digits = _PARTIAL_FLOAT, "a number", 12

    def __init__(self, minimum: float, maximum: float, value: float) -> None:
        super().__init__()
        #: What the number is called in messages, as in "Learning rate must be …".
        self.subject = "The value"
        self.message = ""
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCorrectionMode(QDoubleSpinBox.CorrectionMode.CorrectToPreviousValue)
        self.lineEdit().textEdited.connect(self._on_text_edited)
        # The stylesheet cannot reach the editor inside a spin box.
        scaled(self.lineEdit().setTextMargins, 7, 0, 0, 0)
        self.setLocale(QLocale.c())
        self.setDecimals(self._digits)
        self.setRange(minimum, maximum)
        self.setValue(value)
        self.valueChanged.connect(lambda: self.valueEdited.emit(self.value()))

    def set_value(self, value: float) -> None:
        with QSignalBlocker(self):
            self.setValue(value)
        _say(self, "")

    @override
    def textFromValue(self, value: float, /) -> str:
        return format_plain(value)

    @override
    def valueFromText(self, text: str, /) -> float:
        number = _parse(text, self._kind)
        return self.value() if number is None else float(number)

    @override
    def validate(self, text: str, pos: int, /) -> Any:
        # Qt would refuse the digit that leaves the range without a word; so it is let in, and explained.
        state = QValidator.State.Acceptable
        if not self._takes(_parse(text, self._kind)):
            is_begun = self._partial.fullmatch(text.strip())
            state = QValidator.State.Intermediate if is_begun else QValidator.State.Invalid
        return state, text, pos

    @override
    def fixup(self, text: str, /) -> str:
        number = _parse(text, self._kind)
        if number is None:
            kept = self.textFromValue(self.value())
            _say(self, f"{self._must()} “{text}” is not a number; {kept} is kept.")
            return kept
        shown = self.textFromValue(min(max(number, self.minimum()), self.maximum()))
        _say(self, f"{self._must()} {text.strip()} was changed to {shown}.")
        return shown

    @override
    def wheelEvent(self, event: QWheelEvent, /) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def _on_text_edited(self, text: str) -> None:
        _say(self, "" if self._takes(_parse(text, self._kind)) else self._must())

    def _takes(self, number: float | None) -> bool:
        return number is not None and self.minimum() <= number <= self.maximum()

    def _must(self) -> str:
        lo, hi = map(self._in_words, (self.minimum(), self.maximum()))
        return f"{self.subject} must be {self._called} from {lo} to {hi}."

    def _in_words(self, value: float) -> str:
        return format_value(value)


class IntField(NumberField):
    """Whole number in a range."""

    _kind = int
    _partial, _called, _digits = _PARTIAL_INT, "a whole number", 0

    @override
    def value(self) -> int:
        return round(super().value())

    @override
    def textFromValue(self, value: float, /) -> str:
        return str(round(value))

    @override
    def _in_words(self, value: float) -> str:
        return format_count(round(value))


class FloatField(NumberField):
    """A number of any magnitude in a range, such as a rate, typed as "0.0001" or "1e-4"; steps 1, 2, 5."""

    @override
    def stepBy(self, steps: int, /) -> None:
        value = self.value()
        for _ in range(abs(steps)):
            near = _steps(value)
            if steps > 0:
                value = next(step for step in near if step > value * (1 + 1e-9))
            else:
                value = next((step for step in reversed(near) if step < value * (1 - 1e-9)), 0.0)
        self.setValue(min(max(value, self.minimum()), self.maximum()))
        self.selectAll()


def _parse(text: str, kind: type) -> float | None:
    try:
        number = kind(text.strip().replace(MINUS, "-").replace(",", "." if kind is float else ""))
    except ValueError:
        return None
    return number if number == number and abs(number) != float("inf") else None


def _steps(value: float) -> list[float]:
    exponent = math.floor(math.log10(value)) if value > 0 else -12
    return [float(f"{digit}e{exponent + shift}") for shift in (-1, 0, 1) for digit in (1, 2, 5)]


class IntListField(QLineEdit):
    """Numbers separated by commas or spaces, each within limits; an empty line is an empty list."""

    valueEdited = Signal(tuple)
    messageChanged = Signal(str)

    def __init__(self, limits: tuple[int, int], counts: tuple[int, int]) -> None:
        super().__init__()
        self._limits, self._counts = limits, counts
        self._values: tuple[int, ...] = ()
        self.subject = "This field"
        self.message = ""
        self.editingFinished.connect(self._on_editing_finished)

    def set_value(self, values: tuple[int, ...]) -> None:
        self._values = values
        self.setText(", ".join(map(str, values)))
        _say(self, "")

    def _on_editing_finished(self) -> None:
        words = re.findall(r"[^,;\s]+", self.text())
        are_numbers = all(re.fullmatch(r"[0-9]{1,6}", word) for word in words)
        values = tuple(map(int, words)) if are_numbers else ()
        (low, high), (fewest, most) = self._limits, self._counts
        fits = fewest <= len(values) <= most and all(low <= value <= high for value in values)
        if not are_numbers or not fits:
            takes = f"{fewest} to {most} whole numbers from {low} to {high}"
            _say(self, f"{self.subject} takes {takes}, for example 8, 16.")
            return
        _say(self, "")
        if values != self._values:
            self._values = values
            self.valueEdited.emit(values)


def _say(field: NumberField | IntListField, message: str) -> None:
    """Say what is wrong with what was typed, or with "" nothing."""
    if message != field.message:
        field.message = message
        field.setProperty("invalid", bool(message))
        repolish(field)
        field.messageChanged.emit(message)
