"""Both ends of the network: images into the first stage, and from the logits to loss and gradient.

Images are scaled as `cnnviz.datasets.to_input` does, to the bit, a chunk at a time; the loss is computed in
float64 as in `cnnviz.layers.losses`.
"""

import math
from collections.abc import Callable

import numpy as np

from cnnviz._types import ByteArray, FloatArray, IntArray
from cnnviz.datasets import to_input
from cnnviz.layers.losses import Labels

Loader = Callable[[ByteArray], None]
"""Takes images of shape (n, pixels), uint8."""


def make_loader(pixels: FloatArray) -> Loader:
    """Return what fills `pixels`, of shape (pixels, n): a column for each image."""
    if pixels.shape[1] == 1:
        return _one_image(pixels[:, 0])
    return _float32_images(pixels) if pixels.dtype == np.float32 else _float64_images(pixels)


def _one_image(pixels: FloatArray) -> Loader:
    # For few pixels one look-up is quicker than three passes.
    levels = to_input(np.arange(256, dtype=np.uint8), pixels.dtype)

    def load(images: ByteArray) -> None:
        levels.take(images[0], None, pixels, "clip")

    return load


def _float32_images(pixels: FloatArray) -> Loader:
    centre, width = np.float32(127.5), np.float32(255)

    def load(images: ByteArray) -> None:
        # (pixel - 127.5) / 255 is rounded once, as to_input's pixel / 255 - 0.5 in float64 is.
        np.copyto(pixels, images.T)
        np.subtract(pixels, centre, pixels)
        np.divide(pixels, width, pixels)

    return load


def _float64_images(pixels: FloatArray) -> Loader:
    def load(images: ByteArray) -> None:
        np.copyto(pixels, images.T)
        np.divide(pixels, 255.0, pixels)
        np.subtract(pixels, 0.5, pixels)

    return load


Head = Callable[[Labels, int], tuple[float, int]]
"""Reads the logits of a chunk and writes their gradient; takes labels (n,) and the size of the batch.

It returns the sum of the losses and the right answers of the chunk; the gradient is that of the mean over the
batch, of which the chunk may be a part.
"""


def make_head(logits: FloatArray, d_logits: FloatArray) -> Head:
    """Return the head for logits of shape (k, n)."""
    if len(logits) > 1:
        return _softmax(logits, d_logits)
    return _one_logit(logits, d_logits) if logits.size == 1 else _logits(logits, d_logits)


def _one_logit(logits: FloatArray, d_logits: FloatArray) -> Head:
    """One logit of one sample: plain numbers are quicker than arrays of one."""
    its_logit, d_logit = logits.ravel(), d_logits.ravel()

    def head(labels: Labels, batch_size: int) -> tuple[float, int]:
        logit, label = its_logit.item(), int(labels[0])
        small = math.exp(-abs(logit))
        probability = (1.0 if logit >= 0 else small) / (1.0 + small)
        d_logit[0] = (probability - label) / batch_size
        loss = max(logit, 0.0) - logit * label + math.log1p(small)
        return loss, int((logit > 0) == label)

    return head


def _logits(logits: FloatArray, d_logits: FloatArray) -> Head:
    """One logit of each sample.

    With `s` the logit where the label is 0, and minus the logit where it is 1, the loss is
    `log(1 + exp(s))` and the probability of being wrong is `sigmoid(s) = 1 - exp(-loss)`.
    """
    logits, d_logits = logits[0], d_logits[0]
    signs, is_one = np.array([1.0, -1.0]), np.empty(logits.shape, np.bool_)
    sign, losses, wrong = np.empty((3, len(logits)))

    def head(labels: Labels, batch_size: int) -> tuple[float, int]:
        signs.take(labels, None, sign, "clip")
        np.multiply(logits, sign, losses)
        np.logaddexp(losses, 0.0, losses)
        np.negative(losses, wrong)
        np.expm1(wrong, wrong)
        # expm1(-loss) is minus the probability of being wrong: divide by minus the number of samples.
        np.multiply(wrong, sign, wrong)
        np.divide(wrong, -batch_size, d_logits)
        np.greater(logits, 0, is_one)
        correct = np.count_nonzero(is_one == labels)
        return float(np.add.reduce(losses)), int(correct)

    return head


def _softmax(logits: FloatArray, d_logits: FloatArray) -> Head:
    """Several logits of each sample."""
    powers, count = np.empty(logits.shape), int(logits.shape[1])
    largest, totals, of_label = np.empty((3, count))
    samples: IntArray = np.arange(count)

    def head(labels: Labels, batch_size: int) -> tuple[float, int]:
        np.maximum.reduce(logits, axis=0, out=largest)
        np.subtract(logits, largest, powers)
        label_cells = labels * len(samples) + samples
        powers.take(label_cells, None, of_label, "clip")
        np.exp(powers, powers)
        np.add.reduce(powers, axis=0, out=totals)
        np.divide(powers, totals, powers)
        powers.ravel()[label_cells] -= 1.0
        np.divide(powers, batch_size, d_logits)
        np.log(totals, totals)
        correct = np.count_nonzero(logits.argmax(0) == labels)
        return float(np.add.reduce(totals) - np.add.reduce(of_label)), int(correct)

    return head
