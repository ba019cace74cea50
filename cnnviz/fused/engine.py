"""The fast engine: cuts batches into chunks and lets prepared calls do the rest."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import ByteArray, FloatArray, IntArray, Params
from cnnviz.fused.blocks import Block, make_block, windows_of
from cnnviz.fused.cells import Call
from cnnviz.fused.ends import make_head, make_loader
from cnnviz.fused.plan import ConvStage, Stage, matrix_shape
from cnnviz.layers.losses import Labels


def stage_matrices(stages: Sequence[Stage], vector: FloatArray) -> list[FloatArray]:
    """Views into `vector`: for each stage, one after the other, the rows of its matrix `[weight | bias]`.

    The bias is the last column, the weight of an input that is always 1, so that one matrix product does for
    both. And as optimisers act on every number alone, one update of the vector updates everything.
    """
    matrices: list[FloatArray] = []
    start = 0
    for rows, columns in map(matrix_shape, stages):
        matrices.append(vector[start : start + rows * columns].reshape(rows, columns))
        start += rows * columns
    return matrices


class ForwardChunk:
    """Logits of chunks of `samples` images; every buffer and every call is prepared.

    * `matrices`: of the stages; read anew in every run.
    * `samples`: images in a chunk.
    * `training`: whether gradients will be asked for.
    * `logits`: shape (k, samples).
    * `load`: takes images, as `run`.
    * `forward_calls`: what `run` does after loading.
    """

    def __init__(
        self, stages: Sequence[Stage], matrices: Sequence[FloatArray], samples: int, *, training: bool = False
    ) -> None:
        dtype = matrices[0].dtype
        inputs = [_with_one_and_zero(prod(stage.input_shape), samples, dtype) for stage in stages]
        self.logits: FloatArray = np.zeros((prod(stages[-1].output_shape), samples), dtype)
        outputs = [array[:-2] for array in inputs[1:]] + [self.logits]
        self.load = make_loader(inputs[0][:-2])
        self._blocks: list[Block] = [
            make_block(*parts) for parts in zip(stages, matrices, inputs, outputs, strict=True)
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

    * `stages`, `matrices`, `samples`: as for `ForwardChunk`.
    * `d_matrices`: their gradients, overwritten in every run.
    * `head`: takes labels and size of the batch, returns loss and right answers.
    * `backward_calls`: what `learn` does after that.
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        matrices: Sequence[FloatArray],
        d_matrices: Sequence[FloatArray],
        samples: int,
    ) -> None:
        super().__init__(stages, matrices, samples, training=True)
        dtype = matrices[0].dtype
        d_logits: FloatArray = np.zeros(self.logits.shape, dtype)
        self.head = make_head(self.logits, d_logits)
        # One array between two stages: what leaves one by its inputs enters the one before by its outputs.
        d_between: list[FloatArray] = [
            np.zeros((prod(stage.input_shape), samples), dtype) for stage in stages[1:]
        ]
        self.backward_calls: list[Call] = []
        for block, d_outputs, d_matrix, d_inputs in zip(
            self._blocks, [*d_between, d_logits], d_matrices, [None, *d_between], strict=True
        ):
            self.backward_calls[:0] = block.backward(d_outputs, d_matrix, d_inputs)

    def learn(self, images: ByteArray, labels: Labels, batch_size: int) -> tuple[float, int]:
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


# More samples in a chunk spread the cost of the calls, until the buffers leave the cache. Measured: LAB5 is
# fastest at 64 samples and LENET at 32, with 4 to 7 MiB; with 1 MiB, a level-2 cache, they lose a quarter.
_MOST_SAMPLES = 64
_CACHE_BYTES = 8 << 20


class FusedEngine:
    """Training and evaluation of a network that `plan_stages` could cut into stages; see `LayeredEngine`.

    Its buffers are used again and again, so only one thread at a time may use it.

    * `dtype`: float32 or float64.
    * `params`: copied.
    """

    def __init__(
        self, stages: Sequence[Stage], dtype: np.dtype[np.floating[Any]], params: Mapping[str, FloatArray]
    ) -> None:
        self._stages = stages
        self.vector: FloatArray = np.zeros(sum(prod(matrix_shape(stage)) for stage in stages), dtype)
        self.gradient = np.zeros_like(self.vector)
        self.params, self.gradients = self.views(self.vector), self.views(self.gradient)
        self._matrices, self._d_matrices = (
            stage_matrices(stages, each) for each in (self.vector, self.gradient)
        )
        for name, view in self.params.items():
            view[...] = params[name]
        self._most = samples_in_chunk(stages, dtype.itemsize)
        self._training: dict[int, TrainingChunk] = {}
        self._forward: dict[int, ForwardChunk] = {}

    def views(self, vector: FloatArray) -> Params:
        """View a vector that is laid out as `vector` as parameters: by name, in their shapes."""
        views: Params = {}
        for stage, matrix in zip(self._stages, stage_matrices(self._stages, vector), strict=True):
            weight_shape = stage.layer.parameter_shapes(stage.input_shape)["weight"]
            views[f"{stage.name}.weight"] = matrix[:, : prod(weight_shape[1:])].reshape(weight_shape)
            if stage.layer.bias:
                views[f"{stage.name}.bias"] = matrix[:, -1]
        return views

    def step_gradients(self, images: ByteArray, labels: Labels, indices: IntArray) -> tuple[float, int]:
        """Mean loss, in nats, and right answers of a mini-batch; see `LayeredEngine`."""
        batch_size = len(indices)
        if batch_size <= self._most:
            loss, correct = self._learn(images, labels, indices, batch_size)
            return loss / batch_size, correct
        total = np.zeros_like(self.gradient)
        loss, correct = 0.0, 0
        for start in range(0, batch_size, self._most):
            part = self._learn(images, labels, indices[start : start + self._most], batch_size)
            loss, correct = loss + part[0], correct + part[1]
            total += self.gradient
        self.gradient[...] = total
        return loss / batch_size, correct

    def logits(self, images: ByteArray) -> FloatArray:
        """Logits of images, of shape (n, k); `images`: shape (n, c, h, w)."""
        logits = np.empty((len(images), prod(self._stages[-1].output_shape)), self.vector.dtype)
        with np.errstate(over="ignore", invalid="ignore"):
            for start in range(0, len(images), self._most):
                part = images[start : start + self._most]
                samples = len(part)
                chunk = self._forward.get(samples)
                if chunk is None:
                    chunk = self._forward[samples] = ForwardChunk(self._stages, self._matrices, samples)
                chunk.run(part.reshape(samples, -1))
                logits[start : start + samples] = chunk.logits.T
        return logits

    def training_chunk(self, samples: int) -> TrainingChunk:
        """Return what trains on chunks of `samples` images; made when it is asked for the first time."""
        chunk = self._training.get(samples)
        if chunk is None:
            chunk = TrainingChunk(self._stages, self._matrices, self._d_matrices, samples)
            self._training[samples] = chunk
        return chunk

    def _learn(
        self, images: ByteArray, labels: Labels, indices: IntArray, batch_size: int
    ) -> tuple[float, int]:
        """Leave the part of the gradient that comes from `indices`, at most one chunk of the batch."""
        samples = len(indices)
        chunk = self.training_chunk(samples)
        if samples == 1:
            # Views instead of copies: with one image in a batch, such trifles are a good part of the time.
            one = slice(indices[0], indices[0] + 1)
            return chunk.learn(images[one].reshape(1, -1), labels[one], batch_size)
        return chunk.learn(images[indices].reshape(samples, -1), labels[indices], batch_size)


def samples_in_chunk(stages: Sequence[Stage], itemsize: int) -> int:
    """Return how many samples are worked on at once: a power of two, as many as fit into the cache.

    * `itemsize`: bytes of one number.
    """
    numbers = sum(_numbers_per_sample(stage, first=stage is stages[0]) for stage in stages)
    samples = _MOST_SAMPLES
    while samples > 1 and samples * numbers * itemsize > _CACHE_BYTES:
        samples //= 2
    return samples


def _numbers_per_sample(stage: Stage, *, first: bool) -> int:
    """Size of the arrays that a stage needs for each sample in training."""
    inputs, outputs = prod(stage.input_shape), prod(stage.output_shape)
    if not isinstance(stage, ConvStage):
        return 2 * (inputs + outputs)
    windows = windows_of(stage)
    cells = windows.phases * windows.count
    patches = cells * stage.input_shape[0] * stage.layer.kernel_size**2
    # Patches, on the way back about as many copies to be added up, maps, and what goes from stage to stage.
    return patches * (1 if first else 2) + cells * stage.layer.filters + 2 * (inputs + outputs)
