"""One stage of the network for chunks of one size: its buffers and its prepared calls."""

from math import prod
from typing import Protocol

import numpy as np

from cnnviz._types import FloatArray
from cnnviz.fused.activations import activate, derivative
from cnnviz.fused.calls import Call, prepare
from cnnviz.fused.plan import ActivationLayer, ConvStage, DenseStage, Stage
from cnnviz.fused.pools import make_pool
from cnnviz.fused.products import PatchProducts, cut_columns, product
from cnnviz.fused.tables import copies_table, patch_table, windows_of
from cnnviz.layers import MaxPool2D


class Block(Protocol):
    """What the blocks have in common.

    Inputs and outputs are matrices with a row for each number of a sample and a column for each sample. Below
    the inputs there are two rows more, of ones and of zeros.
    """

    def forward(self, *, training: bool) -> list[Call]:
        """Prepare the outputs, and in training what the way back needs."""
        ...

    def backward(
        self, d_outputs: FloatArray, d_matrix: FloatArray, d_inputs: FloatArray | None
    ) -> list[Call]:
        """Prepare the gradients of the parameters and, unless it is None, of the inputs.

        `d_outputs` may be changed.
        """
        ...


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
