"""Data for panels: so few images that nothing in the background takes long."""

from functools import cache

from cnnviz.datasets import Dataset
from tests.small_data import first_images


@cache
def few_digits() -> Dataset:
    """Zeros and ones, few of them, so that nothing in the background takes long."""
    return first_images((0, 1), 64, 96)
