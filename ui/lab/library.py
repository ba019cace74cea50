"""The labs that can be done: those of the program, and files that were opened."""

from pathlib import Path

from cnnviz.errors import DataError
from cnnviz.lab.model import Lab
from cnnviz.lab.opening import open_lab
from cnnviz.lab.shipped import shipped_labs

FIRST = "lab5"
"""The lab that is open at the very first start."""

FILE_FILTER = "Labs and courses (*.toml *.cnnviz);;All files (*)"


def path_of(place: str) -> Path:
    """Return the file of a lab, of which `place` is the path or the id."""
    return shipped_labs().get(place) or Path(place)


def place_of(path: Path) -> str:
    """Return what a draft keeps to find a lab again: the id of one of the program, or the path."""
    own = next((name for name, file in shipped_labs().items() if file == path), "")
    return own or str(path.absolute())


def titles() -> list[tuple[str, str]]:
    """Return id and title of each lab of the program that can be read."""
    found: list[tuple[str, str]] = []
    for name, path in sorted(shipped_labs().items(), key=lambda each: (each[0] != FIRST, each[0])):
        try:
            found.append((name, open_lab(path).title))
        except DataError:  # opening it says why
            found.append((name, name))
    return found


def read(place: str) -> Lab:
    """Return the lab at a place; raises `DataError` with a sentence for each of its first mistakes."""
    return open_lab(path_of(place))
