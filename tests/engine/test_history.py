"""The record of a run, its snapshots, forks, and any step again."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.errors import ParameterError
from cnnviz.evaluation import CancelledError
from cnnviz.experiment import LAB5
from cnnviz.history import EvaluationPoint, History, Replay
from cnnviz.layers import Dense, Flatten
from cnnviz.network import Network
from cnnviz.snapshots import Origin, Snapshot, SnapshotStore
from cnnviz.training import Trainer
from tests.oracles import assert_same_arrays, assert_same_bits
from tests.records import progress, with_losses
from tests.small_data import first_images


@pytest.mark.parametrize("cuts", [[5000], [1, 4999], [2500, 2500], [1667, 1667, 1666], [10] * 500])
def test_log_lines_do_not_depend_on_how_the_steps_arrive(cuts):
    rng = np.random.default_rng(3)
    losses, sizes = rng.random(5000), rng.integers(1, 9, 5000)
    correct = rng.integers(0, sizes + 1)
    history, lines, start = History(log_every=1250), [], 0
    for count in cuts:
        end = start + count
        lines += history.append(progress(start + 1, losses[start:end], correct[start:end], sizes[start:end]))
        start = end
    assert [line.step for line in lines] == [1250, 2500, 3750, 5000]
    for line in lines:
        part = slice(line.step - 1250, line.step)
        assert line.loss == pytest.approx(losses[part].mean())
        assert line.accuracy == pytest.approx(correct[part].sum() / sizes[part].sum())
    np.testing.assert_array_equal(history.losses, losses)
    sums = np.cumsum([losses, correct, sizes], axis=1)
    np.testing.assert_array_equal(history.totals, np.insert(sums, 0, 0, axis=1))
    np.testing.assert_array_equal(history.steps, np.arange(1, 5001))
    assert history.means_at(history.step, 7).loss == pytest.approx(losses[-7:].mean())


def test_overlap_is_ignored_a_gap_is_refused_and_a_second_test_replaces_the_first():
    history = History()
    history.append(progress(1, [1.0, 2.0, 3.0]))
    history.append(progress(2, [2.0, 3.0, 4.0]))
    assert history.losses.tolist() == [1, 2, 3, 4]
    with pytest.raises(ValueError, match="5 to 5 are missing"):
        history.append(progress(6, [6.0]))
    for point in ((10, 1.0, 0.5), (10, 0.9, 0.6), (20, 0.8, 0.7)):
        history.add_test(EvaluationPoint(*point))
    assert history.tests == [(10, 0.9, 0.6), (20, 0.8, 0.7)]


def test_curve_of_a_million_steps_stays_small_and_right():
    """A trailing mean: of each step while they are few."""
    for losses, window in ((np.random.default_rng(0).random(300), 50), (np.linspace(1, 0, 1_000_000), 500)):
        history = History()
        history.append(progress(1, losses))
        curve = history.loss_curve(window)
        assert len(curve.steps) == (300 if len(losses) == 300 else 2000)
        assert curve.steps[-1] == len(losses)
        for place in (0, 1, 48, 49, 50, len(curve.steps) // 2, -1):
            step = int(curve.steps[place])
            assert curve.values[place] == pytest.approx(losses[max(step - window, 0) : step].mean())


def test_record_that_begins_late_numbers_its_steps_from_there():
    history = History(log_every=100, first_step=250)
    lines = history.append(progress(251, np.arange(200.0)))
    assert [line.step for line in lines] == [300, 400]
    assert lines[0].loss == pytest.approx(np.arange(50).mean())
    assert lines[0].interval == 50
    assert history.step == 450
    assert history.loss_curve(10).steps[0] == 251


NETWORK = Network.build([("flatten", Flatten()), ("dense1", Dense(1))], (1, 3, 3))
SIZE = Snapshot(0, NETWORK).nbytes


def filled(steps, kept=(), room=20):
    store = SnapshotStore(room * SIZE)
    for step in steps:
        store.add(Snapshot(step, NETWORK), keep=step in kept)
    return store


@pytest.mark.parametrize(("first", "every"), [(0, 1), (7, 63), (1000, 100)])
@pytest.mark.parametrize("count", [60, 100, 1000, 3333])
def test_snapshots_are_thinned_evenly_and_keep_what_matters(first, every, count):
    steps = [first, *(first // every * every + every * i for i in range(1, count))]
    store = filled(steps, room=64)
    gaps = np.diff(store.steps[:-1])
    assert gaps.max() <= 2 * gaps.min() + every
    # Between half of the room and all of it is used, and all where there is room for all.
    assert 32 <= len(store) <= 64
    assert count > 64 or store.steps == steps
    marked = filled(steps, kept=steps[7::40], room=64)
    assert {first, steps[-1], *(steps[7::40] if count <= 1000 else ())} <= set(marked.steps)
    assert History(snapshot_bytes=640).snapshots.max_bytes == 640


@given(steps=st.lists(st.integers(0, 500), min_size=1, unique=True).map(sorted), step=st.integers(-20, 520))
def test_at_and_nearest_are_what_a_search_through_all_finds(steps, step):
    store = filled(steps, room=1000)
    before = [each for each in steps if each <= step]
    assert store.at(step).step == (before[-1] if before else steps[0])
    assert store[store.index_at(step)] is store.at(step)
    assert store.find(step) is (store.at(step) if step in steps else None)
    assert abs(store.nearest(step).step - step) == min(abs(each - step) for each in steps)


def test_an_empty_store_says_so_memory_counts_and_going_back_replaces_what_came_later():
    for look in (SnapshotStore(100).at, SnapshotStore(100).nearest):
        with pytest.raises(LookupError):
            look(3)
    assert SnapshotStore(100).find(3) is None
    memory = {"steps": np.array(3), "momentum.dense1.weight": np.zeros((1, 9), np.float32)}
    assert Snapshot(0, NETWORK, memory).nbytes == SIZE + 8 + 36
    store = filled([0, 10, 20, 30])
    store.add(Snapshot(20, NETWORK))
    assert store.steps == [0, 10, 20]
    assert store.nbytes == 3 * SIZE


def test_part_of_a_store_goes_its_own_way():
    store = filled(range(0, 1000, 10), kept=[500])
    part = store.until(605)
    for step in range(610, 3000, 10):
        part.add(Snapshot(step, NETWORK))
    assert {0, 500, 2990} <= set(part.steps)
    assert store.steps[-1] == 990


def test_a_step_marked_once_stays_marked():
    store = filled(range(100), kept=[57], room=200)
    store.add(Snapshot(99, NETWORK), keep=True)
    store.add(Snapshot(99, NETWORK))
    for step in range(100, 3000):
        store.add(Snapshot(step, NETWORK))
    store.max_bytes = 8 * SIZE
    store.add(Snapshot(3000, NETWORK))
    assert {0, 57, 99, 3000} <= set(store.steps)
    assert store.nbytes <= 8 * SIZE


@pytest.fixture(scope="module")
def small_digits():
    return first_images((0, 1), 103, 50)


@pytest.fixture
def recorded():
    rng = np.random.default_rng(5)
    sizes = rng.integers(1, 9, 900)
    history = History(log_every=100, first_step=50)
    history.append(progress(51, rng.random(900), rng.integers(0, sizes + 1), sizes))
    network = LAB5.build_network()
    for step in range(50, 951, 50):
        history.snapshots.add(Snapshot(step, network), keep=step % 300 == 0)
        history.add_test(EvaluationPoint(step, 1 / step, 0.5))
    return history


def test_a_fork_has_the_past_in_common_and_a_future_of_its_own(recorded):
    fork = recorded.forked(400)
    assert (fork.first_step, fork.step, fork.forked_at) == (50, 400, 400)
    assert_same_bits(fork.losses, recorded.losses[:350])
    assert fork.log == [line for line in recorded.log if line.step <= 400]
    assert fork.tests == recorded.tests[:8]
    assert fork.snapshots.steps == list(range(50, 401, 50))
    lines = fork.append(progress(401, np.full(100, 3.0)))
    assert [(line.step, line.loss, line.accuracy) for line in lines] == [(500, pytest.approx(3), 1)]
    assert recorded.step == 950
    assert len(recorded.log) == 9
    assert (recorded.covers(50), recorded.covers(951)) == (True, False)


def test_means_at_a_moment_are_those_of_the_steps_before_it(recorded):
    for step in (51, 120, 500, 950):
        losses = recorded.losses[max(step - 50 - 200, 0) : step - 50]
        means = recorded.means_at(step, 200)
        assert (means.loss, means.interval) == (pytest.approx(losses.mean()), len(losses))
        assert recorded.forked(step).means_at(step, 200).accuracy == pytest.approx(means.accuracy)
    assert np.isnan(recorded.means_at(50, 200).loss)
    assert np.isnan(recorded.means_at(3, 200).accuracy)


# --- any step of a run again ----------------------------------------------------------------------------


SETTINGS = {
    "plain": {},
    "momentum": {"momentum": 0.9},
    "adam": {"optimizer": "adam", "batch_size": 8},
    "float32": {"dtype": "float32", "momentum": 0.9, "activation": "relu", "batch_size": 4, "hidden": (5,)},
}


def recorded_run(dataset, experiment, last, kept, rates=()):
    """Train by hand; return the record, and the engine's own weights at every step."""
    trainer = Trainer(experiment.build_network(), dataset, experiment)
    trainer.add_epochs(9)
    history, rates = History(), dict(rates)
    weights = []
    for step in range(last + 1):
        if step in rates:
            trainer.learning_rate = rates[step]
        if step in kept or step in rates:
            origin = Origin(1, replace(experiment, learning_rate=trainer.learning_rate), dataset.name)
            history.snapshots.add(replace(trainer.snapshot, origin=origin), keep=True)
        weights.append(trainer.network.params)
        if step < last:
            history.append(trainer.advance(1))
    return history, weights


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_any_step_of_a_run_is_had_again_bit_for_bit(small_digits, settings):
    experiment = replace(LAB5, learning_rate=1e-2, **settings)
    history, weights = recorded_run(small_digits, experiment, 120, {0, 40, 80}, {55: 3e-3, 61: 2e-2})
    for step in (0, 1, 39, 40, 55, 56, 60, 61, 62, 119, 120):
        replay = Replay.of(history, step)
        assert replay.start.step == max(kept for kept in (0, 40, 55, 61, 80) if kept <= step)
        found = replay.run(small_digits)
        assert found.step == step
        assert_same_arrays(found.network.params, weights[step])
    # It can be gone on from, and its settings are those of its moment.
    found = Replay.of(history, 58).run(small_digits)
    assert found.origin.experiment.learning_rate == 3e-3
    near = Replay.of(history, 60, near=found)
    assert near.start is found
    assert_same_arrays(near.run(small_digits).network.params, weights[60])


def test_a_step_after_a_fork_is_that_of_the_fork(small_digits):
    experiment = replace(LAB5, learning_rate=1e-2, momentum=0.9)
    first, weights = recorded_run(small_digits, experiment, 60, {0, 20, 40})
    start = Replay.of(first, 33).run(small_digits)
    fork = first.forked(33)
    faster = replace(experiment, learning_rate=5e-2)
    trainer = Trainer(start.network, small_digits, faster, start_step=33, optimizer_state=start.optimizer)
    fork.snapshots.add(replace(trainer.snapshot, origin=Origin(2, faster, small_digits.name)), keep=True)
    fork.append(trainer.advance(10))
    own = trainer.network.params
    fork.append(trainer.advance(10))
    for step, expected in ((27, weights[27]), (43, own)):
        found = Replay.of(fork, step).run(small_digits)
        assert_same_arrays(found.network.params, expected)


def test_a_step_that_cannot_be_had_exactly_is_refused(small_digits):
    experiment = replace(LAB5, learning_rate=1e-2, momentum=0.9)
    history, weights = recorded_run(small_digits, experiment, 60, {0, 20, 40})
    # A record without the optimiser's memory is repeated from its beginning.
    bare = SnapshotStore(1 << 30)
    for snapshot in (history.snapshots[index] for index in range(3)):
        bare.add(replace(snapshot, optimizer=None), keep=True)
    history.snapshots = bare
    replay = Replay.of(history, 50)
    assert replay.start.step == 0
    assert_same_arrays(replay.run(small_digits).network.params, weights[50])
    # A record of another machine is told by its losses.
    losses = history.losses.copy()
    losses[44] = np.nextafter(losses[44], 1)
    other = with_losses(history, losses)
    with pytest.raises(ParameterError, match="Step 50 cannot be repeated exactly"):
        Replay.of(other, 50).run(small_digits)
    assert Replay.of(other, 44).run(small_digits).step == 44
    with pytest.raises(ParameterError, match="Step 61 cannot be reached"):
        Replay.of(history, 61)


def test_a_repetition_ends_when_it_is_not_wanted_any_more(small_digits):
    history, _ = recorded_run(small_digits, LAB5, 200, {0})
    seen = []

    def report(share):
        seen.append(share)
        if len(seen) == 2:
            raise CancelledError("not wanted")

    with pytest.raises(CancelledError):
        Replay.of(history, 200).run(small_digits, report)
    assert seen[0] == 0.0 < seen[1] < 1.0


def test_moments_of_another_run_keep_their_own_rates(small_digits):
    history, _ = recorded_run(small_digits, LAB5, 20, {0}, {10: 1e-2})
    again = history.snapshots.of_run(Origin(7, LAB5, "elsewhere", "note"))
    assert [again[index].origin.experiment.learning_rate for index in range(2)] == [1e-4, 1e-2]
    assert {again[index].origin.run_id for index in range(2)} == {7}
