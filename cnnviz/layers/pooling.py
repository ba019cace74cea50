"""Pooling layers. All keep the number of channels."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from cnnviz import functional
from cnnviz._types import FloatArray, Params, Shape
from cnnviz._validation import check_int
from cnnviz.functional.max_pooling import TieRule
from cnnviz.layers.base import Layer, map_sides, normalise
from cnnviz.layers.geometry import WindowGeometry


@dataclass(frozen=True, slots=True)
class Pool(Layer):
    """What pools share: a window becomes one number, channel by channel.

    Attributes
    ----------
    size : int
        Side of the window, and usually distance of the windows, in pixels, >= 1.
    maps : str
        What its output is called.
    about_gradient : str
        Where it sends the gradient, in a sentence.

    Raises
    ------
    ParameterError
        If a value lies outside its range.
    """

    symbol: ClassVar[str] = "q"
    mixes_channels: ClassVar[bool] = False
    signed: ClassVar[bool | None] = None
    maps: ClassVar[str] = ""
    about_gradient: ClassVar[str] = ""

    size: int = 2

    def __post_init__(self) -> None:
        normalise(self, size=check_int(self.size, "size", type(self).__name__, minimum=1))

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
        sides = map_sides(input_shape, self.size)
        return (input_shape[0], *((side - self.size) // self.step + 1 for side in sides))

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


def every(number: int) -> str:
    """Say which cells of a row are taken, such as "every third cell"."""
    return "every cell" if number == 1 else f"every {_ORDINALS.get(number, f'{number}th')} cell"


_ORDINALS = {2: "second", 3: "third", 4: "fourth"}


@dataclass(frozen=True, slots=True)
class StridedPool(Pool):
    """A pool whose windows may overlap or leave gaps.

    Attributes
    ----------
    stride : int or None
        Pixels from one window to the next, >= 1. None means `size`.

    Raises
    ------
    ParameterError
        If a value lies outside its range.
    """

    stride: int | None = None

    def __post_init__(self) -> None:
        Pool.__post_init__(self)
        if self.stride is not None:
            normalise(self, stride=check_int(self.stride, "stride", type(self).__name__, minimum=1))

    @property
    def step(self) -> int:
        """Pixels from one window to the next: `stride`, or `size` where that is None."""
        return self.size if self.stride is None else self.stride


@dataclass(frozen=True, slots=True)
class AvgPool2D(StridedPool):
    """Mean of each window.

    Attributes
    ----------
    size : int
        Side of the window in pixels, >= 1.
    stride : int or None
        Pixels from one window to the next, >= 1. None means `size`.

    Raises
    ------
    ParameterError
        If a value lies outside its range.
    """

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

    def at_every_cell(self, x: FloatArray) -> FloatArray:
        """See `Pool`."""
        return functional.avg_pool2d(x, self.size, 1)

    def forward(self, x: FloatArray, params: Params) -> FloatArray:
        """See `cnnviz.functional.avg_pool2d`."""
        return functional.avg_pool2d(x, self.size, self.step)

    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """See `cnnviz.functional.avg_pool2d_backward`."""
        return functional.avg_pool2d_backward(d_out, x.shape, self.size, self.step)


@dataclass(frozen=True, slots=True)
class SubsamplePool2D(Pool):
    """Top-left cell of each window.

    Attributes
    ----------
    size : int
        Side of the window, and distance of the windows, in pixels, >= 1.

    Raises
    ------
    ParameterError
        If a value lies outside its range.
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
        """See `cnnviz.functional.subsample_pool2d`."""
        return functional.subsample_pool2d(x, self.size)

    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """See `cnnviz.functional.subsample_pool2d_backward`."""
        return functional.subsample_pool2d_backward(d_out, x.shape, self.size)
