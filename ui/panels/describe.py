"""Samples in words."""

from collections.abc import Callable, Iterator, Sequence
from typing import overload

from cnnviz._types import IntArray
from cnnviz.datasets import Dataset
from cnnviz.evaluation import Evaluation
from cnnviz.quantities import format_count, format_probability


def describe_test_image(dataset: Dataset, index: int, evaluation: Evaluation | None = None) -> str:
    """Return index, class and, where it is known, the prediction of a test image in one line."""
    text = f"Test image {format_count(index)}: class {dataset.classes[int(dataset.test_labels[index])]}"
    if evaluation is None or index >= len(evaluation.labels):
        return text
    predicted = int(evaluation.predictions[index])
    p = format_probability(float(evaluation.probabilities[index, predicted]))
    return f"{text}, read as {dataset.classes[predicted]} ({p})"


class SampleTexts(Sequence[str]):
    """Descriptions of many test images, each written when it is asked for."""

    def __init__(self, dataset: Dataset, indices: IntArray, evaluation: Evaluation | None) -> None:
        self._describe: Callable[[int], str] = lambda index: describe_test_image(dataset, index, evaluation)
        self._indices = indices

    def __len__(self) -> int:
        return len(self._indices)

    @overload
    def __getitem__(self, position: int) -> str: ...
    @overload
    def __getitem__(self, position: slice) -> list[str]: ...
    def __getitem__(self, position: int | slice) -> str | list[str]:
        if isinstance(position, slice):
            return [self._describe(int(index)) for index in self._indices[position]]
        return self._describe(int(self._indices[position]))

    def __iter__(self) -> Iterator[str]:
        return (self._describe(int(index)) for index in self._indices)
