"""The labs that can be done: those of the program, and files that were opened."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cnnviz.errors import DataError
from cnnviz.lab.course import Course, is_course, load_course, read_figure
from cnnviz.lab.figures import Picture, pictures_of
from cnnviz.lab.model import Lab
from cnnviz.lab.opening import shipped_labs
from cnnviz.lab.reading import load_lab

FIRST = "lab5"
"""The lab that is open at the very first start."""


@dataclass(frozen=True, slots=True, eq=False)
class LabFile:
    """A lab as it was read.

    * `place`: path of its file, or its id if it comes with the program: what a draft keeps to find it again.
    * `figures`: those that its texts show; of one that cannot be shown, why not.
    * `course`: what else came with it.
    """

    place: str
    lab: Lab
    figures: Mapping[str, Picture | str]
    course: Course | None = None


def place_of(path: Path) -> str:
    """Return what a draft keeps to find a lab again: the id of one of the program, or the path."""
    own = next((name for name, file in shipped_labs().items() if file == path), "")
    return own or str(path.absolute())


@cache
def titles() -> tuple[tuple[str, str], ...]:
    """Return id and title of each lab of the program; to read them all takes long enough to be noticed."""
    found: list[tuple[str, str]] = []
    for name, path in sorted(shipped_labs().items(), key=lambda each: (each[0] != FIRST, each[0])):
        try:
            found.append((name, load_lab(path).title))
        except DataError:  # opening it says why
            found.append((name, name))
    return tuple(found)


def read(place: str) -> LabFile:
    """Return the lab at a place; raises `DataError` with a sentence for each of its first mistakes."""
    path = shipped_labs().get(place) or Path(place)
    if is_course(path):
        course = load_course(path)
        return LabFile(place, course.lab, pictures_of(course.figures), course)
    lab = load_lab(path)
    figures: dict[str, bytes] = {}
    for name in lab.figure_names:
        with suppress(DataError):  # the step says that it is not there
            figures[name] = read_figure(path.parent / name)
    return LabFile(place, lab, pictures_of(figures))
