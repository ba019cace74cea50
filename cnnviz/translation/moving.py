"""The stages of one image for a whole grid of shifts, row by row."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnnviz._types import FloatArray, IntArray
from cnnviz.layers import Conv2D, Pool
from cnnviz.network import forward_pass
from cnnviz.translation.grids import StageGrid
from cnnviz.translation.shifting import Mode
from cnnviz.translation.stages import StagePlan


class MovedStages:
    """Stages of an image moved by all of `dxs`, for one dy after the other.

    An image that moves over an endless background (or an endless repetition of itself) behind a fixed frame
    is a window into a larger canvas. So are its feature maps, as long as no layer looks beyond the frame: a
    first convolution without padding, of stride 1, is computed once, on the canvas, its activation and the
    pools once at every pixel of it, and every moved map is cut out. Each value is made by the same operations
    in the same order as in a forward pass of the moved image, so all bits are the same. Blurred cells that
    see a mirrored edge are computed for each shift. With padding or a larger stride, or for a later block,
    the moved images go through the network one and all.

    Parameters
    ----------
    dxs : ndarray of shape (n,), intp
        Pixels to the right.
    reach : int
        Largest distance along either axis.

    Notes
    -----
    The arrays that `row` returns are used again by the next call: fresh ones would cost more than the numbers
    that go into them.
    """

    def __init__(self, plan: StagePlan, dxs: IntArray, reach: int, mode: Mode, background: float) -> None:
        self._plan = plan
        self._reach = reach
        self._mode: Mode = mode
        self._background = background
        self._at = _as_slice(reach - dxs)
        first = plan.network.layers[0][1]
        self._on_canvas = (
            plan.block.conv == 0 and isinstance(first, Conv2D) and (first.padding, first.stride) == (0, 1)
        )
        self._windows: dict[str, FloatArray] = {}
        self._buffers: dict[str, FloatArray] = {}

    def load(self, image: FloatArray) -> None:
        """Take the image `(c, h, w)`, of the network's dtype, that `row` is to move."""
        margin = ((0, 0), (self._reach, self._reach), (self._reach, self._reach))
        if self._mode == "wrap":
            canvas = np.pad(image, margin, mode="wrap")
        else:
            canvas = np.pad(image, margin, constant_values=self._background)
        self._windows = {"pixels": _windows(canvas, self._plan.grids["pixels"])}
        if self._on_canvas:
            with np.errstate(over="ignore", invalid="ignore"):
                self._load_features(canvas[None])

    def row(self, dy: int) -> tuple[dict[str, FloatArray], FloatArray]:
        """Stages for one dy.

        Returns
        -------
        maps : dict from stage to ndarray of shape (n, c, rows, columns)
            May be changed by the caller, and are overwritten by the next call.
        logits : ndarray of shape (n, k)
        """
        if not self._on_canvas:
            return self._plan.maps_of(self._cut("pixels", dy))
        maps = {stage: self._cut(stage, dy) for stage in self._plan.grids}
        features = self._windows[self._plan.features_stage][self._reach - dy, self._at]
        with np.errstate(over="ignore", invalid="ignore"):
            for kind, pool in self._plan.pools.items():
                _pool_edges(pool, features, maps[kind])
        return maps, self._plan.logits_of(maps)

    def _load_features(self, canvas: FloatArray) -> None:
        plan, network = self._plan, self._plan.network
        # Convolution and activation: one layer, or two; activations act on each value alone.
        outputs = forward_pass(network.layers[: plan.block.features + 1], network.params, canvas)
        maps = {"convolution": outputs[0], "activation": outputs[-1]}
        maps |= {kind: pool.at_every_cell(outputs[-1]) for kind, pool in plan.pools.items()}
        for stage, grid in plan.grids.items():
            if stage != "pixels":
                self._windows[stage] = _windows(maps[stage][0], grid)

    def _cut(self, stage: str, dy: int) -> FloatArray:
        window = self._windows[stage][self._reach - dy, self._at]
        if stage not in self._buffers:
            self._buffers[stage] = np.empty(window.shape, window.dtype)
        np.copyto(self._buffers[stage], window)
        return self._buffers[stage]


def _windows(canvas: FloatArray, grid: StageGrid) -> FloatArray:
    """View maps `(c, h, w)` of the canvas as moved maps: shape (positions, positions, c, rows, columns)."""
    step = grid.rows.stride
    sides = ((grid.rows.cells - 1) * step + 1, (grid.columns.cells - 1) * step + 1)
    windows = sliding_window_view(canvas, sides, axis=(1, 2))[..., ::step, ::step]
    return windows.transpose(1, 2, 0, 3, 4)


def _pool_edges(pool: Pool, features: FloatArray, pooled: FloatArray) -> None:
    """Compute the pooled cells anew that look beyond the edge of the features `(n, c, h, w)`, in place."""
    if not pool.geometry.mirrored:
        return
    step, reach, offset = pool.geometry.stride, pool.geometry.size, pool.geometry.offset
    height, width = features.shape[2:]
    frame = StageGrid.of_pixels(height, width).through(pool, pooled.shape[1:])
    # Strips of whole windows, so broad that their inner edges do not reach the cells in question.
    for cells, side, axis in ((frame.rows, height, 2), (frame.columns, width, 3)):
        if cells.first > 0:
            near = _along(
                axis, slice(0, min(side, max(cells.first * step, (cells.first - 1) * step + reach + offset)))
            )
            kept = _along(axis, slice(0, cells.first))
            pooled[kept] = pool.forward(features[near], {})[kept]
        if cells.stop < cells.cells:
            start = max(0, cells.stop + -reach // step)
            far = _along(axis, slice(start * step, side))
            strip = pool.forward(features[far], {})
            pooled[_along(axis, slice(cells.stop, None))] = strip[
                _along(axis, slice(cells.stop - start, None))
            ]


def _along(axis: int, part: slice) -> tuple[slice, ...]:
    return (*(slice(None),) * axis, part)


def _as_slice(indices: IntArray) -> slice | IntArray:
    """Return evenly spaced indices as a slice, which copies faster; others as they are."""
    step = int(indices[1] - indices[0]) if len(indices) > 1 else 1
    if step == 0 or np.any(np.diff(indices) != step):
        return indices
    stop = int(indices[-1]) + step
    return slice(int(indices[0]), None if stop < 0 else stop, step)
