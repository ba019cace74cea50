"""Labs from the files that they may be in."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from cnnviz.bundled import bundled
from cnnviz.datasets import Dataset, load_dataset, load_mnist
from cnnviz.document import archive
from cnnviz.errors import DataError
from cnnviz.files import printable
from cnnviz.lab.course import dataset_in, figures_beside, is_course, lab_in
from cnnviz.lab.model import Lab
from cnnviz.lab.reading import load_lab

FREE = "demonstrations"
"""Id of the lab of free work."""


def open_lab(path: Path) -> tuple[Lab, dict[str, bytes]]:
    """Return the lab in a lab file or in a document, and its figures.

    * Raises DataError: if it cannot be read, or has mistakes.
    """
    if not is_course(path):
        lab = load_lab(path)
        return lab, figures_beside(lab, path.parent)
    document, files = archive.load(path)
    if document.lab in shipped_labs():
        return open_lab(shipped_labs()[document.lab])
    try:
        return lab_in(files)
    except DataError as error:
        raise archive.opening_failed(path, error) from error


def lab_data(path: Path | None, classes: Iterable[str] | None = None) -> Dataset:
    """Return the data of a lab: MNIST for None, those in a document, or other data.

    Without classes all there are, or the first ten.

    * Raises CNNVizError: if they cannot be read, or have not these classes.
    """
    mnist = range(10) if classes is None else classes
    if path is None:
        return load_mnist(mnist)
    if not is_course(path):
        return load_dataset(path, classes)
    document, files = archive.load(path)
    if not document.data.available:
        return load_mnist(mnist)
    dataset = dataset_in(document, files)
    return dataset if classes is None else dataset.select(classes)


@cache
def shipped_labs() -> Mapping[str, Path]:
    """Return the lab files of the program by the ids of their labs."""
    return {path.stem: path for path in sorted(bundled("labs").glob("*.toml"))}


@cache
def free_lab() -> Lab:
    """Return the lab of free work: the three demonstrations of the exercise, measured with any settings."""
    return load_lab(bundled("labs") / f"{FREE}.toml")


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
    return {lab.sha256: lab for lab, _figures in map(open_lab, paths)}
