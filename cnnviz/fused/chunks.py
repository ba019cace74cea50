"""The whole network for chunks of one size: load, forward, loss, backward."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import ByteArray, FloatArray
from cnnviz.fused.blocks import Block, make_block
from cnnviz.fused.calls import Call
from cnnviz.fused.heads import LabelArray, make_head
from cnnviz.fused.loading import make_loader
from cnnviz.fused.parameters import StageVector
from cnnviz.fused.plan import Stage


class ForwardChunk:
    """Logits of chunks of `samples` images; every buffer and every call is prepared.

    * `parameters`: read anew in every run.
    * `samples`: images in a chunk.
    * `training`: whether gradients will be asked for.
    * `logits`: shape (k, samples).
    * `load`: takes images, as `run`.
    * `forward_calls`: what `run` does after loading.
    """

    def __init__(
        self, stages: Sequence[Stage], parameters: StageVector, samples: int, *, training: bool = False
    ) -> None:
        dtype = parameters.vector.dtype
        inputs = [_with_one_and_zero(prod(stage.input_shape), samples, dtype) for stage in stages]
        self.logits: FloatArray = np.zeros((prod(stages[-1].output_shape), samples), dtype)
        outputs = [array[:-2] for array in inputs[1:]] + [self.logits]
        self.load = make_loader(inputs[0][:-2])
        self._blocks: list[Block] = [
            make_block(*parts) for parts in zip(stages, parameters.matrices, inputs, outputs, strict=True)
        ]
        self.forward_calls: list[Call] = []
        for block in self._blocks:
            self.forward_calls += block.forward(training=training)

    def run(self, images: ByteArray) -> None:
        """Compute the logits of `images`, of shape (samples, pixels)."""
        self.load(images)
        for call in self.forward_calls:
            call()


class TrainingChunk(ForwardChunk):
    """Loss and gradients of chunks of `samples` images.

    * `stages`, `parameters`, `samples`: as for `ForwardChunk`.
    * `gradients`: overwritten in every run.
    * `head`: takes labels and size of the batch, returns loss and right answers.
    * `backward_calls`: what `learn` does after that.
    """

    def __init__(
        self, stages: Sequence[Stage], parameters: StageVector, gradients: StageVector, samples: int
    ) -> None:
        super().__init__(stages, parameters, samples, training=True)
        dtype = parameters.vector.dtype
        d_logits: FloatArray = np.zeros(self.logits.shape, dtype)
        self.head = make_head(self.logits, d_logits)
        # One array between two stages: what leaves one by its inputs enters the one before by its outputs.
        d_between: list[FloatArray] = [
            np.zeros((prod(stage.input_shape), samples), dtype) for stage in stages[1:]
        ]
        self.backward_calls: list[Call] = []
        for block, d_outputs, d_matrix, d_inputs in zip(
            self._blocks, [*d_between, d_logits], gradients.matrices, [None, *d_between], strict=True
        ):
            self.backward_calls[:0] = block.backward(d_outputs, d_matrix, d_inputs)

    def learn(self, images: ByteArray, labels: LabelArray, batch_size: int) -> tuple[float, int]:
        """Return the sum of the losses and the right answers; leave the gradients of the batch's mean loss.

        * `images`: shape (samples, pixels).
        * `labels`: shape (samples,).
        * `batch_size`: samples in the batch, of which the chunk may be a part.
        """
        self.run(images)
        result = self.head(labels, batch_size)
        for call in self.backward_calls:
            call()
        return result


def _with_one_and_zero(size: int, samples: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return a matrix with `size` rows for the inputs, a row of ones and a row of zeros."""
    inputs = np.zeros((size + 2, samples), dtype)
    inputs[-2] = 1
    return inputs
