"""Small experiments that show what pooling keeps and what it does not; each measures its own result."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cnnviz._types import FloatArray
from cnnviz.functional import max_pool2d_values
from cnnviz.layers import Conv2D, Dense, Flatten, MaxPool2D
from cnnviz.network import Network
from cnnviz.translation.comparison import Comparison, compare
from cnnviz.translation.shifting import BACKGROUND, Mode, shift
from cnnviz.translation.winners import WinnerChange

NEIGHBOURS: tuple[tuple[int, int], ...] = tuple(
    (dx, dy) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if (dx, dy) != (0, 0)
)
"""The eight shifts by one pixel, as (dx, dy), row by row."""


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """An image, a network, a shift, and what to look at.

    Attributes
    ----------
    name : str
        Short and stable, for settings and tests.
    title, look_at : str
        For the student.
    network : Network
    image : ndarray of shape (c, h, w)
        The original, in the values the network takes.
    dx, dy : int
        The shift to begin with.
    mode : {"fill", "wrap"}
    background : float
        Value of a pixel without ink.
    label : int or None
        True class, where there is one.
    shows_output : bool
        Whether the network's probabilities mean anything.
    measure : callable
        States, in one or two sentences, what was measured.
    """

    name: str
    title: str
    look_at: str
    network: Network
    image: FloatArray
    dx: int
    dy: int
    mode: Mode
    background: float
    label: int | None
    shows_output: bool
    measure: "Callable[[Lesson], str]"

    @property
    def shifted(self) -> FloatArray:
        """The image after the lesson's shift."""
        return shift(self.image, self.dx, self.dy, self.mode, self.background)

    def compare(self) -> Comparison:
        """Follow the image and its shifted self through the network."""
        return compare(
            self.network,
            self.image,
            self.dx,
            self.dy,
            mode=self.mode,
            background=self.background,
            label=self.label,
        )

    def result(self) -> str:
        """Measure, and say what came out: numbers, never a promise."""
        return self.measure(self)


def toy_lessons() -> tuple[Lesson, ...]:
    """Lessons on small made-up images: two columns of dots, a row of eight cells, one bright cell."""
    return _dots(), _row_of_eight(), _bright_cell()


def digit_lessons(network: Network, image: FloatArray, label: int | None = None) -> tuple[Lesson, ...]:
    """Lessons on a real digit: moved by 1 pixel and by 2.

    Parameters
    ----------
    network : Network
        With at least one convolution.
    image : ndarray of shape (c, h, w)
        As the network takes it (`cnnviz.datasets.to_input`).
    label : int, optional
        True class. None means the one predicted for the original.
    """

    def lesson(name: str, title: str, look_at: str, dx: int) -> Lesson:
        return Lesson(
            name, title, look_at, network, image, dx, 0, "fill", BACKGROUND, label, True, _digit_result
        )

    return (
        lesson(
            "digit-1px",
            "A digit, moved by 1 pixel",
            "Compare the pooled maps before and after. Max pooling changes less than the convolution under it, "
            "but it does change: half a cell of a 2x2 pool is neither hidden nor moved along cleanly.",
            1,
        ),
        lesson(
            "digit-2px",
            "The same digit, moved by 2 pixels",
            "Two pixels are one whole cell of a 2x2 pool. Compare the pooled map of the shifted image with the "
            "shifted pooled map: pooling has not removed the shift, it has passed it on.",
            2,
        ),
    )


def unchanged_shifts(
    image: FloatArray, size: int = 2, mode: Mode = "fill", background: float = BACKGROUND
) -> tuple[tuple[int, int], ...]:
    """One-pixel shifts that leave a max pool of the image exactly as it was.

    Parameters
    ----------
    image : ndarray of shape (c, h, w)
    size : int
        Side of the pooling windows in pixels.
    mode, background
        As for `shift`.

    Returns
    -------
    tuple of (dx, dy)
        Out of `NEIGHBOURS`, in its order.
    """
    pooled = max_pool2d_values(image[None], size)
    return tuple(
        (dx, dy)
        for dx, dy in NEIGHBOURS
        if np.array_equal(max_pool2d_values(shift(image, dx, dy, mode, background)[None], size), pooled)
    )


def _dots() -> Lesson:
    image = np.zeros((1, 6, 6))
    image[0, 0::2, 4] = 1
    return Lesson(
        "dots",
        "Three dots, moved down by 1 pixel",
        "The convolution maps differ in every row that the dots touch, the pooled maps do not differ at all: each "
        "window holds the same two rows of values, in the other order. Change the filter, and it stays so.",
        _small_network(image, kernel_size=3),
        image,
        0,
        1,
        "fill",
        0.0,
        None,
        False,
        _dots_result,
    )


def _dots_result(lesson: Lesson) -> str:
    stages = lesson.compare().stages
    before, after = stages["convolution"].features()
    pooled_before, pooled_after = stages["max"].features()
    largest = float(np.abs(pooled_after - pooled_before).max())
    return (
        f"The convolution maps differ in {np.count_nonzero(before != after)} of {before.size} cells, the pooled "
        f"maps in {np.count_nonzero(pooled_before != pooled_after)} of {pooled_before.size} (largest difference "
        f"{largest:g})."
    )


def _row_of_eight() -> Lesson:
    # The same row twice, so that a 2x2 window holds exactly the cells of a window of two along the row.
    image = np.tile([0.0, 0.0, 1.0, 1.0], (1, 2, 2))
    return Lesson(
        "row",
        "A row of eight cells, moved by 1 pixel",
        "Pairs of cells line up with the pooling windows before the shift and straddle them after it. The "
        "input only moved; the pooled row is another one. (Zhang 2019, arXiv:1904.11486.)",
        _small_network(image, kernel_size=1),
        image,
        1,
        0,
        "wrap",
        0.0,
        None,
        False,
        _row_result,
    )


def _row_result(lesson: Lesson) -> str:
    stages = lesson.compare().stages
    pixels, pooled = stages["pixels"], stages["max"]
    return (
        f"{_written(pixels.original)} pools to {_written(pooled.original)}. Moved by {lesson.dx} it is "
        f"{_written(pixels.moved)} and pools to {_written(pooled.moved)}."
    )


def _bright_cell() -> Lesson:
    image = np.zeros((1, 6, 6))
    image[0, 2, 2] = 1
    return Lesson(
        "bright-cell",
        "One bright cell, moved to its eight neighbours",
        "Move the cell by one pixel in every direction. As long as it stays inside its 2x2 window the pool does "
        "not notice; one step further, and it lights up another cell.",
        _small_network(image, kernel_size=1),
        image,
        1,
        1,
        "fill",
        0.0,
        None,
        False,
        _bright_cell_result,
    )


def _bright_cell_result(lesson: Lesson) -> str:
    hidden = unchanged_shifts(lesson.image, mode=lesson.mode, background=lesson.background)
    listed = ", ".join(f"({dx:+d}, {dy:+d})" for dx, dy in hidden) or "none"
    return (
        f"{len(hidden)} of the {len(NEIGHBOURS)} one-pixel shifts leave the 2x2 max pool unchanged: (dx, dy) = "
        f"{listed}."
    )


def _digit_result(lesson: Lesson) -> str:
    comparison = lesson.compare()
    measured = {stage: pair.measured() for stage, pair in comparison.stages.items()}
    changes = ", ".join(
        f"{title} {measured[stage]['relative_change']:.2f}"
        for stage, title in (("pixels", "pixels"), ("convolution", "convolution"), ("max", "max pool"))
    )
    counts = comparison.winners.counts
    windows = sum(count.total for count in counts.values())
    changed = counts[WinnerChange.CHANGED].total
    residual = measured["max"]["equivariance_residual"]
    exactly = "exactly 0" if residual == 0 else f"{residual:.2f}"
    probability = comparison.output_measured()["probability_change"]
    return (
        f"Relative change: {changes}. The max pool's value changed in {changed} of {windows} windows. Against "
        f"the shifted pooled map the residual is {exactly} away from the border. The probability changed by "
        f"{probability:.3f}."
    )


def _small_network(image: FloatArray, kernel_size: int) -> Network:
    """One filter and a 2x2 max pool; a 1x1 filter passes the image on as it is."""
    network = Network.build(
        [
            ("conv1", Conv2D(1, kernel_size=kernel_size, bias=False, init="lab5")),
            ("pool1", MaxPool2D(2, ties="all")),
            ("flatten", Flatten()),
            ("dense1", Dense(1, init="lab5")),
        ],
        input_shape=image.shape,
        seed=0,
        dtype="float64",
    )
    if kernel_size > 1:
        return network
    return network.with_params(dict(network.params) | {"conv1.weight": np.ones((1, 1, 1, 1))})


def _written(row: FloatArray) -> str:
    """Write the first row of a map `(1, h, w)`; all rows are alike."""
    return "[" + ", ".join(f"{value:g}" for value in row[0, 0]) + "]"
