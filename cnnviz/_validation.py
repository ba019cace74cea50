"""Checks of settings, with one wording for every message."""

import math
from collections.abc import Collection
from numbers import Integral, Real
from reprlib import repr as short_repr
from typing import Any

import numpy as np

from cnnviz.errors import ParameterError
from cnnviz.files import LONGEST_NAME, printable


def shown(value: object) -> str:
    """Return a value that may come from a file as a few letters for a message."""
    # reprlib bounds the work, printable the letters: lists of lists are long even so.
    try:
        return printable(short_repr(value), LONGEST_NAME)
    except ValueError:  # Python writes no whole number of more than 4,300 digits
        return "a number of thousands of digits"


def check_int(
    value: Any, name: str, owner: str, minimum: int | None = None, maximum: int | None = None
) -> int:
    """Return `value` as an int, or raise `ParameterError` when it is none or out of range."""
    is_int = not isinstance(value, bool) and isinstance(value, Integral)
    if not is_int or not _in_range(int(value), minimum, maximum):
        raise ParameterError(_message(value, name, owner, "an int", minimum, maximum))
    return int(value)


def check_float(
    value: Any,
    name: str,
    owner: str,
    minimum: float | None = None,
    maximum: float | None = None,
    *,
    above: float | None = None,
) -> float:
    """Return `value` as a float, or raise `ParameterError`; `above` is an exclusive lower bound."""
    try:
        number = math.nan if isinstance(value, bool) or not isinstance(value, Real) else float(value)
    except OverflowError:  # a whole number beyond all floats
        number = math.inf
    if not (math.isfinite(number) and _in_range(number, minimum, maximum)) or (
        above is not None and number <= above
    ):
        wanted = "a finite number" if above is None else f"a finite number > {above}"
        raise ParameterError(_message(value, name, owner, wanted, minimum, maximum))
    return number


def check_choice[T](value: Any, name: str, owner: str, choices: Collection[T]) -> T:
    """Return `value` when it is one of `choices`, or raise `ParameterError` that lists them."""
    for choice in choices:
        if value == choice and type(value) is type(choice):
            return choice
    listed = ", ".join(repr(choice) for choice in choices)
    raise ParameterError(
        f"The {name!r} parameter of {owner} must be one of {listed}. Got {shown(value)} instead."
    )


def check_dtype(value: Any, owner: str) -> str:
    """Return the name of a dtype that networks have, however it was given, or raise `ParameterError`."""
    try:
        name = "None" if value is None else np.dtype(value).name  # None is a dtype for NumPy
    except (TypeError, ValueError):
        name = repr(value)
    return check_choice(name, "dtype", owner, ("float32", "float64"))


def _in_range(value: float, minimum: float | None, maximum: float | None) -> bool:
    return (minimum is None or value >= minimum) and (maximum is None or value <= maximum)


def _message(
    value: object, name: str, owner: str, wanted: str, minimum: float | None, maximum: float | None
) -> str:
    bounds = " and ".join(
        f"{sign} {bound}" for sign, bound in ((">=", minimum), ("<=", maximum)) if bound is not None
    )
    requirement = f"{wanted} {bounds}" if bounds else wanted
    return f"The {name!r} parameter of {owner} must be {requirement}. Got {shown(value)} instead."
