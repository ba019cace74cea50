"""One stage of the network for chunks of one size: its buffers and its prepared calls."""

from functools import partial
from math import prod
from typing import Protocol

import numpy as np

from cnnviz._types import FloatArray
from cnnviz.fused.activations import activate, derivative
from cnnviz.fused.plan import ConvStage, DenseStage, Stage
from cnnviz.fused.pools import make_pool
from cnnviz.fused.products import Call, PatchProducts, cut_columns, product
from cnnviz.fused.tables import copies_table, patch_table, windows_of
from cnnviz.layers import MaxPool2D


class Block(Protocol):
    """What the stages have in common.

    `inputs` and `outputs` are matrices with a column for each sample and a row for each number of a sample.
    Below the inputs there are two more rows, of 1 and of 0.
    """

    def forward(self, training: bool) -> list[Call]:
        """Prepare `outputs` from `inputs`."""
        ...

    def backward(
        self, d_outputs: FloatArray, d_matrix: FloatArray, d_inputs: FloatArray | None
    ) -> list[Call]:
        """Prepare the gradients of the parameters and, unless it is None, of the inputs.

        `d_outputs` is overwritten.
        """
        ...


def make_block(stage: Stage, matrix: FloatArray, inputs: FloatArray, outputs: FloatArray) -> Block:
    """Return the block of a stage; `matrix` holds its parameters, as `[weight | bias]`."""
    if isinstance(stage, ConvStage):
        return _ConvBlock(stage, matrix, inputs, outputs)
    return _DenseBlock(stage, matrix, inputs, outputs)


class _ConvBlock:
    """Copy patches, multiply by the filters, pool, activate."""

    def __init__(
        self, stage: ConvStage, matrix: FloatArray, inputs: FloatArray, outputs: FloatArray
    ) -> None:
        self._stage, self._inputs, self._outputs = stage, inputs, outputs
        samples = inputs.shape[1]
        windows = windows_of(stage)
        table = patch_table(stage, windows)
        needed = table.shape[1] * samples
        blocks = cut_columns(needed, samples, matrix)
        # Columns that only fill the last block copy the row of zeros.
        filling = np.full((len(table), blocks.columns // samples - table.shape[1]), len(inputs) - 1)
        self._table = np.concatenate([table, filling], axis=1)
        # One row of zeros more, to be picked on the way back where a pixel has fewer copies than others.
        self._patches = np.zeros((self._table.size + 1, samples), inputs.dtype)
        patches = self._patches[:-1].reshape(len(table), blocks.columns)
        maps = np.zeros((len(matrix), blocks.columns), inputs.dtype)
        self._products = PatchProducts(matrix, patches, maps, blocks)
        self._cells = maps[:, :needed].reshape(len(matrix), windows.phases, -1)
        self._pool = make_pool(stage, self._cells, outputs.reshape(len(matrix), -1))

    def forward(self, training: bool) -> list[Call]:
        stage = self._stage
        multiply = self._products.forward()
        copied = self._patches[:-1].reshape(*self._table.shape, -1)
        return [
            partial(self._inputs.take, self._table, 0, copied, "clip"),
            *multiply,
            *(activate(stage.before, self._cells) if stage.before else []),
            *self._pool.forward(training),
            *(activate(stage.after, self._outputs) if stage.after else []),
        ]

    def backward(
        self, d_outputs: FloatArray, d_matrix: FloatArray, d_inputs: FloatArray | None
    ) -> list[Call]:
        calls: list[Call] = []
        before, after = self._stage.before, self._stage.after
        if before and isinstance(self._stage.pool, MaxPool2D):
            # Winners are equal to what was pooled, and so are their derivatives.
            before, after = None, before
        if after:
            calls, slope = derivative(after, self._outputs)
            calls.append(partial(np.multiply, d_outputs, slope, d_outputs))
        spread = self._pool.backward(d_outputs.reshape(len(d_matrix), -1))
        if before:
            slopes, slope = derivative(before, self._cells)
            calls += [*slopes, *spread, partial(np.multiply, self._cells, slope, self._cells)]
        else:
            calls += spread
        calls += self._products.filter_gradient(d_matrix)
        return calls + (self._input_gradient(d_inputs) if d_inputs is not None else [])

    def _input_gradient(self, d_inputs: FloatArray) -> list[Call]:
        """Prepare: send gradients back to the patches, then add up the copies of each pixel."""
        pixels = len(d_inputs)
        rows = self._stage.input_shape[0] * self._stage.conv.kernel_size**2
        table = copies_table(self._table, pixels)
        copies = np.empty((*table.shape, d_inputs.shape[1]), d_inputs.dtype)
        return [
            *self._products.patch_gradient(rows),
            partial(self._patches.take, table, 0, copies, "clip"),
            partial(np.add.reduce, copies, 0, None, d_inputs),
        ]


class _DenseBlock:
    """One matrix product, activate."""

    def __init__(
        self, stage: DenseStage, matrix: FloatArray, inputs: FloatArray, outputs: FloatArray
    ) -> None:
        self._stage, self._matrix, self._outputs = stage, matrix, outputs
        self._inputs = inputs[: matrix.shape[1]]

    def forward(self, training: bool) -> list[Call]:
        after = self._stage.after
        return [
            product(self._matrix, self._inputs, self._outputs),
            *(activate(after, self._outputs) if after else []),
        ]

    def backward(
        self, d_outputs: FloatArray, d_matrix: FloatArray, d_inputs: FloatArray | None
    ) -> list[Call]:
        calls: list[Call] = []
        if self._stage.after:
            calls, slope = derivative(self._stage.after, self._outputs)
            calls.append(partial(np.multiply, d_outputs, slope, d_outputs))
        calls.append(product(d_outputs, self._inputs.T, d_matrix))
        if d_inputs is not None:
            weight = self._matrix[:, : prod(self._stage.input_shape)]
            calls.append(product(weight.T, d_outputs, d_inputs))
        return calls
