"""Where the windows of a layer stand: the one place for convolutions and pools of every kind."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnnviz._types import FloatArray, IntArray, Shape
from cnnviz.errors import ShapeError

CellSlices = tuple[slice, slice]
"""The two spatial slices that pick one cell of every window."""


@dataclass(frozen=True, slots=True)
class WindowGeometry:
    """Where the windows of a layer stand along one axis; rows and columns are alike.

    * `size`: Cells in a window.
    * `stride`: Cells from one window to the next.
    * `offset`: Position of the first cell of the first window; negative where the window reaches over the
      border.
    * `mirrored`: Whether positions over the border are mirrored into the map (without repeating its edge). If
      not, they are padding and hold 0.
    """

    size: int
    stride: int
    offset: int = 0
    mirrored: bool = False

    def span(self, first: int, count: int) -> tuple[int, int]:
        """Return first position and number of positions that `count` neighbouring windows cover together."""
        return first * self.stride + self.offset, (count - 1) * self.stride + self.size

    def cells(self, windows: IntArray | int, side: int) -> IntArray:
        """Return the cell that each window reads at each of its positions, shape `(..., size)`.

        * `side`: cells of the map along this axis; where a position is padding, the cell is -1.
        """
        positions = np.asarray(windows)[..., None] * self.stride + self.offset + np.arange(self.size)
        if self.mirrored:
            return mirrored_cells(positions, side)
        return np.where((positions >= 0) & (positions < side), positions, -1)

    def reads(self, windows: IntArray, side: int) -> IntArray:
        """Return all cells that any of the windows reads, ascending."""
        return _read(self, tuple(windows.tolist()), side)

    def feeds(self, cells: IntArray, side: int, windows: int) -> IntArray:
        """Return those of the first `windows` windows that read any of the cells, ascending."""
        return _fed(self, tuple(cells.tolist()), side, windows)

    def window(self, x: FloatArray, row: int, column: int) -> tuple[IntArray, IntArray, FloatArray]:
        """Cut one window out of maps `(..., h, w)`: its rows, its columns (-1: padding), its values."""
        rows, columns = self.cells(row, x.shape[-2]), self.cells(column, x.shape[-1])
        inside = (rows >= 0)[:, None] & (columns >= 0)
        return rows, columns, np.where(inside, x[..., rows[:, None], columns], x.dtype.type(0))

    def windows(self, x: FloatArray, rows: int, columns: int) -> FloatArray:
        """Cells of the first windows of feature maps.

        * `x`: shape (..., h, w)
        * `rows`, `columns`: Windows along each axis.
        * Returns: shape (..., rows, columns, size, size). Read-only; a view unless windows are mirrored or
          there is padding.
        """
        if not self.mirrored:
            views = sliding_window_view(self.padded(x), (self.size, self.size), axis=(-2, -1))
            return views[..., :: self.stride, :: self.stride, :, :][..., :rows, :columns, :, :]
        down, across = (
            self.cells(np.arange(count), side)
            for count, side in ((rows, x.shape[-2]), (columns, x.shape[-1]))
        )
        return x[..., down[:, None, :, None], across[None, :, None, :]]

    def padded(self, x: FloatArray) -> FloatArray:
        """Maps `(..., h, w)` with zeros round them, as far as windows look over the border."""
        if self.offset == 0:
            return x
        pad = -self.offset
        padded = np.zeros((*x.shape[:-2], *(side + 2 * pad for side in x.shape[-2:])), dtype=x.dtype)
        padded[..., pad:-pad, pad:-pad] = x
        return padded

    def slices(self, rows: int, columns: int) -> Iterator[CellSlices]:
        """Walk the cells of a window, row by row, each as the slices of `padded` that pick it everywhere."""
        down, across = self.stride * (rows - 1) + 1, self.stride * (columns - 1) + 1
        for i in range(self.size):
            for j in range(self.size):
                yield slice(i, i + down, self.stride), slice(j, j + across, self.stride)

    def output_sides(self, input_shape: Shape) -> tuple[int, int]:
        """Rows and columns of windows that fit into maps `(c, h, w)` and their padding.

        * Raises ShapeError: if it is no shape of maps, or not a single window fits.
        """
        if len(input_shape) != 3:
            raise ShapeError("needs feature maps (c, h, w); put it before Flatten")
        pad = -self.offset
        height, width = (side + 2 * pad for side in input_shape[1:])
        if height < self.size or width < self.size:
            padded = f" after padding by {pad}" if pad else ""
            raise ShapeError(
                f"needs maps of at least {self.size} x {self.size} pixels, not {height} x {width}{padded}"
            )
        return (height - self.size) // self.stride + 1, (width - self.size) // self.stride + 1


@lru_cache(1024)  # of each cell that the pointer comes to the same few are asked for
def _read(geometry: WindowGeometry, windows: tuple[int, ...], side: int) -> IntArray:
    cells = np.unique(geometry.cells(np.array(windows, dtype=np.intp), side))
    found = cells[cells >= 0]
    found.setflags(write=False)
    return found


@lru_cache(1024)
def _fed(geometry: WindowGeometry, cells: tuple[int, ...], side: int, windows: int) -> IntArray:
    wanted = np.zeros(side + 1, dtype=bool)  # one more, at -1, for the padding
    wanted[list(cells)] = True
    found = np.flatnonzero(wanted[geometry.cells(np.arange(windows), side)].any(axis=1))
    found.setflags(write=False)
    return found


def mirrored_cells(positions: IntArray, side: int) -> IntArray:
    """Return the cell at each position, mirrored into a map of `side` cells without repeating its edge."""
    if side == 1:
        return np.zeros_like(positions)
    folded = np.abs(positions) % (2 * (side - 1))
    return np.minimum(folded, 2 * (side - 1) - folded)
