"""Where the windows of a layer stand: the one place for convolutions and pools of every kind."""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnnviz._types import FloatArray, IntArray
from cnnviz.functional._windows import mirrored_cells


@dataclass(frozen=True, slots=True)
class WindowGeometry:
    """Where the windows of a layer stand along one axis; rows and columns are alike.

    Attributes
    ----------
    size : int
        Cells in a window.
    stride : int
        Cells from one window to the next.
    offset : int
        Position of the first cell of the first window; negative where the window reaches over the border.
    mirrored : bool
        Whether positions over the border are mirrored into the map (without repeating its edge). If not,
        they are padding and hold 0.
    """

    size: int
    stride: int
    offset: int = 0
    mirrored: bool = False

    def span(self, first: int, count: int) -> tuple[int, int]:
        """Return first position and number of positions that `count` neighbouring windows cover together."""
        return first * self.stride + self.offset, (count - 1) * self.stride + self.size

    def positions(self, windows: IntArray | int) -> IntArray:
        """Return the positions of each window, also those over the border; shape `(..., size)`."""
        return np.asarray(windows)[..., None] * self.stride + self.offset + np.arange(self.size)

    def cells(self, windows: IntArray | int, side: int) -> IntArray:
        """Return the cell that is read at each position of a map of `side` cells, -1 where it is padding."""
        positions = self.positions(windows)
        if self.mirrored:
            return mirrored_cells(positions, side)
        return np.where((positions >= 0) & (positions < side), positions, -1)

    def reads(self, windows: IntArray, side: int) -> IntArray:
        """Return all cells that any of the windows reads, ascending."""
        cells = np.unique(self.cells(windows, side))
        return cells[cells >= 0]

    def feeds(self, cells: IntArray, side: int, windows: int) -> IntArray:
        """Return those of the first `windows` windows that read any of the cells, ascending."""
        wanted = np.zeros(side + 1, dtype=bool)  # one more, at -1, for the padding
        wanted[cells] = True
        return np.flatnonzero(wanted[self.cells(np.arange(windows), side)].any(axis=1))

    def windows(self, x: FloatArray, rows: int, columns: int) -> FloatArray:
        """Cells of the first windows of feature maps; there must be no padding.

        Parameters
        ----------
        x : ndarray of shape (..., h, w)
        rows, columns : int
            Windows along each axis.

        Returns
        -------
        ndarray of shape (..., rows, columns, size, size)
            Read-only; a view unless windows are mirrored.
        """
        if not self.mirrored:
            views = sliding_window_view(x, (self.size, self.size), axis=(-2, -1))
            return views[..., :: self.stride, :: self.stride, :, :][..., :rows, :columns, :, :]
        down, across = (
            self.cells(np.arange(count), side)
            for count, side in ((rows, x.shape[-2]), (columns, x.shape[-1]))
        )
        return x[..., down[:, None, :, None], across[None, :, None, :]]
