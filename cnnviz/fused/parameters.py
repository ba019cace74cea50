"""All parameters of a network in one vector, and the views into it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from cnnviz._types import FloatArray, Params
from cnnviz.fused.plan import Stage, parameter_count


class StageVector:
    """One number after another: for each stage the rows of its matrix `[weight | bias]`.

    The bias is the last column, the weight of an input that is always 1, so one matrix product does for both. And as
    optimisers act on every number alone, one update of the vector updates everything.

    Parameters
    ----------
    stages : sequence of stages
    dtype : numpy.dtype

    Attributes
    ----------
    vector : ndarray of shape (parameters,)
    matrices : list of ndarray of shape (outputs, inputs + 1), or (outputs, inputs) without a bias
        Contiguous views into `vector`, one for each stage.
    views : dict from parameter name to ndarray
        Views into `vector` in the shapes that the layers give them.
    """

    def __init__(self, stages: Sequence[Stage], dtype: np.dtype[np.floating[Any]]) -> None:
        sizes = [rows * (columns + stage.layer.bias) for stage, (rows, columns) in _with_counts(stages)]
        self.vector: FloatArray = np.zeros(sum(sizes), dtype)
        self.matrices: list[FloatArray] = []
        self.views: Params = {}
        start = 0
        for (stage, (rows, columns)), size in zip(_with_counts(stages), sizes, strict=True):
            matrix = self.vector[start : start + size].reshape(rows, -1)
            shapes = stage.layer.parameter_shapes(stage.input_shape)
            self.views[f"{stage.name}.weight"] = matrix[:, :columns].reshape(shapes["weight"])
            if stage.layer.bias:
                self.views[f"{stage.name}.bias"] = matrix[:, columns]
            self.matrices.append(matrix)
            start += size


def _with_counts(stages: Sequence[Stage]) -> list[tuple[Stage, tuple[int, int]]]:
    return [(stage, parameter_count(stage)) for stage in stages]
