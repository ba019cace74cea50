"""What the student has written so far, kept in a file of its own so that it is never lost."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PySide6.QtCore import QStandardPaths

from cnnviz.errors import CNNVizError, DataError
from cnnviz.files import atomic_write, printable
from cnnviz.report import Report

_NAME = "report-draft.json"


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
        return Draft(
            Report.from_dict(values.get("report")),
            {str(key): str(text) for key, text in pending.items()} if isinstance(pending, dict) else {},
            values.get("has_run") is True,
        ), ""
    except (ValueError, RecursionError, CNNVizError):
        return Draft(), _set_aside(path)


def save_draft(path: Path, draft: Draft) -> None:
    """Write the draft, whole or not at all.

    Raises
    ------
    CNNVizError
        If it cannot be written.
    """
    values = {"report": draft.report.to_dict(), "pending": draft.pending, "has_run": draft.has_run}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CNNVizError(
            f"Your text is not being kept: the folder {printable(path.parent)} cannot be made "
            f"({error.strerror}). Export the report before you close the program."
        ) from error
    atomic_write(path, json.dumps(values, ensure_ascii=False, indent=1).encode("utf-8", "replace"))


def _set_aside(path: Path) -> str:
    kept = path.with_suffix(".damaged.json")
    try:
        path.replace(kept)
    except OSError:
        return f"The draft of your report could not be read: {printable(path)}. Export before you close."
    return (
        f"The draft of your report could not be read; it is kept as {printable(kept)}, and a new one begins."
    )
