"""Tables of row numbers: which pixel each cell of the patch matrix copies, and the way back.

The inputs of a stage are the rows of a matrix `(c * h * w + 2, n)`: pixel `(channel, y, x)` is row
`(channel * h + y) * w + x`, with a column for each sample of the chunk. The last two rows are constant: 1,
the input of the bias, and 0, the padding.
"""

from dataclasses import dataclass
from math import prod

import numpy as np

from cnnviz._types import IntArray
from cnnviz.fused.plan import ConvStage
from cnnviz.layers import AvgPool2D, MaxPool2D, SubsamplePool2D


@dataclass(frozen=True, slots=True)
class Windows:
    """The cells of the convolution that have to be computed, as windows."""

    side: int  # each window has `side * side` cells
    step: int  # cells from one window to the next
    # `rows`, `columns`: how many windows there are
    rows: int
    columns: int

    @property
    def phases(self) -> int:
        """Cells in a window."""
        return self.side * self.side

    @property
    def count(self) -> int:
        """Windows in a map."""
        return self.rows * self.columns


def windows_of(stage: ConvStage) -> Windows:
    """Return the windows of the pool; without a pool, windows of one cell."""
    pool = stage.pool
    if isinstance(pool, MaxPool2D | AvgPool2D):
        return Windows(pool.size, pool.step, *stage.output_shape[1:])
    if isinstance(pool, SubsamplePool2D):
        return Windows(1, pool.size, *stage.output_shape[1:])
    return Windows(1, 1, *stage.layer.output_shape(stage.input_shape)[1:])


def patch_table(stage: ConvStage, windows: Windows) -> IntArray:
    """Row number of every cell of the patch matrix.

    * Returns: shape (c * k * k, phases * windows). A column is the patch of one cell of the convolution; with
      a bias there is one row more, of ones. Columns are sorted by phase: first the top left cells of all
      windows, then their right neighbours, and so on.
    """
    channels, height, width = stage.input_shape
    one, zero = prod(stage.input_shape), prod(stage.input_shape) + 1
    # Axes: row and column in the kernel, row and column in the window, row and column of the window.
    y = _pixels_along(stage, windows, windows.rows)[:, None, :, None, :, None]
    x = _pixels_along(stage, windows, windows.columns)[None, :, None, :, None, :]
    inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
    first_of_map = np.arange(channels).reshape(-1, *[1] * inside.ndim) * (height * width)
    table = np.where(inside, first_of_map + y * width + x, zero).reshape(-1, windows.phases * windows.count)
    if stage.layer.bias:
        table = np.concatenate([table, np.full((1, table.shape[1]), one)])
    return table.astype(np.intp)


def copies_table(table: IntArray, pixels: int) -> IntArray:
    """For each pixel the cells that `table` copies it to: what has to be added up on the way back.

    * `pixels`: how many rows of the input are pixels.
    * Returns: shape (most, pixels). Flat positions in `table`; where a pixel has fewer copies than `most`,
      `table.size`.
    """
    cells = np.argsort(table, axis=None, kind="stable")
    sources = table.ravel()[cells]
    used = sources < pixels
    cells, sources = cells[used], sources[used]
    rank = np.arange(len(sources)) - np.searchsorted(sources, sources)
    copies = np.full((rank.max(initial=0) + 1, pixels), table.size, np.intp)
    copies[rank, sources] = cells
    return copies


def _pixels_along(stage: ConvStage, windows: Windows, count: int) -> IntArray:
    """Coordinate along one side of the image, by place in the kernel, place in the window, and window."""
    in_kernel = np.arange(stage.layer.kernel_size)[:, None, None]
    cell = np.arange(windows.side)[:, None] + windows.step * np.arange(count)
    return (in_kernel + stage.layer.stride * cell - stage.layer.padding).astype(np.intp)
