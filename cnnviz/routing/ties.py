"""How often windows are tied, and the same network under another rule for ties."""

from dataclasses import dataclass, replace

import numpy as np

from cnnviz import functional
from cnnviz._chunks import Cancelled, Progress, ignore_progress, input_chunks, never
from cnnviz._passes import forward_pass
from cnnviz._types import ByteArray
from cnnviz._validation import check_choice, check_int
from cnnviz.functional.max_pooling import TieRule
from cnnviz.inspect.receptive_field import stage_values
from cnnviz.network import Network, Trace
from cnnviz.routing.windows import find_max_pool


@dataclass(frozen=True, slots=True)
class TieRate:
    """How many windows of a max pool are tied, over all channels and images.

    Attributes
    ----------
    windows, tied : int
        All windows, and those whose maximum is held by several cells; in a blurred max pool, all cells of the
        output, and those with such a window under the blur.
    """

    windows: int
    tied: int

    @property
    def rate(self) -> float:
        """Tied share, from 0 to 1."""
        return self.tied / self.windows if self.windows else 0.0


def with_ties(network: Network, ties: TieRule, layer: str | None = None) -> Network:
    """Return the same network with another rule for ties: equal outputs, other gradients.

    Parameters
    ----------
    layer : str, optional
        Name of the only max pool to change; None means all of them.

    Raises
    ------
    ParameterError
        If there is no such rule or max pool.
    """
    check_choice(ties, "ties", "with_ties", functional.TIE_RULES)
    if layer is not None:
        find_max_pool(network, layer)
    layers = tuple(
        (name, replace(each, ties=ties) if each.tie_rule is not None and layer in (None, name) else each)
        for name, each in network.layers
    )
    return replace(network, layers=layers)


def tie_rate(network: Network, trace: Trace, layer: str, sample: int = 0) -> TieRate:
    """Count the tied windows of a max pool for one image.

    Parameters
    ----------
    trace : Trace
        What `network.forward` returned.
    layer : str
        Name of a max pool.
    sample : int
        Which sample of the batch.

    Raises
    ------
    ParameterError
        If there is no such max pool or sample.
    """
    index, pool = find_max_pool(network, layer)
    check_int(sample, "sample", "tie_rate", 0, len(trace.inputs) - 1)
    found = pool.tied(stage_values(network, trace, index - 1)[sample : sample + 1])
    return TieRate(found.size, int(np.count_nonzero(found)))


def tie_rate_of_images(
    network: Network,
    images: ByteArray,
    layer: str,
    *,
    progress: Progress = ignore_progress,
    cancelled: Cancelled = never,
) -> TieRate:
    """Count the tied windows of a max pool over many images.

    Parameters
    ----------
    images : ndarray of shape (n, c, h, w), uint8
    layer : str
        Name of a max pool.
    progress : callable
        Is told the fraction that is done, from 0 to 1.
    cancelled : callable
        Asked between chunks; when it returns True the count stops.

    Raises
    ------
    ParameterError
        If there is no such max pool.
    CancelledError
        If `cancelled` returned True.
    """
    index, pool = find_max_pool(network, layer)
    windows = tied = 0
    for _, x in input_chunks(network, images, "Counting the ties", progress, cancelled):
        before = forward_pass(network.layers[:index], network.params, x)
        found = pool.tied(before[-1] if before else x)
        windows += found.size
        tied += int(np.count_nonzero(found))
    return TieRate(windows, tied)
