"""What every layer is: a frozen description of hyper-parameters, with pure passes; and how weights start."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray, IntArray, Params, Shape
from cnnviz.layers.cells import CellArithmetic, CellPlace, WeightedCell
from cnnviz.layers.windows import WindowGeometry
from cnnviz.mathematics import Equation
from cnnviz.setting import check_settings, one_of, settings_of

Init = Literal["he", "glorot", "lab5"]


EXERCISE = "N(0, 1)/10 for filters, N(0, 1)/inputs for dense units"
"""How weights start that start as in the exercise."""


def init_field() -> Any:
    """A field of a layer that says how its weights start."""
    return one_of(
        (("lab5", "exercise"), ("he", "He"), ("glorot", "Glorot")),
        "he",
        taken="init",
        title="Start weights",
        tip=f"Spread of the random initial weights. Exercise: {EXERCISE}. He suits ReLU, Glorot suits tanh "
        "and sigmoid.",
    )


if TYPE_CHECKING:
    from cnnviz.layers.pooling import Pool, TieRule


@dataclass(frozen=True, slots=True)
class Layer(ABC):
    """One layer of a network: its hyper-parameters, and nothing that changes in training.

    Parameters (weights) live outside, in a dict from their short name ("weight", "bias") to an array, so that
    a layer can be shared, compared, hashed and written to a file. Shapes leave the batch out: `(c, h, w)`
    for maps, `(d,)` for flat features.

    A layer says everything that others need to know about it: what it is called, where its windows stand,
    where it has kinks, how a cell came about. Nobody else asks for its type to find out. What it does not say
    has a default that is right for a layer that learns nothing.

    Attributes
    ----------
    kind : str
        Name among the settings of an experiment; "" for a layer that cannot be chosen there.
    title, short : str
        What the window and the report call it, and where there is little room, if otherwise.
    symbol : str
        What its output is called in formulas: z for a sum of products, a for an activation, q for a pooled
        value. "" where it is called as its input is.
    mixes_channels : bool
        Whether a channel of the output depends on several channels of the input.
    has_filters : bool
        Whether its "weight" `(f, c, k, k)` holds kernels that slide over the maps and make one map each.
    is_elementwise : bool
        Whether a cell depends on the cell at the same place alone.
    only_renames : bool
        Whether it hands the same values on under other indices.
    is_piecewise_linear : bool
        Whether it acts as a linear map as long as none of its `states` changes.
    has_gates : bool
        Whether it is shut for some values: their slope is 0.
    signed : bool or None
        Whether its output may be negative; None where that is as with its input.

    Raises
    ------
    ParameterError
        If a value lies outside its range.
    """

    kind: ClassVar[str] = ""
    short: ClassVar[str] = ""
    title: ClassVar[str] = ""
    symbol: ClassVar[str] = ""
    mixes_channels: ClassVar[bool] = True
    has_filters: ClassVar[bool] = False
    is_elementwise: ClassVar[bool] = False
    only_renames: ClassVar[bool] = False
    is_piecewise_linear: ClassVar[bool] = True
    has_gates: ClassVar[bool] = False
    signed: ClassVar[bool | None] = None

    def __post_init__(self) -> None:
        """Check all settings."""
        check_settings(self)

    @classmethod
    def taken_from(cls, settings: object, **given: Any) -> Self:
        """Make the layer that an experiment describes.

        * `settings`: has the attributes that the layer's settings are `taken` from.
        * `given`: values of its other settings; what is left out takes its default.
        """
        own = {name: setting.taken for name, setting in settings_of(cls).items()}
        return cls(**{name: getattr(settings, taken) for name, taken in own.items() if taken}, **given)

    @property
    def about(self) -> str:
        """What it does, in a sentence or two."""
        return ""

    @property
    def formula(self) -> str:
        """What it makes of a number `z`, in text, if it is elementwise."""
        return ""

    @property
    def about_slope(self) -> str:
        """Its derivative, with `z` for the input and `a` for the output, if it is elementwise."""
        return ""

    def equation(self, channels: int) -> Equation | None:
        """What it computes, as a formula; `channels`: of its input. None if there is nothing to say."""
        del channels
        return None

    def gradient_equation(self, channels: int, before: str = "x") -> Equation | None:
        """What it makes of a gradient; `channels`: of its input, `before`: letter for a value of that."""
        del channels, before
        return None

    @property
    def pool(self) -> "Pool | None":
        """The layer, if it makes one number of each window by shares; None for all others."""
        return None

    @property
    def geometry(self) -> WindowGeometry | None:
        """Where its windows stand; None for a layer that does not read feature maps window by window."""
        return None

    @property
    def tie_rule(self) -> "TieRule | None":
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
        return tuple(self.parameter_shapes((1, 1, 1)))

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
        """Draw the weights from a normal distribution around 0; a bias starts at 0.

        The setting `init` says the standard deviation: `sqrt(2 / fan_in)` for "he" [1]_,
        `sqrt(2 / (fan_in + fan_out))` for "glorot" [2]_, or the laboratory exercise's for "lab5": 1/10 for
        kernels and `1 / fan_in` for dense weights. One output sees `fan_in` inputs, one input reaches
        `fan_out` outputs.

        Parameters
        ----------
        input_shape : tuple of int
            Shape of one sample's input.
        rng : numpy.random.Generator
            Source of randomness. Numbers are drawn in float64 and rounded after, so both dtypes start alike.
        dtype : numpy.dtype
            float32 or float64.

        References
        ----------
        .. [1] He, Zhang, Ren, Sun (2015), Delving Deep into Rectifiers, arXiv:1502.01852.
        .. [2] Glorot, Bengio (2010), Understanding the difficulty of training deep feedforward neural
           networks.
        """
        shapes = self.parameter_shapes(input_shape)
        if "weight" not in shapes:
            return {}
        shape, init = shapes["weight"], getattr(self, "init", "he")
        fan_in, fan_out = prod(shape[1:]), shape[0] * prod(shape[2:])
        numbers = rng.standard_normal(shape)
        if init == "lab5":
            # Divided, as in the exercise, and not scaled by a rounded 1/10: the bits are the same.
            numbers = numbers / (10 if len(shape) == 4 else fan_in)
        else:
            numbers = numbers * (2 / fan_in if init == "he" else 2 / (fan_in + fan_out)) ** 0.5
        params: Params = {"weight": numbers.astype(dtype)}
        return params | ({"bias": np.zeros(shapes["bias"], dtype)} if "bias" in shapes else {})

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

    def changed(
        self,
        x: FloatArray,
        out: FloatArray,
        params: Params,
        name: str,
        places: tuple[IntArray, ...],
        deltas: FloatArray,
    ) -> FloatArray:
        """Output of many layers that differ from this one in one number of a parameter each.

        Of the output, only the channel (or the unit) that a number belongs to changes: that of its first
        index.

        Parameters
        ----------
        x, out : ndarray
            Input and output of `forward` for a batch of one.
        name : str
            Short name of the parameter.
        places : tuple of ndarray of shape (v,)
            Indices of the numbers.
        deltas : ndarray of shape (v,)
            How much each of them is changed.

        Returns
        -------
        ndarray of shape (v, *output_shape[1:])
            The channel that changes.
        """
        del out
        channels, *inside = places
        # The changed channels side by side, as if they were the channels of one wide layer.
        changed = {short: array[channels] for short, array in params.items()}
        changed[name][(np.arange(len(channels)), *inside)] += deltas
        return self.forward(x, changed)[0]

    def explain(self, at: CellPlace) -> CellArithmetic:
        """Write out how one cell of the output was computed.

        Of a layer that reads windows, channel by channel, it is what the weights of its slopes make of the
        window; of any other it is the value alone.
        """
        if self.geometry is None or self.mixes_channels:
            return CellArithmetic(at.layer, at.cell, at.value, "")
        channel, row, column = at.cell
        x = at.x[None]
        out = self.forward(x, at.params)
        chosen = np.zeros_like(out)
        chosen[0, channel, row, column] = 1
        weights = self.input_gradient(chosen, x, out, at.params)[0, channel]
        return WeightedCell.of(
            at,
            self.geometry.window(at.x[channel], row, column),
            self.geometry.window(weights, row, column)[2],
        )
