"""Snapshots of a run: what is kept when memory runs short, and how they are found."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.layers import Dense, Flatten
from cnnviz.network import Network
from cnnviz.snapshots import Snapshot, SnapshotStore

NETWORK = Network.build([("flatten", Flatten()), ("dense1", Dense(1))], (1, 3, 3))
SIZE = Snapshot(0, NETWORK).nbytes


def filled(steps, kept=(), room=20):
    store = SnapshotStore(room * SIZE)
    for step in steps:
        store.add(Snapshot(step, NETWORK), keep=step in kept)
    return store


@given(
    gaps=st.lists(st.integers(1, 400), min_size=1, max_size=300),
    kept_every=st.integers(2, 60),
    room=st.integers(1, 60),
    first=st.integers(0, 1000),
)
def test_first_latest_and_epoch_ends_always_stay(gaps, kept_every, room, first):
    steps = np.cumsum([first, *gaps]).tolist()
    kept = steps[::kept_every]
    store = SnapshotStore(room * SIZE)
    for count, step in enumerate(steps, 1):
        store.add(Snapshot(step, NETWORK), keep=step in kept)
        present = set(store.steps)
        assert {first, step} | {each for each in kept if each <= step} <= present
        assert present <= set(steps[:count])
    protected = len({first, steps[-1], *kept})
    assert store.nbytes == len(store) * SIZE
    assert len(store) <= max(room, protected)


@pytest.mark.parametrize("first", [0, 7, 1000])
@pytest.mark.parametrize("every", [1, 63, 100])
@pytest.mark.parametrize("count", [100, 1000, 3333])
def test_what_is_left_lies_evenly(first, every, count):
    steps = [first, *(first // every * every + every * i for i in range(1, count))]
    gaps = np.diff(filled(steps, room=64).steps[:-1])
    assert gaps.max() <= 2 * gaps.min() + every
    # Between half of the room and all of it is used.
    assert 32 <= len(gaps) + 2 <= 64


def test_a_run_that_fits_is_kept_whole():
    steps = list(range(0, 5000, 63))
    assert filled(steps, room=len(steps)).steps == steps


def test_long_after_the_room_was_first_exceeded_the_run_is_still_covered_evenly():
    store = filled(range(0, 200_000, 10), kept=range(0, 200_000, 20_000), room=50)
    gaps = np.diff(store.steps)
    assert gaps.max() <= 200_000 / 12
    assert set(range(0, 200_000, 20_000)) <= set(store.steps)


@given(steps=st.lists(st.integers(0, 500), min_size=1, unique=True).map(sorted), step=st.integers(-20, 520))
def test_at_and_nearest_are_what_a_search_through_all_finds(steps, step):
    store = filled(steps, room=1000)
    before = [each for each in steps if each <= step]
    assert store.at(step).step == (before[-1] if before else steps[0])
    assert store[store.index_at(step)] is store.at(step)
    assert store.find(step) is (store.at(step) if step in steps else None)
    assert abs(store.nearest(step).step - step) == min(abs(each - step) for each in steps)


def test_at_does_not_search_through_all():
    class Counted(int):
        looked_at = 0

        def __lt__(self, other):
            Counted.looked_at += 1
            return int.__lt__(self, other)

        def __gt__(self, other):
            Counted.looked_at += 1
            return int.__gt__(self, other)

    store = filled(range(0, 100_000, 10), room=20_000)
    store.at(Counted(54_321))
    assert len(store) == 10_000
    assert 1 <= Counted.looked_at <= 20, "a binary search over 10,000 takes 14 comparisons"


def test_an_empty_store_says_so():
    for look in (SnapshotStore(100).at, SnapshotStore(100).nearest):
        with pytest.raises(LookupError, match="no snapshot yet"):
            look(3)
    assert SnapshotStore(100).find(3) is None


def test_going_back_replaces_what_came_later():
    store = filled([0, 10, 20, 30])
    store.add(Snapshot(20, NETWORK))
    assert store.steps == [0, 10, 20]
    assert store.nbytes == 3 * SIZE


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


def test_part_of_a_store_shares_the_snapshots_and_goes_its_own_way():
    store = filled(range(0, 1000, 10), kept=[500])
    part = store.until(605)
    assert part.steps == [step for step in store.steps if step <= 605]
    assert all(part.at(step) is store.at(step) for step in part.steps)
    assert part.nbytes == len(part) * SIZE
    for step in range(610, 3000, 10):
        part.add(Snapshot(step, NETWORK))
    assert {0, 500, 2990} <= set(part.steps)
    assert store.steps[-1] == 990


def test_optimiser_memory_counts():
    memory = {"steps": np.array(3), "momentum.dense1.weight": np.zeros((1, 9), np.float32)}
    assert Snapshot(0, NETWORK, memory).nbytes == SIZE + 8 + 36
