"""Small good files of every kind that the program reads: to open, to mutate, and to write again."""

import gzip
import io
import json
import struct
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnnviz import checkpoint
from cnnviz.datasets import load_mnist
from cnnviz.experiment import Experiment
from cnnviz.presets import LAB5
from cnnviz.report import Report
from cnnviz.session_state import SessionState, png_texts

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


def picture(kind: str, side: int = 28, seed: int = 0, session: SessionState | None = None) -> bytes:
    """Return a picture with a stroke on it, in a file of a kind that Pillow knows; of PNG with a session."""
    pixels = np.full((side, side), 240, np.uint8)
    rng = np.random.default_rng(seed)
    pixels[side // 5 : -side // 5, side // 2 - side // 10 : side // 2 + side // 10 + seed % 2] = 20
    pixels[:: max(side // 4, 1), :: max(side // 4, 1)] = rng.integers(0, 255)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, pnginfo=png_texts(session))
    return file.getvalue()


def experiment(classes: tuple[str, ...] = ("0", "1")) -> Experiment:
    """Return the settings that the files are about."""
    return LAB5.with_classes(classes)


def session(step: int = 40) -> SessionState:
    """Return a session of MNIST, a few steps long."""
    settings = experiment()
    data = load_mnist(settings.classes)
    return SessionState(
        experiment=settings,
        data_name=data.name,
        data_sha256=data.sha256,
        step=step,
        run_step=step,
        sample=3,
        dx=1,
        panel="training_dock",
    )


def save_model(path: Path, side: int = 28, step: int = 0, seed: int = 0) -> None:
    """Write a model for images of a size."""
    settings = replace(experiment(), seed=seed)
    checkpoint.save(path, settings.build_network((1, side, side)), experiment=settings, step=step)


@cache
def draft() -> bytes:
    """Return the draft of a report as the program keeps it, with words in each field."""
    report = Report(title="A report", author="Somebody").to_dict()
    values = {
        "report": report,
        "pending": {"translation": "It moves along."},
        "shown": [{"classes": ["0", "1"], "lab": "2026-01-31 14:03"}],
    }
    return json.dumps(values, indent=1).encode()


@cache
def report() -> bytes:
    """Return a saved report with a figure, a table, what was measured and what was done in a lab."""
    from cnnviz.lab.opening import shipped_labs
    from cnnviz.lab.reading import load_lab
    from cnnviz.lab.record import LabRecord
    from cnnviz.report import Insert
    from cnnviz.report.blocks import Data
    from cnnviz.report.findings import MeasuredWith, measured_with_to_dict

    text = Report(title="A report", author="Somebody")
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="40"><rect width="9" height="9"/></svg>'
    )
    inserts = (
        Insert("A figure", "at step 3", "2026-01-31 10:00", drawing, csv="a,1\n"),
        Insert("A table", "at step 3", "2026-01-31 10:00", data=Data(("a", "b"), (("x", 1.0), ("y", 2.0)))),
    )
    text = text.with_demonstration(replace(text.demonstrations[0], inserts=inserts))
    measured = MeasuredWith(experiment(), "MNIST", "0" * 64, 3)
    values = json.loads(draft()) | {
        "report": text.to_dict(),
        "labs": [LabRecord.of(load_lab(shipped_labs()["pooling"])).to_dict()],
        "lab": "pooling",
        "measured": measured_with_to_dict(measured),
        "findings": None,
    }
    return json.dumps(values).encode()


@cache
def lab() -> bytes:
    """Return a lab file with everything that one may hold."""
    from cnnviz.lab.opening import shipped_labs

    return shipped_labs()["lab5"].read_bytes()


@cache
def course() -> bytes:
    """Return a course with a session, a trained network, its record and data."""
    from cnnviz.datasets import load_dataset
    from cnnviz.lab.course import save_course
    from cnnviz.lab.opening import made_course, shipped_labs
    from cnnviz.lab.reading import load_lab

    with TemporaryDirectory() as folder:
        values = arrays(classes=2)
        named = {name: np.where(each, 9, 4) if name[0] == "y" else each for name, each in values.items()}
        (place := Path(folder) / "a.npz").write_bytes(npz(named))
        made = made_course(load_lab(shipped_labs()["fooling"]), {}, load_dataset(place), with_data=True)
        save_course(file := Path(folder) / "a.cnnviz", made)
        return file.read_bytes()


def write_all(folder: Path) -> None:
    """Write good files of every kind, and some bad ones, into a folder."""
    values = arrays()
    (folder / "good.npz").write_bytes(npz(values))
    (folder / "small.npz").write_bytes(npz(arrays(12, 10)))
    _write(folder / "idx", idx_files(values))
    for part, count in (("train", 4), ("test", 2)):
        for name in ("ant", "bee"):
            pictures = {f"{i}.png": picture("PNG", 20, i) for i in range(count)}
            _write(folder / "pictures" / part / name, pictures)
    for number, (name, kind) in enumerate((("png", "PNG"), ("jpg", "JPEG"), ("bmp", "BMP"))):
        (folder / f"digit.{name}").write_bytes(picture(kind, 40 + 30 * number, number))
    write_kept(folder)
    (folder / "broken.json").write_text('{"format": "cnnviz-session", ')
    (folder / "broken.safetensors").write_bytes((folder / "good.safetensors").read_bytes()[:-100])
    (folder / "broken.png").write_bytes(picture("PNG")[:60])
    (folder / "notes.txt").write_text("Nothing to be opened.")


def write_kept(folder: Path) -> None:
    """Write what the program itself writes: sessions, a picture with one, models that fit and do not."""
    seen = session()
    (folder / "good.session.json").write_text(seen.to_json(indent=1))
    (folder / "session.png").write_bytes(picture("PNG", 60, session=seen))
    save_model(folder / "good.safetensors", step=20)
    save_model(folder / "large.safetensors", side=40)


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
