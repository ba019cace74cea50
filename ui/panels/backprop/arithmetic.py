"""The sums behind single numbers of the backward pass."""

from dataclasses import dataclass
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray
from cnnviz.drawing.kept import kept
from cnnviz.inspect.receptive_field import INPUT, Cell, stage_index, stage_shape, window_geometry
from cnnviz.layers.cells import unravelled
from cnnviz.quantities import format_cell
from cnnviz.routing import FilterTerms, Target, pool_after
from ui.panels.backprop.focus import Focus, Step, StepKind, block_of, describe_target, is_maps, maps_stage
from ui.panels.backprop.passes import Pass

_WIDEST_GRID = 16


@dataclass(frozen=True, slots=True)
class Product:
    """One term of a sum: a weight times a gradient, and where it comes from."""

    label: str
    weight: float
    gradient: float

    @property
    def value(self) -> float:
        """The product."""
        return self.weight * self.gradient


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A stage's cells of one channel, laid out in rows and columns.

    Feature maps are what they are; flat features are written row by row, as many in a row as fill the rows.

    * `values`: ndarray of shape (h, w).
    * `blank`: places behind the last unit.
    * `channel`: channel of the maps; None for flat features.
    """

    values: FloatArray
    blank: NDArray[np.bool_] | None
    channel: int | None

    def cell(self, row: int, col: int) -> Cell:
        """Index, in the stage, of a place in the grid."""
        if self.channel is not None:
            return (self.channel, row, col)
        return (row * self.values.shape[1] + col,)

    def place(self, cell: Cell) -> tuple[int, int] | None:
        """Place in the grid of a cell of the stage; None if it is of another channel."""
        if len(cell) == 3:
            return (cell[1], cell[2]) if cell[0] == self.channel else None
        if len(cell) == 1 and self.channel is None:
            row, col = divmod(cell[0], self.values.shape[1])
            return row, col
        return None


def grid_of(array: FloatArray, channel: int) -> Grid:
    """Lay out one channel of a stage's array, `(c, h, w)` or `(d,)`."""
    if array.ndim == 3:
        return Grid(array[channel], None, channel)
    units = len(array)
    # A divisor where there is a fair one, so that all rows are full.
    widths = (width for width in range(_WIDEST_GRID, 4, -1) if units % width == 0)
    width = units if units <= 10 else next(widths, min(_WIDEST_GRID, isqrt(units - 1) + 1))
    rows = -(-units // width)
    values = np.zeros(rows * width, dtype=array.dtype)
    values[: len(array)] = array
    blank = (np.arange(rows * width) >= len(array)).reshape(rows, width)
    return Grid(values.reshape(rows, width), blank if len(array) < rows * width else None, None)


def source_stage(passed: Pass, layer: str) -> str:
    """Stage that a layer reads: for a dense layer the maps that were flattened."""
    return maps_stage(passed.network, passed.before(layer))


def weight_row(passed: Pass, layer: str, unit: int, params: FloatArray) -> FloatArray:
    """Row of a dense layer's weight (or of its gradient), in the shape of the stage that it reads."""
    return params[unit].reshape(stage_shape(passed.network, source_stage(passed, layer)))


def weight_gradient(passed: Pass, layer: str, unit: int) -> FloatArray:
    """Gradient of a unit's weights, in the shape of the stage that it reads."""
    return weight_row(passed, layer, unit, passed.gradients.params[f"{layer}.weight"])


def feature_index(passed: Pass, layer: str, cell: Cell) -> int:
    """Column of a dense layer's weight that belongs to a cell of the stage that it reads."""
    shape = stage_shape(passed.network, source_stage(passed, layer))
    return int(np.ravel_multi_index(cell, shape))


def slopes_of(passed: Pass, layer: str) -> FloatArray:
    """Derivative of an activation at each cell: what the gradient is multiplied with."""
    before, after = passed.values(passed.before(layer))[None], passed.values(layer)[None]
    return passed.layer(layer).input_gradient(np.ones_like(after), before, after, {})[0]


def filter_parts(passed: Pass, layer: str, channel: int) -> FloatArray:
    """What each filter of a convolution sends back to one channel of its input: the gradient in parts."""
    arriving, one = passed.gradient(layer), slice(channel, channel + 1)
    alone = arriving * np.eye(len(arriving), dtype=arriving.dtype)[:, :, None, None]
    read = np.stack([passed.values(passed.before(layer))[one]] * len(alone))
    weights = {"weight": passed.network.params[f"{layer}.weight"][:, one]}
    return passed.layer(layer).input_gradient(alone, read, alone, weights)[:, 0]


def products_into(passed: Pass, layer: str, cell: Cell) -> list[Product]:
    """Terms whose sum is the gradient at a cell that a dense or a convolution layer reads, largest first."""
    weights, arriving = passed.network.params[f"{layer}.weight"], passed.gradient(layer)
    if passed.layer(layer).has_filters:
        channel, *at = cell
        down, across = (_taps(passed, layer, *each) for each in zip(at, arriving.shape[1:], strict=True))
        terms = [
            (format_cell((kernel, u, v)), weights[kernel, channel, i, j], arriving[kernel, u, v])
            for kernel in range(len(weights))
            for u, i in down
            for v, j in across
        ]
    else:
        column, name = weights[:, feature_index(passed, layer, cell)], passed.unit_name
        terms = [(name(layer, n), *pair) for n, pair in enumerate(zip(column, arriving, strict=True))]
    products = [Product(label, float(weight), float(gradient)) for label, weight, gradient in terms]
    return sorted(products, key=lambda product: -abs(product.value))


def _taps(passed: Pass, layer: str, where: int, length: int) -> list[tuple[int, int]]:
    """Places along an axis of a map that read a cell of the input, each with the place of the weight."""
    geometry = window_geometry(passed.layer(layer))
    found = ((place, where - place * geometry.stride - geometry.offset) for place in range(length))
    return [(place, offset) for place, offset in found if 0 <= offset < geometry.size]


def cells_reading(passed: Pass, layer: str, cell: Cell) -> tuple[int, int, int, int]:
    """Block (row, column, rows, columns) of a convolution's map that reads a cell of its input."""
    sides = stage_shape(passed.network, layer)[1:]
    rows, cols = (_taps(passed, layer, *each) for each in zip(cell[1:], sides, strict=True))
    return rows[0][0] if rows else 0, cols[0][0] if cols else 0, len(rows), len(cols)


def focus_cell(passed: Pass, stage: str, focus: Focus, strength: FloatArray | None = None) -> Cell:
    """Cell that formulas speak of: the one that is pointed at, pinned or followed, else one near the middle.

    * `strength`: of the cells next to the middle the strongest is taken; the gradient of the stage
      when None.
    """
    at = focus.at(stage) or _followed(passed, stage, focus)
    if at:
        return at
    channel = focus.channel(passed.network, stage) if is_maps(passed.network, stage) else 0
    grid = grid_of(np.abs(passed.gradient(stage) if strength is None else strength), channel)
    rows, cols = grid.values.shape
    row, col = min(int(focus.center[0] * rows), rows - 1), min(int(focus.center[1] * cols), cols - 1)
    top, left = max(row - 1, 0), max(col - 1, 0)
    near = grid.values[top : row + 2, left : col + 2]
    i, j = np.unravel_index(int(np.argmax(near)), near.shape)
    cell = grid.cell(top + int(i), left + int(j))
    return (min(cell[0], passed.values(stage).size - 1),) if len(cell) == 1 else cell


def formula_weight(passed: Pass, step: Step, focus: Focus) -> Target:
    """Weight of a dense layer that its formula speaks of."""
    unit, cell = focus.unit(passed.network, step.layer), formula_cell(passed, step, focus)
    return Target(f"{step.layer}.weight", (unit, feature_index(passed, step.layer, cell)))


def filter_weight(passed: Pass, step: Step, focus: Focus) -> Target:
    """Weight with the largest gradient of the part of a filter that its step shows."""
    name, stages = f"{step.layer}.weight", (step.layer, passed.before(step.layer))
    of = tuple(focus.channel(passed.network, stage) for stage in stages)
    gradient = np.abs(passed.gradients.params[name][of])
    return Target(name, (*of, *map(int, np.unravel_index(gradient.argmax(), gradient.shape))))


def cell_read(passed: Pass, target: Target) -> tuple[str, Cell] | None:
    """Stage and cell that a weight of a dense layer is multiplied with; None of anything else."""
    if not target.is_parameter or len(target.index) != 2:
        return None
    stage = source_stage(passed, target.name.rpartition(".")[0])
    return stage, unravelled(target.index[1], stage_shape(passed.network, stage))


def target_words(passed: Pass, target: Target) -> str:
    """Name of what is poked; of a weight its place in the filter, or the cell that it reads, too."""
    words = describe_target(target)
    if not target.is_parameter or len(target.index) < 2:
        return words
    read = cell_read(passed, target)
    place = (target.index[0], *target.index[2:]) if read is None else read[1]
    return f"w of {format_cell(place)}: {words}"


def formula_cell(passed: Pass, step: Step, focus: Focus) -> Cell:
    """Cell that the formula of a step speaks of where its maps are shown: of the stage that it leads to."""
    if step.kind is StepKind.DENSE:
        stage = source_stage(passed, step.layer)
        return focus_cell(passed, stage, focus, passed.values(stage))
    at = focus.at(step.layer) if step.kind is StepKind.GATE and not focus.at(step.stage) else ()
    return at or focus_cell(passed, step.stage, focus)


def terms_of(passed: Pass, layer: str, focus: Focus) -> FilterTerms:
    """Terms of a filter's gradient, first that of the window, or of the cell, that is followed."""
    place = focus_cell(passed, pool_after(passed.network, layer) or layer, focus.unpointed())[1:]
    return _terms_from(passed, layer, focus.channel(passed.network, layer), place)


@kept
def _terms_from(passed: Pass, layer: str, channel: int, place: Cell) -> FilterTerms:
    return passed.terms(layer, channel).starting_at(place)


def kernel_gradients(passed: Pass, layer: str) -> list[FloatArray]:
    """Gradient of a convolution's kernels under each rule for ties, which share a scale."""
    return [each.params[f"{layer}.weight"] for each in (passed.gradients, *passed.by_rule.values())]


# -- windows of a pool --------------------------------------------------------------------------------------

Place = tuple[int, int]


def focus_window(passed: Pass, step: Step, focus: Focus) -> Place:
    """Window that is looked at, by way of one of its cells or of its pooled cell; else that in the middle."""
    routing = passed.routings[step.layer]
    rows, cols = routing.pooled.shape[1:]
    distance = routing.pool.step
    for at, divisor in (
        (focus.pointed_at(step.layer), 1),
        (focus.pointed_at(step.stage), distance),
        (focus.pinned_at(step.layer), 1),
        (_pinned_before(passed, step, focus), distance),
    ):
        if len(at) == 3 and at[1] // divisor < rows and at[2] // divisor < cols:
            return at[1] // divisor, at[2] // divisor
    height, width = routing.values.shape[1:]
    row, col = int(focus.center[0] * height) // distance, int(focus.center[1] * width) // distance
    return min(row, rows - 1), min(col, cols - 1)


def routed_cell(passed: Pass, step: Step, focus: Focus) -> Cell:
    """Cell that the numbers of the step speak of, always one of the window that is outlined.

    The one that is pointed at or pinned, where that is in the window; else the first at which a route ends.
    """
    window = row, col = focus_window(passed, step, focus)
    channel = focus.channel(passed.network, step.stage)
    pool = passed.routings[step.layer].pool
    top, left = row * pool.step, col * pool.step
    for at in (focus.pointed_at(step.stage), _pinned_before(passed, step, focus)):
        if len(at) == 3 and 0 <= at[1] - top < pool.size and 0 <= at[2] - left < pool.size:
            return (channel, *at[1:])
    ends = window_cells(passed, step.layer, channel, window)
    return (channel, *(ends[0] if ends else (top, left)))


def window_cells(passed: Pass, pool: str, channel: int, window: Place) -> list[Place]:
    """Cells at which the routes of a window end."""
    routes = passed.routes(pool)
    return [(row, col) for _, row, col in routes.cells[routes.of_window((channel, *window))].tolist()]


def _pinned_before(passed: Pass, step: Step, focus: Focus) -> Cell:
    """Pinned cell that a pool reads, if need be through activations; empty if another is pinned."""
    at = focus.pinned
    return at[1] if at is not None and pool_after(passed.network, at[0]) == step.layer else ()


def _followed(passed: Pass, stage: str, focus: Focus) -> Cell:
    """Cell of a stage that the window of its block's pool gives or is given; empty without a pool."""
    network, layer = passed.network, block_of(passed.network, stage)
    pool = None if layer == INPUT else pool_after(network, layer)
    if pool is None:
        return ()
    step = Step(StepKind.ROUTE, pool, passed.before(pool), "", "")
    if stage_index(network, stage) < stage_index(network, pool):
        return routed_cell(passed, step, focus)
    if stage_shape(network, stage) != stage_shape(network, pool):
        return ()
    return (focus.channel(network, stage), *focus_window(passed, step, focus))
