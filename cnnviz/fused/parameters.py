"""All parameters of a network in one vector, and the views into it."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from cnnviz._types import FloatArray, Params
from cnnviz.fused.plan import Stage, matrix_shape


class StageVector:
    """One number after another: for each stage the rows of its matrix `[weight | bias]`.

    The bias is the last column, the weight of an input that is always 1, so that one matrix product does for
    both. And as optimisers act on every number alone, one update of the vector updates everything.

    * `vector`: shape (parameters,).
    * `matrices`: shape (outputs, inputs + 1). Contiguous views into `vector`, one for each stage.
    * `views`: views into `vector` in the shapes that the layers give them.
    """

    def __init__(self, stages: Sequence[Stage], dtype: np.dtype[np.floating[Any]]) -> None:
        size = sum(rows * columns for rows, columns in map(matrix_shape, stages))
        self.vector: FloatArray = np.zeros(size, dtype)
        self.matrices = stage_matrices(stages, self.vector)
        self.views = parameter_views(stages, self.vector)


def stage_matrices(stages: Sequence[Stage], vector: FloatArray) -> list[FloatArray]:
    """Views into `vector`: the matrix `[weight | bias]` of each stage."""
    matrices: list[FloatArray] = []
    start = 0
    for rows, columns in map(matrix_shape, stages):
        matrices.append(vector[start : start + rows * columns].reshape(rows, columns))
        start += rows * columns
    return matrices


def parameter_views(stages: Sequence[Stage], vector: FloatArray) -> Params:
    """Views into `vector`: every parameter by its name, in the shape that its layer gives it."""
    views: Params = {}
    for stage, matrix in zip(stages, stage_matrices(stages, vector), strict=True):
        weight_shape = stage.layer.parameter_shapes(stage.input_shape)["weight"]
        views[f"{stage.name}.weight"] = matrix[:, : prod(weight_shape[1:])].reshape(weight_shape)
        if stage.layer.bias:
            views[f"{stage.name}.bias"] = matrix[:, -1]
    return views
