"""What the student has written so far, kept in a file of its own so that it is never lost."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PySide6.QtCore import QStandardPaths

from cnnviz.errors import CNNVizError, DataError
from cnnviz.files import atomic_write, printable
from cnnviz.report import Report

_NAME = "report-draft.json"
_LARGE = ("svg", "csv")  # what of an insert is kept in a file of its own, written once


@dataclass(frozen=True, slots=True)
class Draft:
    """A report in the making.

    Attributes
    ----------
    report : Report
    pending : dict from demonstration key to str
        Hypotheses that were typed but not recorded yet.
    has_run : bool
        Whether the student has seen results of the lab.
    """

    report: Report = field(default_factory=Report)
    pending: dict[str, str] = field(default_factory=dict)
    has_run: bool = False


def default_path() -> Path:
    """Return where the draft lives when nothing else is asked for."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation)
    return Path(folder) / _NAME


def load_draft(path: Path) -> tuple[Draft, str]:
    """Read the draft.

    Returns
    -------
    draft : Draft
        A new one where there is no file, or none that can be read.
    message : str
        What happened to a file that could not be read, or "". Such a file is kept under another name.
    """
    try:
        content = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Draft(), ""
    except (OSError, UnicodeDecodeError):
        return Draft(), _set_aside(path)
    try:
        values: Any = json.loads(content)
        if not isinstance(values, dict):
            raise DataError("The draft is damaged.")
        pending = values.get("pending")
        lost = _fill_in(values.get("report"), _folder(path))
        draft = Draft(
            Report.from_dict(values.get("report")),
            {str(key): str(text) for key, text in pending.items()} if isinstance(pending, dict) else {},
            values.get("has_run") is True,
        )
    except (ValueError, RecursionError, CNNVizError):
        return Draft(), _set_aside(path)
    message = ""
    if lost:
        message = (
            f"Inserted figures of your report could not be found and were taken out: {', '.join(lost)}. "
            "Insert them again."
        )
    return draft, message


def save_draft(path: Path, draft: Draft) -> None:
    """Write the draft, whole or not at all.

    Raises
    ------
    CNNVizError
        If it cannot be written.
    """
    report = draft.report.to_dict()
    values = {"report": report, "pending": draft.pending, "has_run": draft.has_run}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _set_apart(report, _folder(path))
    except OSError as error:
        raise CNNVizError(
            f"Your text is not being kept: the folder {printable(path.parent)} cannot be made "
            f"({error.strerror}). Export the report before you close the program."
        ) from error
    content = json.dumps(values, ensure_ascii=False, indent=1).encode("utf-8", "replace")
    try:
        atomic_write(path, content)
    except CNNVizError as error:
        raise CNNVizError(f"Your text is not being kept: {error}") from error


def _folder(path: Path) -> Path:
    return path.with_suffix(".figures")


def _set_apart(report: dict[str, Any], folder: Path) -> None:
    """Move drawings and their numbers out of a report into files named after their content."""
    for insert in _inserts(report):
        for name in _LARGE:
            content = str(insert[name]).encode("utf-8", "replace")
            if not content:
                continue
            file = folder / f"{hashlib.sha256(content).hexdigest()[:32]}.{name}"
            insert[name] = {"file": file.name}
            if not file.exists():
                folder.mkdir(parents=True, exist_ok=True)
                atomic_write(file, content)


def _fill_in(report: object, folder: Path) -> list[str]:
    """Put drawings and numbers back; an insert whose drawing is lost is taken out, and its title returned."""
    lost: list[str] = []
    for inserts in _lists_of_inserts(report):
        for insert in list(inserts):
            for name in _LARGE:
                kept = insert.get(name)
                if isinstance(kept, dict):
                    insert[name] = _content(folder / Path(str(kept.get("file"))).name)
            if not insert.get("svg") and insert.get("data") is None:
                inserts.remove(insert)
                lost.append(str(insert.get("title")))
    return lost


def _content(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _inserts(report: object) -> list[dict[str, Any]]:
    return [insert for inserts in _lists_of_inserts(report) for insert in inserts]


def _lists_of_inserts(report: object) -> list[list[dict[str, Any]]]:
    """Find the inserts in a report of which nothing is known yet."""
    listed = report.get("demonstrations") if isinstance(report, dict) else None
    found = (
        [each.get("inserts") for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    )
    return [each for each in found if isinstance(each, list) and all(isinstance(one, dict) for one in each)]


def _set_aside(path: Path) -> str:
    kept = path.with_suffix(".damaged.json")
    try:
        path.replace(kept)
    except OSError:
        return f"The draft of your report could not be read: {printable(path)}. Export before you close."
    return (
        f"The draft of your report could not be read; it is kept as {printable(kept)}, and a new one begins."
    )
