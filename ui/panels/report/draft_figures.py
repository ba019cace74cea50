"""The figures of a draft, each in a file of its own: they are large, and written only once."""

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Any

from cnnviz.errors import CNNVizError
from cnnviz.files import atomic_write
from cnnviz.reading import read_bytes
from cnnviz.report import Insert
from cnnviz.report.inserts import LARGEST_PICTURE

_LARGE = ("svg", "csv")
LARGEST_IN_ALL = 96 << 20
"""Bytes of all figures together."""


def folder_of(draft: Path) -> Path:
    """Return the folder with the figures of a draft."""
    return draft.with_suffix(".figures")


def set_apart(report: dict[str, Any], folder: Path) -> None:
    """Move drawings and their numbers out of a report into files that are named after their content.

    Raises
    ------
    OSError, CNNVizError
        If one cannot be written.
    """
    for inserts in _lists_of_inserts(report):
        for insert in inserts:
            for name in _LARGE:
                content = str(insert[name]).encode("utf-8", "replace")
                if not content:
                    continue
                file = folder / _name_of(content, name)
                insert[name] = {"file": file.name}
                if not file.exists():
                    folder.mkdir(parents=True, exist_ok=True)
                    atomic_write(file, content)


def fill_in(report: object, folder: Path) -> list[str]:
    """Put drawings and numbers back into a report of which nothing is known yet.

    Returns
    -------
    list of str
        Titles of the figures and tables that were taken out, because they are lost or damaged.
    """
    lost: list[str] = []
    room = LARGEST_IN_ALL
    for inserts in _lists_of_inserts(report):
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
    return lost


def files_in(report: object) -> set[str]:
    """Return the names of all files that a report refers to, as `set_apart` has left it."""
    kept = [
        insert.get(name) for inserts in _lists_of_inserts(report) for insert in inserts for name in _LARGE
    ]
    return {str(each.get("file")) for each in kept if isinstance(each, dict)}


def remove_unused(used: set[str], folder: Path) -> None:
    """Remove the files of figures that are not in use; one that cannot be removed only takes room."""
    with suppress(OSError):
        for file in folder.glob("*.*") if folder.is_dir() else ():
            if file.name not in used and file.suffix.lstrip(".") in _LARGE:
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


def _lists_of_inserts(report: object) -> list[list[dict[str, Any]]]:
    listed = report.get("demonstrations") if isinstance(report, dict) else None
    demonstrations = listed if isinstance(listed, list) else []
    found = [each.get("inserts") for each in demonstrations if isinstance(each, dict)]
    return [each for each in found if isinstance(each, list) and all(isinstance(one, dict) for one in each)]
