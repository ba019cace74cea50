"""What the values of a stage are called in formulas, the same everywhere."""

from cnnviz.inspect.receptive_field import stage_index
from cnnviz.network import Network


def symbol_of(network: Network, stage: str) -> str:
    """Return the letter for a value of a stage: x for the input, else that of `Layer.symbol`.

    Raises
    ------
    ParameterError
        If there is no such stage.
    """
    for _, layer in reversed(network.layers[: stage_index(network, stage) + 1]):
        if layer.symbol:
            return layer.symbol
    return "x"
