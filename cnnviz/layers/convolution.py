"""Convolution layer."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from cnnviz import functional
from cnnviz._types import FloatArray, Params, Shape
from cnnviz._validation import check_choice, check_int
from cnnviz.layers.base import Layer, map_sides, normalise
from cnnviz.layers.geometry import WindowGeometry
from cnnviz.layers.initialisation import INITS, Init, draw_weight

# A huge padding in a damaged or hostile file would fill the memory although weights and outputs are small.
MAX_PADDING = 1024


@dataclass(frozen=True, slots=True)
class Conv2D(Layer):
    """Convolution with square kernels: `(c, h, w)` becomes `(filters, h', w')`.

    Attributes
    ----------
    filters : int
        Number of filters, and of feature maps that come out, >= 1.
    kernel_size : int
        Side of the kernels in pixels, >= 1.
    stride : int
        Pixels from one window to the next, >= 1.
    padding : int
        Pixels of 0.0 added on each side, from 0 to 1024.
    bias : bool
        Whether each filter adds a learned number.
    init : {"he", "glorot", "lab5"}
        How the kernels start; see `cnnviz.layers.initialisation.draw_weight`. The bias starts at 0.

    Raises
    ------
    ParameterError
        If a value lies outside its range.
    """

    title: ClassVar[str] = "Convolution"
    symbol: ClassVar[str] = "z"

    filters: int
    kernel_size: int = 3
    stride: int = 1
    padding: int = 0
    bias: bool = True
    init: Init = "he"

    def __post_init__(self) -> None:
        normalise(
            self,
            filters=check_int(self.filters, "filters", "Conv2D", minimum=1),
            kernel_size=check_int(self.kernel_size, "kernel_size", "Conv2D", minimum=1),
            stride=check_int(self.stride, "stride", "Conv2D", minimum=1),
            padding=check_int(self.padding, "padding", "Conv2D", minimum=0, maximum=MAX_PADDING),
            bias=check_choice(self.bias, "bias", "Conv2D", (True, False)),
            init=check_choice(self.init, "init", "Conv2D", INITS),
        )

    @property
    def about(self) -> str:
        """What it does."""
        bias = " and adds its bias" if self.bias else ""
        return f"Each filter slides over the maps before it and sums patch × kernel{bias}."

    @property
    def geometry(self) -> WindowGeometry:
        """Windows of `kernel_size`, over the padding too."""
        return WindowGeometry(self.kernel_size, self.stride, -self.padding)

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """`weight`, and `bias` if there is one."""
        return ("weight", "bias") if self.bias else ("weight",)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Shape `(filters, h', w')` with `h' = (h + 2 * padding - kernel_size) // stride + 1`."""
        sides = map_sides(input_shape, self.kernel_size, self.padding)
        return (self.filters, *((side - self.kernel_size) // self.stride + 1 for side in sides))

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Shapes `weight (filters, c, k, k)` and `bias (filters,)`."""
        kernels = {"weight": (self.filters, input_shape[0], self.kernel_size, self.kernel_size)}
        return kernels | ({"bias": (self.filters,)} if self.bias else {})

    def initial_parameters(
        self, input_shape: Shape, rng: "np.random.Generator", dtype: np.dtype[np.floating[Any]]
    ) -> Params:
        """Kernels by `init`, bias 0."""
        shapes = self.parameter_shapes(input_shape)
        params: Params = {"weight": draw_weight(self.init, shapes["weight"], rng, dtype)}
        return params | ({"bias": np.zeros(shapes["bias"], dtype)} if self.bias else {})

    def forward(self, x: FloatArray, params: Params) -> FloatArray:
        """Convolve; see `cnnviz.functional.conv2d`."""
        return functional.conv2d(x, params["weight"], params.get("bias"), self.stride, self.padding)

    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """See `cnnviz.functional.conv2d_input_gradient`."""
        return functional.conv2d_input_gradient(d_out, x, params["weight"], self.stride, self.padding)

    def parameter_gradients(self, d_out: FloatArray, x: FloatArray, params: Params) -> Params:
        """See `cnnviz.functional.conv2d_weight_gradient`."""
        d_weight, d_bias = functional.conv2d_weight_gradient(
            d_out, x, params["weight"], self.stride, self.padding
        )
        return {"weight": d_weight, "bias": d_bias} if self.bias else {"weight": d_weight}
