"""Values from JSON that anybody may have written; what is wrong is said as a clause, to follow "because"."""

from collections.abc import Mapping
from typing import cast

from cnnviz.errors import DataError

_LONGEST_NAME = 200


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
