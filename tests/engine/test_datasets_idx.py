"""Folders of IDX files and Keras' archives: all ways to name them, and all ways to damage them."""

import gzip
import os
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnnviz.datasets import Dataset, choice_note, load_dataset
from cnnviz.errors import ParameterError
from tests.engine.datasets_files import (
    Arrays,
    data_error,
    idx_bytes,
    idx_names,
    npy_header,
    npz_bytes,
    npz_with,
    tiny_arrays,
    write_idx_folder,
    write_npz,
)

IMAGES = "train-images-idx3-ubyte"
LABELS = "train-labels-idx1-ubyte"


@pytest.fixture
def arrays() -> Arrays:
    return tiny_arrays()


@pytest.fixture
def folder(tmp_path, arrays) -> Path:
    return write_idx_folder(tmp_path / "digits", arrays)


def assert_holds(data: Dataset, arrays: Arrays) -> None:
    for part in ("train", "test"):
        images, labels = data.part(part)
        assert np.array_equal(images[:, 0], arrays[f"x_{part}"])
        assert np.array_equal(labels, arrays[f"y_{part}"])
        assert (images.dtype, labels.dtype) == (np.uint8, np.int64)


@pytest.mark.parametrize("naming", [{}, {"end": ".gz"}, {"dot": "."}])
def test_names(tmp_path, arrays, naming):
    data = load_dataset(write_idx_folder(tmp_path / "set", arrays, **naming))
    assert_holds(data, arrays)
    assert data.classes == ("0", "1", "2")
    assert data.input_shape == (1, 8, 7)
    assert (data.name, data.path) == ("set", tmp_path / "set")


def test_gzip_is_told_by_content_plain_files_win_and_foreign_ones_are_ignored(folder):
    (folder / f"{IMAGES}.gz").write_bytes(b"not read")
    (folder / f"._{IMAGES}").write_bytes(b"left by a Mac")
    (folder / "README.txt").write_text("hello")
    (folder / "train-images.idx3-ubyte").mkdir()
    for content in ((folder / IMAGES).read_bytes(), gzip.compress((folder / IMAGES).read_bytes())):
        (folder / IMAGES).write_bytes(content)
        assert load_dataset(folder).train_images.shape == (12, 1, 8, 7)


def test_classes_can_be_chosen(folder, arrays):
    data = load_dataset(folder, (2, 0))
    kept = np.isin(arrays["y_train"], (0, 2))
    assert np.array_equal(data.train_images[:, 0], arrays["x_train"][kept])
    assert np.array_equal(data.train_labels, (arrays["y_train"][kept] == 0).astype(int))
    assert data.available_classes == ("0", "1", "2")
    with pytest.raises(ParameterError, match="0, 1, 2"):
        load_dataset(folder, ("0", "7"))


def test_more_than_ten_classes_take_the_first_ten_with_images_in_both_parts(tmp_path):
    arrays = tiny_arrays(12, 4)
    arrays["y_test"][arrays["y_test"] == 3] = 4
    data = load_dataset(write_idx_folder(tmp_path / "set", arrays))
    assert data.classes == ("0", "1", "2", "4", "5", "6", "7", "8", "9", "10")
    assert data.available_classes == tuple(map(str, range(12)))
    assert "set has 12 classes; 0, 1, 2, 4, 5, 6, 7, 8, 9, 10 are used" in choice_note(data)


@pytest.mark.parametrize("name", idx_names().values())
def test_file_missing(folder, name):
    (folder / name).unlink()
    with data_error(folder, name, "add the missing file"):
        load_dataset(folder)


def wrong_byte(packed: bytes, place: int) -> bytes:
    content = bytearray(packed)
    content[place] ^= 0xFF
    return bytes(content)


TINY = tiny_arrays()
DAMAGED = [
    *((IMAGES, lambda old, length=length: gzip.compress(old)[:length], ("breaks off",))
      for length in (2, 5, 12, 30, 200, -1, -4, -8)),
    *((IMAGES, lambda old, place=place: wrong_byte(gzip.compress(old), place), ())
      for place in (15, 200, -6)),
    *((IMAGES, lambda old, magic=magic: magic + old[4:], (magic.hex(" "), "00 00 08 03"))
      for magic in (b"\0\0\x0d\x03", b"\0\0\x08\x01", b"\x89PNG", b"\0\0\x08\x04")),
    (IMAGES, lambda _: b"\0\0\x08\x03" + struct.pack(">3I", 12, 0, 7), ("holds no data",)),
    (IMAGES, lambda old: old + b"x", ("holds more data", "12 x 8 x 7 = 672 bytes")),
    (LABELS, lambda _: idx_bytes(TINY["x_train"]), ("00 00 08 03", "labels starts with 00 00 08 01")),
    (LABELS, lambda _: idx_bytes(TINY["y_train"][:-1]), ("labels of shape (11,)", "12 images", IMAGES)),
    ("t10k-images-idx3-ubyte", lambda _: idx_bytes(TINY["x_test"].transpose(0, 2, 1)), ("7 x 8", "8 x 7")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change", "words"), DAMAGED)
def test_a_file_that_is_damaged_or_does_not_fit_is_named(folder, name, change, words):
    path = folder / name
    path.write_bytes(change(path.read_bytes()))
    with data_error(path, *words):
        load_dataset(folder)


@pytest.mark.parametrize(
    ("height", "width", "fits"), [(5, 8, False), (8, 65, False), (1, 1, False), (6, 64, True), (64, 6, True)]
)
def test_sizes_at_their_bounds(tmp_path, height, width, fits):
    folder = write_idx_folder(tmp_path / "set", tiny_arrays(height=height, width=width))
    if fits:
        assert load_dataset(folder).input_shape == (1, height, width)
        return
    with data_error(folder / IMAGES, f"{height} x {width} pixels", "6 to 64"):
        load_dataset(folder)


@pytest.mark.parametrize(
    ("classes", "changes", "words"),
    [
        (3, {"y_test": 2}, "no test image of class 2"),
        (3, {"y_train": 2}, "no training image of class 2"),
        (1, {}, "one class only (0)"),
    ],
)
def test_a_class_without_images_is_named(tmp_path, classes, changes, words):
    arrays = tiny_arrays(classes)
    folder = write_idx_folder(
        tmp_path / "set", arrays | {key: arrays[key] % divisor for key, divisor in changes.items()}
    )
    with data_error(folder, words):
        load_dataset(folder)
    if classes > 1:
        assert load_dataset(folder, (0, 1)).classes == ("0", "1")


def test_one_file_of_four_stands_for_all(folder):
    for name in (IMAGES, LABELS):
        assert load_dataset(str(folder / name)).classes == ("0", "1", "2")


DENIED = PermissionError(13, "Permission denied")


@pytest.mark.parametrize(
    ("where", "error", "of_file", "words"),
    [
        ("os.open", DENIED, True, ("permission denied", "change its permissions")),
        ("os.open", OSError(5, "Input/output error"), True, ("input/output error",)),
        ("cnnviz.datasets.idx.read_idx", MemoryError(), False, ("memory",)),
        ("os.scandir", DENIED, False, ("permission denied",)),
        ("pathlib.Path.stat", DENIED, False, ("permission denied",)),
    ],
)
def test_faults_of_disk_and_memory(folder, monkeypatch, where, error, of_file, words):
    # Injected, because the superuser may read everything.
    def fail(*_arguments: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr(where, fail)
    with data_error(folder / IMAGES if of_file else folder, *words):
        load_dataset(folder)


@pytest.mark.parametrize("name", ["none", "a\0b", "~no-such-user-of-cnnviz/x"])
def test_path_that_is_not_there(tmp_path, name):
    path = name if name.startswith("~") else tmp_path / name
    with data_error("" if "\0" in name else path):
        load_dataset(path)


def test_what_is_no_data_set(tmp_path):
    with data_error(tmp_path, "holds no data set", "IDX", ".npz", "a folder of pictures for each class"):
        load_dataset(tmp_path)
    (path := tmp_path / "notes.txt").write_bytes(b"\xfe\xff\x00")
    with data_error(path, "unknown kind"):
        load_dataset(path)
    path.write_text("hello")
    with data_error(path, "is a text"):
        load_dataset(path)


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "fashion.npz"


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("labels", ["uint8", "int32", ">u2", "uint64"])
def test_number_types(path, arrays, compressed, labels):
    types = {"x": "uint8", "y": labels}
    write_npz(path, {key: array.astype(types[key[0]]) for key, array in arrays.items()}, compressed)
    data = load_dataset(path)
    assert_holds(data, arrays)
    assert data.name == "fashion"


def test_classes_of_an_archive_are_chosen_and_a_folder_is_none(path, arrays):
    assert load_dataset(write_npz(path, arrays), (2, 1)).classes == ("2", "1")
    with data_error(path.parent, "holds no data set"):
        load_dataset(path.parent)


@pytest.mark.parametrize("key", ["x_train", "y_train", "x_test", "y_test"])
def test_array_missing(path, arrays, key):
    del arrays[key]
    with data_error(write_npz(path, arrays), f"no array {key}", "x_train, y_train, x_test, y_test"):
        load_dataset(path)


def test_pickled_objects_are_refused_unread(path, arrays, tmp_path):
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
        ("y_train", np.array(["0", "1", "2"] * 4), "<U1"),
        ("y_train", np.eye(12, dtype=np.uint8), "(12, 12)"),
        ("y_train", np.array([2**64 - 1] * 12, np.uint64), "label 18446744073709551615"),
        ("y_train", np.array([0, 1], np.uint8), "labels of shape (2,)"),
        ("y_train", np.array([], np.uint8), "(0,)"),
        ("y_train", np.array([0.0, 1.0, 2.0] * 4), "float64"),
        ("x_train", np.full((12, 8, 7), np.nan), "float64"),
        ("x_train", np.full((12, 8, 7), 1), "save them as uint8"),
        ("x_train", np.zeros((12, 8, 7), bool), "bool"),
        ("x_train", np.zeros((12, 56), np.uint8), "(12, 56)"),
        ("x_train", np.zeros((12, 8, 7, 1), np.uint8), "(12, 8, 7, 1)"),
        ("y_train", np.zeros((12, 1), np.uint8), "(12, 1)"),
        ("x_train", np.zeros((0, 8, 7), np.uint8), "(0, 8, 7)"),
        ("x_train", np.zeros((12, 65, 65), np.uint8), "65 x 65"),
        ("x_train", np.zeros((12, 8, 7), np.uint8, "F"), "save numpy.ascontiguousarray of it"),
        ("x_test", np.zeros((6, 9, 7), np.uint8), "9 x 7"),
    ],
)
def test_wrong_arrays(path, arrays, key, array, words):
    arrays[key] = array
    with data_error(write_npz(path, arrays), f"({key})", words):
        load_dataset(path)


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


NPY = npy_header("(12, 8, 7)") + bytes(100)
SHAPES = (
    "(1000000000000, 28, 28)", "(1, 8, 7)", "(0, 999999999999999999, 9)", f"(12, 8, {'9' * 400})", "12",
    "(1,) * 9**9", "[" * 500,
)  # fmt: skip
DAMAGED_ARCHIVES = [
    (lambda arrays: npz_bytes(arrays)[:-1], ()),
    *((lambda _arrays, content=content: content, ("expected",))
      for content in (b"", b"PK", b"not a zip archive", b"\x93NUMPY\x01\x00", bytes(1000))),
    *((lambda arrays, start=start: npz_with(start + bytes(100) if start else b"", arrays),
       ("(x_train)", "damaged header"))
      for start in (b"\x93NUMPY\x09\x00", b"\x93NUMPY\x03\x00", b"\x93NUMP", b"GIF89a", b"")),
    *((lambda arrays, shape=shape: npz_with(npy_header(shape) + bytes(100), arrays), ("x_train",))
      for shape in SHAPES),
    (lambda arrays: flipped(npz_bytes(arrays, compressed=False), {arrays["x_train"].tobytes(): (100, 1)}),
     ("damaged",)),
    (lambda arrays: claimed(npz_with(NPY, arrays)), ("holds more data", "672 bytes")),
    (lambda arrays: npz_with(NPY, arrays, zipfile.ZIP_BZIP2), ("unknown way",)),
    (lambda arrays: flipped(npz_bytes(arrays), {b"PK\x03\x04": (6, 1), b"PK\x01\x02": (8, 1)}),
     ("encrypted",)),
]  # fmt: skip


@pytest.mark.parametrize(("content", "words"), DAMAGED_ARCHIVES)
def test_what_is_damaged_or_packed_otherwise(path, arrays, content, words):
    path.write_bytes(content(arrays))
    with data_error(path, *words):
        load_dataset(path)
