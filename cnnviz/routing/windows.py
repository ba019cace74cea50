"""The windows of a pool, and who wins them."""

import numpy as np

from cnnviz._types import FloatArray, IntArray
from cnnviz.errors import ParameterError
from cnnviz.inspect.receptive_field import stage_index
from cnnviz.layers import MaxPool2D, Pool
from cnnviz.network import Network


def winner_counts(x: FloatArray, pool: MaxPool2D) -> IntArray:
    """Count the winners of each window: 1 where there is no tie; shape `(n, c, h', w')`."""
    return pool.winners(x).sum(axis=(-2, -1), dtype=np.intp)


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


def find_max_pool(network: Network, layer: str) -> tuple[int, MaxPool2D]:
    """Position of a max pool in `network.layers`, and the pool.

    Raises
    ------
    ParameterError
        If there is no such layer, or it is no max pool.
    """
    index, pool = find_pool(network, layer)
    if not isinstance(pool, MaxPool2D):
        raise ParameterError(f"Only a max pool has winners and ties; {layer!r} is none.")
    return index, pool
