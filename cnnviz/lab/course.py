"""A course in one file: the lab, the state it begins in, trained weights with their history, and data.

It is a zip archive whose members are known by name; nothing else may be in it, and each has its bounds. They
are read by the readers that read them as files of their own.
"""

import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from cnnviz import __version__, checkpoint
from cnnviz.checkpoint import Checkpoint
from cnnviz.datasets import Dataset, load_dataset
from cnnviz.errors import CNNVizError, DataError, NewerVersionError
from cnnviz.files import atomic_write, printable, printable_name
from cnnviz.history import EvaluationPoint, History, Snapshot
from cnnviz.lab.json_values import as_text, items, mapping, text
from cnnviz.lab.markup import FIGURE_NAME
from cnnviz.lab.model import Lab
from cnnviz.lab.reading import load_lab
from cnnviz.network import Network
from cnnviz.reading import BoundedFile, check_format, opened, parse_json, read_bytes
from cnnviz.session_state import SessionState
from cnnviz.training import Progress

FORMAT = "cnnviz-course"
FORMAT_VERSION = 1
_SUFFIX = ".cnnviz"

_MANIFEST, _LAB, _SESSION = "course.json", "lab.toml", "session.json"
_MODEL, _HISTORY, _DATA = "model.safetensors", "history.safetensors", "data.npz"
_FIGURE = re.compile("figures/" + FIGURE_NAME)
_LARGEST: Mapping[str, int] = {
    _MANIFEST: 64 << 10, _LAB: 128 << 10, _SESSION: 2 << 20, _MODEL: 192 << 20, _HISTORY: 64 << 20,
    _DATA: 128 << 20,
}  # fmt: skip
_LARGEST_FIGURE, _MOST_FIGURES = 16 << 20, 60
_LARGEST_FILE = 512 << 20
_CHUNK = 1 << 20
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError,
    LookupError,
)  # fmt: skip
"""What zipfile raises for archives that are damaged, encrypted or packed in another way."""
#: Others cost more than they save, and their unpackers have errors of their own.
_PACKINGS, _ENCRYPTED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED), 0x1
_NO_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip archive can say


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What a course file holds."""

    lab: Lab
    # those that the texts of the lab show
    figures: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    session: SessionState | None = None  # what is seen at the beginning
    model: Checkpoint | None = None  # trained weights, with the settings of their run
    # record of that run, with some of its networks: curves and moments can be shown at once
    history: History | None = None
    dataset: Dataset | None = None  # None for MNIST


def is_course(path: Path) -> bool:
    """Whether a path is that of a course file, by its ending."""
    return path.suffix.lower() == _SUFFIX


def figures_beside(lab: Lab, folder: Path) -> dict[str, bytes]:
    """Return the figures that the texts of a lab show, from the folder of its file.

    * Raises DataError: if one cannot be read.
    """
    return {name: read_figure(folder / name) for name in lab.figure_names}


def read_figure(path: Path) -> bytes:
    """Return the content of a figure; raises `DataError` if it cannot be read or is too large."""
    return read_bytes(path, _LARGEST_FIGURE)


def save_course(path: Path, course: Course) -> None:
    """Write a course, whole or not at all; raises `CNNVizError` if it cannot be written."""
    members = _members(course)

    def write(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in members.items():
                info = zipfile.ZipInfo(name, _NO_TIME)
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, content)

    atomic_write(path, write)


def load_course(path: Path) -> Course:
    """Read a course.

    * Raises DataError: if it cannot be read, is damaged, holds something else, or is from a newer
      version: one sentence.
    """
    name = printable_name(path)
    with opened(path, _LARGEST_FILE) as file, TemporaryDirectory(prefix="cnnviz-course-") as folder:
        try:
            with zipfile.ZipFile(BoundedFile(file, path)) as archive:
                _unpack(archive, Path(folder))
            return _read(Path(folder), path)
        except NewerVersionError as error:
            raise NewerVersionError(f"{name} cannot be opened: {error}, so update CNNViz.") from error
        except CNNVizError as error:
            reason = str(error).rstrip(".")
            raise DataError(f"{name} cannot be opened: {reason}. Ask for the course file again.") from error
        except _DAMAGE as error:
            raise DataError(
                f"{name} cannot be opened: it is damaged, or no course of CNNViz ({_SUFFIX}). Ask for the "
                "course file again."
            ) from error


def _unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    """Write the members to files of their names, each within its bounds."""
    infos = archive.infolist()
    names = [info.filename for info in infos]
    if len(set(names)) < len(names) or len(names) > len(_LARGEST) + _MOST_FIGURES:
        raise DataError("it has too many members, or two of one name")
    if _MANIFEST not in names:
        raise DataError("it is no course of CNNViz")
    (folder / "figures").mkdir()
    for info in infos:
        is_figure = _FIGURE.fullmatch(info.filename) is not None
        if info.filename not in _LARGEST and not is_figure:
            raise DataError(f"{printable(info.filename, 60)!r} is no part of a course")
        largest = _LARGEST_FIGURE if is_figure else _LARGEST[info.filename]
        if info.compress_type not in _PACKINGS or info.flag_bits & _ENCRYPTED:
            raise DataError("it is encrypted, or packed in a way that courses are not")
        left = largest
        with archive.open(info) as stream, (folder / info.filename).open("wb") as file:
            while chunk := stream.read(_CHUNK):
                left -= file.write(chunk)
                if left < 0:
                    raise DataError(f"its {info.filename} is too large")


def _read(folder: Path, path: Path) -> Course:
    manifest = _manifest(folder / _MANIFEST)
    for figure in (folder / "figures").iterdir():
        figure.rename(folder / figure.name)
    lab = load_lab(folder / _LAB)
    session, model, history, data = (folder / name for name in (_SESSION, _MODEL, _HISTORY, _DATA))
    dataset = _dataset(data, manifest, path) if data.exists() else None
    trained = checkpoint.load(model) if model.exists() else None
    network = None if trained is None else trained.network
    seen = SessionState.from_json(session.read_text(encoding="utf-8")) if session.exists() else None
    if trained is not None and seen is not None and trained.experiment not in (None, seen.experiment):
        raise DataError("its session and its network are of other settings")
    if seen is not None and dataset is not None and not set(seen.experiment.classes) <= set(dataset.classes):
        raise DataError("its session is about other classes than its data have")
    return Course(
        lab,
        figures_beside(lab, folder),
        seen,
        trained,
        history_from_bytes(history.read_bytes(), network) if history.exists() else None,
        dataset,
    )


def _manifest(file: Path) -> dict[str, object]:
    values = parse_json(file.read_text(encoding="utf-8"), finite=True)
    entries = mapping(values, "course.json")
    check_format(entries, FORMAT, FORMAT_VERSION, "it is no course of CNNViz")
    return entries


def _dataset(file: Path, manifest: dict[str, object], path: Path) -> Dataset:
    """Return the data with the names that they had."""
    said = mapping(manifest.get("data"), "data")
    classes = tuple(as_text(each, "classes", 60) for each in items(said.get("classes"), "classes", 10))
    read = load_dataset(file)
    if len(classes) != len(read.classes) or read.sha256 != text(said, "sha256"):
        raise DataError("its data are not those that were put in")
    return replace(read, classes=classes, name=text(said, "name"), path=path, source=None)


def _members(course: Course) -> dict[str, bytes]:
    """Make the content of each member; models are written as files by their own writer."""
    manifest: dict[str, object] = {
        "format": FORMAT, "format_version": FORMAT_VERSION, "version": __version__, "title": course.lab.title,
    }  # fmt: skip
    members = {_LAB: course.lab.source.encode()}
    members |= {f"figures/{name}": content for name, content in course.figures.items()}
    if course.session is not None:
        members[_SESSION] = course.session.to_json(indent=1).encode("ascii")
    if course.model is not None:
        members[_MODEL] = _model_bytes(course.model)
    if course.history is not None:
        members[_HISTORY] = history_to_bytes(course.history)
    if course.dataset is not None:
        data = course.dataset
        manifest["data"] = {"name": data.name[:200], "classes": list(data.classes), "sha256": data.sha256}
        members[_DATA] = _data_bytes(data)
    return {_MANIFEST: json.dumps(manifest, indent=1).encode("ascii"), **members}


def _model_bytes(model: Checkpoint) -> bytes:
    with TemporaryDirectory(prefix="cnnviz-course-") as folder:
        file = Path(folder) / _MODEL
        checkpoint.save(
            file,
            model.network,
            experiment=model.experiment,
            step=model.step,
            data_name=model.data_name,
            data_sha256=model.data_sha256,
            optimizer_state=model.optimizer,
        )
        return file.read_bytes()


def _data_bytes(data: Dataset) -> bytes:
    packed = io.BytesIO()
    np.savez_compressed(
        packed,
        x_train=data.train_images[:, 0],
        y_train=data.train_labels,
        x_test=data.test_images[:, 0],
        y_test=data.test_labels,
    )
    return packed.getvalue()


# --- the record of a run as bytes ---------------------------------------------------------------------------

_MOST_STEPS = 2_500_000
_LARGEST_NUMBER = 10**9
MOST_MOMENTS = 200
"""So many networks can a record hold."""

_NUMBERS = ("log_every", "first_step", "batch_size", "epoch_images")
_DTYPES = {
    "losses": np.float64,
    "correct": np.int64,
    "sizes": np.int64,
    "tests": np.float64,
    "numbers": np.int64,
    "moments": np.int64,
}
_WEIGHTS = "weights"  # those of each moment in a row, in the dtype of the network


def history_to_bytes(history: History) -> bytes:
    """Return a record as the bytes of a `.safetensors` file."""
    progress, moments = history.recorded(), [history.snapshots[i] for i in range(len(history.snapshots))]
    rows = [np.concatenate([each.ravel() for each in moment.network.params.values()]) for moment in moments]
    return save(
        {
            "losses": progress.losses,
            "correct": progress.correct.astype(np.int64),
            "sizes": progress.sizes.astype(np.int64),
            "tests": np.array(history.tests, np.float64).reshape(-1, 3),
            "numbers": np.array([getattr(history, name) for name in _NUMBERS], np.int64),
            "moments": np.array([moment.step for moment in moments], np.int64),
            _WEIGHTS: np.stack(rows) if rows else np.empty((0, 0)),
        }
    )


def history_from_bytes(content: bytes, network: Network | None) -> History:
    """Return the record that `history_to_bytes` wrote.

    * `network`: at the end of the run, where there is one: its layers are those of all moments.
    * Raises DataError: if it is damaged.
    """
    try:
        arrays = load(content)
    except (SafetensorError, TypeError, ValueError, KeyError, AttributeError) as error:
        raise DataError("its history is damaged") from error
    names = {*_DTYPES, _WEIGHTS}
    if set(arrays) != names or any(arrays[name].dtype != dtype for name, dtype in _DTYPES.items()):
        raise DataError("its history is not one of CNNViz")
    losses, correct, sizes = arrays["losses"], arrays["correct"], arrays["sizes"]
    numbers = [int(each) for each in arrays["numbers"].ravel()]
    if not _is_sound(losses, correct, sizes) or len(numbers) != len(_NUMBERS):
        raise DataError("the steps of its history do not belong together")
    log_every, first_step, batch_size, epoch_images = numbers
    if (
        not (1 <= log_every <= 10_000 and 0 <= first_step <= _LARGEST_NUMBER)
        or not 1 <= batch_size <= epoch_images <= _LARGEST_NUMBER
    ):
        raise DataError("the numbers of its history are out of range")
    history = History(log_every, first_step)
    history.batch_size, history.epoch_images = batch_size, epoch_images
    history.append(Progress(first_step + 1, losses, correct.astype(np.intp), sizes.astype(np.intp), 0.0))
    for step, loss, accuracy in _tests(arrays["tests"], history.step):
        history.add_test(EvaluationPoint(int(step), loss, accuracy))
    for step, moment in _moments(arrays["moments"], arrays[_WEIGHTS], network, history.step):
        history.snapshots.add(Snapshot(step, moment), keep=True)
    return history


def _is_sound(losses: NDArray[np.float64], correct: NDArray[np.int64], sizes: NDArray[np.int64]) -> bool:
    if losses.ndim != 1 or losses.shape != correct.shape or losses.shape != sizes.shape:
        return False
    is_counted = bool(((correct >= 0) & (correct <= sizes) & (sizes >= 1) & (sizes <= 10**6)).all())
    return len(losses) <= _MOST_STEPS and bool(np.isfinite(losses).all()) and is_counted


def _tests(tests: NDArray[np.float64], last: int) -> list[tuple[float, float, float]]:
    """Return the test results, in the order of their steps."""
    if tests.ndim != 2 or tests.shape[1] != 3 or len(tests) > _MOST_STEPS or not np.isfinite(tests).all():
        raise DataError("the test results of its history are damaged")
    steps = tests[:, 0]
    if len(steps) and not (steps[0] >= 0 and steps[-1] <= last and (np.diff(steps) >= 0).all()):
        raise DataError("the test results of its history are damaged")
    return [(float(step), float(loss), float(accuracy)) for step, loss, accuracy in tests]


def _moments(
    steps: NDArray[np.int64], weights: NDArray[Any], network: Network | None, last: int
) -> list[tuple[int, Network]]:
    """Return the networks of a record with their steps, ascending."""
    if steps.ndim != 1 or len(steps) > MOST_MOMENTS:
        raise DataError("the networks of its history are damaged")
    if not len(steps):
        return []
    is_in_order = steps[0] >= 0 and steps[-1] <= last and bool((np.diff(steps) > 0).all())
    if network is None or not is_in_order or weights.shape != (len(steps), network.parameter_count):
        raise DataError("the networks of its history do not belong to it")
    if weights.dtype != network.dtype or not np.isfinite(weights).all():
        raise DataError("the networks of its history are damaged")
    ends = np.cumsum([each.size for each in network.params.values()])[:-1]
    found: list[tuple[int, Network]] = []
    for step, row in zip(steps, weights, strict=True):
        parts = zip(network.params.items(), np.split(row, ends), strict=True)
        params = {name: part.reshape(each.shape) for (name, each), part in parts}
        found.append((int(step), network.with_params(params)))
    return found
