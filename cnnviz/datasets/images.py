"""Pictures as grey levels: files (PNG, JPEG, BMP), and folders with one sub-folder for each class.

Pillow is imported only when a file is opened.
"""

import io
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from cnnviz._types import ByteArray, Progress
from cnnviz.datasets.assembly import check_class_count
from cnnviz.datasets.dataset import MIN_CLASSES, Dataset
from cnnviz.errors import DataError
from cnnviz.file_kinds import kind_in
from cnnviz.quantities import format_count
from cnnviz.reading import MOST_ENTRIES, BoundedFile, bad_file, entries, opened

if TYPE_CHECKING:
    from PIL.Image import Image

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp")
MAX_PIXELS = 25_000_000
"""Largest image that is unpacked, about that of a phone: a file of a few kilobytes can claim any size."""

_FORMATS = ("PNG", "JPEG", "BMP")
_LARGEST_FILE = 256 << 20
_MOST_SCANS = 100  # of a progressive JPEG, which usually has ten; each goes over the whole image
_ORIENTATION = 0x0112  # the number of this tag in EXIF data
_STRIP = 2**20  # pixels that are converted at a time


def read_grayscale(path: str | os.PathLike[str]) -> ByteArray:
    """Read an image file as grey levels, in its own size.

    The image is turned upright as its EXIF data says; transparent parts become white, like paper; colours
    become grey by the luma of ITU-R BT.601; 16-bit levels are scaled to 8 bits.

    * `path`: a PNG, JPEG or BMP file.
    * Returns: shape (h, w). 0 is black, 255 is white.
    * Raises DataError: if the file cannot be read, is damaged, of another format or too large.
    """
    place = Path(path)
    with opened(place, _LARGEST_FILE) as file, image_in(file, place) as image:
        return _grey_levels(image)


def grayscale_in(content: bytes, name: str) -> ByteArray:
    """Return what `read_grayscale` would of an image file of this name, given what is in it."""
    with image_in(io.BytesIO(content), Path(name)) as image:
        return _grey_levels(image)


def colours_in(content: bytes, name: str, longest: int) -> tuple[ByteArray, int]:
    """Return the colours of what would be an image file of this name.

    * `longest`: pixels of the longer side at most; a larger image is scaled down.
    * Returns: shape (h, w, 4). Red, green, blue and opacity.
    * Returns: pixels that it was wide.
    * Raises DataError: as `read_grayscale`.
    """
    from PIL import ImageOps

    with image_in(io.BytesIO(content), Path(name)) as image:
        upright = ImageOps.exif_transpose(image)
        width = upright.width
        small = (_strip_levels(upright) if upright.mode.startswith("I") else upright).convert("RGBA")
        small.thumbnail((longest, longest))
        return np.array(small), width


@contextmanager
def image_in(file: BinaryIO, place: Path) -> Generator["Image"]:
    """Open an image within bounds; what its pixels lack is found in the block, and told in the same words.

    * `place`: for messages.
    * Raises DataError: if it is damaged, of another format or too large.
    """
    from PIL import Image

    try:
        with Image.open(BoundedFile(file, place), formats=_FORMATS) as image:  # pyright: ignore[reportArgumentType] -- it needs no more than reading and seeking
            # Only the header has been read so far.
            _check_layers(image, file, place)
            if image.width * image.height <= MAX_PIXELS:
                yield image
                return
            found = f"is an image of {format_count(image.width)} x {format_count(image.height)} pixels"
    except (DataError, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        found = "is an image of an enormous size"
    except Exception as error:  # Pillow raises SyntaxError, struct.error and more
        if isinstance(error, OSError) and error.errno is not None:
            raise  # it is the disk that fails
        kind = kind_in(file, place)
        if kind.role == "picture":
            raise bad_file(place, "is damaged", "a whole PNG, JPEG or BMP image was expected") from error
        found = f"is {kind.words} and not" if kind.words else "is not"
        raise bad_file(
            place,
            f"{found} an image of a known format",
            "a PNG, JPEG or BMP file was expected",
            kind.remedy if kind.words else "",
        ) from error
    raise bad_file(
        place, found, f"at most {format_count(MAX_PIXELS)} pixels can be read", "scale the image down"
    )


def fit_image(pixels: ByteArray, height: int, width: int) -> ByteArray:
    """Scale an image into a frame: its aspect is kept, it is centred, and the rest filled.

    The fill is the median of the image's border, so that neither a black nor a white background gets
    a visible edge. An image that has the size of the frame is returned unchanged.

    Parameters
    ----------
    pixels : ndarray of shape (h, w), uint8
    height, width : int
        Size of the frame in pixels.

    Returns
    -------
    ndarray of shape (height, width), uint8
    """
    from PIL import Image

    if pixels.shape == (height, width):
        return pixels
    old_height, old_width = pixels.shape
    scale = min(height / old_height, width / old_width)
    new_height = min(height, max(1, round(old_height * scale)))
    new_width = min(width, max(1, round(old_width * scale)))
    # Pillow's bilinear filter widens with the reduction, so thin strokes are averaged rather than skipped.
    small = Image.fromarray(pixels).resize((new_width, new_height), Image.Resampling.BILINEAR)
    top, left = (height - new_height) // 2, (width - new_width) // 2
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    framed = np.full((height, width), int(np.median(border)), np.uint8)
    framed[top : top + new_height, left : left + new_width] = np.asarray(small)
    return framed


def _check_layers(image: "Image", file: BinaryIO, path: Path) -> None:
    """Refuse a JPEG that would be gone over without end."""
    if image.format != "JPEG":
        return
    here, scans = file.tell(), 0
    file.seek(0)
    while chunk := file.read(_STRIP):
        scans += chunk.count(b"\xff\xda")
    file.seek(here)
    if scans > _MOST_SCANS:
        raise bad_file(
            path, f"is an image in {format_count(scans)} layers", f"at most {_MOST_SCANS} can be read"
        )


def _grey_levels(image: "Image") -> ByteArray:
    from PIL import Image, ImageOps

    image.load()
    grey = Image.new("L", image.size)
    rows = max(_STRIP // image.width, 1)
    # In strips: each step of the conversion makes a picture four times as large as the result.
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        grey.paste(_strip_levels(strip), (0, top))
    grey.getexif().update({_ORIENTATION: image.getexif().get(_ORIENTATION, 1)})
    return np.array(ImageOps.exif_transpose(grey))


def _strip_levels(strip: "Image") -> "Image":
    from PIL import Image

    if strip.mode.startswith("I"):  # 16 bits: Pillow's own conversion would clip at 255
        levels = np.asarray(strip).astype(np.int64).clip(0, 65535)
        return Image.fromarray(((levels * 255 + 32767) // 65535).astype(np.uint8))
    if strip.has_transparency_data:
        paper = Image.new("RGBA", strip.size, "white")
        strip = Image.alpha_composite(paper, strip.convert("RGBA"))
    return strip.convert("L") if strip.mode in ("1", "L") else strip.convert("RGB").convert("L")


SIDE = 28
"""Side in pixels that every picture is scaled to: MNIST's."""
MAX_PIXELS_IN_ALL = 10**9
"""Pixels of all pictures before they are scaled: half a minute's work, and MNIST's twenty times."""
TEST_EVERY = 6
"""Every sixth picture of a class is kept for the test, about MNIST's share."""


def class_folders(folder: Path) -> list[Path]:
    """Return the sub-folders of a folder, hidden ones left out; names that are numbers come in their order.

    * Raises DataError: if the folder cannot be read.
    """
    found = [
        Path(entry.path)
        for entry in entries(folder)
        if not entry.name.startswith((".", "__")) and entry.is_dir()
    ]
    check_class_count(folder, len(found))
    return sorted(found, key=_class_order)


def read_image_folder(folder: Path, progress: Progress | None = None) -> Dataset:
    """Read the pictures of a folder with one sub-folder for each class.

    The pictures of each class are sorted by name, so that the split is the same everywhere, and every sixth
    (of two to five pictures the last) goes to the test set. Each is made grey and fitted into 28 x 28 pixels
    (see `fit_image`).

    * `progress`: see `cnnviz.evaluation.Progress`.
    * Raises DataError: if the folder or a picture cannot be read, or there is too little in it.
    """
    folders = class_folders(folder)
    train: list[tuple[Path, int]] = []
    test: list[tuple[Path, int]] = []
    room = MOST_ENTRIES
    for label, each in enumerate(folders):
        found = entries(each, room)
        room -= len(found)
        pictures = [Path(entry.path) for entry in found if _is_picture(entry)]
        held_out = set(pictures[TEST_EVERY - 1 :: TEST_EVERY] or pictures[1:][-1:])
        for path in pictures:
            (test if path in held_out else train).append((path, label))
    files = train + test
    if len(folders) < MIN_CLASSES or not train:
        raise bad_file(
            folder,
            f"has {len(folders)} sub-folder(s) with {len(files)} picture(s)",
            f"at least {MIN_CLASSES}, one of PNG, JPEG or BMP pictures for each class, were expected",
            "add them or choose another folder",
        )
    images = np.empty((len(files), 1, SIDE, SIDE), np.uint8)
    left = MAX_PIXELS_IN_ALL
    for index, (path, _) in enumerate(files):
        pixels = read_grayscale(path)
        left -= pixels.size
        if left < 0:
            most = f"at most {format_count(MAX_PIXELS_IN_ALL)} in all can be read"
            raise bad_file(folder, "holds too many pixels", most, "scale the images down")
        images[index, 0] = fit_image(pixels, SIDE, SIDE)
        if progress is not None:
            progress((index + 1) / len(files))
    labels, split = np.array([label for _, label in files], np.int64), len(train)
    names = (each.name.encode("utf-8", "backslashreplace") for each in folders)  # may be no text
    classes = tuple(map(bytes.decode, names))
    return Dataset(
        images[:split], labels[:split], images[split:], labels[split:], classes, folder.name, path=folder
    )


def _is_picture(entry: "os.DirEntry[str]") -> bool:
    name = entry.name.lower()
    return name.endswith(IMAGE_SUFFIXES) and not name.startswith(".") and entry.is_file()


def _class_order(path: Path) -> tuple[bool, int, str]:
    number = path.name.isdecimal()
    return not number, int(path.name) if number else 0, path.name
