"""The gradient of one filter as a sum that can be followed term by term."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from cnnviz._types import FloatArray, IntArray
from cnnviz._validation import check_choice, check_int
from cnnviz.errors import ParameterError
from cnnviz.inspect.receptive_field import stage_index, stage_values
from cnnviz.network import Gradients, Network, Trace
from cnnviz.routing.pools import find_pool, pool_routes

By = Literal["position", "window"]


@dataclass(frozen=True, slots=True, eq=False)
class FilterTerms:
    """Terms of the gradient of the filter `channel`, largest first.

    * `by`: what a term belongs to: a cell of the filter's map, or a window of the pool after it.
    * `places`: shape (m, 2). Row and column of that cell or window.
    * `gradients`: shape (m,). Gradient that arrives there.
    * `patches`: shape (m, c, k, k). What it is multiplied with: the patch under the cell; for a window the
      patch of its winner, times the slope of the activation there (several patches, times their shares, where
      several take the gradient).
    * `norms`: shape (m,). Euclidean length of each term.
    * `seen`: shape (h, w, c, k, k). The patches of all cells or windows, also of those whose term is 0.
    """

    layer: str
    channel: int
    by: By
    places: IntArray
    gradients: FloatArray
    patches: FloatArray
    norms: FloatArray
    seen: FloatArray

    @property
    @np.errstate(over="ignore", invalid="ignore")
    def terms(self) -> FloatArray:
        """Each gradient times its patch, shape (m, c, k, k)."""
        return self.gradients[:, None, None, None] * self.patches

    @property
    @np.errstate(over="ignore", invalid="ignore")
    def cumulative(self) -> FloatArray:
        """Sum of the first 1, 2, … m terms, shape (m, c, k, k); the last is the filter's gradient."""
        return np.cumsum(self.terms, axis=0)

    @property
    @np.errstate(over="ignore", invalid="ignore")
    def total(self) -> FloatArray:
        """Sum of all terms, shape (c, k, k): the filter's gradient in `Gradients.params`, up to rounding."""
        return self.terms.sum(axis=0)

    def starting_at(self, place: tuple[int, ...]) -> "FilterTerms":
        """Return the same terms, first that of a place, if it has one."""
        order = np.argsort((self.places != place).any(axis=1), kind="stable")
        arrays = {name: getattr(self, name)[order] for name in ("places", "gradients", "patches", "norms")}
        return replace(self, **arrays)


@np.errstate(over="ignore", invalid="ignore")
def filter_gradient_terms(
    network: Network, trace: Trace, gradients: Gradients, layer: str, channel: int, by: By = "position"
) -> FilterTerms:
    """Take the gradient of one filter apart.

    A kernel is used once at every position of its map, so its gradient is

        dL/dW[f] = sum over u, v of dL/dz[f, u, v] * patch(u, v),

    where `z` is the map and `patch` what the filter saw there. Behind a pool most positions get no gradient,
    and the same sum goes over windows,

        dL/dW[f] = sum over windows w of dL/dq[f, w] * (sum over routes of share * slope * patch),

    with `q` the pooled map and the routes of `cnnviz.routing.pool_routes`: under ``"first"`` and without an
    activation, the gradient of the window times the patch of its winner.

    Parameters
    ----------
    trace : Trace
        What `network.forward` returned for one image.
    gradients : Gradients
        What `network.gradients` returned for the same image.
    layer : str
        Name of a convolution layer, at any depth.
    channel : int
        Which filter, from 0.
    by : {"position", "window"}
        One term for each cell of the filter's map, or for each window of the pool that follows it.

    Returns
    -------
    FilterTerms
        Terms that are 0 are left out; of equal ones the first.

    Raises
    ------
    ParameterError
        If there is no such convolution layer or filter, or no pool follows for ``"window"``.

    References
    ----------
    .. [1] Goodfellow, Bengio, Courville (2016), Deep Learning, section 9.5, equation 9.11.
    """
    index = stage_index(network, layer)
    convolution = network.layers[index][1] if index >= 0 else None
    geometry = None if convolution is None else convolution.geometry
    if convolution is None or geometry is None or not convolution.has_filters:
        raise ParameterError(f"Only a convolution layer has filters; {layer!r} is none.")
    check_int(channel, "channel", "filter_gradient_terms", 0, network.shapes[layer][0] - 1)
    check_choice(by, "by", "filter_gradient_terms", ("position", "window"))
    # The patch under every position of the map, a view of shape (h', w', c, k, k).
    x = stage_values(network, trace, index - 1)[0]
    patches = geometry.windows(x, *network.shapes[layer][1:]).transpose(1, 2, 0, 3, 4)
    if by == "position":
        arriving = gradients.outputs[layer][0, channel]
        seen = patches.reshape(-1, *patches.shape[2:])
    else:
        arriving, seen = _by_window(network, trace, gradients, index, channel, patches)
    flat = arriving.ravel()
    norms = np.abs(flat) * np.sqrt(np.square(seen).sum(axis=(1, 2, 3)))
    order = np.argsort(-norms, kind="stable")[: np.count_nonzero(norms)]
    places = np.stack(np.unravel_index(order, arriving.shape), axis=1)
    by_place = seen.reshape(*arriving.shape, *seen.shape[1:])
    return FilterTerms(layer, channel, by, places, flat[order], seen[order], norms[order], by_place)


def pool_after(network: Network, layer: str) -> str | None:
    """Name of the pool that reads a layer's output, directly or through activations; None without one."""
    for name, following in network.layers[stage_index(network, layer) + 1 :]:
        if following.pool is not None:
            return name
        if not following.is_elementwise:
            break
    return None


def _by_window(
    network: Network, trace: Trace, gradients: Gradients, index: int, channel: int, patches: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Gradient that arrives at each window of the next pool, and the patches it is sent to, weighted."""
    layer = network.layers[index][0]
    name = pool_after(network, layer)
    if name is None:
        raise ParameterError(f"No pool follows {layer!r}: its terms can only be listed by position.")
    pool_index, pool = find_pool(network, name)
    only = (slice(1), slice(channel, channel + 1))
    slopes = np.ones_like(trace.outputs[layer][only])
    for position in range(pool_index - 1, index, -1):
        before, out = (stage_values(network, trace, index)[only] for index in (position - 1, position))
        slopes = network.layers[position][1].input_gradient(slopes, before, out, {})
    routes = pool_routes(pool, stage_values(network, trace, pool_index - 1)[only][0])
    arriving = gradients.outputs[name][0, channel]
    rows, columns = routes.cells[:, 1], routes.cells[:, 2]
    weights = routes.shares * slopes[0, 0, rows, columns]
    seen = np.zeros((arriving.size, *patches.shape[2:]), dtype=patches.dtype)
    window = routes.windows[:, 1] * arriving.shape[1] + routes.windows[:, 2]
    np.add.at(seen, window, weights[:, None, None, None] * patches[rows, columns])
    return arriving, seen
