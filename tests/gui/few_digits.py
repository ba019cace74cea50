"""Data for panels: so few images that nothing in the background takes long."""

from dataclasses import replace
from functools import cache

from cnnviz.datasets import Dataset, load_mnist


@cache
def few_digits() -> Dataset:
    """Zeros and ones, few of them, so that nothing in the background takes long."""
    whole = load_mnist((0, 1))
    return replace(
        whole,
        train_images=whole.train_images[:64],
        train_labels=whole.train_labels[:64],
        test_images=whole.test_images[:96],
        test_labels=whole.test_labels[:96],
    )
