"""The labs that can be done: those of the program, and files that were opened."""

from pathlib import Path

from cnnviz.bundled import bundled
from cnnviz.errors import DataError
from cnnviz.lab.model import Lab
from cnnviz.lab.reading import load_lab

FIRST = "lab5"
"""The lab that is open at the very first start."""

FILE_FILTER = "Lab files (*.toml);;All files (*)"


def shipped() -> dict[str, Path]:
    """Return the lab files of the program by the ids of their labs, the first one first."""
    paths = sorted(bundled("labs").glob("*.toml"), key=lambda path: (path.stem != FIRST, path.stem))
    return {path.stem: path for path in paths}


def path_of(place: str) -> Path:
    """Return the file of a lab, of which `place` is the path or the id."""
    return shipped().get(place) or Path(place)


def place_of(path: Path) -> str:
    """Return what a draft keeps to find a lab again: the id of one of the program, or the path."""
    own = next((name for name, file in shipped().items() if file == path), "")
    return own or str(path.absolute())


def titles() -> list[tuple[str, str]]:
    """Return id and title of each lab of the program that can be read."""
    found: list[tuple[str, str]] = []
    for name, path in shipped().items():
        try:
            found.append((name, load_lab(path).title))
        except DataError:  # opening it says why
            found.append((name, name))
    return found


def read(place: str) -> Lab:
    """Return the lab at a place; raises `DataError` with a sentence for each of its first mistakes."""
    return load_lab(path_of(place))
