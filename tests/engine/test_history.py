"""The record of a run, against plain sums."""

import numpy as np
import pytest

from cnnviz.history import EvaluationPoint, History, Snapshot
from cnnviz.presets import LAB5
from cnnviz.training import Progress


def progress(first, losses, sizes=None, correct=None):
    losses = np.asarray(losses, dtype=float)
    sizes = np.ones(len(losses), dtype=np.intp) if sizes is None else np.asarray(sizes)
    correct = np.zeros(len(losses), dtype=np.intp) if correct is None else np.asarray(correct)
    return Progress(first, losses, correct, sizes, 0.1)


@pytest.mark.parametrize("cuts", [[1000], [1, 999], [500, 500], [333, 333, 334], [10] * 100])
def test_log_lines_do_not_depend_on_how_the_steps_arrive(cuts):
    rng = np.random.default_rng(3)
    losses, sizes = rng.random(1000), rng.integers(1, 9, 1000)
    correct = rng.integers(0, sizes + 1)
    history, lines, start = History(log_every=250), [], 0
    for count in cuts:
        end = start + count
        lines += history.append(progress(start + 1, losses[start:end], sizes[start:end], correct[start:end]))
        start = end
    assert [line.step for line in lines] == [250, 500, 750, 1000]
    for line in lines:
        part = slice(line.step - 250, line.step)
        assert line.loss == pytest.approx(losses[part].mean())
        assert line.accuracy == pytest.approx(correct[part].sum() / sizes[part].sum())
    np.testing.assert_array_equal(history.losses, losses)
    assert history.mean_loss(7) == pytest.approx(losses[-7:].mean())


def test_overlap_is_ignored_and_a_gap_is_refused():
    history = History()
    history.append(progress(1, [1.0, 2.0, 3.0]))
    history.append(progress(2, [2.0, 3.0, 4.0]))
    assert history.losses.tolist() == [1, 2, 3, 4]
    with pytest.raises(ValueError, match="5 to 5 are missing"):
        history.append(progress(6, [6.0]))


def test_curve_is_the_trailing_mean():
    losses = np.random.default_rng(0).random(300)
    history = History()
    history.append(progress(1, losses))
    curve = history.loss_curve(window=50)
    assert curve.steps.tolist() == list(range(1, 301))
    for step in (1, 2, 49, 50, 51, 300):
        assert curve.values[step - 1] == pytest.approx(losses[max(step - 50, 0) : step].mean())


def test_curve_of_a_million_steps_stays_small_and_right():
    losses = np.linspace(1, 0, 1_000_000)
    history = History()
    history.append(progress(1, losses))
    curve = history.loss_curve(window=500)
    assert len(curve.steps) <= 2000
    assert curve.steps[-1] == 1_000_000
    middle = len(curve.steps) // 2
    step = int(curve.steps[middle])
    assert curve.values[middle] == pytest.approx(losses[step - 500 : step].mean())


def test_record_that_begins_late_numbers_its_steps_from_there():
    history = History(log_every=100, first_step=250)
    lines = history.append(progress(251, np.arange(200.0)))
    assert [line.step for line in lines] == [300, 400]
    assert lines[0].loss == pytest.approx(np.arange(50).mean())
    assert lines[0].interval == 50
    assert history.step == 450
    assert history.loss_curve(10).steps[0] == 251


def test_second_test_result_of_a_step_replaces_the_first():
    history = History()
    history.add_test(EvaluationPoint(10, 1.0, 0.5))
    history.add_test(EvaluationPoint(10, 0.9, 0.6))
    history.add_test(EvaluationPoint(20, 0.8, 0.7))
    assert history.tests == [(10, 0.9, 0.6), (20, 0.8, 0.7)]


def test_snapshots_are_thinned_evenly_and_keep_what_matters():
    network = LAB5.build_network()
    size = sum(array.nbytes for array in network.params.values())
    history = History(snapshot_bytes=40 * size)
    for step in range(0, 5001, 10):
        history.snapshots.add(Snapshot(step, network), keep=step in (1230, 4320))
    steps = history.snapshots.steps
    assert history.snapshots.nbytes <= 40 * size
    assert len(steps) * size == history.snapshots.nbytes
    assert {0, 1230, 4320, 5000} <= set(steps)
    gaps = np.diff(steps)
    assert gaps.max() <= 5000 / 10, "no stretch of the run is left without a snapshot"
    assert history.snapshots.at(4325).step == 4320
    assert history.snapshots.at(-5).step == 0


@pytest.mark.parametrize(("batch", "first_step"), [(1, 0), (7, 0), (7, 5), (32, 3)])
def test_images_are_those_that_were_met_on_record_and_planned_beyond_it(batch, first_step):
    images, sizes = 50, []
    for _ in range(8):
        sizes += [min(batch, images - start) for start in range(0, images, batch)]
    met = np.concatenate([[0], np.cumsum(sizes)])
    history = History(first_step=first_step)
    history.batch_size, history.epoch_images = batch, images
    steps = np.arange(min(len(sizes), first_step + 20))
    part = np.array(sizes[first_step : steps[-1]])
    history.append(Progress(first_step + 1, np.zeros(len(part)), part * 0, part, 0.1))
    np.testing.assert_array_equal(history.images_at(np.arange(len(met))), met)
    # Other batches before a fork: on record they count as what they were.
    fork = history.forked(steps[-1])
    assert fork.epoch_images == images
    fork.batch_size = 10
    np.testing.assert_array_equal(
        fork.images_at(steps[first_step:]),
        fork.images_at(first_step) + np.cumsum([0, *sizes[first_step : steps[-1]]]),
    )
    assert fork.images_at(steps[-1] + 1) > fork.images_at(steps[-1])
