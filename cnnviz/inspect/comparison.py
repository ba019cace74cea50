"""How far the weights of two moments of a run, or of two runs, lie apart."""

from dataclasses import dataclass

import numpy as np

from cnnviz._types import FloatArray, Shape
from cnnviz._validation import check_int
from cnnviz.errors import ParameterError
from cnnviz.inspect.receptive_field import source_stage, stage_index, stage_shape
from cnnviz.network import Network


@dataclass(frozen=True, slots=True)
class ParameterChange:
    """Change of one parameter.

    * `name`: Such as "conv1.weight".
    * `norm`: Euclidean norm of the change over all its values, ``|now - then|``.
    * `relative`: `norm` as a share of ``|then|``; infinite where all values were 0 and some are not now.
    """

    name: str
    norm: float
    relative: float


def comparable(then: Network, now: Network) -> bool:
    """Whether two networks have the same parameters, by name and shape."""
    shapes = ({name: array.shape for name, array in net.params.items()} for net in (then, now))
    return next(shapes) == next(shapes)


def parameter_changes(then: Network, now: Network) -> list[ParameterChange]:
    """Return the change of every parameter, in the order of the layers; computed in float64.

    * Raises ParameterError: if the networks do not have the same parameters.
    """
    if not comparable(then, now):
        raise ParameterError(
            "Only networks with the same layers can be compared. "
            "Choose two moments of runs with the same settings."
        )
    return [_change(name, array, now.params[name]) for name, array in then.params.items()]


def weight_layers(network: Network) -> dict[str, int]:
    """Return the layers whose weights can be shown as maps, and how many sets of maps each has.

    A convolution has one set for each input channel: the kernels of all filters for that channel. A dense
    layer that follows feature maps has one for each unit: its weights laid out as the maps they multiply.
    """
    found: dict[str, int] = {}
    for name, layer in network.layers:
        if layer.has_filters:
            found[name] = network.params[f"{name}.weight"].shape[1]
        elif _map_shape(network, name) is not None:
            found[name] = len(network.params[f"{name}.weight"])
    return found


def weight_maps(network: Network, layer: str, index: int = 0) -> FloatArray:
    """Return one set of weights of a layer as maps.

    * `layer`: One of `weight_layers`.
    * `index`: Input channel of a convolution, unit of a dense layer.
    * Returns: ndarray of shape (maps, h, w). Read-only.
    * Raises ParameterError: if there is no such layer or set.
    """
    count = weight_layers(network).get(layer)
    if count is None:
        raise ParameterError(
            f"The 'layer' parameter of weight_maps must have maps of weights. Got {layer!r} instead."
        )
    check_int(index, "index", "weight_maps", minimum=0, maximum=count - 1)
    weight = network.params[f"{layer}.weight"]
    shape = _map_shape(network, layer)
    return weight[:, index] if shape is None else weight[index].reshape(shape)


def _change(name: str, then: FloatArray, now: FloatArray) -> ParameterChange:
    before = then.astype(np.float64)
    norm = float(np.linalg.norm(now.astype(np.float64) - before))
    size = float(np.linalg.norm(before))
    relative = norm / size if size else (float("inf") if norm else 0.0)
    return ParameterChange(name, norm, relative)


def _map_shape(network: Network, name: str) -> Shape | None:
    """Return the shape (c, h, w) of the maps whose values a dense layer weighs; None for any other layer."""
    index = stage_index(network, name)
    layer, shape = network.layers[index][1], stage_shape(network, source_stage(network, index))
    return shape if layer.geometry is None and not layer.only_renames and len(shape) == 3 else None
