"""Two-dimensional convolution (cross-correlation, as in every deep-learning library) and its gradients."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cnnviz._types import FloatArray, Params, Shape
from cnnviz.layers.base import Init, Layer, init_field
from cnnviz.layers.cells import CellPlace, ConvolutionCell
from cnnviz.layers.windows import CellSlices, WindowGeometry
from cnnviz.mathematics import Equation, Node, Sub, Sum, partial
from cnnviz.setting import number, yes_or_no

# A huge padding in a damaged or hostile file would fill the memory although weights and outputs are small.
MAX_PADDING = 1024

# The sums of so many bytes are finished before the next samples are touched: they stay in the L2 cache.
_CHUNK_BYTES = 128 * 1024


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
        Pixels of 0.0 added on each side, from 0 to 1024. (0.0 is mid-grey where pixels run from -0.5 to 0.5.)
    bias : bool
        Whether each filter adds a learned number.
    init : {"he", "glorot", "lab5"}
        How the kernels start; see `Layer.initial_parameters`.

    References
    ----------
    .. [1] Goodfellow, Bengio, Courville (2016), Deep Learning, equation 9.6.
    """

    title: ClassVar[str] = "Convolution"
    symbol: ClassVar[str] = "z"
    has_filters: ClassVar[bool] = True
    signed: ClassVar[bool | None] = True

    filters: int = number(1)
    kernel_size: int = number(
        1, None, 3, taken="kernel_size", title="Kernel",
        tip="Side of every filter in pixels, {low} to {high}. A 3 × 3 filter looks at 9 pixels at once.",
    )  # fmt: skip
    stride: int = number(
        1, None, 1, taken="stride", title="Stride",
        tip="Pixels from one place of a filter to the next, {low} to {high}. With stride 2 a map has about "
        "half the rows and half the columns, as behind a pool.",
    )  # fmt: skip
    padding: int = number(
        0, MAX_PADDING, 0, taken="padding", title="Padding",
        tip="Rows of zeros put around the image before each convolution, {low} to {high}. With padding 1 "
        "a 3 × 3 filter keeps the size of the image where the stride is 1.",
    )  # fmt: skip
    bias: bool = yes_or_no(
        True, taken="conv_bias", title="Filter bias",
        tip="Whether each filter adds a constant of its own. The exercise has none.",
    )  # fmt: skip
    init: Init = init_field()

    @property
    def about(self) -> str:
        """What it does."""
        bias = " and adds its bias" if self.bias else ""
        return f"Each filter slides over the maps before it and sums patch × filter{bias}."

    @property
    def geometry(self) -> WindowGeometry:
        """Windows of `kernel_size`, over the padding too."""
        return WindowGeometry(self.kernel_size, self.stride, -self.padding)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Shape `(filters, h', w')` with `h' = (h + 2 * padding - kernel_size) // stride + 1`."""
        return (self.filters, *self.geometry.output_sides(input_shape))

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Shapes `weight (filters, c, k, k)` and `bias (filters,)`."""
        kernels = {"weight": (self.filters, input_shape[0], self.kernel_size, self.kernel_size)}
        return kernels | ({"bias": (self.filters,)} if self.bias else {})

    def forward(self, x: FloatArray, params: Params) -> FloatArray:
        """Slide every filter over every image and add up the products.

        With `s` the stride and `x` padded,
        `out[n, f, u, v] = bias[f] + sum over c, i, j of weight[f, c, i, j] * x[n, c, u * s + i, v * s + j]`.

        The products are added in a fixed order over `(c, i, j)`, each addition rounded on its own, and the
        bias comes last. So equal patches give equal bits wherever they stand, and a sample gives the same
        bits alone and in any batch: ties in a following max pool are never lost to rounding. A matrix product
        promises neither.

        Some of the filters give the maps of these filters.
        """
        padded, slices, sides = self._taken(x)
        weight = params["weight"]
        # (c, k * k, f, 1, 1): the kernels in the order in which their products are added.
        kernels = weight.transpose(1, 2, 3, 0).reshape(weight.shape[1], len(slices), len(weight), 1, 1)
        out = np.empty((len(x), len(weight), *sides), dtype=x.dtype)
        step = max(1, _CHUNK_BYTES // max(1, out[:1].nbytes))
        scratch = np.empty_like(out[:step])
        for start in range(0, len(x), step):
            part, images = out[start : start + step], padded[start : start + step]
            product = scratch[: len(part)]
            for channel, entries in enumerate(kernels):
                for cell, (rows, columns) in enumerate(slices):
                    seen = images[:, channel, None, rows, columns]
                    if channel == 0 and cell == 0:
                        np.multiply(entries[cell], seen, out=part)
                    else:
                        np.multiply(entries[cell], seen, out=product)
                        np.add(part, product, out=part)
        if self.bias:
            out += params["bias"][:, None, None]
        return out

    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """Send each cell's gradient, times the kernel, back to the patch that it was computed from.

        Where patches overlap the contributions add up.
        """
        weight = params["weight"]
        padded, slices, sides = self._taken(x)
        n, channels = padded.shape[:2]
        # One matrix product per sample gives what every output cell sends to every cell of its patch.
        sent = np.matmul(weight.reshape(len(weight), -1).T, d_out.reshape(n, len(weight), -1))
        sent = sent.reshape(n, channels, len(slices), *sides)
        d_padded = np.zeros(padded.shape, dtype=d_out.dtype)
        for cell, (rows, columns) in enumerate(slices):
            d_padded[:, :, rows, columns] += sent[:, :, cell]
        pad = self.padding
        return d_padded if pad == 0 else np.ascontiguousarray(d_padded[:, :, pad:-pad, pad:-pad])

    def parameter_gradients(self, d_out: FloatArray, x: FloatArray, params: Params) -> Params:
        """Gradients of the kernels and of the bias: sums over the batch.

        A kernel entry has touched one input cell per output cell: its gradient is the sum of all those
        inputs, each times the gradient of the output cell it went into.
        """
        padded, slices, sides = self._taken(x)
        weight = params["weight"]
        by_filter = d_out.transpose(1, 0, 2, 3).reshape(len(weight), -1)
        touched = np.empty((padded.shape[1], len(slices), len(x), *sides), dtype=x.dtype)
        for cell, (rows, columns) in enumerate(slices):
            touched[:, cell] = padded[:, :, rows, columns].transpose(1, 0, 2, 3)
        d_weight = by_filter @ touched.reshape(padded.shape[1] * len(slices), -1).T
        gradients: Params = {"weight": d_weight.reshape(weight.shape)}
        return gradients | ({"bias": by_filter.sum(axis=1)} if self.bias else {})

    def _taken(self, x: FloatArray) -> tuple[FloatArray, list[CellSlices], tuple[int, int]]:
        """Padded images, the slices that pick each cell of all windows, and the sides of the output."""
        sides = self.geometry.output_sides(x.shape[1:])
        return self.geometry.padded(x), list(self.geometry.slices(*sides)), sides

    @np.errstate(over="ignore", invalid="ignore")
    def explain(self, at: CellPlace) -> ConvolutionCell:
        """A patch times a kernel."""
        rows, columns, patch = self.geometry.window(at.x, *at.cell[1:])
        kernel = at.params["weight"][at.cell[0]]
        products = patch * kernel
        running = np.add.accumulate(products.ravel())
        bias = float(at.params["bias"][at.cell[0]]) if self.bias else None
        rule = "Σ patch × filter" + " + bias" * self.bias
        return ConvolutionCell(
            at.layer, at.cell, at.value, rule, rows, columns, patch, kernel, products, running, bias
        )

    def equation(self, channels: int) -> Equation:
        """What it computes; `channels`: of its input."""
        over, weight = _kernel(channels)
        bias: Node = (Sub("b", "f"), "+") if self.bias else ()
        formula = (Sub("z", "f , i , j"), "=", bias, Sum(over), weight, "~", self._pixel(channels))
        parts = "a patch of the input" if channels == 1 else "the same patch of all input maps"
        added = ", plus the bias of the filter" if self.bias else ""
        padding = " Outside the map x is 0." if self.padding else ""
        return Equation(
            f"Convolution: every cell of a map is the sum of {parts} times the filter{added}.",
            formula,
            "The filter is not turned over: in mathematics this is a cross-correlation, which networks call "
            f"a convolution.{padding}",
        )

    def gradient_equation(self, channels: int, before: str = "x") -> Equation:
        """The gradient of a filter; `channels`: of its input."""
        weight, arriving = _kernel(channels)[1], partial("L", Sub("z", "f , i , j"))
        return Equation(
            "The gradient of a filter: every cell of its map adds the gradient that arrives, times the patch "
            "it was computed from.",
            (partial("L", weight), "=", Sum("i , j"), arriving, "~", self._pixel(channels)),
        )

    def _pixel(self, channels: int) -> Node:
        """Value that a weight is multiplied with."""
        step = "" if self.stride == 1 else f"{self.stride} "
        back = f" − {self.padding}" if self.padding else ""
        place = f"{step}i + a{back} , {step}j + b{back}"
        return Sub("x", place if channels == 1 else f"c , {place}")


def _kernel(channels: int) -> tuple[Node, Node]:
    """Indices of a kernel that are summed over, and one of its weights."""
    over = "a , b" if channels == 1 else "c , a , b"
    return over, Sub("w", f"f , {over}")
