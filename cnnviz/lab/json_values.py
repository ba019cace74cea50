"""Values from JSON that anybody may have written; what is wrong is said as a clause, to follow "because"."""

from collections.abc import Mapping
from typing import Any, cast

from cnnviz.errors import DataError, ParameterError
from cnnviz.files import printable
from cnnviz.lab.measures import MEASURES, Measure, Measured, Value
from cnnviz.lab.model import Measurement

_LONGEST_NAME = 200
_LARGEST = 10**9


def mapping(value: object, name: str, most: int = 200) -> dict[str, object]:
    """Return an object with at most so many entries, whose names are not long."""
    if not isinstance(value, dict):
        raise DataError(f"its {name!r} is missing or no object")
    entries = cast("dict[str, object]", value)
    if len(entries) > most or any(len(key) > _LONGEST_NAME for key in entries):
        raise DataError(f"its {name!r} is too large")
    return entries


def items(value: object, name: str, most: int = 500) -> list[object]:
    """Return a list with at most so many entries."""
    if not isinstance(value, list):
        raise DataError(f"its {name!r} is missing or no list")
    entries = cast("list[object]", value)
    if len(entries) > most:
        raise DataError(f"its {name!r} is too long")
    return entries


def text(entries: Mapping[str, object], name: str, longest: int = _LONGEST_NAME) -> str:
    """Return a text of at most so many letters."""
    return as_text(entries.get(name), name, longest)


def as_text(value: object, name: str, longest: int = _LONGEST_NAME) -> str:
    """Return a value that is a text of at most so many letters."""
    if not isinstance(value, str) or len(value) > longest:
        raise DataError(f"its {name!r} is missing, no text or too long")
    return value


def count(entries: Mapping[str, object], name: str) -> int:
    """Return a whole number that is not negative."""
    return as_count(entries.get(name), name)


def as_count(value: object, name: str) -> int:
    """Return a value that is a whole number and not negative."""
    if type(value) is not int or not 0 <= value <= _LARGEST:
        raise DataError(f"its {name!r} is missing or no whole number of a sensible size")
    return value


def flag(entries: Mapping[str, object], name: str) -> bool:
    """Return true or false."""
    value = entries.get(name)
    if not isinstance(value, bool):
        raise DataError(f"its {name!r} is missing or neither true nor false")
    return value


_MOST_CELLS = 1000
_LARGEST_MEASURED = 1e300


def measured_to_dict(measured: Measured) -> dict[str, Any]:
    """Return what was measured, with title and unit for people, as values that JSON can hold."""
    return {
        "measure": measured.measurement.measure,
        "with": dict(measured.measurement.parameters),
        "title": measured.measure.title_of(measured.measurement),
        "value": value_to_json(measured.value),
        "unit": measured.measure.unit,
    }


def value_to_json(value: Value) -> Any:
    """Return a measured value as JSON holds it."""
    return [list(cell) for cell in value] if isinstance(value, tuple) else value


def measured_from_dict(entries: Mapping[str, object]) -> Measured:
    """Return what `measured_to_dict` described; raises `CNNVizError` when it is damaged or not known here."""
    name = text(entries, "measure")
    if name not in MEASURES:
        raise ParameterError(f"its measure {printable(name, 40)!r} is not known here")
    parameters: dict[str, int | str] = {}
    for key, value in mapping(entries.get("with"), "with", 20).items():
        if isinstance(value, bool) or not isinstance(value, int | str) or len(str(value)) > 60:
            raise DataError("its 'with' holds something else than numbers and names")
        parameters[key] = value
    if set(parameters) != {each.name for each in MEASURES[name].parameters}:
        raise DataError(f"the parameters of its measure {name!r} are not those that it has")
    return Measured(Measurement(name, parameters), _value(entries.get("value"), MEASURES[name]))


def _value(value: object, of: Measure) -> Value:
    """Return a value of the kind that a measure has; raises `CNNVizError` for any other."""
    if value is None:
        return None
    match of.quantity:
        case "name":
            return as_text(value, "value")
        case "cells":
            cells = [items(each, "value", 3) for each in items(value, "value", _MOST_CELLS)]
            if any(len(cell) != 3 for cell in cells):
                raise DataError(f"the value of its measure {of.name!r} is no list of cells")
            return tuple(tuple(as_count(each, "value") for each in cell) for cell in cells)
        case "number" | "count" | "percent":
            if (
                isinstance(value, bool)
                or not isinstance(value, int | float)
                or not abs(value) <= _LARGEST_MEASURED
            ):
                raise DataError(f"the value of its measure {of.name!r} is no number of a sensible size")
            return value
