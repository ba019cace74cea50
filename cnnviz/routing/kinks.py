"""Where the loss may have a kink: a max pool changes its winner, or a gate opens or closes."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import IntArray
from cnnviz.layers.cells import Cell, unravelled
from cnnviz.routing._bench import Bench, BoolArray, Outcome, run_variants, target_variants
from cnnviz.routing.targets import Target

# Halvings of an interval: a hundredth of the range becomes less than a millionth of it.
_HALVINGS = 20


@dataclass(frozen=True, slots=True)
class Kink:
    """A place where a network passes from one linear piece to another.

    * `value`: How far the target has to be poked to get there.
    * `kind`: A max pool changes its winners, or a ReLU or leaky ReLU changes its side.
    * `layer`: The first layer in which something changes.
    * `cell`: The first cell of its output that does.
    """

    value: float
    kind: Literal["winner", "gate"]
    layer: str
    cell: Cell


@dataclass(frozen=True, slots=True, eq=False)
class _Intervals:
    """Intervals of poke values, and the states of all patterns at both ends; arrays are parallel."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    low_states: list[BoolArray]
    high_states: list[BoolArray]

    def pick(self, which: IntArray | BoolArray) -> "_Intervals":
        return _Intervals(
            self.low[which],
            self.high[which],
            [states[which] for states in self.low_states],
            [states[which] for states in self.high_states],
        )

    def changed(self) -> BoolArray:
        """Tell in which intervals the ends differ."""
        found = np.zeros(len(self.low), dtype=bool)
        for low, high in zip(self.low_states, self.high_states, strict=True):
            found |= (low != high).reshape(len(low), -1).any(axis=1)
        return found


def find_kinks(
    bench: Bench, target: Target, values: NDArray[np.float64], outcome: Outcome, limit: int
) -> tuple[tuple[Kink, ...], int]:
    """Locate the kinks between neighbouring poke values, by halving.

    * `values`: shape (v,). Poke values, ascending.
    * `outcome`: what became of them.
    * `limit`: how many to locate at most: those nearest to 0.
    * Returns: ascending.
    * Returns: between how many neighbouring values something changes; a change at one of the values counts
      once. If it is larger than `limit`, there are more kinks than were located.
    """
    states = [pattern.states for pattern in outcome.patterns]
    intervals = _Intervals(
        values[:-1], values[1:], [each[:-1] for each in states], [each[1:] for each in states]
    )
    intervals = intervals.pick(intervals.changed())
    count = len(intervals.low)
    for _ in range(_HALVINGS):
        intervals = _nearest(intervals, limit)
        if len(intervals.low) == 0:
            return (), count
        intervals = _halved(bench, target, intervals)
    intervals = _nearest(intervals, limit)
    channels = [pattern.channels for pattern in outcome.patterns]
    positions = [pattern.index for pattern in outcome.patterns]
    touching = intervals.low[1:] == intervals.high[:-1]
    groups = np.split(np.arange(len(intervals.low)), np.flatnonzero(~touching) + 1)
    # A kink that falls on one of the values has been found on both sides of it.
    count -= int(np.count_nonzero(touching & np.isin(intervals.low[1:], values)))
    return tuple(_kink(bench, intervals, group, positions, channels) for group in groups), count


def _nearest(intervals: _Intervals, limit: int) -> _Intervals:
    """Keep the intervals nearest to 0, in their order."""
    distance = np.minimum(np.abs(intervals.low), np.abs(intervals.high))
    return intervals.pick(np.sort(np.argsort(distance, kind="stable")[:limit]))


def _halved(bench: Bench, target: Target, intervals: _Intervals) -> _Intervals:
    """Cut every interval in two and keep the halves in which something changes."""
    middle = (intervals.low + intervals.high) / 2
    outcome = run_variants(bench, target_variants(bench, target, middle))
    states = [pattern.states for pattern in outcome.patterns]
    order = np.arange(2 * len(middle)).reshape(2, -1).T.ravel()
    halves = _Intervals(
        np.concatenate([intervals.low, middle])[order],
        np.concatenate([middle, intervals.high])[order],
        [np.concatenate(pair)[order] for pair in zip(intervals.low_states, states, strict=True)],
        [np.concatenate(pair)[order] for pair in zip(states, intervals.high_states, strict=True)],
    )
    return halves.pick(halves.changed())


def _kink(
    bench: Bench,
    intervals: _Intervals,
    group: IntArray,
    positions: list[int],
    channels: list[IntArray | None],
) -> Kink:
    """Describe the kink in a group of intervals that touch one another."""
    low, high = group[0], group[-1]
    lower, upper = intervals.low_states, intervals.high_states
    changed = [(a[low] != b[high]).any(axis=-1) for a, b in zip(lower, upper, strict=True)]
    if not any(each.any() for each in changed):
        # Only in the middle it is different, as where two cells touch: compare with the middle.
        changed = [(a[low] != b[low]).any(axis=-1) for a, b in zip(lower, upper, strict=True)]
    first = next(number for number, each in enumerate(changed) if each.any())
    name, layer = bench.network.layers[positions[first]]
    local = unravelled(int(np.argmax(changed[first])), changed[first].shape)
    only = channels[first]
    cell = local if only is None else (int(only[0]), *local[1:])
    return Kink(
        float((intervals.low[low] + intervals.high[high]) / 2),
        "gate" if layer.pool is None else "winner",
        name,
        cell,
    )
