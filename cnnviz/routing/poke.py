"""Change one number by a little and compare what happens to the loss with what the gradient says."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray, IntArray
from cnnviz._validation import check_float, check_int
from cnnviz.errors import ParameterError
from cnnviz.layers.cells import Cell, unravelled
from cnnviz.network import Network
from cnnviz.routing._bench import Bench, BoolArray, Outcome, Target, make_bench, run_variants, target_variants
from cnnviz.routing.agreement import (
    DEFAULT_EPS,
    MIN_EPS,
    VERDICTS,
    Verdict,
    code_of,
    first_gradients,
    frozen_bench,
    judge_rule,
    relative_error,
    verdicts,
)

_OWNER = "poke"
_KINKS_OF_A_POKE = 8
# Kinks are found to within a millionth of a poke.
_HERE = 1e-5
# Halvings of an interval: a hundredth of the range becomes less than a millionth of it.
_HALVINGS = 20


@dataclass(frozen=True, slots=True)
class Kink:
    """A place where a network passes from one linear piece to another.

    * `value`: how far the target has to be poked to get there.
    * `kind`: a max pool changes its winners, or a ReLU or leaky ReLU changes its side.
    * `layer`, `cell`: the first layer in which something changes, and the first cell of its output.
    """

    value: float
    kind: Literal["winner", "gate"]
    layer: str
    cell: Cell


@dataclass(frozen=True, slots=True)
class Poke:
    """A gradient and the finite difference that should agree with it; see `cnnviz.routing.agreement`.

    * `loss_plus`, `loss_minus`: with the target changed by `+eps` and `-eps`.
    * `gradient`: what backpropagation says, under the network's own rule for ties.
    * `relative_error`, `first_error`: of `gradient` and `central`, and of the gradient under ``"first"``.
    * `kinks`: between `-eps` and `+eps`, ascending; at most eight, and at least one if anything changes.
    * `verdict`: ``"kink"`` only where nothing else is left once the kinks are out of the way: a tie rule, or
      a mistake, comes first.
    """

    target: Target
    eps: float
    loss: float
    loss_plus: float
    loss_minus: float
    gradient: float
    relative_error: float
    first_error: float
    kinks: tuple[Kink, ...]
    verdict: Verdict

    @property
    def is_at_kink(self) -> bool:
        """Whether the loss has a kink where it is, and not only somewhere between `-eps` and `+eps`."""
        return any(abs(kink.value) <= _HERE * self.eps for kink in self.kinks)

    @property
    def central(self) -> float:
        """Central difference, `(loss_plus - loss_minus) / (2 * eps)`."""
        return (self.loss_plus - self.loss_minus) / (2 * self.eps)


@dataclass(frozen=True, slots=True, eq=False)
class PokeCurve:
    """Loss over a range of pokes.

    * `values`, `losses`: shape (points,). From `-radius` to `+radius`; the middle one is exactly 0.
    * `gradient`: what backpropagation says at 0.
    * `kinks`: ascending; those nearest to 0 if there are too many to mark.
    * `kinked_intervals`: between how many neighbouring values there is a kink. One that falls on a value, as
      the breaking of a tie falls on 0, counts once.
    """

    target: Target
    values: NDArray[np.float64]
    losses: NDArray[np.float64]
    gradient: float
    kinks: tuple[Kink, ...]
    kinked_intervals: int

    @property
    def tangent(self) -> NDArray[np.float64]:
        """Line through the loss at 0 with the slope of the gradient, shape (points,)."""
        return self.losses[len(self.losses) // 2] + self.gradient * self.values


@np.errstate(over="ignore", invalid="ignore")
def poke(network: Network, x: FloatArray, label: int, target: Target, eps: float = DEFAULT_EPS) -> Poke:
    """Change one number by `+eps` and `-eps` and compare the loss with the gradient.

    All of it in float64, whatever the network's dtype: in float32 rounding would hide what small pokes do.

    Parameters
    ----------
    x : ndarray of shape (c, h, w) or (1, c, h, w)
        One sample.
    label : int
        Index of its class.
    target : Target
        What to change.
    eps : float
        How far, >= 1e-8.

    Raises
    ------
    ShapeError
        If `x` is not one sample of the network's input.
    ParameterError
        If there is no such target or class, or `eps` is not a finite number >= 1e-8.

    References
    ----------
    .. [1] Goodfellow, Bengio, Courville (2016), Deep Learning, section 11.5 (numerical derivatives).
    """
    check_float(eps, "eps", _OWNER, minimum=MIN_EPS)
    bench = _bench(network, x, label, target)
    own = target.gradient(bench.gradients)
    first = target.gradient(first_gradients(bench))
    (minus, loss, plus), kinks, errors, verdict = _compare(bench, target, own, first, eps)
    # So near that neither a kink nor a bend of the loss hides what else is there.
    near = max(min([DEFAULT_EPS, *(abs(kink.value) / 2 for kink in kinks)]), MIN_EPS)
    if verdict in ("kink", "mismatch") and near < eps:
        closer = _compare(bench, target, own, first, near)[-1]
        if verdict == "mismatch" or closer in ("tie_rule", "mismatch"):
            verdict = "curvature" if closer == "ok" else closer
    return Poke(target, eps, loss, plus, minus, own, *errors, kinks, verdict)


@np.errstate(over="ignore", invalid="ignore")
def poke_curve(
    network: Network,
    x: FloatArray,
    label: int,
    target: Target,
    radius: float,
    points: int = 201,
    max_kinks: int = 24,
) -> PokeCurve:
    """Loss over a range of pokes, in float64, with the kinks on the way.

    Parameters
    ----------
    network, x, label, target
        As for `poke`.
    radius : float
        Largest poke on either side, > 0.
    points : int
        Number of pokes, odd, so that 0 is one of them, and >= 3.
    max_kinks : int
        How many kinks to locate, >= 0. Each is found to within a millionth of a step.

    Raises
    ------
    ShapeError, ParameterError
        As `poke`; also if `radius`, `points` or `max_kinks` is out of range.
    """
    check_float(radius, "radius", "poke_curve", above=0.0)
    check_int(points, "points", "poke_curve", minimum=3)
    check_int(max_kinks, "max_kinks", "poke_curve", minimum=0)
    if points % 2 == 0:
        raise ParameterError(f"The 'points' parameter of poke_curve must be odd. Got {points} instead.")
    bench = _bench(network, x, label, target)
    half = points // 2
    values = np.arange(-half, half + 1, dtype=np.float64) * (radius / half)
    outcome = run_variants(bench, target_variants(bench, target, values))
    kinks, intervals = find_kinks(bench, target, values, outcome, max_kinks)
    return PokeCurve(target, values, outcome.losses, target.gradient(bench.gradients), kinks, intervals)


def _compare(
    bench: Bench, target: Target, gradient: float, first_gradient: float, eps: float
) -> tuple[list[float], tuple[Kink, ...], tuple[float, float], Verdict]:
    """Losses at -eps, 0 and +eps, the kinks in between, both relative errors, and the verdict."""
    values = np.array([-eps, 0.0, eps])
    outcome = run_variants(bench, target_variants(bench, target, values))
    kinks, intervals = find_kinks(bench, target, values, outcome, _KINKS_OF_A_POKE)
    central = (outcome.losses[2:] - outcome.losses[:1]) / (2 * eps)
    error = relative_error(bench, np.array([gradient]), central, eps)
    first_error = relative_error(bench, np.array([first_gradient]), central, eps)
    code = int(verdicts(bench, np.array([intervals > 0]), error, first_error)[0])
    if code == code_of("tie_rule"):
        small = min(eps, DEFAULT_EPS)
        frozen = frozen_bench(bench)
        variants = target_variants(frozen, target, np.array([small, -small]))
        code = int(judge_rule(frozen, variants, np.array([gradient]), small)[1][0])
    errors = float(error[0]), float(first_error[0])
    return [float(loss) for loss in outcome.losses], kinks, errors, VERDICTS[code]


def _bench(network: Network, x: FloatArray, label: int, target: Target) -> Bench:
    target.check(network)
    check_int(label, "label", _OWNER, 0, network.classes_count - 1)
    return make_bench(network, x, label)


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
