"""How each measure of `cnnviz.lab.measures` is measured: plain functions of a bench and whole numbers."""

from math import nan

import numpy as np

from cnnviz.datasets import to_input
from cnnviz.errors import ParameterError
from cnnviz.files import printable
from cnnviz.inspect.receptive_field import receptive_field, stage_shape
from cnnviz.lab.bench import Bench
from cnnviz.network import Network
from cnnviz.routing import PoolRouting, TieRate, apply_update, tie_rate_of_images
from cnnviz.translation import POOL_KINDS, REACH, Comparison, WinnerChange, compare, toy_lessons

type Cells = tuple[tuple[int, ...], ...]

# --- the trained network ------------------------------------------------------------------------------------


def training_steps(bench: Bench) -> float:
    """Steps of the run."""
    return bench.step


def parameter_count(bench: Bench) -> float:
    """Numbers that are learned."""
    return bench.network.parameter_count


def test_accuracy(bench: Bench) -> float:
    """Share of the test images that are read correctly, in per cent."""
    return 100 * bench.evaluation.accuracy


def test_loss(bench: Bench) -> float:
    """Mean cross-entropy on the test images, in nats."""
    return bench.evaluation.loss


def test_mistakes(bench: Bench) -> float:
    """Test images that are misread."""
    return len(bench.evaluation.mistakes)


def most_mistaken_class(bench: Bench) -> str:
    """Class of which the largest share is misread; none where two share it, or nothing is misread."""
    confusion = bench.evaluation.confusion
    wrong = 1 - np.diag(confusion) / np.maximum(confusion.sum(axis=1), 1)
    leaders = [int(place) for place in np.flatnonzero(wrong == wrong.max())]
    return bench.dataset.classes[leaders[0]] if len(leaders) == 1 else ""


def hardest_image(bench: Bench) -> float:
    """Position of the test image with the largest loss."""
    return int(np.argmax(bench.evaluation.losses))


def hardest_probability(bench: Bench) -> float:
    """Probability that the network gives the true class of that image."""
    place = int(np.argmax(bench.evaluation.losses))
    return float(bench.evaluation.probabilities[place, bench.label(place)])


def filter_change(bench: Bench) -> float:
    """How far training has moved the first filters, relative to their size before."""
    name = next(name for name in bench.network.params if name.endswith(".weight"))
    before, after = bench.initial.params[name], bench.network.params[name]
    return _ratio(float(np.linalg.norm(after - before)), float(np.linalg.norm(before)))


# --- one image through the network --------------------------------------------------------------------------


def probability(bench: Bench, sample: int) -> float:
    """Probability of the true class."""
    trace = bench.passed(sample).trace
    return float(trace.class_probabilities[0, bench.label(sample)])


def own_probability(bench: Bench, **of: str) -> float:
    """Probability that the student's own image is of a class, given as ``class``."""
    name, classes = of["class"], bench.dataset.classes
    if name not in classes:
        listed, called = printable(", ".join(classes), 60), printable(name, 40)
        raise ParameterError(f"The classes of the lab are {listed}, and {called!r} is none of them.")
    if bench.own is None:
        return nan
    trace = bench.network.forward(to_input(bench.own[np.newaxis], bench.network.dtype))
    return float(trace.class_probabilities[0, classes.index(name)])


def cell_value(bench: Bench, stage: str, filter: int, row: int, column: int, sample: int) -> float:
    """Value of one cell of a map."""
    place = filter, row, column
    _require_cell(bench.network, stage, place)
    return float(bench.passed(sample).trace.outputs[stage][0][place])


def receptive_side(bench: Bench, stage: str) -> float:
    """Side of the square of pixels that one cell of a stage is computed from, in pixels."""
    shape = stage_shape(bench.network, stage)
    middle = tuple(size // 2 for size in shape)
    return receptive_field(bench.network, stage, middle)["input"].rectangle.height


def window_winners(bench: Bench, filter: int, row: int, column: int, sample: int) -> Cells:
    """Cells of a pooling window that hold its largest value."""
    routing = _required_routing(bench, sample)
    _require_cell(bench.network, routing.layer, (filter, row, column))
    if routing.winners is None:
        return ()
    step = routing.pool.step
    return tuple(
        (filter, row * step + int(i), column * step + int(j))
        for i, j in np.argwhere(routing.winners[filter, row, column])
    )


# --- what moves when the image moves ------------------------------------------------------------------------


def change(bench: Bench, stage: str, dx: int, dy: int, sample: int) -> float:
    """Relative change of a stage."""
    pair = _compared(bench, dx, dy, sample).stages.get(stage)
    return nan if pair is None else pair.measured()["relative_change"]


def residual(bench: Bench, stage: str, dx: int, dy: int, sample: int) -> float:
    """What moving along does not explain of the change of a stage."""
    pair = _compared(bench, dx, dy, sample).stages.get(stage)
    return nan if pair is None else pair.measured()["equivariance_residual"]


def mean_change(bench: Bench, stage: str, dx: int, dy: int, digits: int) -> float:
    """Relative change of a stage, the mean over the first test images."""
    found = [each.changes[stage] for each in bench.moved(dx, dy, digits) if stage in each.changes]
    finite = [value for value in found if np.isfinite(value)]
    return float(np.mean(finite)) if finite else nan


def least_changed(bench: Bench, dx: int, dy: int, sample: int) -> str:
    """Which pool of the same maps changes least; none where two share it."""
    stages = _compared(bench, dx, dy, sample).stages
    changes = {kind: stages[kind].measured()["relative_change"] for kind in POOL_KINDS}
    least = min(changes.values())
    leaders = [kind for kind, value in changes.items() if value == least]
    return leaders[0] if len(leaders) == 1 else ""


def windows_changed(bench: Bench, dx: int, dy: int, sample: int) -> float:
    """Share of the pooling windows whose largest value is another one, in per cent."""
    counts = _compared(bench, dx, dy, sample).winners.counts
    total = sum(count.total for count in counts.values())
    return 100 * counts[WinnerChange.CHANGED].total / total


def decision_flips(bench: Bench, dx: int, dy: int, digits: int) -> float:
    """Share of the first test images that are read as another class when they are moved, in per cent."""
    return 100 * float(np.mean([each.flips for each in bench.moved(dx, dy, digits)]))


def smallest_flip(bench: Bench, sample: int) -> float:
    """Smallest shift to the right that changes the answer, in pixels; NaN where none of 13 does."""
    for dx in range(1, REACH + 1):
        pair = _compared(bench, dx, 0, sample)
        if pair.moved_class != pair.original_class:
            return dx
    return nan


def dots_cells_changed(bench: Bench, stage: str) -> float:  # noqa: ARG001 -- these images have a network of their own
    """Cells in which the maps of the two small images differ."""
    before, after = _dots().stages[stage].features()
    return int(np.count_nonzero(before != after))


def dots_difference(bench: Bench, stage: str) -> float:  # noqa: ARG001 -- likewise
    """Largest difference between the maps of the two small images."""
    before, after = _dots().stages[stage].features()
    return float(np.abs(after - before).max())


# --- the way of the gradient --------------------------------------------------------------------------------


def tied_windows(bench: Bench, digits: int) -> float:
    """Share of the pooling windows in which several cells share the largest value, in per cent."""
    routing = bench.passed(0).routing
    if routing is None or routing.pool.tie_rule is None:
        return nan
    rate: TieRate = tie_rate_of_images(bench.network, bench.dataset.test_images[:digits], routing.layer)
    return 100 * rate.rate


def window_receivers(bench: Bench, filter: int, row: int, column: int, sample: int) -> float:
    """Cells of a pooling window that the gradient reaches."""
    routing = _required_routing(bench, sample)
    _require_cell(bench.network, routing.layer, (filter, row, column))
    return len(routing.routes().of_window((filter, row, column)))


def tied_share(bench: Bench, sample: int) -> float:
    """What the cells of a tied window get together, as a multiple of the gradient of the window.

    1 where it is handed to one winner or divided among them, and the number of winners where each gets all of
    it; the mean over the tied windows of the image, NaN without any.
    """
    routing = bench.passed(sample).routing
    if routing is None or not routing.tied.any():
        return nan
    routes = routing.routes()
    shares = np.zeros(routing.pooled.shape)
    np.add.at(shares, tuple(routes.windows.T), routes.shares)
    return float(shares[routing.tied].mean())


def gradient_error(bench: Bench, sample: int) -> float:
    """Largest relative error of the gradients that agree with the finite difference."""
    return bench.passed(sample).check.largest_error


def gradient_mismatches(bench: Bench, sample: int) -> float:
    """Parameters whose gradient differs from the finite difference, and no kink explains it."""
    return bench.passed(sample).check.counts["mismatch"]


def gradient_tie_rule(bench: Bench, sample: int) -> float:
    """Parameters whose gradient differs from the finite difference just as the rule for ties makes it."""
    return bench.passed(sample).check.counts["tie_rule"]


def gradient_kinks(bench: Bench, sample: int) -> float:
    """Parameters at which the loss has a kink: a winner or a gate changes, however small the poke."""
    return bench.passed(sample).check.counts["kink"]


def update_loss_change(bench: Bench, sample: int) -> float:
    """Change of the loss of an image by one step against its own gradient, in nats."""
    passed = bench.passed(sample)
    updated = apply_update(bench.network, passed.gradients, bench.experiment.learning_rate)
    return float(updated.gradients(passed.x, np.array([passed.label])).loss - passed.gradients.loss)


# --- helpers ------------------------------------------------------------------------------------------------


def _compared(bench: Bench, dx: int, dy: int, sample: int) -> Comparison:
    return compare(bench.network, bench.image(sample), dx, dy, label=bench.label(sample))


def _dots() -> Comparison:
    return next(lesson for lesson in toy_lessons() if lesson.name == "dots").compare()


def _ratio(top: float, bottom: float) -> float:
    return top / bottom if bottom else nan


def _required_routing(bench: Bench, sample: int) -> PoolRouting:
    """Return the way through the first pool, or raise `ParameterError` where there is none."""
    routing = bench.passed(sample).routing
    if routing is None:
        raise ParameterError("The network has no pool, and so no windows; ask for something else here.")
    return routing


def _require_cell(network: Network, stage: str, cell: tuple[int, int, int]) -> None:
    """Raise `ParameterError` unless the maps of a stage have this cell."""
    shape = stage_shape(network, stage) if stage in network.shapes else ()
    if len(shape) != 3 or not all(place < size for place, size in zip(cell, shape, strict=True)):
        filter_, row, column = cell
        raise ParameterError(
            f"The stage {stage!r} has no cell at filter {filter_}, row {row}, column {column}."
        )
