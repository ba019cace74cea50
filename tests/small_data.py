"""Few images, of MNIST or made of noise, so that nothing takes long."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from cnnviz.datasets import Dataset, load_mnist
from cnnviz.experiment import LAB5

#: Two blocks with an activation, and a hidden layer.
TWO_BLOCKS = replace(
    LAB5, filters=(3, 4), padding=1, conv_bias=True, activation="relu", hidden=(12,), output="softmax",
    init="he",
)  # fmt: skip


@cache
def first_images(classes: Sequence[int | str], training: int, testing: int) -> Dataset:
    """Return some digits with only so many training and test images, the first of each."""
    whole = load_mnist(classes)
    # Copies, for views would keep all images.
    return replace(
        whole,
        train_images=whole.train_images[:training].copy(),
        train_labels=whole.train_labels[:training].copy(),
        test_images=whole.test_images[:testing].copy(),
        test_labels=whole.test_labels[:testing].copy(),
    )


def write_npz(
    path: Path, classes: Sequence[int | str] = (0, 1), training: int = 30, testing: int = 20
) -> Path:
    """Write some images of some digits as a Keras archive."""
    digits = first_images(classes, training, testing)
    labels = np.array([int(name) for name in digits.classes])
    np.savez(
        path,
        x_train=digits.train_images[:, 0],
        y_train=labels[digits.train_labels],
        x_test=digits.test_images[:, 0],
        y_test=labels[digits.test_labels],
    )
    return path


@cache
def few_digits() -> Dataset:
    """Zeros and ones, few of them, so that nothing in the background takes long."""
    return first_images((0, 1), 64, 96)


_NAMES = ("ant", "bee", "cat", "dog", "elk")


def write_pictures(
    folder: Path, classes: tuple[str, ...] = _NAMES, count: int = 12, side: int = 40, colour: bool = True
) -> Path:
    """Write `count` noisy pictures of each class, one brighter than the other, in a folder of its own."""
    random = np.random.default_rng(0)
    for place, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            shape = (side, side, 3) if colour else (side, side)
            pixels = random.integers(40 * place, 40 * place + 60, shape, dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number:03d}.png")
    return folder
