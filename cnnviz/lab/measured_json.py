"""Measured numbers as values that JSON can hold, and back within bounds."""

from collections.abc import Mapping
from typing import Any

from cnnviz.errors import DataError, ParameterError
from cnnviz.files import printable
from cnnviz.lab.json_values import as_count, as_text, items, mapping, text
from cnnviz.lab.measures import MEASURES, Measure, Measured, Value
from cnnviz.lab.model import Measurement

_MOST_CELLS = 1000
_LARGEST = 1e300


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
            if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LARGEST:
                raise DataError(f"the value of its measure {of.name!r} is no number of a sensible size")
            return value
