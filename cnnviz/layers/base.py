"""What every layer is: a frozen description of hyper-parameters, with pure forward and backward passes."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray, Params, Shape
from cnnviz.errors import ShapeError
from cnnviz.functional.max_pooling import TieRule
from cnnviz.layers.geometry import WindowGeometry


@dataclass(frozen=True, slots=True)
class Layer(ABC):
    """One layer of a network: its hyper-parameters, and nothing that changes in training.

    Parameters (weights) live outside, in a dict from their short name ("weight", "bias") to an array, so that
    a layer can be shared, compared, hashed and written to a file. Shapes leave the batch out: `(c, h, w)`
    for maps, `(d,)` for flat features.

    A layer says everything that others need to know about it: what it is called, where its windows stand,
    where it has kinks. Nobody else asks for its type to find out.

    Attributes
    ----------
    kind : str
        Name among the settings of an experiment; "" for a layer that cannot be chosen there.
    short, title : str
        What the window and the report call it, where there is little room and where there is more.
    symbol : str
        What its output is called in formulas: z for a sum of products, a for an activation, q for a pooled
        value. "" where it is called as its input is.
    mixes_channels : bool
        Whether a channel of the output depends on several channels of the input.
    is_piecewise_linear : bool
        Whether it acts as a linear map as long as none of its `states` changes.
    signed : bool or None
        Whether its output may be negative; None where that is as with its input.
    """

    kind: ClassVar[str] = ""
    short: ClassVar[str] = ""
    title: ClassVar[str] = ""
    symbol: ClassVar[str] = ""
    mixes_channels: ClassVar[bool] = True
    is_piecewise_linear: ClassVar[bool] = True
    signed: ClassVar[bool | None] = True

    @property
    def about(self) -> str:
        """What it does, in a sentence or two."""
        return ""

    @property
    def geometry(self) -> WindowGeometry | None:
        """Where its windows stand; None for a layer that does not read feature maps window by window."""
        return None

    @property
    def tie_rule(self) -> TieRule | None:
        """Who gets the gradient of tied cells; None for a layer that knows no ties."""
        return None

    @property
    def has_kinks(self) -> bool:
        """Whether it has `states`."""
        return False

    def states(self, x: FloatArray) -> NDArray[np.bool_]:
        """On which linear piece it works at each cell.

        Parameters
        ----------
        x : ndarray of shape (n, *input_shape)

        Returns
        -------
        boolean ndarray of shape (n, *output_shape, p)
            Which of the p cells that an output cell may take win, or, with p = 1, whether a gate is open.
        """
        raise NotImplementedError

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Short names of what the layer learns, in order; empty for a layer that learns nothing."""
        return ()

    @abstractmethod
    def output_shape(self, input_shape: Shape) -> Shape:
        """Shape of one sample's output.

        Parameters
        ----------
        input_shape : tuple of int
            Shape of one sample's input, without the batch.

        Raises
        ------
        ShapeError
            If the layer cannot take such an input. The text is the layer's need, without its name.
        """

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Shape of each parameter, by short name; empty for a layer that learns nothing."""
        del input_shape
        return {}

    def initial_parameters(
        self, input_shape: Shape, rng: "np.random.Generator", dtype: np.dtype[np.floating[Any]]
    ) -> Params:
        """Draw fresh parameters.

        Parameters
        ----------
        input_shape : tuple of int
            Shape of one sample's input.
        rng : numpy.random.Generator
            Source of randomness. Numbers are drawn in float64 and rounded after, so both dtypes start alike.
        dtype : numpy.dtype
            float32 or float64.
        """
        del input_shape, rng, dtype
        return {}

    @abstractmethod
    def forward(self, x: FloatArray, params: Params) -> FloatArray:
        """Output for a batch.

        Parameters
        ----------
        x : ndarray of shape (n, *input_shape)
        params : dict from short name to array

        Returns
        -------
        ndarray of shape (n, *output_shape), same dtype as `x`
        """

    @abstractmethod
    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """Gradient of the loss with respect to `x`.

        Parameters
        ----------
        d_out : ndarray of the shape of `out`
            Gradient of the loss with respect to the output.
        x, out : ndarray
            Input and output of `forward`.
        params : dict from short name to array

        Returns
        -------
        ndarray of the shape of `x`
        """

    def parameter_gradients(self, d_out: FloatArray, x: FloatArray, params: Params) -> Params:
        """Gradient of the loss with respect to each parameter; arguments as for `input_gradient`."""
        del d_out, x, params
        return {}

    def backward(
        self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params
    ) -> tuple[FloatArray, Params]:
        """Both gradients at once, `(d_x, d_params)`; arguments as for `input_gradient`."""
        return self.input_gradient(d_out, x, out, params), self.parameter_gradients(d_out, x, params)

    def to_dict(self) -> dict[str, Any]:
        """Describe the layer in values that JSON can hold; `layer_from_dict` reads it back."""
        return {"type": type(self).__name__} | {
            field.name: getattr(self, field.name) for field in fields(self)
        }


def normalise(layer: Layer, **values: Any) -> None:
    """Store checked values in a frozen layer while it is being made (`__post_init__` has no other way)."""
    for name, value in values.items():
        object.__setattr__(layer, name, value)


def map_sides(input_shape: Shape, side: int, padding: int = 0) -> tuple[int, int]:
    """Return height and width of padded maps, or raise `ShapeError` if no window of `side` pixels fits."""
    if len(input_shape) != 3:
        raise ShapeError("needs feature maps (c, h, w); put it before Flatten")
    height, width = (pixels + 2 * padding for pixels in input_shape[1:])
    if height < side or width < side:
        padded = f" after padding by {padding}" if padding else ""
        raise ShapeError(f"needs maps of at least {side} x {side} pixels, not {height} x {width}{padded}")
    return height, width
