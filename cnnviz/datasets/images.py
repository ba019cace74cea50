"""Image files (PNG, JPEG, BMP) as grey levels. Pillow is imported only when one is opened."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import ByteArray
from cnnviz.datasets._reading import bad_data, file_size, unreadable

if TYPE_CHECKING:
    from PIL.Image import Image

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp")
MAX_PIXELS = 50_000_000
"""Largest image that is unpacked: a file of a few kilobytes can claim any size."""

_FORMATS = ("PNG", "JPEG", "BMP")


def read_grayscale(path: str | os.PathLike[str]) -> ByteArray:
    """Read an image file as grey levels, in its own size.

    It is turned upright as its EXIF data says; transparent parts become white, like paper; colours become
    grey by the luma of ITU-R BT.601; 16-bit levels are scaled to 8 bits.

    Parameters
    ----------
    path : str or path-like
        A PNG, JPEG or BMP file.

    Returns
    -------
    ndarray of shape (h, w), uint8
        0 is black, 255 is white.

    Raises
    ------
    DataError
        If the file cannot be read, is damaged, of another format or too large.
    """
    from PIL import Image

    file = Path(path)
    file_size(file)
    try:
        with Image.open(file, formats=_FORMATS) as image:
            # Only the header has been read so far.
            if image.width * image.height <= MAX_PIXELS:
                return _grey_levels(image)
            found = f"is an image of {image.width:,} x {image.height:,} pixels"
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        found = "is an image of an enormous size"
    except Image.UnidentifiedImageError as error:
        raise bad_data(
            file, "is not an image of a known format", "a PNG, JPEG or BMP file was expected"
        ) from error
    except Exception as error:  # Pillow's decoders raise SyntaxError, struct.error and more
        if isinstance(error, OSError) and error.errno is not None:
            raise unreadable(file, error) from error
        raise bad_data(file, "is damaged", "a whole PNG, JPEG or BMP image was expected") from error
    raise bad_data(file, found, f"at most {MAX_PIXELS:,} pixels can be read", "scale the image down")


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
    framed = np.full((height, width), _border_level(pixels), np.uint8)
    framed[top : top + new_height, left : left + new_width] = np.asarray(small)
    return framed


def _grey_levels(image: "Image") -> ByteArray:
    from PIL import Image, ImageOps

    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I"):  # 16 bits: Pillow's own conversion would clip at 255
        levels: NDArray[Any] = np.asarray(upright).astype(np.int64).clip(0, 65535)
        return ((levels * 255 + 32767) // 65535).astype(np.uint8)
    if upright.has_transparency_data:
        paper = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(paper, upright.convert("RGBA"))
    if upright.mode not in ("1", "L"):
        upright = upright.convert("RGB")
    return np.array(upright.convert("L"))


def _border_level(pixels: ByteArray) -> int:
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return int(np.median(border))
