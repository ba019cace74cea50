"""The figures of a draft, and what was measured, each in a file of its own: written only once."""

import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from cnnviz.errors import CNNVizError
from cnnviz.files import atomic_write
from cnnviz.reading import parse_json, read_bytes
from cnnviz.report import Insert, findings_file
from cnnviz.report.inserts import LARGEST_PICTURE

_LARGE = ("svg", "csv")
_KINDS = (*_LARGE, "json")
LARGEST_IN_ALL = 96 << 20
"""Bytes of all figures together."""


def folder_of(draft: Path) -> Path:
    """Return the folder with the figures of a draft."""
    return draft.with_suffix(".figures")


def set_apart(draft: dict[str, Any], folder: Path) -> None:
    """Move drawings, their numbers and findings out of a draft into files that are named after their content.

    * Raises OSError, CNNVizError: if one cannot be written.
    """
    for inserts in _lists_of_inserts(draft):
        for insert in inserts:
            for name in _LARGE:
                content = str(insert[name]).encode("utf-8", "replace")
                if content:
                    insert[name] = _written(folder, content, name)
    if draft["findings"] is not None:
        content = json.dumps(draft["findings"], ensure_ascii=False).encode("utf-8", "replace")
        draft["findings"] = _written(folder, content, "json")


def _written(folder: Path, content: bytes, kind: str) -> dict[str, str]:
    """Have a file with this content, and return what refers to it."""
    file = folder / _name_of(content, kind)
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        atomic_write(file, content)
    return {"file": file.name}


def fill_in(draft: object, folder: Path) -> list[str]:
    """Put drawings, numbers and findings back into a draft of which nothing is known yet.

    Findings that are lost become an empty object, which is no findings.

    * Returns: titles of the figures and tables that were taken out, because they are lost or damaged.
    """
    lost: list[str] = []
    room = LARGEST_IN_ALL
    for inserts in _lists_of_inserts(draft):
        for insert in list(inserts):
            for name in _LARGE:
                kept = insert.get(name)
                if isinstance(kept, dict):
                    content = _content(folder, str(kept.get("file")), name, room)
                    insert[name] = content
                    room -= len(content)
            try:
                Insert.from_dict(insert)
            except (CNNVizError, ValueError, OverflowError):
                inserts.remove(insert)
                lost.append(str(insert.get("title"))[:80])
    if isinstance(draft, dict) and _is_reference(draft.get("findings")):
        content = _content(folder, str(draft["findings"]["file"]), "json", room)
        try:
            draft["findings"] = parse_json(content, findings_file.LARGEST)
        except ValueError:
            draft["findings"] = {}
    return lost


def _is_reference(kept: object) -> bool:
    return isinstance(kept, dict) and set(kept) == {"file"}


def files_in(draft: object) -> set[str]:
    """Return the names of all files that a draft refers to, as `set_apart` has left it."""
    kept: list[object] = [
        insert.get(name) for inserts in _lists_of_inserts(draft) for insert in inserts for name in _LARGE
    ]
    kept.append(draft.get("findings") if isinstance(draft, dict) else None)
    return {str(each.get("file")) for each in kept if isinstance(each, dict)}


def remove_unused(used: set[str], folder: Path) -> None:
    """Remove the files of figures that are not in use; one that cannot be removed only takes room."""
    with suppress(OSError):
        for file in folder.glob("*.*") if folder.is_dir() else ():
            if file.name not in used and file.suffix.lstrip(".") in _KINDS:
                file.unlink(missing_ok=True)


def _name_of(content: bytes, kind: str) -> str:
    return f"{hashlib.sha256(content).hexdigest()[:32]}.{kind}"


def _content(folder: Path, name: str, kind: str, room: int) -> str:
    """Return what is in a file; "" where it is not what its name says."""
    try:
        content = read_bytes(folder / Path(name).name, min(room, LARGEST_PICTURE))
        return content.decode("utf-8") if _name_of(content, kind) == name else ""
    except (CNNVizError, ValueError):
        return ""


def _lists_of_inserts(draft: object) -> list[list[dict[str, Any]]]:
    report = draft.get("report") if isinstance(draft, dict) else None
    listed = report.get("demonstrations") if isinstance(report, dict) else None
    demonstrations = listed if isinstance(listed, list) else []
    found = [each.get("inserts") for each in demonstrations if isinstance(each, dict)]
    return [each for each in found if isinstance(each, list) and all(isinstance(one, dict) for one in each)]
