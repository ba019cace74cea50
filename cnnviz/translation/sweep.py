"""One sample moved to every place: all stages, all measures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnnviz._types import FloatArray, IntArray
from cnnviz.evaluation import Progress, ignore_progress
from cnnviz.inspect.receptive_field import window_geometry
from cnnviz.layers import Pool
from cnnviz.layers.losses import class_probabilities, predicted_classes
from cnnviz.network import Network, forward_pass
from cnnviz.setting import check_settings, number, one_of
from cnnviz.translation.comparison import check_label
from cnnviz.translation.measures import MEASURES, OUTPUT, MovedAlong, MovedFeatures, MovedOutput, Values
from cnnviz.translation.shifting import BACKGROUND, StageGrid, ink_lost
from cnnviz.translation.stages import StagePlan, checked_image

REACH = 13
"""How far a sweep goes in every direction where nothing else is asked for, in pixels."""

MAX_REACH = 64
"""Farther shifts are refused: the work grows with the square of the distance."""

SweepValues = Mapping[str, Mapping[str, Values]]


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """One sample over a grid of shifts.

    * `dxs`, `dys`: shape (columns,) and (rows,). The shifts, in pixels to the right and down.
    * `values`: by measure and stage, shape (rows, columns). Measures of the output (probabilities, decisions)
      have the one stage `"output"`.
    * `probabilities`: shape (rows, columns, k). Probability of each class.
    * `ink_lost`: shape (rows, columns). Share of the ink that has left the frame.
    * `label`: the class whose probability is followed.
    """

    dxs: IntArray
    dys: IntArray
    values: SweepValues
    probabilities: FloatArray
    ink_lost: Values
    label: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepSettings:
    """What a sweep goes over and measures.

    Parameters
    ----------
    dxs, dys : sequence of int
        Shifts in pixels, each from -64 to 64. Default -13 to 13. They may exceed the sides of the image.
    measures : sequence of str
        Names out of `MEASURES`; leaving some out saves time.
    background : float
        Value of a pixel without ink.
    block : int
        Number of the convolution block, from 1.
    pool_size : int, optional
        Side of the pooling windows in pixels. None means that of the network's own pool.

    Raises
    ------
    ParameterError
        If a shift is no int or too far, there is none, or a name is unknown.
    """

    dxs: Sequence[int] = number(-MAX_REACH, MAX_REACH, range(-REACH, REACH + 1), count=(1, 10_000))
    dys: Sequence[int] = number(-MAX_REACH, MAX_REACH, range(-REACH, REACH + 1), count=(1, 10_000))
    measures: Sequence[str] = one_of(MEASURES, tuple(MEASURES), count=(0, 10_000))
    background: float = BACKGROUND
    block: int = 1
    pool_size: int | None = None

    def __post_init__(self) -> None:
        """Check what the stages do not check themselves."""
        check_settings(self)


DEFAULT_SETTINGS = SweepSettings()


def sweep(
    network: Network,
    image: FloatArray,
    settings: SweepSettings = DEFAULT_SETTINGS,
    *,
    label: int | None = None,
    progress: Progress = ignore_progress,
) -> Sweep:
    """Move one sample over a grid of shifts and measure every stage at each.

    Parameters
    ----------
    image : ndarray of shape (c, h, w)
        As the network takes it (`cnnviz.datasets.to_input`).
    label : int, optional
        The true class. None means the one predicted for the original.
    progress : callable
        See `cnnviz.evaluation.Progress`.

    Raises
    ------
    ShapeError, ParameterError
        If the image does not fit the network, or the settings do not.
    """
    return Sweeper(network, settings).sweep(image, label, progress)


class Sweeper:
    """A sweep made ready for one network and used for any number of samples.

    * Raises ShapeError, ParameterError: if the settings do not fit the network.
    """

    def __init__(self, network: Network, settings: SweepSettings) -> None:
        self._network = network
        self._settings = settings
        self._plan = StagePlan.of(network, settings.block, settings.pool_size)
        self.dxs, self.dys = (np.array(shifts, dtype=np.intp) for shifts in (settings.dxs, settings.dys))
        self._reach = int(max(np.abs(self.dxs).max(), np.abs(self.dys).max()))
        blank = np.full((1, *network.input_shape), settings.background, dtype=network.dtype)
        self._blank = {stage: maps[0] for stage, maps in self._plan.maps_of(blank)[0].items()}
        self._moving = MovedStages(self._plan, self.dxs, self._reach, settings.background)
        self._along: dict[str, MovedAlong] = {}
        self._loaded: set[str] = set()
        self._workspaces: dict[str, FloatArray] = {}

    @np.errstate(over="ignore", invalid="ignore")  # weights that have run away give NaN, and that is no news
    def sweep(
        self, image: FloatArray, label: int | None = None, progress: Progress = ignore_progress
    ) -> Sweep:
        """Sweep one sample; see the function `sweep`."""
        image = checked_image(self._network, image)
        maps, logits = self._plan.maps_of(image[None])
        reference = {stage: (batch - self._blank[stage])[0] for stage, batch in maps.items()}
        predicted = int(predicted_classes(logits)[0])
        label = predicted if label is None else check_label(self._network, label)
        before = class_probabilities(logits)[0]
        self._loaded.clear()
        self._moving.load(image)
        chosen = [MEASURES[name] for name in MEASURES if name in self._settings.measures]
        sides = len(self.dys), len(self.dxs)
        values = {
            each.name: {} if each.of_output else {stage: np.empty(sides) for stage in self._plan.grids}
            for each in chosen
        }
        probabilities = np.empty((*sides, len(before)), dtype=before.dtype)
        classes = np.empty(sides, dtype=np.intp)
        for row, dy in enumerate(self.dys):
            stages, logits = self._moving.row(int(dy))
            probabilities[row] = class_probabilities(logits)
            classes[row] = predicted_classes(logits)
            for stage, maps in stages.items():
                moved = np.subtract(maps, self._blank[stage], out=maps)
                moved = self._moved(stage, reference[stage], moved, int(dy))
                for each in chosen:
                    if not each.of_output:
                        values[each.name][stage][row] = each.function(moved)
            progress((row + 1) / len(self.dys))
        output = MovedOutput(before, probabilities, predicted, classes, label)
        for each in chosen:
            if each.of_output:
                values[each.name][OUTPUT] = each.function(output)
        return Sweep(
            self.dxs,
            self.dys,
            MappingProxyType({name: MappingProxyType(stages) for name, stages in values.items()}),
            probabilities,
            ink_lost(image, self.dxs, self.dys, self._settings.background),
            label,
        )

    def _moved(self, stage: str, reference: FloatArray, moved: FloatArray, dy: int) -> MovedFeatures:
        """Return what is measured of a stage for one dy."""

        def unexplained() -> Values:
            if stage not in self._along:
                grid = self._plan.grids[stage]
                self._along[stage] = MovedAlong(grid, self.dxs, len(reference), reference.dtype)
            if stage not in self._loaded:
                self._along[stage].load(reference)
                self._loaded.add(stage)
            return self._along[stage].changes(moved, dy)

        if stage not in self._workspaces:
            self._workspaces[stage] = np.empty_like(moved)
        return MovedFeatures(reference, moved, unexplained, self._workspaces[stage])


class MovedStages:
    """Stages of an image moved by all of `dxs`, for one dy after the other.

    An image that moves over an endless background behind a fixed frame is a window into a larger canvas. So
    are its feature maps, as long as no layer looks beyond the frame: a first convolution without padding, of
    stride 1, is computed once, on the canvas, its activation and the pools once at every pixel of it, and
    every moved map is cut out. Each value is made by the same operations in the same order as in a forward
    pass of the moved image, so all bits are the same. Blurred cells that see a mirrored edge are computed for
    each shift. With padding or a larger stride, or for a later block, the moved images go through the network
    one and all.

    * `dxs`: shape (n,). Pixels to the right.
    * `reach`: largest distance along either axis.

    The arrays that `row` returns are used again by the next call: fresh ones would cost more than the numbers
    that go into them.
    """

    def __init__(self, plan: StagePlan, dxs: IntArray, reach: int, background: float) -> None:
        self._plan = plan
        self._reach = reach
        self._background = background
        self._at = _as_slice(reach - dxs)
        first = window_geometry(plan.network.layers[plan.block.conv][1])
        self._on_canvas = plan.block.conv == 0 and (first.offset, first.stride) == (0, 1)
        self._windows: dict[str, FloatArray] = {}
        self._buffers: dict[str, FloatArray] = {}

    def load(self, image: FloatArray) -> None:
        """Take the image `(c, h, w)`, of the network's dtype, that `row` is to move."""
        margin = ((0, 0), (self._reach, self._reach), (self._reach, self._reach))
        canvas = np.pad(image, margin, constant_values=self._background)
        self._windows = {"pixels": _windows(canvas, self._plan.grids["pixels"])}
        if not self._on_canvas:
            return
        plan, network = self._plan, self._plan.network
        with np.errstate(over="ignore", invalid="ignore"):
            # Convolution and activation: one layer, or two; activations act on each value alone.
            outputs = forward_pass(network.layers[: plan.block.features + 1], network.params, canvas[None])
            maps = {"convolution": outputs[0], "activation": outputs[-1]}
            maps |= {kind: pool.at_every_cell(outputs[-1]) for kind, pool in plan.pools.items()}
        for stage, grid in plan.grids.items():
            if stage != "pixels":
                self._windows[stage] = _windows(maps[stage][0], grid)

    def row(self, dy: int) -> tuple[dict[str, FloatArray], FloatArray]:
        """Stages for one dy.

        * Returns: maps by stage, each of shape (n, c, rows, columns), which may be changed by the caller and
          are overwritten by the next call; logits, shape (n, k).
        """
        if not self._on_canvas:
            return self._plan.maps_of(self._cut("pixels", dy))
        maps = {stage: self._cut(stage, dy) for stage in self._plan.grids}
        features = self._windows[self._plan.features_stage][self._reach - dy, self._at]
        with np.errstate(over="ignore", invalid="ignore"):
            for kind, pool in self._plan.pools.items():
                _pool_edges(pool, features, maps[kind])
        return maps, self._plan.logits_of(maps)

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
            end = min(side, max(cells.first * step, (cells.first - 1) * step + reach + offset))
            near, kept = _along(axis, slice(0, end)), _along(axis, slice(0, cells.first))
            pooled[kept] = pool.forward(features[near], {})[kept]
        if cells.stop < cells.cells:
            start = max(0, cells.stop + -reach // step)
            far = _along(axis, slice(start * step, side))
            strip = pool.forward(features[far], {})
            kept = _along(axis, slice(cells.stop - start, None))
            pooled[_along(axis, slice(cells.stop, None))] = strip[kept]


def _along(axis: int, part: slice) -> tuple[slice, ...]:
    return (*(slice(None),) * axis, part)


def _as_slice(indices: IntArray) -> slice | IntArray:
    """Return evenly spaced indices as a slice, which copies faster; others as they are."""
    step = int(indices[1] - indices[0]) if len(indices) > 1 else 1
    if step == 0 or np.any(np.diff(indices) != step):
        return indices
    stop = int(indices[-1]) + step
    return slice(int(indices[0]), None if stop < 0 else stop, step)
