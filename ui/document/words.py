"""What the report draft and the lab records say, as a document holds it: the one place that knows both."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cnnviz.document.archive import filled_in, parsed
from cnnviz.document.types import Document, Files
from cnnviz.errors import CNNVizError, DataError
from cnnviz.lab.record import LabRecord
from ui.panels.report.draft import Draft, draft_from_dict

_MEASURED = ("findings", "numbers")  # what is large, and does not change while somebody types
_LONG = 4096


def words_of(draft: Draft, files: dict[str, bytes]) -> dict[str, Any]:
    """Return words, records and lab as fields of a document; what is large becomes members of it."""
    values = draft.to_dict()
    labs, lab = tuple(values.pop("labs")), values.pop("lab")
    for name in _MEASURED:
        if values[name]:
            values[name] = _put(files, json.dumps(values[name]), "json")
    return {"words": _set_apart(values, files), "labs": labs, "lab": lab}


def draft_of(document: Document, files: Files) -> Draft:
    """Return the draft of a document.

    * Raises DataError: if it is damaged: a clause, to follow "cannot be opened: ".
    """
    try:
        values = filled_in(document.words, files)
        values |= {name: parsed(values[name]) for name in _MEASURED if isinstance(values.get(name), str)}
        labs = {record.key: record for record in map(LabRecord.from_dict, document.labs)}
        return draft_from_dict(values, labs, document.lab)
    except (CNNVizError, ValueError, RecursionError) as error:
        reason = str(error).rstrip(".") if isinstance(error, CNNVizError) else "its words are damaged"
        raise DataError(reason) from error


def _set_apart(value: Any, files: dict[str, bytes]) -> Any:
    """Return values in which each long text, such as a drawing, is the name of a member."""
    if isinstance(value, str) and len(value) > _LONG:
        return _put(files, value, "txt")
    if isinstance(value, Mapping):
        return {key: _set_apart(each, files) for key, each in value.items()}
    return [_set_apart(each, files) for each in value] if isinstance(value, list | tuple) else value


def _put(files: dict[str, bytes], text: str, ending: str) -> dict[str, str]:
    content = text.encode("utf-8", "replace")
    name = f"inserts/{hashlib.sha256(content).hexdigest()[:32]}.{ending}"
    files[name] = content
    return {"member": name}
