"""`Dataset`, `to_input` and the MNIST digits that come with the program."""

import gzip
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnnviz.datasets import Dataset, load_mnist, to_input
from cnnviz.datasets.load import MNIST_FOLDER
from cnnviz.errors import ParameterError, ShapeError
from tests.engine.datasets_files import assert_one_sentence, data_error

# Counts of each digit as LeCun's page and the literature give them.
TRAIN_COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
TEST_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def tiny(**changes: Any) -> Dataset:
    values: dict[str, Any] = {
        "train_images": np.arange(4 * 36, dtype=np.uint8).reshape(4, 1, 6, 6),
        "train_labels": np.array([0, 1, 2, 1]),
        "test_images": np.zeros((3, 1, 6, 6), np.uint8),
        "test_labels": np.array([2, 1, 0]),
        "classes": ("ant", "bee", "cat"),
    }
    return Dataset(**(values | changes))


def test_all_digits_have_the_published_counts_and_zero_and_one_are_the_default() -> None:
    data = load_mnist(range(10))
    assert np.bincount(data.train_labels).tolist() == TRAIN_COUNTS
    assert np.bincount(data.test_labels).tolist() == TEST_COUNTS
    assert data.train_labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    data = load_mnist()
    assert (data.classes, data.name) == (("0", "1"), "MNIST")
    assert (data.train_images.shape, data.test_images.shape) == ((12665, 1, 28, 28), (2115, 1, 28, 28))
    assert data.input_shape == (1, 28, 28)
    for part in ("train", "test"):
        assert [array.dtype for array in data.part(part)] == [np.uint8, np.int64]


@pytest.mark.parametrize(
    "classes", [(), (3,), (3, 3), (3, "3"), range(11), "01", "3", 5, None, (3, "x"), (0, 10)]
)
def test_bad_classes_of_mnist(classes: Any) -> None:
    with pytest.raises(ParameterError, match="'classes' parameter of") as caught:
        load_mnist(classes)
    assert "2 to 10 distinct classes" in str(caught.value)
    if classes == (3, "x"):
        assert re.search(r"0, 1, 2, 3, 4, 5, 6, 7, 8, 9.*Got x instead", str(caught.value))


def other_pixel(content: bytes) -> bytes:
    pixels = bytearray(gzip.decompress(content))
    pixels[5000] ^= 1
    return gzip.compress(pixels, 1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (None, "lacks a file"),
        (lambda content: content[:-100], "a damaged one"),
        (other_pixel, "holds other digits than MNIST's"),
    ],
)
def test_digits_that_are_damaged_or_missing(tmp_path: Path, monkeypatch, change: Any, words: str) -> None:
    folder = tmp_path / "mnist"
    shutil.copytree(MNIST_FOLDER, folder)
    path = folder / "t10k-images-idx3-ubyte.gz"
    if change:
        path.write_bytes(change(path.read_bytes()))
    else:
        path.unlink()
    monkeypatch.setattr("cnnviz.datasets.load.MNIST_FOLDER", folder)
    with data_error(folder, words, "restore the folder resources/mnist"):
        load_mnist()


def test_select_equals_selecting_at_once_and_reaches_classes_that_are_left_out() -> None:
    assert load_mnist(np.arange(10)).select((5, 2)).sha256 == load_mnist((5, 2)).sha256
    data = tiny().select(("cat", "ant"))
    assert data.classes == ("cat", "ant")
    assert data.available_classes == ("ant", "bee", "cat")
    assert data.train_labels.tolist() == [1, 0]
    assert np.array_equal(data.train_images, tiny().train_images[[0, 2]])
    assert data.test_labels.tolist() == [0, 1]
    again = data.select(("bee", "cat"))
    assert again.train_labels.tolist() == [0, 1, 0]
    assert again.available_classes == data.available_classes
    assert data.select(("ant", "bee", "cat")).sha256 == tiny().sha256


def test_select_needs_images_of_every_class() -> None:
    data = tiny(test_labels=np.array([0, 1, 1]))
    assert data.select(("ant", "bee")).test_labels.tolist() == [0, 1, 1]
    with data_error("data set", "no test image of class cat"):
        data.select(("ant", "cat"))
    with data_error("data set", "no training image of class bee"):
        tiny(train_labels=np.array([0, 0, 2, 2])).select(("ant", "bee"))
    with pytest.raises(ParameterError, match="ant, bee, cat") as caught:
        tiny().select(("ant", "dog"))
    assert_one_sentence(str(caught.value).replace(". Got", ", got"))


def test_arrays_are_read_only() -> None:
    for data in (tiny(), load_mnist((3, 8))):
        for part in ("train", "test"):
            for array in data.part(part):
                with pytest.raises(ValueError, match="read-only"):
                    array[0] = 0


def test_sha256_depends_on_content_only() -> None:
    base = tiny().sha256
    assert len(base) == 64
    assert set(base) <= set("0123456789abcdef")
    assert tiny(name="other", path=Path("elsewhere")).sha256 == base
    images = tiny().train_images.copy()
    images[0, 0, 0, 0] += 1
    others = [
        tiny(train_images=images),
        tiny(train_labels=np.array([1, 1, 2, 0])),
        tiny(test_labels=np.array([1, 1, 0])),
        tiny(
            train_images=tiny().train_images.reshape(4, 1, 4, 9), test_images=np.zeros((3, 1, 4, 9), np.uint8)
        ),
    ]
    assert len({base, *(other.sha256 for other in others)}) == 5


@pytest.mark.parametrize(
    "changes",
    [
        {"train_images": np.zeros((4, 6, 6), np.uint8)},
        {"train_images": np.zeros((4, 1, 6, 6))},
        {"test_images": np.zeros((3, 1, 6, 7), np.uint8)},
        {"train_labels": np.array([0, 1, 2])},
        {"train_labels": np.array([0, 1, 2, 3])},
        {"test_labels": np.array([0.0, 1.0, 2.0])},
    ],
)
def test_arrays_that_do_not_belong_together(changes: dict[str, Any]) -> None:
    with pytest.raises(ShapeError):
        tiny(**changes)


def test_to_input_is_pixel_by_255_minus_a_half_in_an_array_of_its_own() -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(4, 8, 8)
    wide = to_input(pixels, np.dtype("float64"))
    assert (wide.dtype, wide.shape) == (np.float64, pixels.shape)
    assert wide.ravel().tolist() == [pixel / 255 - 0.5 for pixel in range(256)]
    narrow = to_input(pixels)
    assert (narrow.dtype, narrow.min(), narrow.max()) == (np.float32, -0.5, 0.5)
    assert np.array_equal(narrow, wide.astype(np.float32))
    narrow[:] = 0
    assert to_input(pixels, "float32").min() == -0.5


@pytest.mark.parametrize("dtype", ["float16", "int64", "nonsense"])
def test_to_input_refuses_other_dtypes_and_pixels(dtype: str) -> None:
    with pytest.raises(ParameterError, match="'dtype' parameter of to_input"):
        to_input(np.zeros(3, np.uint8), dtype)
    with pytest.raises(ParameterError, match=r"'images' parameter of to_input.*float64"):
        to_input(np.zeros(3))
