"""Translation: maps, changes, probabilities, the sweep and its curves."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from cnnviz.layers import Activation, Conv2D
from tests.gui.recomputed.computing import near, trace_of
from ui.panels.translation import TranslationPanel
from ui.panels.translation.sweep_column import SweepColumn
from ui.panels.translation.view import View
from ui.session import Session
from ui.state import Shift

type Maps = dict[str, NDArray[np.floating]]

#: Shifts of the sweep that are computed anew: all would take as long as the sweep.
_PLACES = ((1, 0), (0, -2), (-3, 1), (4, 4))


def translation(session: Session) -> Iterator[str]:
    """Check what is said of the sample and its shift; lessons on made-up images are tests of their own."""
    panel, sample = session.window.panel(TranslationPanel), session.state.sample
    assert sample is not None
    view, parts, pair = panel.choices.view, panel.parts, panel.parts.maps.grid.pair
    if pair is None:
        return
    before = _maps(session, view, Shift())
    after = _maps(session, view, session.state.shift)
    yield from near(f"{view.stage}, original", pair.original, before[view.stage])
    yield from near(f"{view.stage}, shifted", pair.shifted, after[view.stage])
    for tile in parts.strip.tiles:
        found = parts.strip.values(tile.key)
        change = _change(before[tile.key], after[tile.key])
        yield from near(f"change of {tile.key}", None if found is None else found[0], change)
    probabilities = parts.canvas.probabilities.probabilities
    if probabilities is not None:
        moved = _moved(sample.pixels, session.state.shift)
        for what, seen, pixels in zip(
            ("original", "shifted"), probabilities, (sample.pixels, moved), strict=True
        ):
            yield from near(f"{what} p", seen, trace_of(session, pixels).class_probabilities[0])
    if not view.many and parts.sweep.map.values is not None:
        yield from _sweep(session, view, before, parts.sweep)


def _sweep(session: Session, view: View, before: Maps, column: SweepColumn) -> Iterator[str]:
    """Check some places of the map, and the curves where the map can be averaged by hand."""
    stage = view.sweep_stage(False)
    if view.measure != "relative_change" or column.map.values is None:
        return
    (dxs, dys), values = column.map.shifts, column.map.values
    for dx, dy in _PLACES:
        if dx in dxs and dy in dys:
            after = _maps(session, view, Shift(dx, dy, session.state.shift.wrap))
            seen = values[dys.index(dy), dxs.index(dx)]
            yield from near(f"sweep at {dx}, {dy}", seen, _change(before[stage], after[stage]))
    line = next((line for line in column.plot.content().lines if line.width > 2), None)
    if line is None:
        yield "no curve of the chosen stage"
        return
    for distance, mean in zip(line.x, line.y, strict=True):
        ring = [
            values[row, col]
            for row, dy in enumerate(dys)
            for col, dx in enumerate(dxs)
            if distance - 0.5 <= math.hypot(dx, dy) < distance + 0.5
        ]
        yield from near(f"curve at {distance}", mean, np.mean(ring))


def _change(before: NDArray[np.floating], after: NDArray[np.floating]) -> float:
    """Return ‖F(Tx) − F(x)‖ / ‖F(x)‖."""
    size = float(np.linalg.norm(before.astype(np.float64)))
    return float(np.linalg.norm(after.astype(np.float64) - before)) / size if size else math.nan


def _moved(pixels: NDArray[np.uint8], shift: Shift) -> NDArray[np.uint8]:
    moved = np.roll(pixels, (shift.dy, shift.dx), axis=(-2, -1))
    if not shift.wrap:
        rows, columns = np.indices(pixels.shape[-2:])
        for places, by in ((rows, shift.dy), (columns, shift.dx)):
            side = places.max() + 1
            moved[..., (places < by) | (places >= side + by)] = 0
    return moved


def _maps(session: Session, view: View, shift: Shift) -> Maps:
    """Compute all stages of the chosen block for the moved sample, relative to a blank image if so chosen."""
    sample = session.state.sample
    assert sample is not None
    found = _stages(session, _moved(sample.pixels, shift), view)
    if view.relative:
        blank = _stages(session, np.zeros_like(sample.pixels), view)
        found = {stage: maps - blank[stage] for stage, maps in found.items()}
    return found


def _stages(session: Session, pixels: NDArray[np.uint8], view: View) -> Maps:
    shown = session.state.shown
    assert shown is not None
    trace, layers = trace_of(session, pixels), shown.network.layers
    conv = [place for place, (_, layer) in enumerate(layers) if isinstance(layer, Conv2D)][view.block - 1]
    last = conv + 1 if isinstance(layers[conv + 1][1], Activation) else conv
    maps = trace.outputs[layers[last][0]][0]
    found = {"pixels": trace.inputs[0], "convolution": trace.outputs[layers[conv][0]][0]}
    if last != conv:
        found["activation"] = maps
    return found | _pooled(maps, view.pool_size)


def _pooled(maps: NDArray[np.floating], size: int) -> Maps:
    """Pool in every way, by windows cut out of the maps."""
    maps = maps.astype(np.float64)
    count, rows, columns = maps.shape[0], maps.shape[1] // size, maps.shape[2] // size
    windows = maps[:, : rows * size, : columns * size].reshape(count, rows, size, columns, size)
    taps = np.array([1.0, 2.0, 1.0]) / 4
    triangle = np.convolve(np.ones(size), np.ones(size)) / size**2
    return {
        "max": windows.max(axis=(2, 4)),
        "average": windows.mean(axis=(2, 4)),
        "blur": _blurred(_padded(maps, 1), taps)[:, ::size, ::size][:, :rows, :columns],
        "max_blur": _max_blurred(maps, size, triangle)[:, ::size, ::size][:, :rows, :columns],
        "subsample": windows[:, :, 0, :, 0],
    }


def _padded(maps: NDArray[np.floating], margin: int) -> NDArray[np.floating]:
    return np.pad(maps, ((0, 0), (margin, margin), (margin, margin)), mode="reflect")


def _blurred(maps: NDArray[np.floating], taps: NDArray[np.floating]) -> NDArray[np.floating]:
    windows = sliding_window_view(maps, (len(taps), len(taps)), axis=(1, 2))
    return np.einsum("crsij,i,j->crs", windows, taps, taps)


def _max_blurred(maps: NDArray[np.floating], size: int, taps: NDArray[np.floating]) -> NDArray[np.floating]:
    wide = np.pad(maps, ((0, 0), (size - 1, 2 * size), (size - 1, 2 * size)), mode="reflect")
    dense = sliding_window_view(wide, (size, size), axis=(1, 2)).max(axis=(3, 4))
    return _blurred(dense, taps)
