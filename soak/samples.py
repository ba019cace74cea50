"""Small good files of every kind that the program reads: to open, to mutate, and to write again."""

import gzip
import io
import struct
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from msgspec import structs, to_builtins
from numpy.typing import NDArray
from PIL import Image

from cnnviz import __version__, checkpoint
from cnnviz.datasets import load_mnist
from cnnviz.document import archive
from cnnviz.document.archive import png_texts
from cnnviz.document.run import KeptRun, pack_run
from cnnviz.document.types import FORMAT_VERSION, Data, Document, OwnImage, Run, Seen, Setting, Shift
from cnnviz.experiment import LAB5, Experiment
from cnnviz.history import History
from cnnviz.snapshots import Origin, Snapshot
from cnnviz.training import Trainer

type Arrays = dict[str, NDArray[np.uint8]]


def arrays(height: int = 28, width: int = 28, classes: int = 3, each: int = 12) -> Arrays:
    """Return random images under Keras' names."""
    rng = np.random.default_rng(height * 1000 + width)
    found: Arrays = {}
    for part, count in (("train", classes * each), ("test", classes * each // 2)):
        found[f"x_{part}"] = rng.integers(0, 256, (count, height, width), dtype=np.uint8)
        found[f"y_{part}"] = (np.arange(count) % classes).astype(np.uint8)
    return found


def npz(values: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the content of an ``.npz`` file."""
    file = io.BytesIO()
    np.savez_compressed(file, **values)
    return file.getvalue()


def idx(values: NDArray[np.uint8]) -> bytes:
    """Return the content of a gzipped IDX file."""
    header = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    return gzip.compress(header + values.tobytes(), mtime=0)


def idx_files(values: Arrays) -> dict[str, bytes]:
    """Return the four files of a folder like MNIST's."""
    names = {"train": "train", "test": "t10k"}
    files: dict[str, bytes] = {}
    for part, name in names.items():
        files[f"{name}-images-idx3-ubyte.gz"] = idx(values[f"x_{part}"])
        files[f"{name}-labels-idx1-ubyte.gz"] = idx(values[f"y_{part}"])
    return files


def picture(kind: str, side: int = 28, seed: int = 0, carried: Document | None = None) -> bytes:
    """Return a picture with a stroke on it, in a file of a kind that Pillow knows; of PNG with a view."""
    pixels = np.full((side, side), 240, np.uint8)
    rng = np.random.default_rng(seed)
    pixels[side // 5 : -side // 5, side // 2 - side // 10 : side // 2 + side // 10 + seed % 2] = 20
    pixels[:: max(side // 4, 1), :: max(side // 4, 1)] = rng.integers(0, 255)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, pnginfo=png_texts(carried))
    return file.getvalue()


def experiment(classes: tuple[str, ...] = ("0", "1")) -> Experiment:
    """Return the settings that the files are about."""
    return LAB5.with_classes(classes)


def view(step: int = 40, **seen: Any) -> Document:
    """Return what a picture of MNIST carries, a few steps long."""
    settings = experiment()
    data = load_mnist(settings.classes)
    return Document(
        format_version=FORMAT_VERSION,
        version=__version__,
        experiment=settings,
        kind="picture",
        data=Data(name=data.name, sha256=data.sha256),
        run=Run(step=step, settings=(Setting(experiment=settings),)),
        seen=Seen(**{"step": step, "sample": 3, "shift": Shift(dx=1), "panel": "training"} | seen),
    )


def save_model(path: Path, side: int = 28, step: int = 0, seed: int = 0) -> None:
    """Write a model for images of a size."""
    settings = replace(experiment(), seed=seed)
    checkpoint.save(path, Snapshot(step, settings.build_network((1, side, side))), settings)


def words(name: str = "Somebody") -> dict[str, Any]:
    """Return the work of somebody, with a figure in its report."""
    from cnnviz.lab.course import free_lab, shipped_labs
    from cnnviz.lab.reading import load_lab
    from cnnviz.lab.record import LabRecord, StepRecord, Work
    from cnnviz.report.blocks import Insert

    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="40"><rect width="9" height="9"/></svg>'
    )
    inserts = (Insert("A figure", "at step 3", "2026-01-31 10:00", drawing, csv="a,1\n"),)
    free, other = free_lab(), LabRecord.of(load_lab(shipped_labs()["pooling"]))
    step = StepRecord(written={"observations": "It moves along."}, inserts=inserts)
    record = structs.replace(LabRecord.of(free), steps={free.steps[0].id: step})
    work = Work(
        name, "42", records={each.key: each for each in (record, other)},
        shown={"0\n1": "2026-01-31 14:03"},
    )  # fmt: skip
    values: dict[str, Any] = to_builtins(work)
    values.pop("lab")
    return values


@cache
def parts(name: str = "Somebody") -> tuple[Document, dict[str, bytes]]:
    """Return a document with a short run, words, and what was done in a lab, and its members."""
    from cnnviz.document.archive import png_of

    settings = experiment()
    data = load_mnist(settings.classes)
    trainer = Trainer(settings.build_network(data.input_shape), data, settings)
    history, origin = History(settings.log_every), Origin(0, settings, data.name)
    for _ in range(3):
        history.snapshots.add(replace(trainer.snapshot, origin=origin), keep=True)
        history.append(trainer.advance(10))
    live = replace(trainer.snapshot, origin=origin)
    run, files = pack_run(KeptRun(live, history, 1))
    files["images/own.png"] = png_of(np.arange(784, dtype=np.uint8).reshape(1, 28, 28))
    document = structs.replace(
        view(30, sample=OwnImage(member="images/own.png"), board=OwnImage(member="images/own.png")),
        kind="work",
        run=run,
        words=words(name),
        lab="pooling",
    )
    return document, files


@cache
def document() -> bytes:
    """Return such a document as a file."""
    return _saved(*parts())


def _saved(made: Document, files: Mapping[str, bytes]) -> bytes:
    with TemporaryDirectory() as folder:
        archive.save(file := Path(folder) / "a.cnnviz", made, files)
        return file.read_bytes()


@cache
def lab() -> bytes:
    """Return a lab file with everything that one may hold."""
    from cnnviz.lab.course import shipped_labs

    return shipped_labs()["lab5"].read_bytes()


@cache
def course() -> bytes:
    """Return a course with a trained network, its record and data."""
    from cnnviz.datasets import load_dataset
    from cnnviz.lab.course import made_course, shipped_labs
    from cnnviz.lab.reading import load_lab

    with TemporaryDirectory() as folder:
        values = arrays(classes=2)
        named = {name: np.where(each, 9, 4) if name[0] == "y" else each for name, each in values.items()}
        (place := Path(folder) / "a.npz").write_bytes(npz(named))
        lab = load_lab(shipped_labs()["fooling"])
        return _saved(*made_course(lab, {}, load_dataset(place), with_data=True))


def write_all(folder: Path) -> None:
    """Write good files of every kind, and some bad ones, into a folder."""
    values = arrays()
    (folder / "good.npz").write_bytes(npz(values))
    (folder / "small.npz").write_bytes(npz(arrays(12, 10)))
    _write(folder / "idx", idx_files(values))
    for name in ("ant", "bee"):
        _write(folder / "pictures" / name, {f"{i}.png": picture("PNG", 20, i) for i in range(6)})
    for number, (name, kind) in enumerate((("png", "PNG"), ("jpg", "JPEG"), ("bmp", "BMP"))):
        (folder / f"digit.{name}").write_bytes(picture(kind, 40 + 30 * number, number))
    write_kept(folder)
    (folder / "broken.cnnviz").write_bytes(document()[:-100])
    (folder / "broken.safetensors").write_bytes((folder / "good.safetensors").read_bytes()[:-100])
    (folder / "broken.png").write_bytes(picture("PNG")[:60])
    (folder / "notes.txt").write_text("Nothing to be opened.")


def write_kept(folder: Path) -> None:
    """Write what the program itself writes: a document, a picture with a view, models that fit and do not."""
    (folder / "good.cnnviz").write_bytes(document())
    (folder / "view.png").write_bytes(picture("PNG", 60, carried=view()))
    save_model(folder / "good.safetensors", step=20)
    save_model(folder / "large.safetensors", side=40)


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
