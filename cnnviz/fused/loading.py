"""Images into the first stage: scaled as `cnnviz.datasets.to_input` does, to the bit, a chunk at a time."""

from collections.abc import Callable

import numpy as np

from cnnviz._types import ByteArray, FloatArray
from cnnviz.datasets import to_input

Loader = Callable[[ByteArray], None]
"""Takes images of shape (n, pixels), uint8."""


def make_loader(pixels: FloatArray) -> Loader:
    """Return what fills `pixels`, of shape (pixels, n): a column for each image."""
    if pixels.shape[1] == 1:
        return _one_image(pixels[:, 0])
    return _float32_images(pixels) if pixels.dtype == np.float32 else _float64_images(pixels)


def _one_image(pixels: FloatArray) -> Loader:
    # For few pixels one look-up is quicker than three passes.
    levels = to_input(np.arange(256, dtype=np.uint8), pixels.dtype)

    def load(images: ByteArray) -> None:
        levels.take(images[0], None, pixels, "clip")

    return load


def _float32_images(pixels: FloatArray) -> Loader:
    centre, width = np.float32(127.5), np.float32(255)

    def load(images: ByteArray) -> None:
        # (pixel - 127.5) / 255 is rounded once, as to_input's pixel / 255 - 0.5 in float64 is.
        np.copyto(pixels, images.T)
        np.subtract(pixels, centre, pixels)
        np.divide(pixels, width, pixels)

    return load


def _float64_images(pixels: FloatArray) -> Loader:
    def load(images: ByteArray) -> None:
        np.copyto(pixels, images.T)
        np.divide(pixels, 255.0, pixels)
        np.subtract(pixels, 0.5, pixels)

    return load
