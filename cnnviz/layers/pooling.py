"""Pooling layers. All keep the number of channels."""

from dataclasses import dataclass

from cnnviz import functional
from cnnviz._types import FloatArray, Params, Shape
from cnnviz._validation import check_choice, check_int
from cnnviz.functional.max_pooling import TieRule
from cnnviz.layers.base import Layer, map_sides, normalise


def _pooled_shape(input_shape: Shape, size: int, stride: int) -> Shape:
    sides = map_sides(input_shape, size)
    return (input_shape[0], *((side - size) // stride + 1 for side in sides))


@dataclass(frozen=True, slots=True)
class MaxPool2D(Layer):
    """Largest value of each window.

    Attributes
    ----------
    size : int
        Side of the window in pixels, >= 1.
    stride : int or None
        Pixels from one window to the next, >= 1. None means `size`.
    ties : {"first", "all", "split"}
        Who gets the gradient when several cells share the largest value; see
        `cnnviz.functional.max_pool2d_backward`.

    Raises
    ------
    ParameterError
        If a value lies outside its range.
    """

    size: int = 2
    stride: int | None = None
    ties: TieRule = "first"

    def __post_init__(self) -> None:
        normalise(
            self,
            size=check_int(self.size, "size", "MaxPool2D", minimum=1),
            stride=None if self.stride is None else check_int(self.stride, "stride", "MaxPool2D", minimum=1),
            ties=check_choice(self.ties, "ties", "MaxPool2D", functional.TIE_RULES),
        )

    @property
    def step(self) -> int:
        """Pixels from one window to the next: `stride`, or `size` where that is None."""
        return self.size if self.stride is None else self.stride

    def output_shape(self, input_shape: Shape) -> Shape:
        """Shape `(c, (h - size) // step + 1, (w - size) // step + 1)`."""
        return _pooled_shape(input_shape, self.size, self.step)

    def forward(self, x: FloatArray, params: Params) -> FloatArray:
        """See `cnnviz.functional.max_pool2d`."""
        return functional.max_pool2d_values(x, self.size, self.step)

    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """See `cnnviz.functional.max_pool2d_backward`."""
        return functional.max_pool2d_backward(d_out, x, out, self.size, self.step, self.ties)


@dataclass(frozen=True, slots=True)
class AvgPool2D(Layer):
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

    size: int = 2
    stride: int | None = None

    def __post_init__(self) -> None:
        normalise(
            self,
            size=check_int(self.size, "size", "AvgPool2D", minimum=1),
            stride=None if self.stride is None else check_int(self.stride, "stride", "AvgPool2D", minimum=1),
        )

    @property
    def step(self) -> int:
        """Pixels from one window to the next: `stride`, or `size` where that is None."""
        return self.size if self.stride is None else self.stride

    def output_shape(self, input_shape: Shape) -> Shape:
        """Shape `(c, (h - size) // step + 1, (w - size) // step + 1)`."""
        return _pooled_shape(input_shape, self.size, self.step)

    def forward(self, x: FloatArray, params: Params) -> FloatArray:
        """See `cnnviz.functional.avg_pool2d`."""
        return functional.avg_pool2d(x, self.size, self.step)

    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """See `cnnviz.functional.avg_pool2d_backward`."""
        return functional.avg_pool2d_backward(d_out, x.shape, self.size, self.step)


@dataclass(frozen=True, slots=True)
class BlurPool2D(Layer):
    """Anti-aliased pooling: blur, then keep every `size`-th pixel.

    Attributes
    ----------
    size : int
        Distance of the pixels that are kept (the stride), >= 1.
    taps : {2, 3, 4, 5}
        Length of the binomial blur kernel.

    Raises
    ------
    ParameterError
        If a value lies outside its range.
    """

    size: int = 2
    taps: int = 3

    def __post_init__(self) -> None:
        normalise(
            self,
            size=check_int(self.size, "size", "BlurPool2D", minimum=1),
            taps=check_choice(
                check_int(self.taps, "taps", "BlurPool2D"),
                "taps",
                "BlurPool2D",
                tuple(functional.BLUR_KERNELS),
            ),
        )

    def output_shape(self, input_shape: Shape) -> Shape:
        """Shape `(c, h // size, w // size)`."""
        return _pooled_shape(input_shape, self.size, self.size)

    def forward(self, x: FloatArray, params: Params) -> FloatArray:
        """See `cnnviz.functional.blur_pool2d`."""
        return functional.blur_pool2d(x, self.size, self.taps)

    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """See `cnnviz.functional.blur_pool2d_backward`."""
        return functional.blur_pool2d_backward(d_out, x.shape, self.size, self.taps)


@dataclass(frozen=True, slots=True)
class SubsamplePool2D(Layer):
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

    size: int = 2

    def __post_init__(self) -> None:
        normalise(self, size=check_int(self.size, "size", "SubsamplePool2D", minimum=1))

    def output_shape(self, input_shape: Shape) -> Shape:
        """Shape `(c, h // size, w // size)`."""
        return _pooled_shape(input_shape, self.size, self.size)

    def forward(self, x: FloatArray, params: Params) -> FloatArray:
        """See `cnnviz.functional.subsample_pool2d`."""
        return functional.subsample_pool2d(x, self.size)

    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """See `cnnviz.functional.subsample_pool2d_backward`."""
        return functional.subsample_pool2d_backward(d_out, x.shape, self.size)
