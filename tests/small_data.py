"""Few images of MNIST, so that nothing takes long."""

from collections.abc import Iterable
from dataclasses import replace

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
