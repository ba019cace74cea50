"""What the student has written so far, kept in a file of its own so that it is never lost."""

import hashlib
import json
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from cnnviz.errors import CNNVizError, DataError, NewerVersionError
from cnnviz.files import atomic_write, printable, printable_name
from cnnviz.lab.json_values import as_text, items, mapping
from cnnviz.lab.measured import LabNumbers
from cnnviz.lab.record import LabRecord
from cnnviz.reading import bad_file, parse_json, read_bytes
from cnnviz.report import Findings, Insert, MeasuredWith, Report
from cnnviz.report.content import Shown, shown_from_dict
from cnnviz.report.findings import (
    LARGEST_FINDINGS,
    findings_from_dict,
    findings_to_dict,
    measured_with_from_dict,
    measured_with_to_dict,
)
from cnnviz.report.inserts import LARGEST_PICTURE

_LARGEST = 8 << 20  # in bytes, without its figures; words of a whole book are one million
_MOST_SHOWN, _MOST_CLASSES = 1000, 10
_MEASURED = "what was measured"
_CHOOSE = "choose a report that File › Save report as… has written"


@dataclass(frozen=True, slots=True)
class Draft:
    """A report in the making."""

    report: Report = field(default_factory=Report)
    pending: dict[str, str] = field(default_factory=dict)  # hypotheses that were typed but not recorded yet
    # which results have been on the screen, and since when, by the classes that they are about
    shown: dict[tuple[str, ...], Shown] = field(default_factory=dict)
    # what was done in guided labs, by their `LabRecord.key`
    labs: dict[str, LabRecord] = field(default_factory=dict)
    # path of the file of the guided lab in front, or its id if it comes with the program; "" for none
    lab: str = ""
    measured: MeasuredWith | None = None  # what the lab was measured with last
    findings: Findings | None = None  # what it has found; None also where that is lost
    # what was measured for the guided lab, by all that it is a function of
    numbers: dict[str, LabNumbers] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was written."""
        return (
            self.report == replace(Report(), demonstrations=self.report.demonstrations) and not self.has_work
        )

    @property
    def has_work(self) -> bool:
        """Whether there is more than a title, a name, a roll number and a date."""
        return (
            self.report.demonstrations != Report().demonstrations
            or any(text.strip() for text in self.pending.values())
            or any(map(LabRecord.has_work, self.labs.values()))
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the draft as values that JSON can hold, with its figures."""
        return {
            "report": self.report.to_dict(),
            "pending": self.pending,
            "shown": [asdict(each) | {"classes": classes} for classes, each in self.shown.items()],
            "labs": [record.to_dict() for record in self.labs.values()],
            "lab": self.lab,
            "measured": None if self.measured is None else measured_with_to_dict(self.measured),
            "findings": None if self.findings is None else findings_to_dict(self.findings),
            "numbers": {key: numbers.to_dict() for key, numbers in self.numbers.items()},
        }


class DraftFile:
    """The file of a draft. Of drafts that come from several threads the newest stays."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._newest = 0

    def write(self, draft: Draft, number: int, *, begins: bool = False) -> None:
        """Write a draft, whole or not at all, unless one with a higher number is in the file.

        Of one that begins anew nothing is brought back, so that figures of the last one go at once.

        * Raises CNNVizError: if it cannot be written.
        """
        with self._lock:
            if number > self._newest:
                used = save_draft(self._path, draft)
                self._newest = number
                if begins:
                    _remove_unused(self._path, used)


def has_words(path: Path) -> bool:
    """Whether a draft lies at `path` in which something was written; it is only looked at."""
    try:
        draft, _, _ = _parsed(path, read_bytes(path, _LARGEST))
    except (ValueError, CNNVizError):
        return False
    return not draft.is_empty


def load_draft(path: Path) -> tuple[Draft, str]:
    """Read the draft, and remove the files of figures that it does not need any more.

    * Returns: A new one where there is no file, or none that can be read.
    * Returns: what happened to a file that could not be read, or "". Such a file is kept under another name.
    """
    try:
        path.stat()
    except FileNotFoundError:
        return Draft(), ""
    except OSError:
        return Draft(), _set_aside(path)
    try:
        draft, lost, used = _parsed(path, read_bytes(path, _LARGEST))
    except NewerVersionError:
        return Draft(), _set_aside(path, "was written by a newer CNNViz")
    except (ValueError, CNNVizError):
        return Draft(), _set_aside(path)
    _remove_unused(path, used)
    message = ""
    figures = [title for title in lost if title != _MEASURED]
    if figures:
        message = (
            "Figures of your report are lost or damaged and were taken out: "
            f"{printable(', '.join(figures))}. Insert them again."
        )
    elif lost:
        message = (
            "What was measured for your report is lost or damaged. Measure it again; your words are there."
        )
    return draft, message


def read_copy(path: Path) -> Draft:
    """Read a report that somebody has saved, or any draft.

    * Raises DataError: if it is none, is damaged, or is of a newer version.
    """
    largest = _LARGEST + LARGEST_IN_ALL
    content, name = read_bytes(path, largest), printable_name(path)
    try:
        draft, lost, _ = _parsed(path, content, largest)
    except ValueError as error:
        raise bad_file(name, "is no text of JSON", "a saved report was expected", _CHOOSE) from error
    except CNNVizError as error:
        raise DataError(f"{name} cannot be opened: {str(error).rstrip('.')}; {_CHOOSE}.") from error
    if lost:
        found = f"has lost or damaged parts ({printable(', '.join(lost))})"
        raise bad_file(name, found, "all of them were expected", "save the report again where it was written")
    return draft


def write_copy(path: Path, draft: Draft) -> None:
    """Write a draft with its figures in one file, whole or not at all.

    * Raises CNNVizError: if it cannot be written.
    """
    atomic_write(path, _json(draft.to_dict()))


def _json(values: dict[str, Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False, indent=1).encode("utf-8", "replace")


def _parsed(path: Path, content: bytes, largest: int = _LARGEST) -> tuple[Draft, list[str], set[str]]:
    """Return the draft in a file, titles of figures that are lost, and names of the files that it refers to.

    It raises whatever JSON and unsuitable values raise.
    """
    values: Any = parse_json(content.decode("utf-8"), largest)
    if not isinstance(values, dict) or not isinstance(values.get("labs", []), list):
        raise DataError("The draft is damaged.")
    pending, used = values.get("pending"), files_in(values)
    lost = fill_in(values, folder_of(path))
    draft = Draft(
        Report.from_dict(values.get("report")),
        {str(key): str(text) for key, text in pending.items()} if isinstance(pending, dict) else {},
        dict(map(_shown, items(values.get("shown", []), "shown", _MOST_SHOWN))),
        {record.key: record for record in map(LabRecord.from_dict, values.get("labs", []))},
        str(values.get("lab", "")),
        measured=_if_there(values.get("measured"), measured_with_from_dict),
        findings=_if_kept(values.get("findings"), findings_from_dict, lost),
        numbers=_if_kept(values.get("numbers"), _numbers, lost) or {},
    )
    return draft, lost, used


def _shown(values: object) -> tuple[tuple[str, ...], Shown]:
    entries = mapping(values, "shown")
    classes = items(entries.get("classes"), "classes", _MOST_CLASSES)
    return tuple(as_text(each, "classes") for each in classes), shown_from_dict(values)


def _if_there[T](values: object, read: Callable[[object], T]) -> T | None:
    return None if values is None else read(values)


def _if_kept[T](values: object, read: Callable[[object], T], lost: list[str]) -> T | None:
    """Return what was measured; where it is damaged, the words are still good, and it is to be noted."""
    try:
        return _if_there(values, read)
    except CNNVizError:
        lost.append(_MEASURED)
        return None


def _numbers(values: object) -> dict[str, LabNumbers]:
    return {key: LabNumbers.from_dict(each) for key, each in mapping(values, "numbers", 1).items()}


def save_draft(path: Path, draft: Draft) -> set[str]:
    """Write the draft, whole or not at all, and return the names of the files that it refers to.

    * Raises CNNVizError: if it cannot be written.
    """
    values = draft.to_dict()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        set_apart(values, folder_of(path))
    except OSError as error:
        raise CNNVizError(
            f"Your text is not being kept: the folder {printable(path.parent)} cannot be made "
            f"({error.strerror}). Export the report before you close the program."
        ) from error
    try:
        atomic_write(path, _json(values))
    except CNNVizError as error:
        raise CNNVizError(f"Your text is not being kept: {error}") from error
    return files_in(values)


def _remove_unused(path: Path, used: set[str]) -> None:
    """Remove files of figures that a draft needs no more; those of a damaged one stay with it."""
    if not any(path.parent.glob(f"{path.stem}.damaged*.json")):
        remove_unused(used, folder_of(path))


def _set_aside(path: Path, reason: str = "could not be read") -> str:
    """Keep a file under a name that no other has, and return what to say."""
    kept, number = path.with_suffix(".damaged.json"), 2
    while kept.exists() and number < 1000:
        kept, number = path.with_suffix(f".damaged-{number}.json"), number + 1
    try:
        path.replace(kept)
    except OSError:
        return f"The draft of your report {reason}: {printable(path)}. Export before you close."
    return f"The draft of your report {reason}; it is kept as {printable(kept)}, and a new one begins."


# --- figures, and what was measured, each in a file of its own: written only once ---------------------------

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
                    insert[name] = _file_with(folder, content, name)
    if draft["findings"] is not None:
        content = json.dumps(draft["findings"], ensure_ascii=False).encode("utf-8", "replace")
        draft["findings"] = _file_with(folder, content, "json")


def _file_with(folder: Path, content: bytes, kind: str) -> dict[str, str]:
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
                    content = _kept_in(folder, str(kept.get("file")), name, room)
                    insert[name] = content
                    room -= len(content)
            try:
                Insert.from_dict(insert)
            except (CNNVizError, ValueError, OverflowError):
                inserts.remove(insert)
                lost.append(str(insert.get("title"))[:80])
    findings = draft.get("findings") if isinstance(draft, dict) else None
    if isinstance(draft, dict) and isinstance(findings, dict) and set(findings) == {"file"}:
        content = _kept_in(folder, str(findings["file"]), "json", room)
        try:
            draft["findings"] = parse_json(content, LARGEST_FINDINGS)
        except ValueError:
            draft["findings"] = {}
    return lost


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


def _kept_in(folder: Path, name: str, kind: str, room: int) -> str:
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
