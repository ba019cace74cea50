"""Whether a prediction is right: the answer beside what was measured, and words for both."""

import re
from dataclasses import dataclass
from typing import Any, cast

from cnnviz.errors import ParameterError
from cnnviz.lab.measures import MEASURES, Measured, Value, value_words
from cnnviz.lab.model import DIRECTIONS, DOWN, SAME, UP, Answer, Prediction
from cnnviz.quantities import format_cell, format_count, format_value

_LARGEST = 1e12
_LONGEST_NAME = 60
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
# Digits in groups of three with one sign between them; a decimal point is another sign.
_GROUPED = re.compile(
    r"(?P<head>[+-]?[1-9][0-9]{0,2})"
    r"(?P<groups>(?P<between>[.,'’\s])[0-9]{3}((?P=between)[0-9]{3})*)"
    r"(?P<rest>([.,][0-9]*)?)"
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A prediction beside the result.

    * `is_right`: None where nothing could be measured, or nothing was predicted.
    * `predicted`, `measured`: both in words, with the unit.
    """

    is_right: bool | None
    predicted: str
    measured: str


def judge(prediction: Prediction, answer: Answer | None, measured: Measured) -> Verdict:
    """Compare a prediction with what was measured.

    A number is right within the tolerance of the prediction, in the unit of the measure; a direction, where
    the measured change is larger than the tolerance that way, or no larger for "same"; a choice, where it
    has the measured name; a cell, where it is one of the measured cells. Without an answer nothing is judged.
    """
    value = measured.value
    if answer is None:
        return Verdict(None, "", _measured_words(prediction, measured))
    is_right = None if value is None else _is_right(prediction, answer, value)
    return Verdict(is_right, answer_words(prediction, answer), _measured_words(prediction, measured))


def checked_answer(prediction: Prediction, answer: object) -> Answer:
    """Return an answer that fits a prediction, whatever it comes from.

    * Raises ParameterError: if it is none; the text says what was expected.
    """
    match prediction.kind:
        case "number":
            if isinstance(answer, int | float) and not isinstance(answer, bool) and abs(answer) <= _LARGEST:
                return float(answer)  # and no NaN, which is not smaller than anything
            raise ParameterError("A number of at most 1,000,000,000,000 is expected here, such as 0.5.")
        case "cell":
            index = tuple(cast("list[Any]", answer)) if isinstance(answer, list | tuple) else ()
            if len(index) == 3 and all(type(each) is int and 0 <= each < 10_000 for each in index):
                return cast("tuple[int, ...]", index)
            raise ParameterError("A cell is expected here: its filter, row and column.")
        case "choice" | "direction":
            names = [each.name for each in prediction.choices] or list(DIRECTIONS)
            if isinstance(answer, str) and answer in names:
                return answer
            raise ParameterError(f"One of {', '.join(names)} is expected here.")


def require_in_window(prediction: Prediction, answer: Answer, side: int) -> None:
    """Refuse a cell that lies outside of the pooling window that a prediction asks about.

    * `side`: side and stride of the pooling windows, in cells.
    * Raises ParameterError: if it does; the text says where the window lies.
    """
    asked = prediction.truth.parameters
    if prediction.truth.measure != "window_winner" or not isinstance(answer, tuple):
        return
    filter_, row, column = (int(asked.get(name, 0)) for name in ("filter", "row", "column"))
    if (answer[0], answer[1] // side, answer[2] // side) != (filter_, row, column):
        rows, columns = (
            f"{format_count(place * side)}–{format_count((place + 1) * side - 1)}" for place in (row, column)
        )
        raise ParameterError(
            f"This cell is not in the window: choose one of filter {format_count(filter_)}, rows {rows}, "
            f"columns {columns}."
        )


def typed_number(prediction: Prediction, text: str) -> float:
    """Return the number that a student means.

    A comma is a decimal point, but for digits in groups of three: between several groups it divides them, as
    a space always does, and in a count between two groups, too, which would be no whole number otherwise. A
    per cent sign behind a ratio makes a hundredth of it.

    * Raises ParameterError: if it is none; the text says what was expected.
    """
    measure = MEASURES[prediction.truth.measure]
    text = text.strip().replace("−", "-")
    written = text.removesuffix("%").rstrip()
    is_share = written != text
    if is_share and (measure.quantity == "count" or (measure.quantity == "number" and measure.unit)):
        raise ParameterError("A number without % is expected here.")
    written = _ungrouped(written, is_count=measure.quantity == "count")
    if not _NUMBER.fullmatch(written):
        raise ParameterError("Type a number first, such as 0.5.")
    number = float(written.replace(",", "."))
    checked = checked_answer(
        prediction, number / 100 if is_share and measure.quantity == "number" else number
    )
    assert isinstance(checked, float)
    return checked


def _ungrouped(written: str, *, is_count: bool) -> str:
    """Take out what divides the digits of a number into groups of three."""
    found = _GROUPED.fullmatch(written)
    if found is None:
        return written
    between, groups, rest = found["between"], found["groups"], found["rest"]
    may_be_decimal = between in ".," and groups.count(between) == 1 and not rest
    if may_be_decimal and not is_count:
        return written
    return found["head"] + groups.replace(between, "") + rest


def answer_words(prediction: Prediction, answer: Answer) -> str:
    """Return an answer in words, with its unit."""
    if isinstance(answer, tuple):
        return format_cell(answer)
    if isinstance(answer, str):
        texts = {each.name: each.text for each in prediction.choices} or dict(DIRECTIONS)
        return texts.get(answer, answer[:_LONGEST_NAME])
    measure = MEASURES[prediction.truth.measure]
    # Half a step is no count, but may have been typed.
    if measure.quantity == "count" and answer != int(answer):
        return f"{format_value(answer)} {measure.unit}".rstrip()
    return value_words(measure, answer)


def _is_right(prediction: Prediction, answer: Answer, value: Value) -> bool:
    if isinstance(value, tuple):
        return answer in value
    if isinstance(value, str) or value is None:
        return answer == value
    if isinstance(answer, str):
        return answer == direction_of(value, prediction.tolerance)
    if isinstance(answer, tuple):
        return False
    return abs(answer - value) <= prediction.tolerance * (1 + 1e-12)  # the limit itself counts


def direction_of(change: float, tolerance: float) -> str:
    """Return which way something has changed: "up", "down" or "same"."""
    if abs(change) <= tolerance:
        return SAME
    return UP if change > 0 else DOWN


def _measured_words(prediction: Prediction, measured: Measured) -> str:
    value = measured.value
    texts = {each.name: each.text for each in prediction.choices}
    if isinstance(value, str):
        return texts.get(value, value)
    if prediction.kind == "direction" and isinstance(value, int | float):
        return f"{DIRECTIONS[direction_of(value, prediction.tolerance)]} ({measured.words})"
    return measured.words
