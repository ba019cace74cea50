"""Samples in words."""

from collections.abc import Callable

from cnnviz._types import IntArray
from cnnviz.datasets import Dataset
from cnnviz.evaluation import Evaluation
from cnnviz.quantities import format_count, format_probability


def describer(dataset: Dataset, indices: IntArray, evaluation: Evaluation | None) -> Callable[[int], str]:
    """Place among some test images to the description of the one there."""
    return lambda place: describe_test_image(dataset, int(indices[place]), evaluation)


def describe_test_image(dataset: Dataset, index: int, evaluation: Evaluation | None = None) -> str:
    """Return index, class and, where it is known, the prediction of a test image in one line."""
    text = f"Test image {format_count(index)}: class {dataset.classes[int(dataset.test_labels[index])]}"
    if evaluation is None or index >= len(evaluation.labels):
        return text
    predicted = int(evaluation.predictions[index])
    p = format_probability(float(evaluation.probabilities[index, predicted]))
    return f"{text}, read as {dataset.classes[predicted]} ({p})"
