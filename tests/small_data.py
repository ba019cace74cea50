"""Few images of MNIST, so that nothing takes long."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from cnnviz.datasets import Dataset, load_mnist


def first_images(classes: Iterable[int | str], training: int, testing: int) -> Dataset:
    """Return some digits with only so many training and test images, the first of each."""
    whole = load_mnist(classes)
    return replace(
        whole,
        train_images=whole.train_images[:training],
        train_labels=whole.train_labels[:training],
        test_images=whole.test_images[:testing],
        test_labels=whole.test_labels[:testing],
    )


def write_npz(
    path: Path, classes: Iterable[int | str] = (0, 1), training: int = 30, testing: int = 20
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
