"""Where a pool sends the gradient that arrives at it, how often its windows are tied, and other rules."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import ByteArray, FloatArray, IntArray, Pictured, Shape
from cnnviz._validation import check_choice
from cnnviz.errors import ParameterError
from cnnviz.evaluation import Progress, ignore_progress, input_chunks
from cnnviz.inspect.receptive_field import stage_index, stage_name, stage_values
from cnnviz.layers import TIE_RULES, Pool, TieRule
from cnnviz.network import Gradients, Network, Trace, forward_pass


@dataclass(frozen=True, slots=True, eq=False)
class Routes:
    """Every way from a window of a pool back to a cell of its input.

    * `windows`: shape (m, 3). Pooled cell `(channel, row, column)` at which each starts, in ascending order.
    * `cells`: shape (m, 3). Cell of the input at which it ends.
    * `shares`: shape (m,). What part of the window's gradient takes it, > 0.
    """

    windows: IntArray
    cells: IntArray
    shares: FloatArray

    @np.errstate(over="ignore", invalid="ignore")
    def carried(self, incoming: FloatArray) -> FloatArray:
        """Gradient on each route, for the gradient `(c, h', w')` that arrives at the windows; shape (m,)."""
        return self.shares * incoming[tuple(self.windows.T)]

    @np.errstate(over="ignore", invalid="ignore")
    def delivered(self, incoming: FloatArray, shape: Shape) -> FloatArray:
        """Gradient that arrives at each cell of the input, of the given shape `(c, h, w)`."""
        total = np.zeros(shape, dtype=incoming.dtype)
        np.add.at(total, tuple(self.cells.T), self.carried(incoming))
        return total

    def of_window(self, window: tuple[int, int, int]) -> IntArray:
        """Indices of the routes that start at one pooled cell."""
        return np.flatnonzero((self.windows == window).all(axis=1))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PoolRouting(Pictured):
    """The backward pass through one pool for one sample.

    * `stage`: what the pool reads: a layer, or the input; `values`: that, shape (c, h, w).
    * `pooled`, `incoming`: shape (c, h', w'). Its output, and the gradient of the loss with respect to it.
    * `rule`: the rule in force: the tie rule of a max pool, or ``"linear"``.
    * `routed`: shape (c, h, w) each. Gradient at the input under each rule that the pool could have, for the
      same incoming gradient: three for a max pool, one for a linear pool.
    * `winners`: shape (c, h', w', size, size). See `Pool.winners`.
    * `tied`: shape (c, h', w'). See `Pool.tied`.
    """

    network: Network
    layer: str
    stage: str
    pool: Pool
    values: FloatArray
    pooled: FloatArray
    incoming: FloatArray
    rule: str
    routed: Mapping[str, FloatArray]
    winners: NDArray[np.bool_] | None
    tied: NDArray[np.bool_]

    def routes(self, ties: TieRule | None = None) -> Routes:
        """Routes of the gradient, under the pool's own rule or another one; see `pool_routes`."""
        return pool_routes(self.pool, self.values, ties)


@np.errstate(over="ignore", invalid="ignore")
def pool_routing(network: Network, trace: Trace, gradients: Gradients, layer: str) -> PoolRouting:
    """Describe the backward pass of one sample, the first of its batch, through one pool.

    Parameters
    ----------
    trace : Trace
        What `network.forward` returned.
    gradients : Gradients
        What `network.gradients` returned for the same batch. (The loss is a mean over the batch: give a batch
        of one to have the gradients of one sample alone.)
    layer : str
        Name of the pool.

    Raises
    ------
    ParameterError
        If there is no such pool.
    """
    index, pool = find_pool(network, layer)
    values = stage_values(network, trace, index - 1)[:1]
    pooled = trace.outputs[layer][:1]
    incoming = gradients.outputs[layer][:1]
    by_rule = (
        {"linear": pool} if pool.tie_rule is None else {ties: replace(pool, ties=ties) for ties in TIE_RULES}
    )
    routed = {rule: each.input_gradient(incoming, values, pooled, {})[0] for rule, each in by_rule.items()}
    found = pool.winners(values)
    winners = None if found is None else found[0]
    return PoolRouting(
        network=network,
        layer=layer,
        stage=stage_name(network, index - 1),
        pool=pool,
        values=values[0],
        pooled=pooled[0],
        incoming=incoming[0],
        rule=pool.tie_rule or "linear",
        routed=MappingProxyType(dict(routed)),
        winners=winners,
        tied=pool.tied(values)[0],
    )


def pool_routes(pool: Pool, values: FloatArray, ties: TieRule | None = None) -> Routes:
    """List the ways of the gradient through a pool.

    Under ``"first"`` and ``"split"``, and in average and subsampled pools, the shares of a window add
    up to 1: the gradient is passed on, no more and no less. Under ``"all"`` they add up to the number of
    winners.

    Parameters
    ----------
    values : ndarray of shape (c, h, w)
        Input of the pool. Only a max pool looks at the numbers.
    ties : {"first", "all", "split"}, optional
        Rule of a max pool; None means its own. Linear pools ignore it.

    Raises
    ------
    ParameterError
        If there is no such rule.
    """
    if ties is not None:
        check_choice(ties, "ties", "pool_routes", TIE_RULES)
    geometry = pool.geometry
    _, height, width = pool.output_shape(values.shape)
    shares = pool.shares(values[None], ties)[0]
    channel, row, column, i, j = np.nonzero(shares)
    cells = np.stack(
        [
            channel,
            geometry.cells(np.arange(height), values.shape[1])[row, i],
            geometry.cells(np.arange(width), values.shape[2])[column, j],
        ],
        axis=1,
    )
    windows: IntArray = np.stack([channel, row, column], axis=1)
    parts: FloatArray = shares[channel, row, column, i, j]
    if geometry.mirrored:
        # Where a blur is mirrored at the border, several routes of a window end at the same cell.
        pairs, where = np.unique(np.concatenate([windows, cells], axis=1), axis=0, return_inverse=True)
        windows, cells = pairs[:, :3], pairs[:, 3:]
        parts = np.bincount(where, weights=parts, minlength=len(pairs)).astype(parts.dtype)
    return Routes(windows, cells, parts)


def find_pool(network: Network, layer: str) -> tuple[int, Pool]:
    """Position of a pool in `network.layers`, and the pool.

    * Raises ParameterError: if there is no such layer, or it is no pool.
    """
    index = stage_index(network, layer)
    pool = network.layers[index][1].pool if index >= 0 else None
    if pool is None:
        raise ParameterError(f"Only a pool has windows; {layer!r} is none.")
    return index, pool


@dataclass(frozen=True, slots=True)
class TieRate:
    """How many windows of a max pool there are, over all channels and images, and how many of them are tied.

    In a blurred max pool it is the cells of the output, and those with a tied window under the blur.
    """

    windows: int
    tied: int

    @property
    def rate(self) -> float:
        """Tied share, from 0 to 1."""
        return self.tied / self.windows if self.windows else 0.0


def with_ties(network: Network, ties: TieRule) -> Network:
    """Return the same network with another rule for ties: equal outputs, other gradients.

    Parameters
    ----------
    ties : {"first", "all", "split"}

    Raises
    ------
    ParameterError
        If there is no such rule.
    """
    check_choice(ties, "ties", "with_ties", TIE_RULES)
    layers = tuple(
        (name, each if each.tie_rule is None else replace(each, ties=ties)) for name, each in network.layers
    )
    return replace(network, layers=layers)


def tie_rate_of_images(
    network: Network, images: ByteArray, layer: str, *, progress: Progress = ignore_progress
) -> TieRate:
    """Count the tied windows of a max pool over many images.

    Parameters
    ----------
    images : ndarray of shape (n, c, h, w), uint8
    layer : str
        Name of a max pool.
    progress : callable
        See `cnnviz.evaluation.Progress`.

    Raises
    ------
    ParameterError
        If there is no such max pool.
    """
    index, pool = find_pool(network, layer)
    if pool.tie_rule is None:
        raise ParameterError(f"Only a max pool has winners and ties; {layer!r} is none.")
    windows = tied = 0
    for _, x in input_chunks(network, images, progress):
        before = forward_pass(network.layers[:index], network.params, x)
        found = pool.tied(before[-1] if before else x)
        windows += found.size
        tied += int(np.count_nonzero(found))
    return TieRate(windows, tied)
