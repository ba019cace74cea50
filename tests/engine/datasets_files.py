"""Writers of small data files, independent of the readers under test."""

import gzip
import io
import re
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cnnviz.errors import DataError
from cnnviz.files import printable
from soak import samples

Arrays = dict[str, NDArray[Any]]


def tiny_arrays(classes: int = 3, each: int = 4, height: int = 8, width: int = 7) -> Arrays:
    """Random images with labels 0, 1, … in turn, under Keras' names; the test part has half as many."""
    return {**samples.arrays(height, width, classes, each)}


def idx_bytes(array: NDArray[Any]) -> bytes:
    sides = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, 8, array.ndim]) + sides + array.astype(np.uint8).tobytes()


def idx_names(dot: str = "-", end: str = "") -> dict[str, str]:
    return {
        f"{letter}_{part}": f"{name}-{kind}{dot}idx{ndim}-ubyte{end}"
        for part, name in (("train", "train"), ("test", "t10k"))
        for letter, kind, ndim in (("x", "images", 3), ("y", "labels", 1))
    }


def write_idx_folder(folder: Path, arrays: Arrays, **naming: str) -> Path:
    """Write four IDX files, gzipped when their names end so."""
    folder.mkdir(exist_ok=True)
    for key, name in idx_names(**naming).items():
        content = idx_bytes(arrays[key])
        (folder / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return folder


def npz_bytes(arrays: Arrays, compressed: bool = True) -> bytes:
    file = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(file, **arrays)  # pyright: ignore[reportArgumentType] -- names of arrays are free
    return file.getvalue()


def write_npz(path: Path, arrays: Arrays, compressed: bool = True) -> Path:
    path.write_bytes(npz_bytes(arrays, compressed))
    return path


def npz_with(x_train: bytes, arrays: Arrays, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return the content of an ``.npz`` file whose images are any bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method, compresslevel=1) as archive:
        archive.writestr("x_train.npy", x_train)
        for key in ("y_train", "x_test", "y_test"):
            member = io.BytesIO()
            np.save(member, arrays[key])
            archive.writestr(f"{key}.npy", member.getvalue())
    return file.getvalue()


def npy_header(shape: str, descr: object = "|u1") -> bytes:
    header = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header


def assert_one_sentence(text: str) -> None:
    assert text.isprintable(), text
    assert text.endswith(".")
    assert not re.search(r"[.!?] [A-Z]", text), text
    assert "Traceback" not in text
    assert "Error" not in text
    assert len(text) <= 300, text


@contextmanager
def data_error(path: Path | str, *words: str) -> Iterator[None]:
    """Expect exactly one `DataError` sentence that names a file and holds some words."""
    with pytest.raises(DataError) as caught:
        yield
    text = str(caught.value)
    assert type(caught.value) is DataError
    assert_one_sentence(text)
    for word in (printable(path), *words):
        assert word in text, f"{word!r} is not in {text!r}"
