"""Keras' ``.npz`` archives."""

import io
import os
import struct
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cnnviz.datasets import load_dataset
from tests.engine.datasets_files import Arrays, data_error, npz_bytes, tiny_arrays, write_npz


@pytest.fixture
def arrays() -> Arrays:
    return tiny_arrays()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "fashion.npz"


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("pixels", ["uint8", "int64", ">u2"])
@pytest.mark.parametrize("labels", ["uint8", "int32", "uint64"])
def test_number_types(path: Path, arrays: Arrays, compressed: bool, pixels: str, labels: str) -> None:
    types = {"x": pixels, "y": labels}
    write_npz(path, {key: array.astype(types[key[0]]) for key, array in arrays.items()}, compressed)
    data = load_dataset(path)
    assert np.array_equal(data.train_images[:, 0], arrays["x_train"])
    assert np.array_equal(data.test_images[:, 0], arrays["x_test"])
    assert np.array_equal(data.train_labels, arrays["y_train"])
    assert np.array_equal(data.test_labels, arrays["y_test"])
    assert data.train_images.dtype == np.uint8
    assert data.train_labels.dtype == np.int64
    assert data.name == "fashion"


@pytest.mark.parametrize("reshape", [lambda x: x[..., None], lambda x: x[:, None], np.asfortranarray])
def test_layouts(path: Path, arrays: Arrays, reshape: Any) -> None:
    """Also with labels in a column."""
    changed = {key: reshape(arrays[key]) for key in ("x_train", "x_test")}
    columns = {key: arrays[key][:, None] for key in ("y_train", "y_test")}
    data = load_dataset(write_npz(path, arrays | changed | columns))
    assert np.array_equal(data.train_images[:, 0], arrays["x_train"])
    assert np.array_equal(data.train_labels, arrays["y_train"])
    assert data.train_images.flags.c_contiguous
    assert data.conversion == ""


def test_colour_becomes_grey_by_luma(path: Path, arrays: Arrays) -> None:
    colour = np.random.default_rng(1).integers(0, 256, (12, 8, 7, 3), dtype=np.uint8)
    colour[0, 0, :4] = [(255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255)]
    test = np.repeat(arrays["x_test"][..., None], 3, axis=3)
    data = load_dataset(write_npz(path, arrays | {"x_train": colour, "x_test": test}))
    exact = colour @ np.array([0.299, 0.587, 0.114])
    assert np.abs(data.train_images[:, 0] - exact).max() <= 0.51
    assert data.train_images[0, 0, 0, :4].tolist() == [255, 76, 150, 29]
    by_pillow = np.asarray(Image.fromarray(colour[3]).convert("L"))
    assert np.array_equal(data.train_images[3, 0], by_pillow)
    assert data.conversion == "The images of fashion have colours and were made grey."
    # Equal red, green and blue stay what they are.
    assert np.array_equal(data.test_images[:, 0], arrays["x_test"])


def test_classes_and_folder(tmp_path: Path, arrays: Arrays) -> None:
    (tmp_path / "folder.npz").mkdir()
    with data_error(tmp_path / "folder.npz", "holds no data set"):
        load_dataset(tmp_path / "folder.npz")
    write_npz(tmp_path / "mnist.npz", arrays)
    assert load_dataset(tmp_path, (2, 1)).classes == ("2", "1")
    write_npz(tmp_path / "other.npz", arrays)
    with data_error(tmp_path, "2 .npz files"):
        load_dataset(tmp_path)


@pytest.mark.parametrize("key", ["x_train", "y_train", "x_test", "y_test"])
def test_array_missing(path: Path, arrays: Arrays, key: str) -> None:
    del arrays[key]
    with data_error(write_npz(path, arrays), f"no array {key}", "x_train, y_train, x_test, y_test"):
        load_dataset(path)


def test_pickled_objects_are_refused_unread(path: Path, arrays: Arrays, tmp_path: Path) -> None:
    class Hostile:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "pickle-was-run"),)

    arrays["y_train"] = np.array([Hostile()] * 12, dtype=object)
    with data_error(write_npz(path, arrays), "(y_train)", "Python objects", "save it as uint8"):
        load_dataset(path)
    assert not (tmp_path / "pickle-was-run").exists()


@pytest.mark.parametrize(
    ("key", "array", "words"),
    [
        ("y_train", np.array([0, 1, 2] * 4) - 1, "label -1"),
        ("y_train", np.array([0.0, 1.0, 2.0] * 4), "float64"),
        ("y_train", np.array(["0", "1", "2"] * 4), "<U1"),
        ("y_train", np.array([False, True] * 6), "bool"),
        ("y_train", np.eye(12, dtype=np.uint8), "(12, 12)"),
        ("y_train", np.array([2**64 - 1] * 12, np.uint64), "label 18446744073709551615"),
        ("y_train", np.array(3), "()"),
        ("y_train", np.array([0, 1], np.uint8), "2 labels"),
        ("y_train", np.array([], np.uint8), "(0,)"),
        ("x_train", np.zeros((12, 8, 7)), "float64"),
        ("x_train", np.full((12, 8, 7), np.nan), "float64"),
        ("x_train", np.full((12, 8, 7), 256), "0 to 255"),
        ("x_train", np.full((12, 8, 7), -1), "0 to 255"),
        ("x_train", np.zeros((12, 8, 7), bool), "bool"),
        ("x_train", np.zeros((12, 8, 7), "M8[s]"), "datetime64"),
        ("x_train", np.zeros((12, 56), np.uint8), "(12, 56)"),
        ("x_train", np.zeros((12, 8, 7, 4), np.uint8), "(12, 8, 7, 4)"),
        ("x_train", np.zeros((12, 8, 7, 1, 1), np.uint8), "(12, 8, 7, 1, 1)"),
        ("x_train", np.zeros((0, 8, 7), np.uint8), "(0, 8, 7)"),
        ("x_train", np.zeros((12, 5, 7), np.uint8), "5 x 7"),
        ("x_train", np.zeros((12, 65, 65), np.uint8), "65 x 65"),
        ("x_test", np.zeros((6, 9, 7), np.uint8), "9 x 7"),
    ],
)
def test_wrong_arrays(path: Path, arrays: Arrays, key: str, array: Any, words: str) -> None:
    arrays[key] = array
    with data_error(write_npz(path, arrays), f"({key})", words):
        load_dataset(path)


def npy_with_header(shape: str, descr: str = "|u1", data: bytes = bytes(100)) -> bytes:
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def archive_with(arrays: Arrays, x_train: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("x_train.npy", x_train)
        for key in ("y_train", "x_test", "y_test"):
            member = io.BytesIO()
            np.save(member, arrays[key])
            archive.writestr(f"{key}.npy", member.getvalue())
    return file.getvalue()


@pytest.mark.parametrize(
    "shape",
    [
        "(1000000000000, 28, 28)",
        "(60000, 28, 28)",
        "(1, 8, 7)",
        "(-1, 8, 7)",
        "(0, 999999999999999999, 9)",
        f"(12, 8, {'9' * 400})",
        "12",
        "(12.0, 8, 7)",
        "()",
        "(1,) * 9**9",
        "[" * 500,
        "(True, 8, 7)",
    ],
)
def test_hostile_header(path: Path, arrays: Arrays, shape: str) -> None:
    path.write_bytes(archive_with(arrays, npy_with_header(shape)))
    tracemalloc.start()
    try:
        with data_error(path, "x_train"):
            load_dataset(path)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def flipped(content: bytes, change: dict[bytes, tuple[int, int]]) -> bytes:
    """Flip a bit of a byte so many bytes after the first place of some bytes."""
    found = bytearray(content)
    for mark, (offset, bit) in change.items():
        found[found.index(mark) + offset] ^= bit
    return bytes(found)


def claimed(content: bytes) -> bytes:
    """Let the archive's own list tell of 4 GB; the unpacked size is 24 bytes in."""
    entry = content.index(b"PK\x01\x02")
    return content[: entry + 24] + struct.pack("<I", 2**32 - 2) + content[entry + 28 :]


NPY = npy_with_header("(12, 8, 7)")
DAMAGED = [
    *((lambda _arrays, content=content: content, ("not a zip archive",))
      for content in (b"", b"PK", b"not a zip archive", b"\x93NUMPY\x01\x00", bytes(1000))),
    *((lambda arrays, start=start: archive_with(arrays, start + bytes(100) if start else b""),
       ("(x_train)", "damaged header"))
      for start in (b"\x93NUMPY\x09\x00", b"\x93NUMPY\x03\x00", b"\x93NUMP", b"GIF89a", b"")),
    (lambda arrays: flipped(npz_bytes(arrays, compressed=False), {arrays["x_train"].tobytes(): (100, 1)}),
     ("damaged",)),
    (lambda arrays: claimed(archive_with(arrays, NPY)), ("holds more data", "672 bytes")),
    (lambda arrays: archive_with(arrays, NPY, zipfile.ZIP_BZIP2), ("unknown way",)),
    (lambda arrays: flipped(npz_bytes(arrays), {b"PK\x03\x04": (6, 1), b"PK\x01\x02": (8, 1)}),
     ("encrypted",)),
]  # fmt: skip


@pytest.mark.parametrize(("content", "words"), DAMAGED)
def test_what_is_damaged_or_packed_otherwise(path: Path, arrays: Arrays, content: Any, words: Any) -> None:
    path.write_bytes(content(arrays))
    with data_error(path, *words):
        load_dataset(path)
