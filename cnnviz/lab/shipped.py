"""The labs that come with the program."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from cnnviz.bundled import bundled
from cnnviz.errors import DataError
from cnnviz.files import printable
from cnnviz.lab.model import Lab
from cnnviz.lab.opening import open_lab


@cache
def shipped_labs() -> Mapping[str, Path]:
    """Return the lab files of the program by the ids of their labs."""
    return {path.stem: path for path in sorted(bundled("labs").glob("*.toml"))}


def find_lab(named: Path) -> Path:
    """Return the file of a lab that is named by its path, or by its id if it comes with the program.

    * Raises DataError: if there is neither.
    """
    if named.exists():
        return named
    found = shipped_labs().get(str(named))
    if found is None:
        raise DataError(
            f"{printable(named)} does not exist; give the path of a lab file (.toml) or of a course "
            "(.cnnviz), or one of "
            f"{', '.join(shipped_labs())}."
        )
    return found


def known_labs(own: Path | None = None) -> dict[str, Lab]:
    """Return the labs of the program, and another one, by the SHA-256 of their text."""
    paths = [*shipped_labs().values(), *(() if own is None else (find_lab(own),))]
    return {lab.sha256: lab for lab in map(open_lab, paths)}
