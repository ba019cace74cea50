"""Small experiments that show what pooling keeps and what it does not; each measures its own result."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cnnviz._types import FloatArray
from cnnviz.layers import Conv2D, Dense, Flatten, MaxPool2D
from cnnviz.network import Network
from cnnviz.quantities import format_shift, format_together, format_value
from cnnviz.translation.comparison import Comparison, compare
from cnnviz.translation.shifting import BACKGROUND, shift

POOL_SIZE = 2
"""Side of the pooling windows that the lessons speak of, whatever pool the network itself has."""

NEIGHBOURS: tuple[tuple[int, int], ...] = tuple(
    (dx, dy) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if (dx, dy) != (0, 0)
)
"""The eight shifts by one pixel, as (dx, dy), row by row."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Lesson:
    """An image, a network, a shift, and what to look at.

    * `name`: short and stable, for settings and tests.
    * `title`, `look_at`: for the student.
    * `image`: shape (c, h, w). The original, in the values the network takes.
    * `dx`, `dy`: the shift to begin with.
    * `measure`: states, in a few sentences, what was measured.
    * `background`: value of a pixel without ink.
    """

    name: str
    title: str
    look_at: str
    network: Network
    image: FloatArray
    dx: int
    dy: int
    measure: "Callable[[Lesson], str]"
    background: float = 0.0

    def compare(self) -> Comparison:
        """Follow the image and its shifted self through the network."""
        return compare(
            self.network, self.image, self.dx, self.dy, background=self.background, pool_size=POOL_SIZE
        )

    def result(self) -> str:
        """Measure, and say what came out: numbers, never a promise."""
        return self.measure(self)


def toy_lessons() -> tuple[Lesson, ...]:
    """Lessons on small made-up images: two columns of dots, a row of eight cells, one bright cell."""
    return _dots(), _row_of_eight(), _bright_cell()


def unchanged_shifts(image: FloatArray, background: float = BACKGROUND) -> tuple[tuple[int, int], ...]:
    """Those of the `NEIGHBOURS` by which an image (c, h, w) can be shifted and pools to what it did."""
    pool = MaxPool2D(POOL_SIZE)
    pooled = pool.forward(image[None], {})
    return tuple(
        (dx, dy)
        for dx, dy in NEIGHBOURS
        if np.array_equal(pool.forward(shift(image, dx, dy, fill=background)[None], {}), pooled)
    )


def _dots() -> Lesson:
    image = np.zeros((1, 6, 6))
    image[0, 0::2, 4] = 1
    return Lesson(
        name="dots",
        title="Three dots, moved down by 1 pixel",
        look_at="Compare the convolution maps row by row, then the pooled maps. With any filter the shift "
        "swaps the two rows in each pooling window: what happens to the largest value of the window?",
        network=_small_network(image, kernel_size=3),
        image=image,
        dx=0,
        dy=1,
        measure=_dots_result,
    )


def _dots_result(lesson: Lesson) -> str:
    stages = lesson.compare().stages
    before, after = stages["convolution"].features()
    pooled_before, pooled_after = stages["max"].features()
    largest = float(np.abs(pooled_after - pooled_before).max())
    return (
        f"The convolution maps differ in {np.count_nonzero(before != after)} of {before.size} cells, the "
        f"pooled maps in {np.count_nonzero(pooled_before != pooled_after)} of {pooled_before.size} (largest "
        f"difference {format_value(largest)})."
    )


def _row_of_eight() -> Lesson:
    # The same row twice, so that a 2x2 window holds exactly the cells of a window of two along the row.
    image = np.tile([0.0, 0.0, 1.0, 1.0], (1, 2, 2))
    return Lesson(
        name="row",
        title="A row of eight cells, moved to the left by 1 pixel",
        look_at="Before the shift each pair of bright cells fills a pooling window; after it each pair lies "
        "across two windows. The input has only moved. Has the pooled row only moved, too? "
        "(Example of Zhang 2019, arXiv:1904.11486.)",
        network=_small_network(image, kernel_size=1),
        image=image,
        dx=-1,
        dy=0,
        measure=_row_result,
    )


def _row_result(lesson: Lesson) -> str:
    stages = lesson.compare().stages
    pixels, pooled = stages["pixels"], stages["max"]
    return (
        f"{_written(pixels.original)} pools to {_written(pooled.original)}. Moved by one it is "
        f"{_written(pixels.moved)} and pools to {_written(pooled.moved)}."
    )


def _bright_cell() -> Lesson:
    image = np.zeros((1, 6, 6))
    image[0, 2, 2] = 1
    return Lesson(
        name="bright-cell",
        title="One bright cell, moved to its eight neighbours",
        look_at="Move the cell by one pixel in each of the eight directions and count how often the pooled "
        "map stays the same. Where is the cell in its 2 × 2 window, and which neighbours share that window?",
        network=_small_network(image, kernel_size=1),
        image=image,
        dx=1,
        dy=1,
        measure=_bright_cell_result,
    )


def _bright_cell_result(lesson: Lesson) -> str:
    hidden = unchanged_shifts(lesson.image, lesson.background)
    listed = ", ".join(format_shift(dx, dy) for dx, dy in hidden) or "none"
    return (
        f"{len(hidden)} of the {len(NEIGHBOURS)} one-pixel shifts leave the 2 × 2 max pool unchanged: "
        f"(dx, dy) = {listed}."
    )


def _small_network(image: FloatArray, kernel_size: int) -> Network:
    """One filter and a 2x2 max pool; a 1x1 filter passes the image on as it is."""
    network = Network.build(
        [
            ("conv1", Conv2D(1, kernel_size=kernel_size, bias=False, init="lab5")),
            ("pool1", MaxPool2D(POOL_SIZE, ties="all")),
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
    return "[" + ", ".join(format_together(row[0, 0].tolist())) + "]"
