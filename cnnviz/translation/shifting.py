"""Moving images by whole pixels, and counting what leaves the frame."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray, IntArray
from cnnviz._validation import check_choice, check_int
from cnnviz.errors import ShapeError

Mode = Literal["fill", "wrap"]

MODES: tuple[Mode, ...] = ("fill", "wrap")

BACKGROUND = -0.5
"""Value of a black pixel at the input of a network (`cnnviz.datasets.to_input`): black is not 0.0."""


def shift(images: FloatArray, dx: int, dy: int, mode: Mode = "fill", fill: float = BACKGROUND) -> FloatArray:
    """Move images by whole pixels.

    With `T` the shift, `(T x)[i, j] = x[i - dy, j - dx]`. Where that pixel lies outside the frame, `"fill"`
    takes the background and `"wrap"` the pixel that has left on the opposite side.

    Parameters
    ----------
    images : ndarray of shape (..., h, w), float32 or float64
        One image, or any number of them.
    dx, dy : int
        Pixels to the right and down; negative ones to the left and up. They may exceed the sides.
    fill : float
        Value of the pixels that come into the frame; used by `"fill"` only.

    Returns
    -------
    ndarray of the shape and dtype of `images`
        Always a new array.

    Raises
    ------
    ShapeError
        If `images` has no two sides.
    ParameterError
        If `mode` is unknown or a shift is no int.
    """
    height, width = _sides(images, "shift")
    dx, dy = check_int(dx, "dx", "shift"), check_int(dy, "dy", "shift")
    if check_choice(mode, "mode", "shift", MODES) == "wrap":
        return np.roll(images, (dy, dx), axis=(-2, -1))
    moved = np.full_like(images, fill)
    (to_rows, from_rows), (to_columns, from_columns) = _overlap(height, dy), _overlap(width, dx)
    moved[..., to_rows, to_columns] = images[..., from_rows, from_columns]
    return moved


def ink_lost(
    image: FloatArray, dxs: IntArray, dys: IntArray, mode: Mode = "fill", background: float = BACKGROUND
) -> NDArray[np.float64]:
    """Share of the ink that each shift of a grid pushes out of the frame.

    Ink is what differs from the background: `sum |x - background|` over the pixels that leave, divided by the
    same sum over all pixels.

    Parameters
    ----------
    image : ndarray of shape (..., h, w)
    dxs, dys : ndarray of shape (columns,) and (rows,), intp
        Pixels to the right and down.
    mode : {"fill", "wrap"}
        As given to `shift`.
    background : float
        Value of a pixel without ink.

    Returns
    -------
    ndarray of shape (rows, columns), float64
        From 0 (all of it is still in the frame) to 1. 0 for a blank image, and always for `"wrap"`.

    Raises
    ------
    ShapeError, ParameterError
        As `shift`.
    """
    height, width = _sides(image, "ink_lost")
    ink = np.abs(image - background, dtype=np.float64).reshape(-1, height, width).sum(axis=0)
    if check_choice(mode, "mode", "ink_lost", MODES) == "wrap" or not ink.any():
        return np.zeros((len(dys), len(dxs)))
    rows_stay, columns_stay = _stays(height, dys), _stays(width, dxs)
    # A row that leaves takes all its ink along; of the others the columns that leave count. Only what leaves
    # is added up, so that "nothing is lost" is exactly 0.
    by_rows = ~rows_stay @ ink.sum(axis=1)
    by_columns = rows_stay.astype(np.float64) @ ink @ ~columns_stay.T
    return np.minimum((by_rows[:, None] + by_columns) / ink.sum(), 1)


def _stays(side: int, distances: IntArray) -> NDArray[np.bool_]:
    """Tell for each distance which of the pixels along an axis stay in the frame: (distances, side)."""
    moved = np.arange(side) + distances[:, None]
    return (moved >= 0) & (moved < side)


def _sides(images: FloatArray, operation: str) -> tuple[int, int]:
    if images.ndim < 2:
        raise ShapeError(f"{operation} needs images of shape (..., h, w). Got shape {images.shape} instead.")
    return images.shape[-2], images.shape[-1]


def _overlap(side: int, distance: int) -> tuple[slice, slice]:
    """Return where the pixels that stay in the frame go to, and where they come from."""
    distance = max(-side, min(side, distance))
    before, after = max(0, distance), max(0, -distance)
    return slice(before, side - after), slice(after, side - before)
