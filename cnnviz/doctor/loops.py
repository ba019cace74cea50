"""The laboratory exercise once more, in plain loops over numbers: what the engine is compared with.

It shares no line with the engine and uses neither NumPy nor BLAS.
"""

import math
from collections.abc import Iterable, Sequence

Grid = list[list[float]]


def train_in_loops(
    kernels: Sequence[Grid], weights: list[float], bias: float, steps: Iterable[tuple[Grid, int]], rate: float
) -> tuple[list[Grid], list[float], float]:
    """Train convolution, 2x2 max pool and one sigmoid unit, one image a step; all tied cells get gradient.

    Parameters
    ----------
    kernels : sequence of lists of rows
        Filters of one channel, without bias. They are left as they are.
    weights : list of float
        Of the unit: for each filter the cells of its pooled map, row by row.
    bias : float
        Of the unit.
    steps : iterable of (image, label)
        Image as a list of rows; label 0 or 1.
    rate : float
        Learning rate.

    Returns
    -------
    kernels, weights, bias
        After the last step.
    """
    kernels = [[row.copy() for row in kernel] for kernel in kernels]
    weights = weights.copy()
    for image, label in steps:
        maps = [_convolve(image, kernel) for kernel in kernels]
        pooled = [value for each in maps for value in _pool(each)]
        logit = bias + math.fsum(w * v for w, v in zip(weights, pooled, strict=True))
        delta = 1 / (1 + math.exp(-logit)) - label
        cells = len(pooled) // len(kernels)
        for number, kernel in enumerate(kernels):
            arriving = [delta * w for w in weights[number * cells : (number + 1) * cells]]
            _descend(kernel, image, maps[number], arriving, rate)
        weights = [w - rate * delta * v for w, v in zip(weights, pooled, strict=True)]
        bias -= rate * delta
    return kernels, weights, bias


def _convolve(image: Grid, kernel: Grid) -> Grid:
    side = range(len(kernel))
    return [
        [
            sum(kernel[i][j] * image[row + i][col + j] for i in side for j in side)
            for col in range(len(image[0]) - len(kernel) + 1)
        ]
        for row in range(len(image) - len(kernel) + 1)
    ]


def _windows(cells: Grid) -> Iterable[list[tuple[int, int]]]:
    for row in range(0, len(cells) - 1, 2):
        for col in range(0, len(cells[0]) - 1, 2):
            yield [(row + i, col + j) for i in (0, 1) for j in (0, 1)]


def _pool(cells: Grid) -> list[float]:
    return [max(cells[row][col] for row, col in window) for window in _windows(cells)]


def _descend(kernel: Grid, image: Grid, cells: Grid, arriving: Sequence[float], rate: float) -> None:
    """Change a kernel against its gradient: for every winner what arrives there, times the patch it saw."""
    side = range(len(kernel))
    total = [[0.0 for _ in side] for _ in side]
    for window, amount in zip(_windows(cells), arriving, strict=True):
        largest = max(cells[row][col] for row, col in window)
        for row, col in window:
            if cells[row][col] == largest:
                for i in side:
                    for j in side:
                        total[i][j] += amount * image[row + i][col + j]
    for i in side:
        for j in side:
            kernel[i][j] -= rate * total[i][j]
