"""How far moved maps are from the original's maps moved along, for many shifts at once."""

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray, IntArray
from cnnviz.translation.grids import StageGrid


class MovedAlong:
    """The map of an original, moved along with the image by all of `dxs`, and compared in the interior.

    What is compared and why: see `cnnviz.translation.equivariance_residual`, which is this for a single
    shift. Large arrays are made once and used for all rows and all samples.

    Parameters
    ----------
    dxs : ndarray of shape (n,), intp
        Pixels to the right.
    """

    def __init__(self, grid: StageGrid, dxs: IntArray, channels: int, dtype: np.dtype[np.floating]) -> None:
        self._grid = grid
        self._dxs = dxs
        shape = (len(dxs), channels, grid.rows.cells, grid.columns.cells)
        # By the fraction of a cell that a dy leaves over; the whole cells are a matter of where to read.
        fractions = range(grid.rows.stride)
        self._expected: list[FloatArray] = [np.empty(shape, dtype) for _ in fractions]
        self._workspace = np.empty(shape, dtype)
        inside = np.zeros((len(dxs), 1, 1, grid.columns.cells), dtype)
        for row, dx in zip(inside, dxs, strict=True):
            row[..., grid.columns.comparable(int(dx))] = 1
        self._inside = inside

    def load(self, reference: FloatArray) -> None:
        """Take the original's map `(c, rows, columns)`."""
        still = self._expected[0]
        for along, dx in zip(still, self._dxs, strict=True):
            along[...] = self._grid.shift_maps(reference, int(dx), 0)
        for rest, expected in enumerate(self._expected[1:], start=1):
            expected[...] = self._grid.shift_maps(still, 0, rest)

    def changes(self, moved: FloatArray, dy: int) -> NDArray[np.float64]:
        """Size of the difference in the interior, for one dy.

        Parameters
        ----------
        moved : ndarray of shape (n, c, rows, columns)
            Maps of the image moved by each dx and by `dy`.

        Returns
        -------
        ndarray of shape (n,), float64
            Euclidean norms; NaN where no cell is left to compare.
        """
        whole, rest = divmod(dy, self._grid.rows.stride)
        rows = self._grid.rows.comparable(dy)
        n, channels, _, columns = moved.shape
        count = rows.stop - rows.start
        if count == 0:
            return np.full(n, np.nan)
        expected = self._expected[rest][:, :, rows.start - whole : rows.stop - whole]
        workspace = self._workspace.reshape(-1)[: n * channels * count * columns]
        difference = np.subtract(moved[:, :, rows], expected, out=workspace.reshape(expected.shape))
        difference *= self._inside
        flat = difference.reshape(n, -1)
        norms = np.sqrt(np.vecdot(flat, flat).astype(np.float64))
        return np.where(self._inside.any(axis=(1, 2, 3)), norms, np.nan)
