"""The windows of a pool, and who wins them."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from cnnviz._types import FloatArray, IntArray
from cnnviz.errors import ParameterError
from cnnviz.inspect.receptive_field import stage_index
from cnnviz.layers import MaxPool2D, Pool
from cnnviz.network import Network


def pool_windows(x: FloatArray, size: int, step: int) -> FloatArray:
    """All windows of feature maps, as a read-only view.

    Parameters
    ----------
    x : ndarray of shape (..., h, w)
    size, step : int
        Side of a window and distance of the windows, in cells.

    Returns
    -------
    ndarray of shape (..., h', w', size, size)
    """
    return sliding_window_view(x, (size, size), axis=(-2, -1))[..., ::step, ::step, :, :]


def winner_mask(x: FloatArray, pool: MaxPool2D) -> NDArray[np.bool_]:
    """Tell which cells of each window hold its maximum, shape `(n, c, h', w', size, size)`."""
    return pool.winners(x)


def winner_counts(x: FloatArray, pool: MaxPool2D) -> IntArray:
    """Count the winners of each window: 1 where there is no tie; shape `(n, c, h', w')`."""
    return winner_mask(x, pool).sum(axis=(-2, -1), dtype=np.intp)


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
