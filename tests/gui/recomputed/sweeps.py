"""The sweep of Translation: its map at some shifts, and its curves where the map can be averaged by hand."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from cnnviz.network import Network
from tests.gui.recomputed.computing import Values, near, run
from tests.gui.recomputed.stages import features, moved, moved_along
from ui.panels.translation import TranslationPanel
from ui.panels.translation.sweep_column import SweepColumn
from ui.panels.translation.view import View
from ui.session import Session
from ui.state import Sample, Shift

#: Shifts of the sweep that are computed anew: all would take as long as the sweep.
_PLACES = ((1, 0), (0, -2), (-3, 1), (4, 4))


def sweep(session: Session, panel: TranslationPanel) -> Iterator[str]:
    """Check what is drawn of the sweep, and that it is of what is shown or says of what it is."""
    view, column, swept = panel.view, panel.sweep, panel.sweep.swept
    state = session.state
    assert state.shown is not None
    assert state.sample is not None
    assert state.dataset is not None
    if column.map.content is None or swept is None:
        return
    says = column.drawn()
    if swept.network is not state.shown.network and "network of" not in column.note.text():
        yield "the sweep is of another network and does not say so"
    if says is None or says.step != swept.snapshot.step:
        yield f"the sweep of step {swept.snapshot.step} says {says}"
    if view.many:
        images, labels = state.dataset.test_images[: swept.digits], state.dataset.test_labels[: swept.digits]
        samples = [Sample(image, int(label)) for image, label in zip(images, labels, strict=True)]
    else:
        samples = [state.sample]
    yield from _map(swept.network, view, column, samples, wrap=state.shift.wrap)
    if not view.spread:
        yield from _curve(column, is_mean_of_means=view.many)


def _map(
    network: Network, view: View, column: SweepColumn, samples: list[Sample], *, wrap: bool
) -> Iterator[str]:
    assert column.map.content is not None
    shown = column.map.content.map
    values, dxs, dys = shown.values, shown.cols, shown.rows
    average = np.nanstd if view.many and view.spread else np.nanmean
    for dx, dy in _PLACES:
        if dx in dxs and dy in dys:
            shift = Shift(dx, dy, wrap)
            found = [_measured(network, view, each, shift) for each in samples]
            expected = math.nan if np.isnan(found).all() else average(found)
            # Many images are measured in float32.
            seen, exactness = values[dys.index(dy), dxs.index(dx)], 1e-4 if view.many else 1e-5
            yield from near(f"{view.measure} at {dx}, {dy}", seen, expected, exactness)


def _curve(column: SweepColumn, *, is_mean_of_means: bool) -> Iterator[str]:
    """Check means over rings; of many images only where each of them has a value everywhere."""
    assert column.map.content is not None
    assert column.curves.content is not None
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
    expected, counts = moved_along(network, view, view.stage, before, shift)
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
