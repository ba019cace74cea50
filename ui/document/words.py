"""A student's work as a document holds it: drawings in it become members."""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from cnnviz.document.archive import filled_in
from cnnviz.document.types import Document, Files
from cnnviz.errors import DataError
from cnnviz.lab.record import Work, read_work

_LONG = 4096
_DRAWN = ("svg", "csv")  # words are never set apart: they outlive whatever is damaged


def words_of(work: Work, files: dict[str, bytes]) -> dict[str, Any]:
    """Return the work as fields of a document; long drawings become members of it."""
    values = msgspec.to_builtins(work)
    lab = values.pop("lab")
    return {"words": _set_apart(values, files), "lab": lab}


def work_of(document: Document, files: Files) -> tuple[Work, list[str]]:
    """Return the work in a document, and titles of what in it is lost.

    * Raises DataError: if it is damaged: a clause, to follow "cannot be opened: ".
    """
    try:
        return read_work({**filled_in(document.words, files), "lab": document.lab})
    except RecursionError as error:
        raise DataError("its words are damaged") from error


def _set_apart(value: Any, files: dict[str, bytes]) -> Any:
    """Return values in which each drawing, and the numbers behind one, is the name of a member."""
    if isinstance(value, Mapping):
        return {
            key: _put(each, files) if key in _DRAWN and len(each) > _LONG else _set_apart(each, files)
            for key, each in value.items()
        }
    return [_set_apart(each, files) for each in value] if isinstance(value, list | tuple) else value


def _put(text: str, files: dict[str, bytes]) -> dict[str, str]:
    content = text.encode("utf-8", "replace")
    name = f"inserts/{hashlib.sha256(content).hexdigest()[:32]}.txt"
    files[name] = content
    return {"member": name}
