"""The grid on which a stage lives: how far apart its cells are, and which of them the border has touched."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray, Shape
from cnnviz.inspect.receptive_field import window_geometry
from cnnviz.layers import Layer


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a stage's maps.

    Attributes
    ----------
    cells : int
        Number of cells along the axis.
    stride : int
        Image pixels from one cell to the next.
    first, stop : int
        The cells `first .. stop - 1` have seen nothing but pixels of the image. The others have also seen a
        zero padding or a mirrored edge, which stay where they are when the image moves.
    """

    cells: int
    stride: int
    first: int
    stop: int

    @classmethod
    def of_pixels(cls, side: int) -> Self:
        """Return the axis of the image itself."""
        return cls(side, 1, 0, side)

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
        whole, fraction = _whole_and_fraction(distance, self.stride)
        first = max(self.first, self.first + whole + (fraction > 0))
        return slice(first, max(first, min(self.stop, self.stop + whole)))


@dataclass(frozen=True, slots=True)
class StageGrid:
    """Rows and columns of a stage's maps."""

    rows: Axis
    columns: Axis

    @classmethod
    def of_pixels(cls, height: int, width: int) -> Self:
        """Return the grid of the image itself."""
        return cls(Axis.of_pixels(height), Axis.of_pixels(width))

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

        Parameters
        ----------
        maps : ndarray of shape (..., rows, columns), float32 or float64
        dx, dy : int
            Shift of the image in pixels.

        Returns
        -------
        ndarray of the shape and dtype of `maps`
            0 where a cell has no counterpart, which for features relative to a blank image is "no ink". Such
            cells lie outside `interior`.
        """
        return _shift_axis(_shift_axis(maps, self.columns, dx, -1), self.rows, dy, -2)


def _whole_and_fraction(distance: int, stride: int) -> tuple[int, float]:
    whole, rest = divmod(distance, stride)
    return whole, rest / stride


def _shift_axis(maps: FloatArray, along: Axis, distance: int, axis: int) -> FloatArray:
    whole, fraction = _whole_and_fraction(distance, along.stride)
    if fraction == 0:
        return _shift_cells(maps, whole, axis)
    return (1 - fraction) * _shift_cells(maps, whole, axis) + fraction * _shift_cells(maps, whole + 1, axis)


def _shift_cells(maps: FloatArray, cells: int, axis: int) -> FloatArray:
    moved = np.zeros_like(maps)
    side = maps.shape[axis]
    if abs(cells) < side:
        target, source = (
            slice(max(0, cells), side + min(0, cells)),
            slice(max(0, -cells), side - max(0, cells)),
        )
        after = (slice(None),) * (-axis - 1)
        moved[(..., target, *after)] = maps[(..., source, *after)]
    return moved
