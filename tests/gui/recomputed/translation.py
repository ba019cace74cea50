"""Translation: its stages by hand, changes, probabilities, the sweep at some shifts and its curves."""

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from cnnviz.layers import Activation, Conv2D
from cnnviz.network import Network
from tests.gui.recomputed.computing import Values, near, run, trace_of
from tests.oracles import (
    avg_pool2d_loop,
    max_blur_pool2d_loop,
    max_pool2d_loop,
    shift_loop,
    subsample_pool2d_loop,
)
from ui.panels.translation.panel import TranslationPanel
from ui.panels.translation.sweep_column import SweepColumn
from ui.panels.translation.view import View
from ui.session import Session
from ui.state import Sample, Shift


def translation(session: Session) -> Iterator[str]:
    """Check what is said of the sample and its shift; lessons on made-up images are tests of their own."""
    panel, shown, sample = session.window.panel(TranslationPanel), session.state.shown, session.state.sample
    view, maps, strip = panel.view, panel.maps.content, panel.strip.content
    if maps is None or strip is None:
        return
    pair = maps.shown.pair
    pixels = moved(sample.pixels, session.state.shift)
    before, after = (features(shown.network, each, view) for each in (sample.pixels, pixels))
    yield from near(f"{view.stage}, original", pair.original, before[view.stage])
    yield from near(f"{view.stage}, shifted", pair.shifted, after[view.stage])
    for stage, (found, _) in zip(strip.stages, strip.values, strict=True):
        yield from near(f"change of {stage.key}", found, change(before[stage.key], after[stage.key]))
    predictions = panel.predictions.content
    if predictions is not None:
        sides = (predictions.original, predictions.shifted)
        for what, seen, each in zip(("original", "shifted"), sides, (sample.pixels, pixels), strict=True):
            yield from near(f"{what} p", seen, trace_of(session, each).class_probabilities[0])
    yield from sweep(session, panel)


#: Shifts of the sweep that are computed anew: all would take as long as the sweep.
_PLACES = ((1, 0), (0, -2), (-3, 1), (4, 4))


def sweep(session: Session, panel: TranslationPanel) -> Iterator[str]:
    """Check what is drawn of the sweep, and that it is of what is shown or says of what it is."""
    view, column, swept = panel.view, panel.sweep, panel.sweep.swept
    state = session.state
    assert state.sample is not None
    if column.map.content is None or swept is None:
        return
    says = column.provenance()
    if swept.network is not state.shown.network and "network of" not in column.note.text():
        yield "the sweep is of another network and does not say so"
    if says is None or says.step != swept.snapshot.step:
        yield f"the sweep of step {swept.snapshot.step} says {says}"
    if view.many:
        first = slice(swept.key.digits)
        images, labels = state.dataset.test_images[first], state.dataset.test_labels[first]
        samples = [Sample(image, int(label)) for image, label in zip(images, labels, strict=True)]
    else:
        samples = [state.sample]
    yield from _map(swept.network, view, column, samples)
    yield from _curve(column, is_mean_of_means=view.many)


def _map(network: Network, view: View, column: SweepColumn, samples: list[Sample]) -> Iterator[str]:
    shown = column.map.content.map
    values, dxs, dys = shown.values, shown.cols, shown.rows
    for dx, dy in _PLACES:
        if dx in dxs and dy in dys:
            shift = Shift(dx, dy)
            found = [_measured(network, view, each, shift) for each in samples]
            expected = math.nan if np.isnan(found).all() else np.nanmean(found)
            # Many images are measured in float32.
            seen, exactness = values[dys.index(dy), dxs.index(dx)], 1e-4 if view.many else 1e-5
            yield from near(f"{view.measure} at {dx}, {dy}", seen, expected, exactness)


def _curve(column: SweepColumn, *, is_mean_of_means: bool) -> Iterator[str]:
    """Check means over rings; of many images only where each of them has a value everywhere."""
    shown = column.map.content.map
    values, dxs, dys = shown.values, shown.cols, shown.rows
    line = next((line for line in column.curves.content.curves if line.width > 2), None)
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
        if not np.isnan(ring).any():
            yield from near(f"curve at {distance}", mean, np.mean(ring))
        elif not is_mean_of_means and not np.isnan(ring).all():
            yield from near(f"curve at {distance}", mean, np.nanmean(ring))


def _measured(network: Network, view: View, sample: Sample, shift: Shift) -> float:
    """Compute the chosen measure for one image and one shift."""
    pixels = moved(sample.pixels, shift)
    if view.measure in _OF_OUTPUT:
        before, after = (run(network, each).class_probabilities[0] for each in (sample.pixels, pixels))
        label = int(before.argmax()) if sample.label is None else sample.label
        return _OF_OUTPUT[view.measure](before.astype(np.float64), after.astype(np.float64), label)
    before, after = (features(network, each, view)[view.stage] for each in (sample.pixels, pixels))
    if view.measure == "cosine_similarity":
        return _cosine(before, after)
    if view.measure == "relative_change":
        return change(before, after)
    expected, counts = equivariance(network, view, view.stage, before, shift)
    return change(before, before + (after - expected) * counts) if counts.any() else math.nan


def change(before: Values, after: Values) -> float:
    """Return ‖F(Tx) − F(x)‖ / ‖F(x)‖."""
    size = float(np.linalg.norm(before.astype(np.float64)))
    return float(np.linalg.norm(after.astype(np.float64) - before)) / size if size else math.nan


def _cosine(before: Values, after: Values) -> float:
    one, other = before.astype(np.float64).ravel(), after.astype(np.float64).ravel()
    sizes = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / sizes if sizes else math.nan


_OF_OUTPUT: dict[str, Callable[[Values, Values, int], float]] = {
    "probability_change": lambda before, after, label: abs(float(after[label] - before[label])),
    "total_variation": lambda before, after, _label: float(np.abs(after - before).sum()) / 2,
    "decision_flip": lambda before, after, _label: float(before.argmax() != after.argmax()),
}


type Maps = dict[str, Values]


def moved(pixels: NDArray[np.uint8], shift: Shift) -> NDArray[np.uint8]:
    """Move an image; what comes in is background."""
    return shift_loop(pixels, shift.dx, shift.dy, 0)


def features(network: Network, pixels: NDArray[np.uint8], view: View) -> Maps:
    """Compute all stages of the chosen block, relative to a blank image."""
    found = _stages(network, pixels, view)
    blank = _stages(network, np.zeros_like(pixels), view)
    return {stage: maps - blank[stage] for stage, maps in found.items()}


def equivariance(
    network: Network, view: View, stage: str, maps: Values, shift: Shift
) -> tuple[Values, NDArray[np.bool_]]:
    """Move maps as far as the image moved, linearly interpolated between cells; and say which cells count.

    Those do that have seen only the image, as have all that moved there.
    """
    maps = maps.astype(np.float64)
    counts = np.ones(maps.shape[1:], np.bool_)
    for axis, distance in ((1, shift.dy), (2, shift.dx)):
        step, inner = _along(network, view, stage, axis)
        cells, rest = divmod(distance, step)
        found, valid = np.zeros_like(maps), np.zeros(len(inner), np.bool_)
        for place in range(len(inner)):
            sources = {place - cells: 1 - rest / step} | ({place - cells - 1: rest / step} if rest else {})
            valid[place] = inner[place] and all(0 <= each < len(inner) and inner[each] for each in sources)
            for source, share in sources.items():
                if 0 <= source < len(inner):
                    np.moveaxis(found, axis, 0)[place] += share * np.moveaxis(maps, axis, 0)[source]
        maps = found
        counts &= valid[:, np.newaxis] if axis == 1 else valid
    return maps, counts


def _stages(network: Network, pixels: NDArray[np.uint8], view: View) -> Maps:
    trace, layers = run(network, pixels), network.layers
    conv, last = _places(network, view)
    maps = trace.outputs[layers[last][0]][0]
    found: Maps = {"pixels": trace.inputs[0], "convolution": trace.outputs[layers[conv][0]][0]}
    if last != conv:
        found["activation"] = maps
    return found | _pooled(maps, view.pool_size)


def _places(network: Network, view: View) -> tuple[int, int]:
    """Return the places of the block's convolution and of its last layer before a pool."""
    layers = [layer for _, layer in network.layers]
    conv = [place for place, layer in enumerate(layers) if isinstance(layer, Conv2D)][view.block - 1]
    return conv, conv + 1 if isinstance(layers[conv + 1], Activation) else conv


def _along(network: Network, view: View, stage: str, axis: int) -> tuple[int, list[bool]]:
    """Return the pixels from one cell to the next along an axis, and which cells have seen only the image."""
    step, inner = 1, [True] * network.input_shape[axis]
    if stage == "pixels":
        return step, inner
    for name, layer in network.layers[: _places(network, view)[1] + 1]:
        windows = layer.geometry
        inner = _read(inner, network.shapes[name][axis], windows.size, windows.stride, windows.offset)
        step *= windows.stride
    size = view.pool_size
    pools = {"max_blur": (3 * size - 2, 1 - size), "subsample": (1, 0)}
    if stage in ("convolution", "activation"):
        return step, inner
    reach, offset = pools.get(stage, (size, 0))
    return step * size, _read(inner, len(inner) // size, reach, size, offset)


def _read(inner: list[bool], cells: int, size: int, step: int, offset: int) -> list[bool]:
    starts = [offset + step * cell for cell in range(cells)]
    return [0 <= start <= len(inner) - size and all(inner[start : start + size]) for start in starts]


def _pooled(maps: Values, size: int) -> Maps:
    """Pool in every way, one number after the other."""
    batch = maps[np.newaxis]
    return {
        "max": max_pool2d_loop(batch, size, size)[0][0],
        "average": avg_pool2d_loop(batch, size, size)[0],
        "max_blur": max_blur_pool2d_loop(batch, size)[0],
        "subsample": subsample_pool2d_loop(batch, size)[0],
    }
