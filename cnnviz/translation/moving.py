"""The stages of one image for a whole grid of shifts, row by row."""

from collections.abc import Mapping

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnnviz import functional
from cnnviz._types import FloatArray, IntArray
from cnnviz.layers import AvgPool2D, BlurPool2D, Conv2D, Layer, MaxPool2D
from cnnviz.network import forward_pass
from cnnviz.translation.grids import StageGrid
from cnnviz.translation.shifting import Mode
from cnnviz.translation.stages import StagePlan


class MovedStages:
    """Stages of an image moved by all of `dxs`, for one dy after the other.

    An image that moves over an endless background (or an endless repetition of itself) behind a fixed frame is
    a window into a larger canvas. So are its feature maps, as long as no layer looks beyond the frame: a first
    convolution without padding is computed once, on the canvas, its activation and the pools are computed once
    at every pixel of it, and every moved map is cut out. Each value is the sum of the same products in the
    same order as in a forward pass of the moved image, so all bits are the same. Blurred cells that see a
    mirrored edge are computed for each shift. With padding, or for a later block, the moved images go through
    the network one and all.

    Parameters
    ----------
    plan : StagePlan
    dxs : ndarray of shape (n,), intp
        Pixels to the right.
    reach : int
        Largest distance along either axis.
    mode : {"fill", "wrap"}
    background : float

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
        self._count = len(dxs)
        first = plan.network.layers[plan.block.conv][1]
        self._on_canvas = plan.block.conv == 0 and isinstance(first, Conv2D) and first.padding == 0
        self._windows: dict[str, FloatArray] = {}
        self._buffers: dict[str, FloatArray] = {}

    def load(self, image: FloatArray) -> None:
        """Take the image `(c, h, w)`, of the network's dtype, that `row` is to move."""
        margin = ((0, 0), (self._reach, self._reach), (self._reach, self._reach))
        if self._mode == "wrap":
            canvas = np.pad(image, margin, mode="wrap")
        else:
            canvas = np.pad(image, margin, constant_values=self._background)
        self._windows = {"pixels": _windows(canvas, image.shape[1:], 1)}
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
        plan, params = self._plan, self._plan.network.params
        name, layer = plan.network.layers[0]
        assert isinstance(layer, Conv2D)
        maps = functional.conv2d(canvas, params[f"{name}.weight"], params.get(f"{name}.bias"))
        sides, stride = plan.network.shapes[name][1:], layer.stride
        self._windows["convolution"] = _windows(maps[0], sides, stride)
        if plan.block.has_activation:
            maps = forward_pass(plan.network.layers[1 : plan.block.features + 1], params, maps)[-1]
            self._windows["activation"] = _windows(maps[0], sides, stride)
        for kind, pool in plan.pools.items():
            self._windows[kind] = _windows(_at_every_pixel(pool, maps)[0], sides, stride)

    def _cut(self, stage: str, dy: int) -> FloatArray:
        window = self._windows[stage][self._reach - dy, self._at]
        buffer = self._buffers.setdefault(stage, np.empty(window.shape, window.dtype))
        np.copyto(buffer, window)
        return buffer
