"""Predictions that have more digits of the measured number than anybody can guess.

Nobody is asked to look at a prediction that is right. A guess has two or three digits, and of a number like
the share of images that are read correctly one may well guess all three. What is counted here are the digits
that a guess cannot have: the more of them a prediction shares with the result, the less was it made before.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from cnnviz.errors import ParameterError
from cnnviz.lab.judging import Verdict, checked_answer, judge
from cnnviz.lab.measures import Measured
from cnnviz.lab.model import Answer, Lab, Prediction
from cnnviz.lab.results import HandIn
from cnnviz.quantities import format_plain

_ALONE, _WITH_ALL_RIGHT, _AMONG_SEVERAL = 5, 4, 3
"""Digits that tell of one prediction alone, where all others are right, and up to which a result is known."""

_FEWEST_STEPS, _FEWEST_NUMBERS, _FEWEST_DIGITS = 3, 3, 5
"""How many predictions are asked for, how many of them are numbers, and how many digits these have together
behind their first ones, which may be guessed."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """A prediction.

    * `digits`: how many digits of a number that goes on and on are those of the result.
    * `is_as_shown`: whether it is a number of two digits at least, and all those of the result as
      the window shows it.
    """

    step: str
    is_right: bool
    digits: int | None
    is_as_shown: bool


def too_exact(handed: HandIn, lab: Lab) -> Iterator[str]:
    """Yield what is too exact about the predictions of a hand-in, as clauses.

    * `handed`: predictions that were made late, as it says itself, do not count.
    """
    judged = list(_judged(handed, lab))
    numbers = {each.step: each.digits for each in judged if each.digits is not None}
    for step, digits in numbers.items():
        if digits >= _ALONE:
            yield f"the prediction in {step} has {digits} digits, and all are those of the measured number"
            return
    asked = sum(step.prediction is not None for step in lab.steps)
    is_all_right = len(judged) == asked and all(each.is_right for each in judged)
    least = min(numbers.values(), default=0)
    is_all_as_shown = len(judged) == asked and all(each.is_as_shown for each in judged)
    if (asked >= _FEWEST_STEPS and (is_all_as_shown or (is_all_right and least >= _WITH_ALL_RIGHT))) or (
        len(numbers) >= _FEWEST_NUMBERS
        and least
        and sum(digits - 1 for digits in numbers.values()) >= _FEWEST_DIGITS
    ):
        yield "its predictions are the measured numbers in every step, to all digits that were typed"


def _judged(handed: HandIn, lab: Lab) -> Iterator[_Judged]:
    results: Mapping[str, Measured] = {each.step: each.measured for each in reversed(handed.measured)}
    for step in lab.steps:
        commitment, result = handed.predictions.get(step.id), results.get(step.id)
        if step.prediction is None or commitment is None or result is None or commitment.when.after_run:
            continue
        try:
            answer = checked_answer(step.prediction, commitment.answer)
        except ParameterError:
            continue
        verdict = judge(step.prediction, answer, result)
        digits = _digits(step.prediction, answer, result)
        yield _Judged(step.id, verdict.is_right is True, digits, _is_as_shown(answer, result, verdict))


def _is_as_shown(answer: Answer, result: Measured, verdict: Verdict) -> bool:
    quantity = result.measure.quantity
    if quantity not in ("number", "percent") or not isinstance(answer, float):
        return False
    return verdict.predicted == verdict.measured and _significant(answer, quantity) >= 2


def _digits(prediction: Prediction, answer: Answer, result: Measured) -> int | None:
    """Return how many digits of a number are right; None for what is no number that goes on and on."""
    value, quantity = result.value, result.measure.quantity
    if prediction.kind != "number" or quantity not in ("number", "percent"):
        return None
    if not isinstance(answer, float) or not isinstance(value, int | float):
        return None
    if _significant(value, quantity) <= _AMONG_SEVERAL:
        return None  # such as 0.5 or 97.5 %, which may be known
    typed = _decimal(answer)
    last = Decimal((0, (5,), int(typed.as_tuple().exponent) - 1))
    return _significant(answer, quantity) if abs(typed - _decimal(value)) <= last else 0


def _significant(number: float, quantity: str) -> int:
    """Return how many digits a number has; of a share near 0 or 100 % those of what is missing."""
    typed = _decimal(number)
    if quantity == "percent":
        typed = min(abs(typed), abs(100 - typed))
    return len("".join(map(str, typed.as_tuple().digits)).strip("0"))


def _decimal(number: float) -> Decimal:
    """Return a number as it is typed."""
    return Decimal(format_plain(float(number)))
