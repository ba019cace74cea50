"""Pools by their names."""

from cnnviz.errors import ParameterError
from cnnviz.inspect.receptive_field import stage_index
from cnnviz.layers import Pool
from cnnviz.network import Network


def find_pool(network: Network, layer: str) -> tuple[int, Pool]:
    """Position of a pool in `network.layers`, and the pool.

    Raises
    ------
    ParameterError
        If there is no such layer, or it is no pool.
    """
    index = stage_index(network, layer)
    pool = network.layers[index][1] if index >= 0 else None
    if not isinstance(pool, Pool):
        raise ParameterError(f"Only a pool has windows; {layer!r} is none.")
    return index, pool


def find_max_pool(network: Network, layer: str) -> tuple[int, Pool]:
    """Position of a pool that takes a maximum, blurred or not, in `network.layers`, and the pool.

    Raises
    ------
    ParameterError
        If there is no such layer, or it takes no maximum.
    """
    index, pool = find_pool(network, layer)
    if pool.tie_rule is None:
        raise ParameterError(f"Only a max pool has winners and ties; {layer!r} is none.")
    return index, pool
