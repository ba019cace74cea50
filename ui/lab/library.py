"""The labs that can be done: those of the program, those in a file, and those in a document."""

import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cnnviz.document.types import LAB_MEMBER, Files
from cnnviz.errors import DataError
from cnnviz.lab.course import lab_in, lab_members, read_figure, shipped_labs
from cnnviz.lab.figures import Picture, pictures_of
from cnnviz.lab.model import Lab
from cnnviz.lab.reading import load_lab
from cnnviz.quantities import format_many

FIRST = "lab5"
"""The lab that is open at the very first start."""


@dataclass(frozen=True, slots=True, eq=False)
class LabFile:
    """A lab as it was read."""

    place: str  # its id if it comes with the program, else `LAB_MEMBER`: by it a document finds it
    lab: Lab
    figures: Mapping[str, Picture | str]  # those that its texts show; of one that cannot be shown, why not
    members: Files  # of the document that carries it


def titles() -> list[tuple[str, str, str]]:
    """Return id, title and purpose of each lab of the program; to read them whole takes noticeably long."""
    found: list[tuple[str, str, str]] = []
    for name, path in sorted(shipped_labs().items(), key=lambda each: (each[0] != FIRST, each[0])):
        title, purpose = name, ""
        with suppress(OSError, ValueError):  # opening it says why
            head, _, rest = path.read_text(encoding="utf-8").partition("\n[")  # all before the first table
            told, steps = tomllib.loads(head), rest.count("\n[[step]]")
            title = str(told.get("title", name))
            purpose = f"{format_many(steps, 'step')}. {told.get('purpose', '')}"
        found.append((name, title, purpose))
    return found


def read(place: Path) -> LabFile:
    """Return the lab in a file; raises `DataError` with a sentence for each of its first mistakes."""
    lab = load_lab(place)
    figures: dict[str, bytes] = {}
    for name in lab.figure_names:
        with suppress(DataError):  # the step says that it is not there
            figures[name] = read_figure(place.parent / name)
    shipped = shipped_labs().get(lab.id) == place
    return _lab_file(lab.id if shipped else LAB_MEMBER, lab, figures)


def read_kept(place: str, carried: Files) -> LabFile:
    """Return the lab that a document names: one of the program, or the one that the document has."""
    file = shipped_labs().get(place)
    if file is not None:
        return read(file)
    lab, figures = lab_in(carried)
    return _lab_file(LAB_MEMBER, lab, figures)


def _lab_file(place: str, lab: Lab, figures: Mapping[str, bytes]) -> LabFile:
    members = {} if place != LAB_MEMBER else lab_members(lab, figures)
    return LabFile(place, lab, pictures_of(figures), members)
