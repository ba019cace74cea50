"""What the maps of a step show."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray
from cnnviz.inspect.receptive_field import INPUT, Cell
from cnnviz.layers import Activation, Conv2D
from cnnviz.palette import signed_levels
from cnnviz.routing import ParameterTarget, Target
from ui.panels.backprop.arithmetic import (
    Grid,
    cells_reading,
    feature_index,
    filter_parts,
    grid_of,
    slopes_of,
    source_stage,
    weight_row,
)
from ui.panels.backprop.focus import Focus, target_of
from ui.panels.backprop.passes import Pass
from ui.panels.backprop.steps import Step, StepKind, is_maps

Levels = tuple[float, float]


@dataclass(frozen=True, eq=False)
class MapContent:
    """One map of a step.

    Attributes
    ----------
    title, caption, tooltip : str
    grid : Grid
    levels : tuple of float
    colormap : str
    stage : str
        Stage whose cells it shows; "" for weights.
    parameter : callable, optional
        Gives the parameter behind a place, for maps of weights.
    hatched, struck : boolean ndarray, optional
    marks : tuple of (mark, text)
        For the legend.
    outlines : dict from role to blocks (row, column, rows, columns)
    is_whole : bool
        Whether all of it is shown, as with a kernel, and not the common block.
    beside : ndarray of the shape of the grid, optional
        The same quantity in another map of the step: where it differs, both numbers look different.
    """

    title: str
    caption: str
    tooltip: str
    grid: Grid
    levels: Levels
    colormap: str = "signed"
    stage: str = ""
    parameter: Callable[[int, int], ParameterTarget] | None = None
    hatched: NDArray[np.bool_] | None = None
    struck: NDArray[np.bool_] | None = None
    marks: tuple[tuple[str, str], ...] = ()
    outlines: tuple[tuple[str, tuple[tuple[int, int, int, int], ...]], ...] = ()
    is_whole: bool = False
    beside: FloatArray | None = None

    def target(self, row: int, col: int) -> Target | None:
        """What can be poked at a place; None where there is nothing."""
        if self.grid.blank is not None and self.grid.blank[row, col]:
            return None
        if self.parameter is not None:
            return self.parameter(row, col)
        return target_of(self.stage, self.grid.cell(row, col)) if self.stage else None


def side_by_side(one: MapContent, other: MapContent) -> tuple[MapContent, MapContent]:
    """Two maps of the same quantity, whose numbers are compared cell by cell."""
    return replace(one, beside=other.grid.values), replace(other, beside=one.grid.values)


@dataclass(frozen=True, eq=False)
class PickerContent:
    """Small maps from which a filter or a unit is chosen.

    Attributes
    ----------
    title, tooltip : str
    maps : ndarray of shape (m, h, w)
    levels : tuple of float
    current : int
    kind : {"channel", "unit"}
    name : str
        Stage of the channels, or dense layer of the units.
    """

    title: str
    tooltip: str
    maps: FloatArray
    levels: Levels
    current: int
    kind: str
    name: str


@dataclass(frozen=True, eq=False)
class MapsContent:
    """Maps side by side, signs between them, pickers below.

    Attributes
    ----------
    maps : tuple of MapContent
    signs : tuple of str
        One fewer than maps, such as "×".
    pickers : tuple of PickerContent
    """

    maps: tuple[MapContent, ...]
    signs: tuple[str, ...]
    pickers: tuple[PickerContent, ...]


def maps_content(passed: Pass, step: Step, focus: Focus) -> MapsContent:
    """Choose what the maps of a step show.

    Parameters
    ----------
    passed : Pass
    step : Step
        Of kind DENSE, ARRIVE or GATE.
    focus : Focus

    Returns
    -------
    MapsContent
    """
    if step.kind is StepKind.DENSE:
        return _dense(passed, step.layer, focus)
    if step.kind is StepKind.GATE:
        return _gate(passed, step, focus)
    if isinstance(passed.layer(step.layer), Conv2D):
        return _arrive_from_convolution(passed, step, focus)
    return _arrive_from_dense(passed, step, focus)


def channel_title(passed: Pass, stage: str, channel: int) -> str:
    """Caption of a map: its stage, and its filter where there are several."""
    if stage == INPUT:
        return "input" if passed.network.input_shape[0] == 1 else f"input, channel {channel}"
    return f"{stage}, filter {channel}" if is_maps(passed.network, stage) else stage


def _dense(passed: Pass, layer: str, focus: Focus) -> MapsContent:
    stage, unit = source_stage(passed, layer), focus.unit(passed.network, layer)
    channel = focus.channel(passed.network, stage) if is_maps(passed.network, stage) else 0
    values, gradient = passed.values(stage), passed.gradients.params[f"{layer}.weight"]
    own, symbol = weight_row(passed, layer, unit, gradient), passed.symbol(stage)
    maps = (
        _stage_map(passed, stage, channel, values, f"Input {symbol}", "What the dense layer reads"),
        _weight_map(
            passed,
            layer,
            unit,
            channel,
            own,
            (
                "Gradient ∂L/∂w",
                f"{layer}, unit {unit}",
                f"Gradient of each weight: ∂L/∂z times the input {symbol}",
            ),
            signed_levels(gradient),
        ),
    )
    pickers = _channel_picker(stage, own, "∂L/∂w by filter", channel)
    return MapsContent(maps, ("× ∂L/∂z =",), (*pickers, *_unit_picker(passed, layer, unit)))


def _arrive_from_dense(passed: Pass, step: Step, focus: Focus) -> MapsContent:
    layer, stage = step.layer, step.stage
    unit = focus.unit(passed.network, layer)
    channel = focus.channel(passed.network, stage) if is_maps(passed.network, stage) else 0
    weights, gradient = passed.network.params[f"{layer}.weight"], passed.gradient(stage)
    row = weight_row(passed, layer, unit, weights)
    names = ("Weight w", f"{layer}, unit {unit}", "Weight with which the unit reads each cell")
    maps = [_weight_map(passed, layer, unit, channel, row, names, signed_levels(weights))]
    signs = ["× ∂L/∂z ="]
    if len(weights) > 1:
        part = row * passed.gradient(layer)[unit]
        arriving = np.abs(weights * passed.gradient(layer)[:, None]).max()
        levels = signed_levels(np.array([arriving]))
        caption = f"through unit {unit}"
        maps.append(MapContent("Its part", caption, "Weight times ∂L/∂z", grid_of(part, channel), levels))
        signs.append("Σ units =")
    slope = f"∂L/∂{passed.symbol(stage)}"
    maps.append(_gradient_map(passed, stage, channel, f"Gradient {slope}"))
    pickers = _channel_picker(stage, gradient, f"{slope} by filter", channel)
    return MapsContent(tuple(maps), tuple(signs), (*pickers, *_unit_picker(passed, layer, unit)))


def _arrive_from_convolution(passed: Pass, step: Step, focus: Focus) -> MapsContent:
    layer, stage = step.layer, step.stage
    channel = focus.channel(passed.network, stage)
    kernel, slope = focus.channel(passed.network, layer), f"∂L/∂{passed.symbol(stage)}"
    arriving = _gradient_map(passed, layer, kernel, "Gradient ∂L/∂z")
    cell = focus.at(stage)
    if len(cell) == 3:
        readers = cells_reading(passed, layer, cell)
        arriving = replace(arriving, outlines=(("receptive", (readers,)),))
    maps = (
        arriving,
        kernel_map(passed, layer, kernel, channel),
        _gradient_map(passed, stage, channel, f"Gradient {slope}"),
    )
    parts = filter_parts(passed, layer, channel)
    picker = PickerContent(
        "Part of each filter",
        f"What each filter sends back to this map; the parts add up to {slope}",
        parts,
        signed_levels(parts),
        kernel,
        "channel",
        layer,
    )
    own = _channel_picker(stage, passed.gradient(stage), f"{slope} by filter", channel)
    return MapsContent(maps, ("∗", "Σ filters ="), (*own, picker))


def _gate(passed: Pass, step: Step, focus: Focus) -> MapsContent:
    layer, before = step.layer, step.stage
    is_map = is_maps(passed.network, before)
    channel = focus.channel(passed.network, before) if is_map else 0
    slopes, activation = slopes_of(passed, layer), passed.layer(layer)
    assert isinstance(activation, Activation)
    symbol = passed.symbol(before)
    shut = (slopes == 0) & activation.has_gates
    closed = grid_of(shut.astype(np.float64), channel).values > 0
    marks = (("hatched", "closed"),) if shut.any() else ()
    values = _stage_map(
        passed,
        before,
        channel,
        passed.values(before),
        f"Input {symbol}",
        "What the activation reads" + (". A gate is closed where its slope is 0" if marks else ""),
    )
    values = replace(values, hatched=closed, marks=marks)
    slope = MapContent(
        f"Slope φ′({symbol})",
        layer,
        f"Derivative of the activation: {activation.about_slope}",
        grid_of(slopes, channel),
        (-1.0, 1.0),
        struck=closed,
    )
    result = replace(
        _gradient_map(passed, before, channel, f"Gradient ∂L/∂{symbol}"),
        struck=closed,
        marks=(("struck", "closed"),) if marks else (),
    )
    arriving = _gradient_map(passed, layer, channel, "Arriving ∂L/∂a")
    arriving, result = side_by_side(arriving, result)
    pickers = _channel_picker(before, passed.gradient(before), f"∂L/∂{symbol} by filter", channel)
    # Gates that are open or closed are marked on what they read; other slopes are numbers of their own.
    maps = (values, arriving, result) if marks else (slope, arriving, result)
    return MapsContent(maps, ("gates", "=") if marks else ("×", "="), pickers)


def kernel_map(passed: Pass, layer: str, kernel: int, channel: int) -> MapContent:
    """Weights of one kernel."""
    weights = passed.network.params[f"{layer}.weight"]

    def parameter(row: int, col: int) -> ParameterTarget:
        return ParameterTarget(f"{layer}.weight", (kernel, channel, row, col))

    return MapContent(
        "Kernel w",
        f"filter {kernel} for input {channel}",
        "Weights of the filter for this input map",
        Grid(weights[kernel, channel], None, None),
        signed_levels(weights),
        parameter=parameter,
        is_whole=True,
    )


def _stage_map(
    passed: Pass, stage: str, channel: int, values: FloatArray, title: str, tooltip: str
) -> MapContent:
    grid = grid_of(values, channel)
    return MapContent(
        title, channel_title(passed, stage, channel), tooltip, grid, signed_levels(values), stage=stage
    )


def _gradient_map(passed: Pass, stage: str, channel: int, title: str) -> MapContent:
    gradient = passed.gradient(stage)
    return MapContent(
        title,
        channel_title(passed, stage, channel),
        f"Gradient of the loss at each cell of {stage}",
        grid_of(gradient, channel),
        signed_levels(gradient),
        stage=stage,
    )


def _weight_map(
    passed: Pass,
    layer: str,
    unit: int,
    channel: int,
    row: FloatArray,
    names: tuple[str, str, str],
    levels: Levels,
) -> MapContent:
    grid = grid_of(row, channel)

    def parameter(r: int, c: int) -> ParameterTarget:
        cell: Cell = grid.cell(r, c)
        return ParameterTarget(f"{layer}.weight", (unit, feature_index(passed, layer, cell)))

    title, caption, tooltip = names
    return MapContent(title, caption, tooltip, grid, levels, parameter=parameter)


def _channel_picker(stage: str, array: FloatArray, title: str, channel: int) -> tuple[PickerContent, ...]:
    if array.ndim != 3 or len(array) < 2:
        return ()
    tooltip = "Choose a filter; all maps are on one scale"
    return (PickerContent(title, tooltip, array, signed_levels(array), channel, "channel", stage),)


def _unit_picker(passed: Pass, layer: str, unit: int) -> tuple[PickerContent, ...]:
    arriving = passed.gradient(layer)
    if len(arriving) < 2:
        return ()
    tooltip = f"Gradient ∂L/∂z at each unit of {layer}; choose a unit"
    maps = arriving[:, None, None]
    return (PickerContent("∂L/∂z by unit", tooltip, maps, signed_levels(arriving), unit, "unit", layer),)
