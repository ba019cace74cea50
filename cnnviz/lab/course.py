"""Labs from the files that they may be in: lab files, and courses.

A course is a document that an instructor has prepared, with a lab, its trained network, and data in it.
"""

import io
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from cnnviz import __version__
from cnnviz.bundled import bundled
from cnnviz.datasets import Dataset, load_dataset, load_mnist
from cnnviz.document import archive
from cnnviz.document.run import PREPARED, KeptRun, pack_run
from cnnviz.document.types import DATA_MEMBER, FORMAT_VERSION, LAB_MEMBER, Data, Document, Files
from cnnviz.errors import DataError
from cnnviz.files import printable
from cnnviz.history import EvaluationPoint, History
from cnnviz.lab.model import Lab
from cnnviz.lab.reading import load_lab, parse_lab, refused
from cnnviz.lab.showing import picture_for
from cnnviz.reading import read_bytes
from cnnviz.runtime import one_blas_thread
from cnnviz.snapshots import Origin
from cnnviz.training import Trainer

_FIGURES = "figures/"
_LARGEST_FIGURE = 16 << 20
_MOMENTS, _MOMENTS_BYTES = 24, 16 << 20
"""How many networks of the run a course holds besides those that it has to, and their memory at most."""


def is_course(path: Path) -> bool:
    """Whether a path is that of a document, by its ending."""
    return path.suffix.lower() == archive.ENDING


def read_figure(path: Path) -> bytes:
    """Return the content of a figure; raises `DataError` if it cannot be read or is too large."""
    return read_bytes(path, _LARGEST_FIGURE)


def figures_beside(lab: Lab, folder: Path) -> dict[str, bytes]:
    """Return the figures that a lab shows, from the folder of its file, or raise `DataError`."""
    return {name: read_figure(folder / name) for name in lab.figure_names}


# --- what is in a document ----------------------------------------------------------------------------------


def lab_members(lab: Lab, figures: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return a lab as members of a document."""
    return {LAB_MEMBER: lab.source.encode(), **{f"{_FIGURES}{name}": each for name, each in figures.items()}}


def lab_in(files: Files) -> tuple[Lab, dict[str, bytes]]:
    """Return the lab in a document, and its figures, or raise `DataError` with a clause."""
    if LAB_MEMBER not in files:
        raise DataError("there is no lab in it")
    try:
        lab, mistakes = parse_lab(files[LAB_MEMBER].decode())
    except UnicodeDecodeError as error:
        raise DataError(f"its {LAB_MEMBER} is not in UTF-8") from error
    if lab is None:
        raise DataError(f"it has mistakes: {refused(LAB_MEMBER, mistakes)}")
    figures = {name.removeprefix(_FIGURES): each for name, each in files.items() if name.startswith(_FIGURES)}
    missing = [name for name in lab.figure_names if name not in figures]
    if missing:
        raise DataError(f"its figure {missing[0]!r} is missing")
    return lab, figures


def dataset_in(document: Document, files: Files) -> Dataset:
    """Return the data in a document with their own names, or raise `DataError` with a clause."""
    said = document.data
    with TemporaryDirectory(prefix="cnnviz-data-") as folder:
        file = Path(folder) / DATA_MEMBER
        file.write_bytes(files[DATA_MEMBER])
        read = load_dataset(file)
    if len(said.available) != len(read.classes):
        raise DataError("its data are not those that were put in")
    return replace(read, classes=said.available, name=said.name, path=Path(DATA_MEMBER), source=None)


# --- making one ---------------------------------------------------------------------------------------------


def made_course(
    lab: Lab, figures: Mapping[str, bytes], dataset: Dataset, *, with_data: bool, seed: int | None = None
) -> tuple[Document, dict[str, bytes]]:
    """Train the network of a lab, and return a course that begins where the lab does, with its members.

    The whole run is in it; what is seen at the beginning goes no further than the lab's start, so that no
    result is on the screen before it is predicted.

    * `with_data`: whether the data are put in; MNIST need not be.
    * `seed`: another one than that of the lab.
    """
    experiment = lab.experiment if seed is None else replace(lab.experiment, seed=seed)
    trainer = Trainer(experiment.build_network(dataset.input_shape), dataset, experiment)
    picture = picture_for(lab.start, experiment, dataset)
    begins = picture.seen.step or 0
    run = _trained(trainer, Origin(0, experiment, dataset.name), _moments(trainer, begins), begins)
    prepared, members = pack_run(run, PREPARED, 1 << 40)
    files = members | lab_members(lab, figures)
    data = Data.of(dataset)
    if with_data:
        packed = io.BytesIO()
        np.savez_compressed(
            packed,
            x_train=dataset.train_images[:, 0],
            y_train=dataset.train_labels,
            x_test=dataset.test_images[:, 0],
            y_test=dataset.test_labels,
        )
        files[DATA_MEMBER] = packed.getvalue()
        data = Data.of(dataset, path=DATA_MEMBER, available=dataset.classes)
    document = Document(
        format_version=FORMAT_VERSION, version=__version__, experiment=experiment, kind="course", data=data,
        prepared=prepared, prepared_on=dataset.sha256, seen=picture.seen, lab=LAB_MEMBER,
    )  # fmt: skip
    return document, files


def _moments(trainer: Trainer, shown: int) -> list[int]:
    """Return the steps at which the network is kept: begin, end, what is shown, and some in between."""
    last = trainer.total_steps
    count = max(min(_MOMENTS, _MOMENTS_BYTES // trainer.snapshot.nbytes), 1)
    return sorted({0, shown, last, *(last * part // count for part in range(count))})


def _trained(trainer: Trainer, origin: Origin, moments: Iterable[int], shown: int) -> KeptRun:
    """Train to the end, and return the run with the networks of some steps."""
    experiment = origin.experiment
    history = History(experiment.log_every, snapshot_bytes=1 << 40)
    history.note_settings(experiment)
    epochs = range(0, trainer.total_steps + 1, trainer.steps_per_epoch)
    with one_blas_thread:
        for step in sorted({*moments, *epochs}):
            for progress in trainer.until(step, 1000):
                history.append(progress)
            if step in moments:
                history.snapshots.add(replace(trainer.snapshot, origin=origin), keep=True)
            if step in epochs:
                tested = trainer.evaluate()
                history.add_test(EvaluationPoint(step, tested.loss, tested.accuracy))
    live = history.snapshots.at(history.step)
    return KeptRun(live, history, experiment.epochs, needed=frozenset({shown}))


FREE = "demonstrations"
"""Id of the lab of free work."""


def open_lab(path: Path) -> tuple[Lab, dict[str, bytes]]:
    """Return the lab in a lab file or a document, and its figures; raises `DataError` if it has mistakes."""
    if not is_course(path):
        lab = load_lab(path)
        return lab, figures_beside(lab, path.parent)
    document, files = archive.load(path)
    try:
        return lab_of(document, files)
    except DataError as error:
        raise archive.opening_failed(path, error) from error


def lab_of(document: Document, files: Files) -> tuple[Lab, dict[str, bytes]]:
    """Return the lab of a document, of the program or in it, and its figures; raises `DataError`."""
    shipped = shipped_labs().get(document.lab)
    return lab_in(files) if shipped is None else open_lab(shipped)


def lab_data(path: Path | None, classes: Iterable[str] | None = None) -> Dataset:
    """Return data, all or of some classes, of ten at most: MNIST for None, those in a document, or others."""
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
    """Return the file of a lab by its path, or of one of the program by its id, or raise `DataError`."""
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
