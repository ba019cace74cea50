"""Fields for whole numbers and for positive numbers of any magnitude, with a sentence for what is wrong."""

import math
import re
from typing import Any, override

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtGui import QValidator, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QSpinBox

from cnnviz.quantities import MINUS, format_count, format_plain, format_value
from ui.theme import Theme, follow_theme, repolish

_PARTIAL_INT = re.compile(r"[+\-−]?\d*")
_PARTIAL_FLOAT = re.compile(r"[+\-−]?\d*[.,]?\d*([eE][+\-−]?\d*)?")


class _CheckedField[Number: float]:
    """What both fields answer in the same way, through their `_InputCheck`.

    Mixed in before the class of Qt; it is plain Python without an ``__init__``, so that Qt's is the only one.
    """

    _check: "_InputCheck"

    def set_value(self, value: Number) -> None:
        """Show a number."""
        self._check.show_value(value)

    def set_theme(self, theme: Theme) -> None:
        """Restyle."""
        self._check.set_theme(theme)

    def set_subject(self, subject: str) -> None:
        """Name the number for messages, as in "Learning rate must be …"."""
        self._check.subject = subject

    def message(self) -> str:
        """What is wrong with what was typed, or ""."""
        return self._check.message


class IntField(_CheckedField[int], QSpinBox):
    """Whole number in a range. The wheel turns it only while it has the keyboard."""

    #: The number, when the user has changed it.
    valueEdited = Signal(int)
    #: What is wrong with what was typed, or "" when nothing is.
    messageChanged = Signal(str)

    def __init__(self, minimum: int, maximum: int, value: int) -> None:
        super().__init__()
        self._check = _InputCheck(self)
        self.setRange(minimum, maximum)
        self.setValue(value)
        self.valueChanged.connect(self.valueEdited)
        follow_theme(self)

    @override
    def validate(self, text: str, pos: int, /) -> Any:
        # Qt would refuse the digit that leaves the range without a word; so it is let in, and explained.
        return self._check.state(text, _PARTIAL_INT, int), text, pos

    @override
    def fixup(self, text: str, /) -> str:
        return self._check.corrected(text, int)

    @override
    def wheelEvent(self, event: QWheelEvent, /) -> None:
        self._check.pass_wheel(super().wheelEvent, event)


class FloatField(_CheckedField[float], QDoubleSpinBox):
    """A number of any magnitude in a range, such as a rate, typed as "0.0001" or "1e-4"; steps 1, 2, 5."""

    #: The number, when the user has changed it.
    valueEdited = Signal(float)
    #: What is wrong with what was typed, or "" when nothing is.
    messageChanged = Signal(str)

    def __init__(self, minimum: float, maximum: float, value: float) -> None:
        super().__init__()
        self._check = _InputCheck(self)
        self.setLocale(QLocale.c())
        self.setDecimals(12)
        self.setRange(minimum, maximum)
        self.setValue(value)
        self.valueChanged.connect(self.valueEdited)
        follow_theme(self)

    @override
    def textFromValue(self, value: float, /) -> str:
        return format_plain(value)

    @override
    def valueFromText(self, text: str, /) -> float:
        number = _parse(text, float)
        return self.value() if number is None else float(number)

    @override
    def validate(self, text: str, pos: int, /) -> Any:
        return self._check.state(text, _PARTIAL_FLOAT, float), text, pos

    @override
    def fixup(self, text: str, /) -> str:
        return self._check.corrected(text, float)

    @override
    def stepBy(self, steps: int, /) -> None:
        value = self.value()
        for _ in range(abs(steps)):
            value = _next_step(value) if steps > 0 else _previous_step(value)
        self.setValue(min(max(value, self.minimum()), self.maximum()))
        self.selectAll()

    @override
    def wheelEvent(self, event: QWheelEvent, /) -> None:
        self._check.pass_wheel(super().wheelEvent, event)


class _InputCheck:
    """What both fields share: judging the text, the sentence about it, and the red border."""

    def __init__(self, field: IntField | FloatField) -> None:
        self._field = field
        self.subject = "The value"
        self.message = ""
        field.setKeyboardTracking(False)
        field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        field.setCorrectionMode(QAbstractSpinBox.CorrectionMode.CorrectToPreviousValue)
        field.lineEdit().textEdited.connect(self._on_text_edited)

    def set_theme(self, theme: Theme) -> None:
        # The stylesheet cannot reach the editor inside a spin box.
        self._field.lineEdit().setTextMargins(theme.px(7), 0, 0, 0)

    def show_value(self, value: float) -> None:
        blocked = self._field.blockSignals(True)
        self._field.setValue(value)  # pyright: ignore[reportArgumentType]  # int for the one, float for the other
        self._field.blockSignals(blocked)
        self._say("")

    def state(self, text: str, partial: re.Pattern[str], kind: type) -> QValidator.State:
        number = _parse(text, kind)
        if number is not None and self._field.minimum() <= number <= self._field.maximum():
            return QValidator.State.Acceptable
        return QValidator.State.Intermediate if partial.fullmatch(text.strip()) else QValidator.State.Invalid

    def corrected(self, text: str, kind: type) -> str:
        field, number = self._field, _parse(text, kind)
        if number is None:
            kept = field.textFromValue(field.value())  # pyright: ignore[reportArgumentType]  # as in show_value
            self._say(f"{self.subject} must be {self._range()}. “{text}” is not a number; {kept} is kept.")
            return kept
        nearest = kind(min(max(number, field.minimum()), field.maximum()))
        shown = field.textFromValue(nearest)
        self._say(f"{self.subject} must be {self._range()}. {text.strip()} was changed to {shown}.")
        return shown

    def pass_wheel(self, turn: Any, event: QWheelEvent) -> None:
        if self._field.hasFocus():
            turn(event)
        else:
            event.ignore()

    def _on_text_edited(self, text: str) -> None:
        kind = int if isinstance(self._field, IntField) else float
        number = _parse(text, kind)
        fine = number is not None and self._field.minimum() <= number <= self._field.maximum()
        self._say("" if fine else f"{self.subject} must be {self._range()}.")

    def _range(self) -> str:
        lo, hi = self._field.minimum(), self._field.maximum()
        if isinstance(self._field, IntField):
            return f"a whole number from {format_count(int(lo))} to {format_count(int(hi))}"
        return f"a number from {format_value(lo)} to {format_value(hi)}"

    def _say(self, message: str) -> None:
        if message != self.message:
            self.message = message
            self._field.setProperty("invalid", bool(message))
            repolish(self._field)
            self._field.messageChanged.emit(message)


def _parse(text: str, kind: type) -> float | None:
    try:
        number = kind(text.strip().replace(MINUS, "-").replace(",", "." if kind is float else ""))
    except ValueError:
        return None
    return number if number == number and abs(number) != float("inf") else None


def _steps(value: float) -> list[float]:
    exponent = math.floor(math.log10(value)) if value > 0 else -12
    return [float(f"{digit}e{exponent + shift}") for shift in (-1, 0, 1) for digit in (1, 2, 5)]


def _next_step(value: float) -> float:
    return next(step for step in _steps(value) if step > value * (1 + 1e-9))


def _previous_step(value: float) -> float:
    return next((step for step in reversed(_steps(value)) if step < value * (1 - 1e-9)), 0.0)
