"""Pooling layers: what all share, and the linear ones. All keep the number of channels."""

from dataclasses import dataclass, replace
from typing import ClassVar, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray, Params, Shape
from cnnviz.layers.base import Layer
from cnnviz.layers.cells import CellArithmetic, CellPlace, WeightedCell
from cnnviz.layers.windows import CellSlices, WindowGeometry
from cnnviz.mathematics import Equation, Sub, Sum, partial
from cnnviz.setting import number

TieRule = Literal["first", "all", "split"]
TIE_RULES: tuple[TieRule, ...] = ("first", "all", "split")
"""Who gets the gradient of tied cells; see `MaxPool2D.input_gradient`."""


class TieWords(NamedTuple):
    """A rule for ties in words.

    * `rule`: what it does; `tied`: what becomes of tied cells.
    * `takers`: to follow "passes the gradient of a window on"; `gets`: to follow "∂L/∂q".
    * `patches`: what the gradient of a window is multiplied with, in that of the filter before the pool.
    """

    rule: str
    tied: str
    takers: str
    gets: str
    patches: str


TIE_WORDS: dict[TieRule, TieWords] = {
    "first": TieWords(
        "The first of the tied cells, row by row, takes the gradient (PyTorch)",
        "Of tied cells the first gets it.",
        "to its winner, the first of tied ones",
        "  for the first winner",
        "the patch of its winner",
    ),
    "all": TieWords(
        "Each tied cell takes the whole gradient (as in the exercise)",
        "Each tied cell gets the whole gradient.",
        "to its winners, the whole of it to each",
        "  for each winner",
        "the sum of its winners' patches",
    ),
    "split": TieWords(
        "The tied cells share the gradient; the sum is kept",
        "Tied cells share it equally.",
        "to its winners, n of them, in equal parts",
        " / ties  for each winner",
        "the mean of its winners' patches",
    ),
}

RULE_WORDS = {
    "first": "first: the first winner takes it all",
    "all": "all: every winner takes all of it",
    "split": "split: the winners share it",
    "linear": "linear pool: every cell takes its weight",
}
"""Where what a window gets goes, by `PoolRouting.rule`."""


@dataclass(frozen=True, slots=True)
class Pool(Layer):
    """What pools share: a window becomes one number, channel by channel.

    Attributes
    ----------
    size : int
        Side of the window, and usually distance of the windows, in pixels, >= 1. Rows and columns that no
        whole window reaches are dropped.
    maps : str
        What its output is called.
    about_gradient : str
        Where it sends the gradient, in a sentence.
    has_winners : bool
        Whether each cell of its output is the maximum of its window.
    """

    symbol: ClassVar[str] = "q"
    mixes_channels: ClassVar[bool] = False
    maps: ClassVar[str] = ""
    about_gradient: ClassVar[str] = ""
    has_winners: ClassVar[bool] = False

    size: int = number(
        1, None, 2, taken="pool_size", title="Window",
        tip="Side of the pooling window in cells, {low} to {high}; windows do not overlap, so the side "
        "is the stride, too.",
    )  # fmt: skip

    @property
    def pool(self) -> Self:
        """Itself."""
        return self

    @property
    def step(self) -> int:
        """Pixels from one window to the next."""
        return self.size

    @property
    def geometry(self) -> WindowGeometry:
        """Windows of `size`, `step` apart."""
        return WindowGeometry(self.size, self.step)

    @property
    def has_kinks(self) -> bool:
        """Where a winner changes, in a pool that has winners."""
        return self.tie_rule is not None

    @property
    def weights(self) -> FloatArray:
        """Weight of each cell of a window, shape (k, k), of a linear pool."""
        size = self.geometry.size
        return np.full((size, size), 1 / size**2)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Shape `(c, (h - size) // step + 1, (w - size) // step + 1)`."""
        sides = WindowGeometry(self.size, self.step).output_sides(input_shape)
        return (input_shape[0], *sides)

    def slices(self, input_shape: Shape) -> list[CellSlices]:
        """Slices of maps `(n, c, h, w)` that pick each cell of all windows, row by row in the window."""
        return list(WindowGeometry(self.size, self.step).slices(*self.output_shape(input_shape[1:])[1:]))

    def windows(self, x: FloatArray) -> FloatArray:
        """Cells of all windows, shape (n, c, h', w', k, k)."""
        return self.geometry.windows(x, *self.output_shape(x.shape[1:])[1:])

    def shares(self, x: FloatArray, ties: TieRule | None = None) -> FloatArray:
        """How far the output moves with each cell of its window, which is its share of the gradient.

        Parameters
        ----------
        x : ndarray of shape (n, c, h, w)
            Linear pools do not look at its numbers.
        ties : {"first", "all", "split"}, optional
            Rule for tied cells; None means the pool's own.

        Returns
        -------
        ndarray of shape (n, c, h', w', k, k)
        """
        del ties
        weights = self.weights.astype(x.dtype)
        return np.broadcast_to(weights, (len(x), *self.output_shape(x.shape[1:]), *weights.shape))

    def winners(self, x: FloatArray) -> NDArray[np.bool_] | None:
        """Cells of each window that hold its maximum, of NaNs these; shape (n, c, h', w', size, size).

        None where an output cell is not the maximum of a single window.
        """
        del x
        return None

    def tied(self, x: FloatArray) -> NDArray[np.bool_]:
        """Whether several cells hold a maximum that an output cell takes, shape (n, c, h', w').

        Nowhere in a linear pool, which takes none.
        """
        return np.zeros((len(x), *self.output_shape(x.shape[1:])), dtype=bool)

    def at_every_cell(self, x: FloatArray) -> FloatArray:
        """Pool with the windows one cell apart.

        Parameters
        ----------
        x : ndarray of shape (n, c, h, w)

        Returns
        -------
        ndarray of shape (n, c, h'', w'')
            Every cell that sees nothing beyond the border has the bits that `forward` would give it.
        """
        raise NotImplementedError

    def explain(self, at: CellPlace) -> CellArithmetic:
        """A weighted sum of the window; of a blurred maximum, along the first winners."""
        channel, row, column = at.cell
        weights = self.shares(at.x[None], "first")[(0, *at.cell)]
        return WeightedCell.of(at, self.geometry.window(at.x[channel], row, column), weights)

    def gradient_equation(self, channels: int, before: str = "x") -> Equation:
        """Where it sends the gradient of its windows; `before`: letter for what it reads."""
        return Equation(
            "The pool passes the gradient of each window W on to its cells c, by their weights s.",
            (
                partial("L", Sub(before, "c")),
                "=",
                Sum("W"),
                Sub("s", "W , c"),
                "~",
                partial("L", Sub("q", "W")),
            ),
        )


@dataclass(frozen=True, slots=True)
class StridedPool(Pool):
    """A pool whose windows may overlap or leave gaps.

    Attributes
    ----------
    stride : int or None
        Pixels from one window to the next, >= 1. None means `size`.
    """

    stride: int | None = number(1, None, None, may_be_none=True)

    @property
    def step(self) -> int:
        """Pixels from one window to the next: `stride`, or `size` where that is None."""
        return self.size if self.stride is None else self.stride

    def at_every_cell(self, x: FloatArray) -> FloatArray:
        """See `Pool`."""
        return replace(self, stride=1).forward(x, {})


@dataclass(frozen=True, slots=True)
class AvgPool2D(StridedPool):
    """Mean of each window; attributes as of `StridedPool`."""

    kind: ClassVar[str] = "average"
    short: ClassVar[str] = "Average"
    title: ClassVar[str] = "Average pooling"
    maps: ClassVar[str] = "Average-pooled maps"
    about_gradient: ClassVar[str] = (
        "Average pooling has no winner: every cell of a window gets the same share of the gradient."
    )

    @property
    def about(self) -> str:
        """What it does."""
        return f"Mean of each {self.size} × {self.size} window."

    def forward(self, x: FloatArray, params: Params) -> FloatArray:
        """Sum of the cells of each window, added row by row, divided by their number."""
        total = np.zeros((len(x), *self.output_shape(x.shape[1:])), dtype=x.dtype)
        for rows, columns in self.slices(x.shape):
            total += x[:, :, rows, columns]
        total /= self.size * self.size
        return total

    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """Every cell of a window gets an equal share."""
        d_x = np.zeros(x.shape, dtype=d_out.dtype)
        share = d_out / (self.size * self.size)
        for rows, columns in self.slices(x.shape):
            d_x[:, :, rows, columns] += share
        return d_x


@dataclass(frozen=True, slots=True)
class SubsamplePool2D(Pool):
    """Top-left cell of each window: pooling that looks at one pixel and forgets the rest.

    Attributes
    ----------
    size : int
        Side of the window, and distance of the windows, in pixels, >= 1.
    """

    kind: ClassVar[str] = "subsample"
    short: ClassVar[str] = "Subsample"
    title: ClassVar[str] = "Subsampling"
    maps: ClassVar[str] = "Subsampled maps"
    about_gradient: ClassVar[str] = (
        "Subsampling reads only the first cell of each window, so only that cell gets the gradient."
    )

    @property
    def about(self) -> str:
        """What it does."""
        return (
            f"The top left value of each {self.size} × {self.size} window, without any pooling: what a "
            "stride alone does."
        )

    @property
    def geometry(self) -> WindowGeometry:
        """Windows of one cell."""
        return WindowGeometry(1, self.size)

    def at_every_cell(self, x: FloatArray) -> FloatArray:
        """See `Pool`."""
        return x

    def forward(self, x: FloatArray, params: Params) -> FloatArray:
        """Copy the first cell of each window."""
        rows, columns = self.slices(x.shape)[0]
        return x[:, :, rows, columns].copy()

    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """The cell that was kept gets the gradient, the others 0."""
        d_x = np.zeros(x.shape, dtype=d_out.dtype)
        rows, columns = self.slices(x.shape)[0]
        d_x[:, :, rows, columns] = d_out
        return d_x
