"""The computation of one cell, or of one logit, written out with the numbers of one image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from cnnviz._types import FloatArray, IntArray
from cnnviz._validation import check_int
from cnnviz.datasets import to_input
from cnnviz.errors import ParameterError
from cnnviz.inspect.receptive_field import (
    INPUT,
    checked_cell,
    source_stage,
    stage_index,
    stage_shape,
    stage_values,
)
from cnnviz.layers.cells import CellArithmetic, CellPlace
from cnnviz.network import Network, Trace, own_params

LARGEST = 10
"""How many terms of a dense unit are listed, if not asked otherwise."""


def explain_cell(
    network: Network, trace: Trace, layer: str, cell: Sequence[int], largest: int = LARGEST
) -> CellArithmetic:
    """Write out how one cell was computed.

    Parameters
    ----------
    trace : Trace
        What `network.forward` returned for the image; of several it is the first (see `Trace.one`).
    layer : str
        Name of the layer whose output the cell belongs to.
    cell : sequence of int
        `(channel, row, column)`, or `(unit,)` in a flat stage.
    largest : int
        How many terms of a dense unit to list one by one, >= 0.

    Raises
    ------
    ParameterError
        If there is no such layer or cell, or the layer is the input, which is not computed.
    """
    if layer == INPUT:
        raise ParameterError("The input is not computed from anything: choose a cell of a layer.")
    place = checked_cell(network, layer, cell)
    index = stage_index(network, layer)
    x = stage_values(network, trace, index - 1)[0]
    value = float(trace.outputs[layer][0][place])
    check_int(largest, "largest", "explain_cell", minimum=0)
    source = source_stage(network, index)
    described = network.layers[index][1]
    own = own_params(layer, described, network.params)
    return described.explain(
        CellPlace(layer, place, value, x, own, source, stage_shape(network, source), largest)
    )


@dataclass(frozen=True, slots=True, eq=False)
class LogitContributions:
    """A logit taken apart: `logit = contributions.sum() + bias + remainder`, and `blank` if there is one.

    * `layer`: stage whose cells the contributions belong to.
    * `class_index`: which logit; 0 where there is only one, which speaks for class 1.
    * `contributions`: of each cell of the stage, in the network's dtype.
    * `biases`: of each bias after the stage; none relative to a blank image, whose logit holds them.
    * `remainder`: what the contributions and biases leave unexplained: rounding only, if `exact`.
    * `exact`: whether the decomposition holds whatever the weights. If not (there is a sigmoid or tanh
      between the stage and the logit, or, relative to a blank image, anything that is not linear), it is a
      linearisation around this image, and the remainder is what the curvature adds.
    * `blank`, `blank_values`: logit of a blank image, and what it has in the stage, if the contributions are
      relative to one.
    """

    layer: str
    class_index: int
    contributions: FloatArray
    biases: Mapping[str, float]
    remainder: float
    logit: float
    exact: bool
    blank: float | None = None
    blank_values: FloatArray | None = None

    @property
    def bias(self) -> float:
        """Sum of the contributions of all biases."""
        return sum(self.biases.values())


def logit_contributions(
    network: Network, trace: Trace, layer: str, class_index: int = 0, *, relative: bool = False
) -> LogitContributions:
    """Take a logit apart into contributions of the cells of a stage, such as the last pooled maps.

    Where one dense layer follows the maps, the contribution of a cell is its weight times its value, and the
    rest is the bias. Otherwise it is the derivative of the logit times the value,

        contribution[c, y, x] = d logit / d a[c, y, x] * a[c, y, x].

    Dense layers, convolutions, ReLU, leaky ReLU and all pools are positively homogeneous of degree one in
    their input and biases together, so by Euler's theorem the contributions and `d logit / d b * b` of every
    bias `b` add up to the logit, exactly: the image chooses a path of open gates and winners, and along this
    path the network is linear. (Each tied window needs one winner for that: the first, whatever the rule of
    the network.) Sigmoid and tanh are not homogeneous: there it is a first-order Taylor expansion, and the
    remainder is given.

    Black pixels are not zero at the input, so a blank image has evidence, too: a network may be sure of it.
    Relative to a blank image the values count less its own, and its logit takes the place of the biases,

        contribution[c, y, x] = d logit / d a[c, y, x] * (a[c, y, x] - a_blank[c, y, x]).

    That adds up exactly where all that follows is linear.

    Parameters
    ----------
    trace : Trace
        What `network.forward` returned for the image; of several it is the first.
    layer : str
        Name of the layer whose cells get the contributions, or ``"input"``. Any stage will do.
    class_index : int
        Which logit, from 0.
    relative : bool
        Whether contributions are relative to a blank image.

    Raises
    ------
    ParameterError
        If there is no such layer or logit.

    References
    ----------
    .. [1] Ancona, Ceolini, Öztireli, Gross (2018), Towards Better Understanding of Gradient-based Attribution
       Methods for Deep Neural Networks, ICLR, arXiv:1711.06104 (gradient × input).
    """
    one = trace.one(0)
    check_int(class_index, "class_index", "logit_contributions", 0, trace.logits.shape[1] - 1)
    index = stage_index(network, layer)
    with np.errstate(over="ignore", invalid="ignore"):
        slopes, biases = slopes_of_logits(network, one, index, np.array([class_index]))
        values, blank, blank_values = stage_values(network, one, index), None, None
        if relative:
            of_blank = network.forward(to_input(np.zeros((1, *network.input_shape), np.uint8), network.dtype))
            blank = float(of_blank.logits[0, class_index])
            blank_values = stage_values(network, of_blank, index)
            values, blank_values, biases = values - blank_values, blank_values[0], {}
        contributions = (slopes * values)[0]
        logit = float(trace.logits[0, class_index])
        total = float(contributions.sum(dtype=np.float64)) + sum(biases.values()) + (blank or 0.0)
    after = [later for _, later in network.layers[index + 1 :]]
    exact = all(later.is_piecewise_linear and not (relative and later.has_kinks) for later in after)
    by_name = MappingProxyType(biases)
    return LogitContributions(
        layer, class_index, contributions, by_name, logit - total, logit, exact, blank, blank_values
    )


def slopes_of_logits(
    network: Network, trace: Trace, index: int, class_indices: IntArray
) -> tuple[FloatArray, dict[str, float]]:
    """Derivative of one logit of each sample of a batch by the cells of a stage, and what each bias adds.

    Times the value of a cell the derivative is what the cell contributes to the logit; see
    `logit_contributions`.

    * `index`: position of the stage's layer, -1 for the input; biases are those of the layers after it.
    * `class_indices`: shape (n,).
    * Returns: shape (n, c, h, w) or (n, d), in the network's dtype.
    """
    slopes = np.zeros_like(trace.logits)
    slopes[np.arange(len(slopes)), class_indices] = 1
    biases: dict[str, float] = {}
    for position in range(len(network.layers) - 1, index, -1):
        name, layer = network.layers[position]
        own = own_params(name, layer, network.params)
        if "bias" in own:
            bias = own["bias"].reshape(-1, *(1,) * (slopes.ndim - 2))
            biases[f"{name}.bias"] = float((slopes * bias).sum(dtype=np.float64))
        before = stage_values(network, trace, position - 1)
        if layer.tie_rule is not None:
            layer = replace(layer, ties="first")
        slopes = layer.input_gradient(slopes, before, trace.outputs[name], own)
    return slopes, biases
