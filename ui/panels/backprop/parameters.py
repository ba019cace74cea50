"""Weights before and after an update, as maps."""

import numpy as np

from cnnviz._types import FloatArray
from cnnviz.inspect.receptive_field import Cell
from cnnviz.palette import signed_levels
from cnnviz.routing import ParameterTarget
from ui.panels.backprop.arithmetic import Grid, feature_index, grid_of, source_stage, weight_row
from ui.panels.backprop.contents import MapContent, side_by_side
from ui.panels.backprop.focus import Focus
from ui.panels.backprop.passes import Pass
from ui.panels.backprop.steps import is_maps

#: Word for a choice, how many there are, and which one is shown.
Choice = tuple[str, int, int]


def parameter_contents(
    passed: Pass, name: str, focus: Focus, rate: float, after: FloatArray | None
) -> tuple[MapContent, MapContent, MapContent]:
    """Part of a parameter before the update, its step, and the part after the update.

    Parameters
    ----------
    passed : Pass
    name : str
        Of the parameter.
    focus : Focus
    rate : float
        Learning rate.
    after : ndarray or None
        The parameter after the update; None while that is not known.

    Returns
    -------
    tuple of MapContent
    """
    before, step = passed.network.params[name], -rate * passed.gradients.params[name]
    levels = signed_levels(before if after is None else np.stack([before, after]))
    new = before if after is None else after
    words = ("Before w", "Weights as they are; click one to poke it")
    first, last = side_by_side(
        _content(passed, name, focus, before, words, levels),
        _content(passed, name, focus, new, ("After w′", "Weights after the update"), levels),
    )
    words = ("Step −η · ∂L/∂w", "What is added to each weight")
    return first, _content(passed, name, focus, step, words, signed_levels(step)), last


def rows_of(passed: Pass, name: str, focus: Focus) -> tuple[Choice, Choice]:
    """What may be chosen for a parameter: its filter or unit, and the map that it reads."""
    layer = name.rpartition(".")[0]
    array, network = passed.network.params[name], passed.network
    if array.ndim == 4:
        source = passed.before(layer)
        return (
            ("filter", array.shape[0], focus.channel(network, layer)),
            ("input", array.shape[1], focus.channel(network, source)),
        )
    if array.ndim == 2:
        source = source_stage(passed, layer)
        maps = network.shapes[source][0] if source in network.shapes and is_maps(network, source) else 1
        channel = focus.channel(network, source) if maps > 1 else 0
        return ("unit", array.shape[0], focus.unit(network, layer)), ("filter", maps, channel)
    return ("all", 1, 0), ("", 1, 0)


def _content(
    passed: Pass,
    name: str,
    focus: Focus,
    array: FloatArray,
    names: tuple[str, str],
    levels: tuple[float, float],
) -> MapContent:
    layer = name.rpartition(".")[0]
    network = passed.network
    grid = grid_of(array, 0) if array.ndim == 1 else None
    prefix: Cell = ()
    if array.ndim == 4:
        prefix = (focus.channel(network, layer), focus.channel(network, passed.before(layer)))
        grid = Grid(array[prefix], None, None)
    elif array.ndim == 2:
        unit, source = focus.unit(network, layer), source_stage(passed, layer)
        channel = focus.channel(network, source) if is_maps(network, source) else 0
        prefix, grid = (unit,), grid_of(weight_row(passed, layer, unit, array), channel)
    assert grid is not None

    def parameter(row: int, col: int) -> ParameterTarget:
        if array.ndim == 4:
            return ParameterTarget(name, (*prefix, row, col))
        if array.ndim == 2:
            return ParameterTarget(name, (*prefix, feature_index(passed, layer, grid.cell(row, col))))
        return ParameterTarget(name, grid.cell(row, col))

    title, tooltip = names
    return MapContent(title, "", tooltip, grid, levels, parameter=parameter, is_whole=array.ndim == 4)
