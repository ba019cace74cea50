"""Folders of IDX files: all ways to name them, and all ways to damage them."""

import gzip
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from cnnviz.datasets import load_dataset, load_mnist
from cnnviz.datasets.mnist import MNIST_FOLDER
from cnnviz.errors import ParameterError
from tests.engine.datasets_files import (
    Arrays,
    data_error,
    idx_bytes,
    idx_names,
    tiny_arrays,
    write_idx_folder,
)

IMAGES = "train-images-idx3-ubyte"
LABELS = "train-labels-idx1-ubyte"


@pytest.fixture
def arrays() -> Arrays:
    return tiny_arrays()


@pytest.fixture
def folder(tmp_path: Path, arrays: Arrays) -> Path:
    return write_idx_folder(tmp_path / "digits", arrays)


@pytest.mark.parametrize(
    "naming", [{}, {"end": ".gz"}, {"dot": "."}, {"prefix": "kuzushiji-", "test": "test", "end": ".gz"}]
)
def test_names(tmp_path: Path, arrays: Arrays, naming: dict[str, str]) -> None:
    data = load_dataset(write_idx_folder(tmp_path / "set", arrays, **naming))
    assert np.array_equal(data.train_images[:, 0], arrays["x_train"])
    assert np.array_equal(data.train_labels, arrays["y_train"])
    assert np.array_equal(data.test_images[:, 0], arrays["x_test"])
    assert np.array_equal(data.test_labels, arrays["y_test"])
    assert data.classes == ("0", "1", "2")
    assert data.input_shape == (1, 8, 7)
    assert data.train_images.dtype == np.uint8
    assert data.name == naming.get("prefix", "set").strip("-")
    assert data.path == tmp_path / "set"


def test_folder_of_mnist_equals_mnist() -> None:
    assert load_dataset(MNIST_FOLDER, (3, 8)).sha256 == load_mnist((3, 8)).sha256


def test_gzip_is_told_by_content_plain_files_win_and_foreign_ones_are_ignored(folder: Path) -> None:
    (folder / f"{IMAGES}.gz").write_bytes(b"not read")
    (folder / f"._{IMAGES}").write_bytes(b"left by a Mac")
    (folder / "README.txt").write_text("hello")
    (folder / "train-images.idx3-ubyte").mkdir()
    for content in ((folder / IMAGES).read_bytes(), gzip.compress((folder / IMAGES).read_bytes())):
        (folder / IMAGES).write_bytes(content)
        assert load_dataset(folder).train_images.shape == (12, 1, 8, 7)


def test_classes_can_be_chosen(folder: Path, arrays: Arrays) -> None:
    data = load_dataset(folder, (2, 0))
    kept = np.isin(arrays["y_train"], (0, 2))
    assert np.array_equal(data.train_images[:, 0], arrays["x_train"][kept])
    assert np.array_equal(data.train_labels, (arrays["y_train"][kept] == 0).astype(int))
    assert data.available_classes == ("0", "1", "2")
    with pytest.raises(ParameterError, match="0, 1, 2"):
        load_dataset(folder, ("0", "7"))


def emnist(tmp_path: Path, classes: int = 26) -> Path:
    """Write letters labelled from 1 on, as EMNIST's are, with its mapping."""
    arrays = tiny_arrays(classes, 2, 8, 6)
    arrays["y_train"] += 1
    arrays["y_test"] += 1
    folder = write_idx_folder(tmp_path / "emnist", arrays, prefix="emnist-letters-", test="test", end=".gz")
    mapping = "\n".join(f"{label} {64 + label} {96 + label}" for label in range(1, classes + 1))
    (folder / "emnist-letters-mapping.txt").write_text(mapping + "\n")
    return folder


def test_emnist_is_turned_upright_and_named(tmp_path: Path) -> None:
    data = load_dataset(emnist(tmp_path), ("B", "Z"))
    stored = tiny_arrays(26, 2, 8, 6)
    second = stored["x_train"][stored["y_train"] == 1]
    assert data.input_shape == (1, 6, 8)
    assert np.array_equal(data.train_images[data.train_labels == 0, 0], second.transpose(0, 2, 1))
    assert data.name == "emnist-letters"


def test_more_than_ten_classes_take_the_first_ten_with_images_in_both_parts(tmp_path: Path) -> None:
    data = load_dataset(emnist(tmp_path))
    assert data.classes == tuple("ABCDEFGHIJ")
    assert "emnist-letters has 26 classes" in data.note
    assert "A, B, C, D, E, F, G, H, I, J" in data.note
    assert data.available_classes == tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    assert data.select(("X", "Y")).note == ""
    arrays = tiny_arrays(12, 4)
    arrays["y_test"][arrays["y_test"] == 3] = 4
    data = load_dataset(write_idx_folder(tmp_path / "set", arrays))
    assert data.classes == ("0", "1", "2", "4", "5", "6", "7", "8", "9", "10")


def test_without_mapping_classes_are_numbers(tmp_path: Path) -> None:
    folder = emnist(tmp_path, 3)
    (folder / "emnist-letters-mapping.txt").rename(folder / "mapping.txt")
    assert load_dataset(folder).classes == ("A", "B", "C")
    (folder / "mapping.txt").unlink()
    assert load_dataset(folder).classes == ("1", "2", "3")


@pytest.mark.parametrize("text", ["1 x", "1", "1 65\n2 65", "1 7", "1 99999999999", "ü 65", "1 65\n" * 20000])
def test_bad_mapping(tmp_path: Path, text: str) -> None:
    folder = emnist(tmp_path, 3)
    path = folder / "emnist-letters-mapping.txt"
    path.write_text(text, encoding="utf-8")
    with data_error(path, "correct or remove the file"):
        load_dataset(folder)
    path.write_text("1 50")  # the letter of code 50 is "2", which collides with a number
    with data_error(folder, "same name"):
        load_dataset(folder)


@pytest.mark.parametrize("name", idx_names().values())
def test_file_missing(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with data_error(folder, name, "add the missing file"):
        load_dataset(folder)


@pytest.mark.parametrize("length", [0, 1, 3, 4, 5, 15, 16, 17, 100])
@pytest.mark.parametrize("packed", [False, True])
def test_cut_off(folder: Path, length: int, packed: bool) -> None:
    content = (folder / IMAGES).read_bytes()[:length]
    (folder / IMAGES).write_bytes(gzip.compress(content) if packed else content)
    with data_error(folder / IMAGES):
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
    (IMAGES, lambda old: old + b"x", ("holds more data", "12 x 8 x 7 = 672 bytes")),
    (LABELS, lambda _: idx_bytes(TINY["x_train"]), ("00 00 08 03", "labels starts with 00 00 08 01")),
    (LABELS, lambda _: idx_bytes(TINY["y_train"][:-1]), ("11 labels", "12 images", IMAGES)),
    ("t10k-images-idx3-ubyte", lambda _: idx_bytes(TINY["x_test"].transpose(0, 2, 1)), ("7 x 8", "8 x 7")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change", "words"), DAMAGED)
def test_a_file_that_is_damaged_or_does_not_fit_is_named(folder, name, change, words) -> None:
    path = folder / name
    path.write_bytes(change(path.read_bytes()))
    with data_error(path, *words):
        load_dataset(folder)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((2**32 - 1, 2**32 - 1, 2**32 - 1), "at most"),
        ((60000, 30000, 28), "at most"),
        ((250_000, 28, 28), "too short"),
        ((0, 2**32 - 1, 2**32 - 1), "holds no data"),
        ((12, 0, 7), "holds no data"),
    ],
)
def test_hostile_header_allocates_nothing(
    folder: Path, shape: tuple[int, int, int], words: str, packed: bool
) -> None:
    content = b"\0\0\x08\x03" + struct.pack(">3I", *shape) + bytes(50)
    (folder / IMAGES).write_bytes(gzip.compress(content) if packed else content)
    tracemalloc.start()
    try:
        with data_error(folder / IMAGES, words):
            load_dataset(folder)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("height", "width", "fits"), [(5, 8, False), (8, 65, False), (1, 1, False), (6, 64, True), (64, 6, True)]
)
def test_sizes_at_their_bounds(tmp_path: Path, height: int, width: int, fits: bool) -> None:
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
def test_a_class_without_images_is_named(tmp_path: Path, classes: int, changes: dict, words: str) -> None:
    arrays = tiny_arrays(classes)
    folder = write_idx_folder(
        tmp_path / "set", arrays | {key: arrays[key] % divisor for key, divisor in changes.items()}
    )
    with data_error(folder, words):
        load_dataset(folder)
    if classes > 1:
        assert load_dataset(folder, (0, 1)).classes == ("0", "1")


def test_several_sets_in_one_folder(folder: Path) -> None:
    write_idx_folder(folder, tiny_arrays(2), prefix="fashion-")
    with data_error(folder, "2 data sets (fashion, MNIST)", "open the file of training images"):
        load_dataset(folder)
    assert load_dataset(folder / f"fashion-{IMAGES}").classes == ("0", "1")
    assert load_dataset(str(folder / IMAGES)).classes == ("0", "1", "2")


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
def test_faults_of_disk_and_memory(folder: Path, monkeypatch, where: str, error, of_file, words) -> None:
    # Injected, because the superuser may read everything.
    def fail(*_arguments: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr(where, fail)
    with data_error(folder / IMAGES if of_file else folder, *words):
        load_dataset(folder)


@pytest.mark.parametrize("name", ["none", "a\0b", "~no-such-user-of-cnnviz/x"])
def test_path_that_is_not_there(tmp_path: Path, name: str) -> None:
    path = name if name.startswith("~") else tmp_path / name
    with data_error("" if "\0" in name else path):
        load_dataset(path)


def test_what_is_no_data_set(tmp_path: Path) -> None:
    with data_error(tmp_path, "holds no data set", "IDX", ".npz", "a folder of pictures for each class"):
        load_dataset(tmp_path)
    path = tmp_path / "notes.txt"
    path.write_bytes(b"\xfe\xff\x00")
    with data_error(path, "unknown kind"):
        load_dataset(path)
    path.write_text("hello")
    with data_error(path, "is a text"):
        load_dataset(path)
