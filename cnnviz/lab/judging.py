"""Whether a prediction is right, and whether a number that was handed in is the one that is measured here."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from cnnviz.errors import ParameterError
from cnnviz.lab.measures import MEASURES, Measured, Value, value_words
from cnnviz.lab.model import DIRECTIONS, DOWN, SAME, UP, Answer, Prediction, Step
from cnnviz.quantities import format_cell, format_count, format_together, format_value, rounded
from cnnviz.routing import TOLERANCE

_LARGEST = 1e12
_LONGEST_NAME = 60
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
_GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2}([.,'’\s][0-9]{3})+")  # digits in groups of three

Nearness = Literal["right", "close", "not close", "not right", "not to be judged"]
VERDICTS: Mapping[bool | None, Nearness] = {True: "right", False: "not right", None: "not to be judged"}
"""What a prediction is called by whether it is right."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A prediction beside the result."""

    is_right: bool | None  # None where nothing could be measured, or nothing was predicted
    # `predicted`, `measured`: both in words, with the unit
    predicted: str
    measured: str
    nearness: Nearness = "not to be judged"
    limit: str = ""  # how far off a number is, or is at most, to follow the nearness

    @property
    def words(self) -> str:
        """Prediction, result and verdict in a line."""
        predicted, measured = (each[:1].lower() + each[1:] for each in (self.predicted, self.measured))
        match self.nearness:
            case "right" if self.predicted in self.measured:
                return f"Right: {measured}"
            case "not to be judged":
                return f"Measured: {measured}"
            case _:
                is_so = measured if measured.startswith("it ") else f"it is {measured}"
                said = f". You said {predicted}" if ":" in self.limit else f": you said {predicted}"
                return f"{self.nearness.capitalize()}{self.limit}{said}; {is_so}"


def judge(prediction: Prediction, answer: Answer | None, measured: Measured) -> Verdict:
    """Compare a prediction with what was measured.

    A number is right within the tolerance of the prediction, in the unit of the measure; a direction, where
    the measured change is larger than the tolerance that way, or no larger for "same"; a choice, where it
    has the measured name; a cell, where it is one of the measured cells. Without an answer nothing is judged.
    A number that is not right is close within `closeness`, and else not close, unless nothing is close.
    """
    value = measured.value
    if answer is None:
        return Verdict(None, "", _measured_words(prediction, measured))
    is_right = None if value is None else _is_right(prediction, answer, value)
    predicted, found = answer_words(prediction, answer), _measured_words(prediction, measured)
    if is_right is None or value is None:
        return Verdict(None, predicted, found)
    if isinstance(answer, str | tuple) or isinstance(value, str | tuple):
        return Verdict(is_right, predicted, found, VERDICTS[is_right])
    measure = MEASURES[prediction.truth.measure]
    unit = f" {'percentage points' if measure.quantity == 'percent' else measure.unit}".rstrip()
    if is_right:
        within = f", within {format_value(prediction.tolerance)}{unit}" if prediction.tolerance else ""
        return Verdict(True, predicted, found, "right", within)
    close, off = closeness(prediction, value), abs(answer - value)
    words = answer_words(prediction, rounded(off, 4)).replace("%", "percentage points")
    if off <= close * (1 + 1e-12):
        praise = ", a good estimate: only" if off <= close / 2 else ":"
        return Verdict(False, predicted, found, "close", f"{praise} {words} off")
    return Verdict(False, predicted, found, "not close" if close else "not right", f": {words} off")


def closeness(prediction: Prediction, value: float) -> float:
    """How far off a number may be and still counts as close: its tolerance and a tenth of what was measured.

    A student calls 97 % close to 99.62 % and 11 close to 10, but not 0.5 to 0.97. The limit has two digits,
    as it is told. A count is off by whole numbers: beside a small one nothing is close.
    """
    close = rounded(prediction.tolerance + abs(value) / 10, 2)
    return math.floor(close) if MEASURES[prediction.truth.measure].quantity == "count" else close


def verdict_of(step: Step, answer: Answer, measured: Iterable[Measured]) -> Verdict | None:
    """Return a prediction beside the first of what was measured for its step; None if it fits no question."""
    if step.prediction is None:
        return None
    unknown = Measured.of(step.id, step.prediction.truth, None)
    truth = next((each for each in measured if each.step == step.id), unknown)
    try:
        return judge(step.prediction, checked_answer(step.prediction, answer), truth)
    except ParameterError:
        return None


def checked_answer(prediction: Prediction, answer: object) -> Answer:
    """Return an answer that fits a prediction, or raise `ParameterError` that says what was expected."""
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


def require_in_window(prediction: Prediction, answer: Answer, side: int, filter_: int | None) -> None:
    """Raise `ParameterError` for a cell outside of the window that is asked about, of `side` cells."""
    asked = prediction.truth.parameters
    if prediction.truth.measure != "window_winner" or not isinstance(answer, tuple):
        return
    row, column = int(asked["row"]), int(asked["column"])
    if filter_ is None:
        raise ParameterError("Press “Show me” first: this is about a filter of the trained network.")
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

    A comma is a decimal point, but of a count it divides the digits into groups of three, as a space or a
    point does. A per cent sign behind a ratio makes a hundredth of it.

    * Raises ParameterError: if it is none; the text says what was expected.
    """
    measure = MEASURES[prediction.truth.measure]
    text = text.strip().replace("−", "-")
    written = text.removesuffix("%").rstrip()
    is_share = written != text
    if is_share and (measure.quantity == "count" or (measure.quantity == "number" and measure.unit)):
        raise ParameterError("A number without % is expected here.")
    if measure.quantity == "count" and _GROUPED.fullmatch(written):
        written = re.sub(r"[.,'’\s]", "", written)
    if not _NUMBER.fullmatch(written):
        raise ParameterError("Type a number first, such as 0.5.")
    number = float(written.replace(",", "."))
    checked = checked_answer(
        prediction, number / 100 if is_share and measure.quantity == "number" else number
    )
    assert isinstance(checked, float)
    return checked


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


# The kernels of OpenBLAS add in different orders. How far apart they are `scripts/kernels.py` measures, and
# docs/guide/lab-grading.md says: the tolerance of float64 is a hundred thousand times as large, and far below
# what a report shows. A hand-in that differs is measured again with the kernel that it was made with.

TOLERANCES: Mapping[str, float] = {"float64": 1e-9, "float32": 1e-5}
"""Largest relative difference that counts as agreement, by the dtype of the network."""

ABSOLUTE: Mapping[tuple[str, str], float] = {
    # Rounding and nothing else: what counts as agreement there has no more than this.
    ("gradient_error", "float64"): TOLERANCE,
    ("gradient_error", "float32"): TOLERANCE,
    # A difference of two losses: 3.3e-17 and 2.0e-8 were measured.
    ("update_loss_change", "float64"): 1e-12,
    ("update_loss_change", "float32"): 1e-6,
}
"""Largest absolute difference by measure and dtype, where rounding does not shrink with the number."""


def agrees(claimed: Measured, measured: Measured, dtype: str) -> bool:
    """Whether two values of the same measurement are the same; `dtype`: of the network."""
    said, found = claimed.value, measured.value
    if isinstance(said, int | float) and isinstance(found, int | float):
        least = ABSOLUTE.get((measured.measure, dtype), 0.0)
        return math.isclose(said, found, rel_tol=TOLERANCES[dtype], abs_tol=least)
    return said == found


def difference_words(claimed: Measured, measured: Measured) -> str:
    """Return what differs between a number as handed in and as measured, and by how much."""
    title = f"{measured.step}: {measured.measure}"
    said, found = claimed.value, measured.value
    if isinstance(said, int | float) and isinstance(found, int | float):
        first, second = format_together((said, found), 4)
        unit = f" {measured.how.unit}".rstrip()
        off = format_value(said - found)
        return f"{title} {first}{unit} handed in, {second}{unit} measured, off by {off}"
    return f"{title} {claimed.words} handed in, {measured.words} measured"
