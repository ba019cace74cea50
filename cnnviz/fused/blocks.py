"""One stage of the network for chunks of one size: its buffers and its prepared calls.

The inputs of a stage are the rows of a matrix `(c * h * w + 2, n)`: pixel `(channel, y, x)` is row
`(channel * h + y) * w + x`, with a column for each sample of the chunk. The last two rows are constant: 1,
the input of the bias, and 0, the padding. Tables of row numbers say which pixel each cell of the patch matrix
copies, and the way back.
"""

from dataclasses import dataclass
from math import prod

import numpy as np

from cnnviz._types import FloatArray, IntArray
from cnnviz.fused.cells import Call, activate, derivative, make_pool, prepare
from cnnviz.fused.plan import ActivationLayer, ConvStage, DenseStage, Stage
from cnnviz.fused.products import PatchProducts, cut_columns, product
from cnnviz.layers import AvgPool2D, MaxPool2D, SubsamplePool2D

type Block = _ConvBlock | _DenseBlock
"""What computes a stage.

Inputs and outputs are matrices with a row for each number of a sample and a column for each sample. Below the
inputs there are two rows more, of ones and of zeros. `forward` prepares the outputs, and in training what the
way back needs; `backward` the gradients of the parameters and, unless they are None, of the inputs; it may
change `d_outputs`.
"""


def make_block(stage: Stage, matrix: FloatArray, inputs: FloatArray, outputs: FloatArray) -> Block:
    """Return the block of a stage, bound to its arrays; `matrix` is its `[weight | bias]`."""
    if isinstance(stage, ConvStage):
        return _ConvBlock(stage, matrix, inputs, outputs)
    return _DenseBlock(stage, matrix, inputs, outputs)


class _ConvBlock:
    """Copy the patches, multiply them by the filters, activate and pool."""

    def __init__(self, stage: ConvStage, matrix: FloatArray, inputs: FloatArray, outputs: FloatArray) -> None:
        self._stage, self._inputs, self._outputs = stage, inputs, outputs
        samples = inputs.shape[1]
        windows = windows_of(stage)
        table = patch_table(stage, windows)
        needed = table.shape[1] * samples
        blocks = cut_columns(needed, samples, matrix)
        # Columns that only fill the last block copy the row of zeros.
        filling = np.full((len(table), blocks.columns // samples - table.shape[1]), len(inputs) - 1)
        self._table = np.concatenate([table, filling], axis=1)
        # A row of zeros more, to be picked on the way back where a pixel has fewer copies than others.
        self._cells_of_patches = np.zeros((self._table.size + 1, samples), inputs.dtype)
        patches = self._cells_of_patches[:-1].reshape(len(table), blocks.columns)
        maps = np.zeros((len(matrix), blocks.columns), inputs.dtype)
        self._products = PatchProducts(matrix, patches, maps, blocks)
        self._cells = maps[:, :needed].reshape(len(matrix), windows.phases, -1)
        self._pool = make_pool(stage, self._cells, outputs.reshape(len(matrix), -1))

    def forward(self, *, training: bool) -> list[Call]:
        before, after = self._stage.before, self._stage.after
        copied = self._cells_of_patches[:-1].reshape(*self._table.shape, -1)
        return [
            prepare(self._inputs.take, self._table, 0, copied, "clip"),
            *self._products.forward(),
            *([] if before is None else activate(before, self._cells)),
            *self._pool.forward(training=training),
            *([] if after is None else activate(after, self._outputs)),
        ]

    def backward(
        self, d_outputs: FloatArray, d_matrix: FloatArray, d_inputs: FloatArray | None
    ) -> list[Call]:
        before, after = self._stage.before, self._stage.after
        if isinstance(self._stage.pool, MaxPool2D) and before is not None:
            # Winners are equal to what was pooled, and so are their derivatives.
            before, after = None, before
        calls = _through(after, self._outputs, d_outputs)
        spread = self._pool.backward(d_outputs.reshape(len(d_matrix), -1))
        if before is None:
            calls += spread
        else:
            # The derivative first: the cells it is computed from are overwritten by their gradient.
            slopes, slope = derivative(before, self._cells)
            calls += [*slopes, *spread, prepare(np.multiply, self._cells, slope, self._cells)]
        calls += self._products.filter_gradient(d_matrix)
        return calls if d_inputs is None else calls + self._input_gradient(d_inputs)

    def _input_gradient(self, d_inputs: FloatArray) -> list[Call]:
        """Prepare: send the gradients back to the patches, then add up the copies of each pixel."""
        pixels, samples = d_inputs.shape
        table = copies_table(self._table, pixels)
        copies = np.empty((*table.shape, samples), d_inputs.dtype)
        patch_rows = self._stage.input_shape[0] * self._stage.layer.kernel_size**2
        return [
            *self._products.patch_gradient(patch_rows),
            prepare(self._cells_of_patches.take, table, 0, copies, "clip"),
            prepare(np.add.reduce, copies, 0, None, d_inputs),
        ]


class _DenseBlock:
    """One matrix product, and the activation."""

    def __init__(
        self, stage: DenseStage, matrix: FloatArray, inputs: FloatArray, outputs: FloatArray
    ) -> None:
        self._stage, self._matrix, self._outputs = stage, matrix, outputs
        self._inputs = inputs[: matrix.shape[1]]

    def forward(self, *, training: bool) -> list[Call]:
        after = self._stage.after
        multiply = product(self._matrix, self._inputs, self._outputs)
        return [multiply, *([] if after is None else activate(after, self._outputs))]

    def backward(
        self, d_outputs: FloatArray, d_matrix: FloatArray, d_inputs: FloatArray | None
    ) -> list[Call]:
        calls = _through(self._stage.after, self._outputs, d_outputs)
        calls.append(product(d_outputs, self._inputs.T, d_matrix))
        if d_inputs is not None:
            weight = self._matrix[:, : prod(self._stage.input_shape)]
            calls.append(product(weight.T, d_outputs, d_inputs))
        return calls


def _through(activation: ActivationLayer | None, outputs: FloatArray, d_outputs: FloatArray) -> list[Call]:
    """Prepare the way of a gradient back through an activation, in place."""
    if activation is None:
        return []
    calls, slope = derivative(activation, outputs)
    return [*calls, prepare(np.multiply, d_outputs, slope, d_outputs)]


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
    y = _pixels_along(stage, windows, windows.rows, height)[:, None, :, None, :, None]
    x = _pixels_along(stage, windows, windows.columns, width)[None, :, None, :, None, :]
    inside = (y >= 0) & (x >= 0)
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


def _pixels_along(stage: ConvStage, windows: Windows, count: int, side: int) -> IntArray:
    """Coordinate along one side of the image, by place in the kernel, place in the window, and window."""
    cells = np.arange(windows.side)[:, None] + windows.step * np.arange(count)
    return np.moveaxis(stage.layer.geometry.cells(cells, side), -1, 0)
