"""Data sets: their arrays, MNIST as it comes with the program, image files and folders of them by class."""

import gzip
import os
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cnnviz.datasets import Dataset, fit_image, load_dataset, load_mnist, read_grayscale, to_input
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
        tiny(train_images=images.reshape(4, 1, 4, 9), test_images=np.zeros((3, 1, 4, 9), np.uint8)),
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


GREY = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5


def save(path: Path, pixels: NDArray[Any], **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return path


def uniform(level: int, side: int = 28) -> NDArray[np.uint8]:
    return np.full((side, side), level, np.uint8)


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".jpg"])
def test_grey_levels_are_exact_whatever_the_file_is_called(tmp_path, suffix):
    level = uniform(100) if suffix == ".jpg" else GREY
    path = save(tmp_path / f"a{suffix}", level).rename(tmp_path / "anything.png")
    pixels = read_grayscale(str(path))
    assert pixels.dtype == np.uint8
    assert pixels.shape == level.shape
    assert np.abs(pixels.astype(int) - level).max() <= (2 if suffix == ".jpg" else 0)


def camera_turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate by 90 degrees clockwise to view
    return exif


COLOURS = np.array([[(255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0)]], np.uint8)
DEEP = np.array([[0, 65535, 257 * 77, 200]], np.uint16)
CLEAR = np.array([[(0, 0, 0, 0), (0, 0, 0, 255), (0, 0, 0, 128)]], np.uint8)
PICTURES = {
    "colour": (Image.fromarray(COLOURS), {}, [[76, 150, 29, 0]]),
    "palette": (Image.fromarray(GREY).convert("P"), {}, GREY),
    "two levels": (Image.fromarray(GREY > 100), {}, (GREY > 100) * 255),
    "sixteen bits": (Image.fromarray(DEEP), {}, [[0, 255, 77, 1]]),
    "transparent": (Image.fromarray(CLEAR), {}, [[255, 0, 127]]),
    "transparent by key": (Image.fromarray(np.array([[7, 9]], np.uint8)), {"transparency": 7}, [[255, 9]]),
    "turned by exif": (Image.fromarray(GREY), {"exif": camera_turned()}, np.rot90(GREY, -1)),
}


@pytest.mark.parametrize("kind", PICTURES)
def test_whatever_is_in_a_png_becomes_grey(tmp_path, kind):
    picture, options, expected = PICTURES[kind]
    picture.save(tmp_path / "a.png", **options)
    before = Image.MAX_IMAGE_PIXELS
    assert np.array_equal(read_grayscale(tmp_path / "a.png"), expected)
    assert before == Image.MAX_IMAGE_PIXELS, "the limit of Pillow itself is left alone"


def test_cmyk_jpeg(tmp_path):
    Image.new("CMYK", (8, 8), (0, 0, 0, 0)).save(tmp_path / "a.jpg")
    assert read_grayscale(tmp_path / "a.jpg").min() >= 253


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM" + bytes(60)])
def test_not_an_image(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    with data_error(tmp_path / "a.png", "PNG, JPEG or BMP"):
        read_grayscale(tmp_path / "a.png")
    with data_error(tmp_path / "none.png", "does not exist"):
        read_grayscale(tmp_path / "none.png")
    with data_error(tmp_path, "is not a file"):
        read_grayscale(tmp_path)


@pytest.mark.parametrize("level", [0, 77, 255])
@pytest.mark.parametrize("size", [(1, 1), (5, 9), (28, 30), (300, 20), (1, 5000), (5000, 1)])
def test_fit_of_a_uniform_image_is_uniform(level, size):
    fitted = fit_image(np.full(size, level, np.uint8), 28, 28)
    assert fitted.shape == (28, 28)
    assert fitted.dtype == np.uint8
    assert (fitted == level).all()


def test_fit_centres_keeps_the_aspect_and_fills_with_the_background():
    image = np.zeros((40, 80), np.uint8)
    image[8:32, 16:64] = 255
    fitted = fit_image(image, 28, 28)
    rows, columns = np.nonzero(fitted > 127)
    # 80 columns become 28, so the block of 24 x 48 becomes about 8 x 17, in the middle.
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) in {(8, 16), (8, 17), (9, 17), (8, 18)}
    assert abs(rows.mean() - 13.5) <= 0.5
    assert abs(columns.mean() - 13.5) <= 0.5
    assert (fitted[:7] == 0).all()
    inverted = fit_image(240 - image // 2, 28, 28)
    assert (inverted[:7] == 240).all()
    assert inverted.min() < 130


def class_folder(folder: Path, counts: dict[str, int], side: int = 28) -> Path:
    """Write pictures whose grey level tells class and number: 10 * class + number."""
    for label, (name, count) in enumerate(counts.items()):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            save(folder / name / f"{number:03d}.png", uniform(10 * label + number, side))
    return folder


def levels(images: NDArray[np.uint8]) -> list[int]:
    return images[:, 0, 14, 14].tolist()


def test_every_sixth_is_for_the_test(tmp_path):
    data = load_dataset(class_folder(tmp_path / "pets", {"cat": 7, "dog": 6}))
    assert data.classes == ("cat", "dog")
    assert data.name == "pets"
    assert levels(data.train_images) == [0, 1, 2, 3, 4, 6, 10, 11, 12, 13, 14]
    assert data.train_labels.tolist() == [0] * 6 + [1] * 5
    assert levels(data.test_images) == [5, 15]
    assert data.test_labels.tolist() == [0, 1]
    assert data.input_shape == (1, 28, 28)
    (tmp_path / "pets" / "empty").mkdir()
    chosen = load_dataset(tmp_path / "pets", ("dog", "cat"))
    assert chosen.classes == ("dog", "cat")
    assert levels(chosen.test_images) == [5, 15]
    assert chosen.test_labels.tolist() == [1, 0]
    assert load_dataset(class_folder(tmp_path / "again", {"cat": 7, "dog": 6})).sha256 == data.sha256
    small = load_dataset(class_folder(tmp_path / "small", {"cat": 2, "dog": 5}, side=100))  # fitted
    assert levels(small.train_images) == [0, 10, 11, 12, 13]
    assert levels(small.test_images) == [1, 14], "small classes keep their last for the test"


def test_foreign_files_are_ignored_and_numbers_come_in_their_order(tmp_path):
    folder = class_folder(tmp_path / "some", {"10": 2, "9": 2, "x": 2, "1": 2})
    (folder / "9" / "notes.txt").write_text("hello")
    (folder / "9" / ".hidden.png").write_bytes(b"")
    (folder / "9" / "folder.png").mkdir()
    for name in (".git", "__MACOSX"):
        (folder / name).mkdir()
    assert load_dataset(folder).classes == ("1", "9", "10", "x")


def test_progress_counts_the_pictures_and_may_stop(tmp_path):
    class_folder(tmp_path, {"a": 3, "b": 2})
    seen: list[float] = []
    load_dataset(tmp_path, progress=seen.append)
    assert seen == [done / 5 for done in range(1, 6)]

    def stop(_share: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        load_dataset(tmp_path, progress=stop)


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"a": 2, "b": 0}, ("no training image of class b",)),
        ({"a": 2, "b": 1}, ("no test image of class b",)),
        ({"a": 3}, ("sub-folder", "PNG, JPEG or BMP")),
        ({"a": 0, "b": 0}, ("sub-folder", "PNG, JPEG or BMP")),
    ],
)
def test_too_few_pictures(tmp_path, counts, words):
    class_folder(tmp_path, counts)
    with data_error(tmp_path, *words):
        load_dataset(tmp_path)


def test_a_damaged_picture_and_what_may_not_be_read_are_named(tmp_path, monkeypatch):
    class_folder(tmp_path, {"a": 2, "b": 2})
    path = save(tmp_path / "b" / "noise.png", np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8))
    path.write_bytes(path.read_bytes()[:400])
    with data_error(path, "damaged"):
        load_dataset(tmp_path)

    def deny(*_arguments: object, **_options: object) -> Any:
        raise PermissionError(13, "Permission denied")

    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: deny() if path.name == "b" else scandir(path))
    with data_error(tmp_path / "b", "permission denied"):
        load_dataset(tmp_path)
    monkeypatch.setattr(Image, "open", deny)
    with data_error(tmp_path / "a" / "000.png", "permission denied"):
        read_grayscale(tmp_path / "a" / "000.png")
