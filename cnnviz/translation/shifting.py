"""Moving images by whole pixels, counting what leaves the frame, and the grids on which stages live."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray, IntArray, Shape
from cnnviz._validation import check_int
from cnnviz.errors import ShapeError
from cnnviz.inspect.receptive_field import window_geometry
from cnnviz.layers import Layer

BACKGROUND = -0.5
"""Value of a black pixel at the input of a network (`cnnviz.datasets.to_input`): black is not 0.0."""


def shift(images: FloatArray, dx: int, dy: int, fill: float = BACKGROUND) -> FloatArray:
    """Move images by whole pixels.

    With `T` the shift, `(T x)[i, j] = x[i - dy, j - dx]`, or the background where that pixel lies outside the
    frame.

    Parameters
    ----------
    images : ndarray of shape (..., h, w), float32 or float64
        One image, or any number of them.
    dx, dy : int
        Pixels to the right and down; negative ones to the left and up. They may exceed the sides.
    fill : float
        Value of the pixels that come into the frame.

    Returns
    -------
    ndarray of the shape and dtype of `images`
        Always a new array.

    Raises
    ------
    ShapeError
        If `images` has no two sides.
    ParameterError
        If a shift is no int.
    """
    height, width = _sides(images, "shift")
    dx, dy = check_int(dx, "dx", "shift"), check_int(dy, "dy", "shift")
    moved = np.full_like(images, fill)
    (to_rows, from_rows), (to_columns, from_columns) = _overlap(height, dy), _overlap(width, dx)
    moved[..., to_rows, to_columns] = images[..., from_rows, from_columns]
    return moved


def ink_lost(
    image: FloatArray, dxs: IntArray, dys: IntArray, background: float = BACKGROUND
) -> NDArray[np.float64]:
    """Share of the ink that each shift of a grid pushes out of the frame.

    Ink is what differs from the background: `sum |x - background|` over the pixels that leave, divided by the
    same sum over all pixels.

    * `image`: shape (..., h, w)
    * `dxs`, `dys`: shape (columns,) and (rows,). Pixels to the right and down.
    * `background`: Value of a pixel without ink.
    * Returns: shape (rows, columns). From 0 (all of it is still in the frame) to 1. 0 for a blank image.
    * Raises ShapeError: as `shift`.
    """
    height, width = _sides(image, "ink_lost")
    ink = np.abs(image - background, dtype=np.float64).reshape(-1, height, width).sum(axis=0)
    if not ink.any():
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


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a stage's maps.

    * `cells`: Number of cells along the axis.
    * `stride`: Image pixels from one cell to the next.
    * `first`, `stop`: The cells `first .. stop - 1` have seen nothing but pixels of the image. The others
      have also seen a zero padding or a mirrored edge, which stay where they are when the image moves.
    """

    cells: int
    stride: int
    first: int
    stop: int

    def through(self, layer: Layer, cells: int) -> Self:
        """Return the axis of a layer's output, of `cells` cells, when this is that of its input."""
        window = window_geometry(layer)
        size, stride, before = window.size, window.stride, -window.offset
        # Cell i reads the cells i * stride - before ... + size - 1; all of them must be untouched.
        first = -((-self.first - before) // stride)
        stop = (self.stop - size + before) // stride + 1
        return type(self)(cells, self.stride * stride, first, max(first, min(stop, cells)))

    def comparable(self, distance: int) -> slice:
        """Cells that can be compared after a shift of `distance` pixels along this axis.

        Those that are untouched by the border and whose counterparts, the cells `distance / stride` before
        them, exist and are untouched too. What came into the frame from outside has no counterpart.
        """
        whole, rest = divmod(distance, self.stride)
        first = max(self.first, self.first + whole + (rest > 0))
        return slice(first, max(first, min(self.stop, self.stop + whole)))


@dataclass(frozen=True, slots=True)
class StageGrid:
    """Rows and columns of a stage's maps."""

    rows: Axis
    columns: Axis

    @classmethod
    def of_pixels(cls, height: int, width: int) -> Self:
        """Return the grid of the image itself."""
        return cls(Axis(height, 1, 0, height), Axis(width, 1, 0, width))

    def through(self, layer: Layer, output_shape: Shape) -> Self:
        """Return the grid of a layer's output `(c, h, w)` when this is that of its input."""
        _, height, width = output_shape
        return type(self)(self.rows.through(layer, height), self.columns.through(layer, width))

    def interior(self, dx: int, dy: int) -> NDArray[np.bool_]:
        """Mask `(rows, columns)` of the cells that can be compared after a shift; see `Axis.comparable`."""
        mask = np.zeros((self.rows.cells, self.columns.cells), dtype=np.bool_)
        mask[self.rows.comparable(dy), self.columns.comparable(dx)] = True
        return mask

    def shift_maps(self, maps: FloatArray, dx: int, dy: int) -> FloatArray:
        """Move feature maps as far as a shift of the image by whole pixels should move them.

        This is the `S` of the equivariance residual. A shift by whole cells moves the numbers. Any other
        lands between two cells; there the simplest rule is taken that is exact for whole cells, changes
        steadily in between and has no parameter to tune: linear interpolation between the two whole shifts
        next to it, along each axis. For a pool of stride 2 an odd shift is half a cell, the mean of two
        neighbours. Taking either neighbour alone would charge the pool with half a cell of misalignment.

        * `maps`: shape (..., rows, columns), float32 or float64
        * `dx`, `dy`: Shift of the image in pixels.
        * Returns: ndarray of the shape and dtype of `maps`. 0 where a cell has no counterpart, which for
          features relative to a blank image is "no ink". Such cells lie outside `interior`.
        """
        return _shift_axis(_shift_axis(maps, self.columns, dx, -1), self.rows, dy, -2)


def _shift_axis(maps: FloatArray, along: Axis, distance: int, axis: int) -> FloatArray:
    def moved(cells: int) -> FloatArray:
        return shift(maps, *((cells, 0) if axis == -1 else (0, cells)), fill=0.0)

    whole, rest = divmod(distance, along.stride)
    if rest == 0:
        return moved(whole)
    fraction = rest / along.stride
    return (1 - fraction) * moved(whole) + fraction * moved(whole + 1)
