"""Compare every gradient of a network with a finite difference, and what was found, number by number."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan, prod
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray, IntArray
from cnnviz._validation import check_int
from cnnviz.evaluation import Progress, ignore_progress
from cnnviz.layers.cells import Cell, unravelled
from cnnviz.network import Network
from cnnviz.routing._bench import (
    Bench,
    Variants,
    layer_of,
    make_bench,
    parameter_variants,
    run_variants,
    switched,
)
from cnnviz.routing.agreement import (
    DEFAULT_EPS,
    MIN_EPS,
    VERDICTS,
    Verdict,
    code_of,
    first_gradients,
    frozen_bench,
    has_rule_all,
    judge_rule,
    relative_error,
    verdicts,
)


@dataclass(frozen=True, slots=True)
class CheckEntry:
    """Result for one number of the network, at a place of a parameter; see `cnnviz.routing.agreement`.

    * `gradient`, `first_gradient`: under the network's own rule for ties, and under ``"first"``.
    * `eps`: how far the number was changed: less than the check was asked for where a kink lies that near.
    * `difference`: central difference; `relative_error`, `first_error`: of either gradient.
    * `rule_error`: of the gradient and of what the rule for ties promises; None where nothing has to be
      explained by the rule.
    """

    name: str
    index: Cell
    gradient: float
    first_gradient: float
    eps: float
    difference: float
    relative_error: float
    first_error: float
    rule_error: float | None
    verdict: Verdict

    @property
    def judged_error(self) -> float:
        """The error that the verdict goes by: the larger of both where the rule for ties explains it."""
        if self.verdict == "tie_rule" and self.rule_error is not None:
            return max(self.first_error, self.rule_error)
        return self.relative_error


_REALS = "gradient", "first_gradient", "eps", "difference", "error", "first_error", "rule_error"
_FOUND = np.dtype([*((name, np.float64) for name in _REALS), ("verdict", np.int8)])
type ParameterCheck = np.recarray[Any, np.dtype[np.void]]
"""Results for the numbers of one parameter, as an array of its shape with a field for each.

* `gradient`, `first_gradient`, `eps`, `difference`, `error`, `first_error`, `rule_error`: float64, as in
  `CheckEntry`; NaN for None.
* `verdict`: int8. Place in `cnnviz.routing.agreement.VERDICTS`; -1, and NaN in pokes, differences and errors,
  where `check_all` was not to look.
"""


@dataclass(frozen=True, slots=True, eq=False)
class GradientCheck:
    """Result of `check_all`: what was found, by name of the parameter."""

    parameters: Mapping[str, ParameterCheck]

    @property
    def checked(self) -> int:
        """How many numbers were compared."""
        return sum(int((check.verdict >= 0).sum()) for check in self.parameters.values())

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many numbers got each verdict."""
        most = len(VERDICTS)
        found = sum(  # -1 is for what was not looked at
            np.bincount(check.verdict.ravel() + 1, minlength=most + 1) for check in self.parameters.values()
        )
        return dict(zip(VERDICTS, np.asarray(found)[1:].tolist(), strict=True))

    @property
    def largest_error(self) -> float:
        """Largest relative error of the numbers that agree with the finite difference: those ``"ok"``."""
        ok = code_of("ok")
        errors = [check.error[check.verdict == ok].max(initial=0.0) for check in self.parameters.values()]
        return float(max(errors, default=0.0))

    def entries(self, *verdicts: Verdict, limit: int | None = None) -> list[CheckEntry]:
        """List results, largest `CheckEntry.judged_error` first.

        Parameters
        ----------
        *verdicts : {"ok", "kink", "tie_rule", "mismatch"}
            Only these; none means all.
        limit : int, optional
            At most so many.
        """
        wanted = [code_of(each) for each in verdicts or VERDICTS]
        names, places, errors = list(self.parameters), list[IntArray](), list[NDArray[np.float64]]()
        for check in self.parameters.values():
            found = np.flatnonzero(np.isin(check.verdict, wanted))
            # As `CheckEntry.judged_error` has it.
            explained: NDArray[np.float64] = np.fmax(check.first_error, check.rule_error)
            judged = np.where(check.verdict == code_of("tie_rule"), explained, check.error)
            places.append(found)
            errors.append(-judged.ravel()[found])
        ends = np.cumsum(list(map(len, places)))
        ranked = np.concatenate([np.empty(0), *errors])
        among = np.arange(len(ranked))
        if limit is not None and limit < len(ranked):  # of millions, sorting takes seconds
            among = np.flatnonzero(~(ranked > np.partition(ranked, limit - 1)[limit - 1]))
        # Stable: of equal errors the first parameter and place.
        first = among[np.argsort(ranked[among], kind="stable")[:limit]]
        owners: list[int] = np.searchsorted(ends, first, "right").tolist()
        there: list[int] = np.concatenate([np.empty(0, np.intp), *places])[first].tolist()
        return [self._entry(names[owner], place) for owner, place in zip(owners, there, strict=True)]

    def _entry(self, name: str, place: int) -> CheckEntry:
        check = self.parameters[name]
        *reals, rule_error, code = check.flat[place].item()
        rule_error, verdict = None if isnan(rule_error) else rule_error, VERDICTS[code]
        index = unravelled(place, check.shape)
        return CheckEntry(name, index, *reals, rule_error=rule_error, verdict=verdict)


# Variants of a chunk together fill about this much at the widest layer, so that they stay in the cache.
_CHUNK_BYTES = 4 * 1024 * 1024
_MOST_AT_ONCE = 512

# Where a kink lies within the poke, the next one is this much smaller.
_CLOSER = 10


@np.errstate(over="ignore", invalid="ignore")
def check_all(
    network: Network,
    x: FloatArray,
    label: int,
    *,
    count: int | None = None,
    seed: int = 0,
    progress: Progress = ignore_progress,
) -> GradientCheck:
    """Compare the gradient of every parameter, or of some, with a central difference, in float64.

    Each is changed by `DEFAULT_EPS`, up and down. Where a kink lies within that distance, a smaller poke is
    tried, and a smaller one again, down to `MIN_EPS`: a kink nearby says nothing about the slope here.

    Parameters
    ----------
    network : Network
        One in float32 is checked with the same numbers in float64.
    x : ndarray of shape (c, h, w) or (1, c, h, w)
        One sample.
    label : int
        Index of its class.
    count : int, optional
        How many parameters to check, drawn at random, >= 1. Every array gives the same share, so that the few
        numbers of a filter are not lost among those of a dense layer; one that has fewer is checked whole.
        None means all.
    seed : int
        Of the draw, >= 0: equal seeds draw equal parameters.
    progress : callable
        See `cnnviz.evaluation.Progress`.

    Raises
    ------
    ShapeError
        If `x` is not one sample of the network's input.
    ParameterError
        If there is no such class, or `count` or `seed` is out of range.
    """
    check_int(label, "label", "check_all", 0, network.classes_count - 1)
    rng = np.random.default_rng(check_int(seed, "seed", "check_all", 0))
    sizes = {name: array.size for name, array in network.params.items()}
    most = sum(sizes.values()) if count is None else check_int(count, "count", "check_all", 1)
    chosen = {
        name: np.sort(rng.choice(sizes[name], share, replace=False))
        for name, share in _shares(sizes, most).items()
    }
    bench = make_bench(network, x, label)
    frozen = frozen_bench(bench) if has_rule_all(network) else None
    under_first = first_gradients(bench).params
    checks: dict[str, ParameterCheck] = {}
    total, done = sum(len(places) for places in chosen.values()), 0
    for name, gradient in bench.gradients.params.items():
        found = checks[name] = np.recarray(gradient.shape, _FOUND)
        found.fill(np.array((*[np.nan] * len(_REALS), -1), _FOUND))
        found.gradient, found.first_gradient = gradient, under_first[name]
        later = bench.network.layers[layer_of(bench.network, name) :]
        widest = max(prod(bench.network.shapes[layer]) for layer, _ in later)
        step = max(1, min(_MOST_AT_ONCE, _CHUNK_BYTES // (8 * widest)))
        for start in range(0, len(chosen[name]), step):
            places = chosen[name][start : start + step]
            slopes = gradient.ravel()[places], under_first[name].ravel()[places]
            found.flat[places] = _check_places(bench, frozen, name, places, *slopes, DEFAULT_EPS)
            done += len(places)
            progress(done / total)
    return GradientCheck(MappingProxyType(checks))


def _shares(sizes: Mapping[str, int], count: int) -> dict[str, int]:
    """Divide `count` among arrays as evenly as their sizes allow; small arrays first, so none is cheated."""
    shares: dict[str, int] = {}
    left = count
    for place, name in enumerate(sorted(sizes, key=lambda each: sizes[each])):
        shares[name] = min(sizes[name], left // (len(sizes) - place))
        left -= shares[name]
    return {name: shares[name] for name in sizes}


def _check_places(
    bench: Bench,
    frozen: Bench | None,
    name: str,
    places: IntArray,
    gradient: FloatArray,
    under_first: FloatArray,
    eps: float,
) -> ParameterCheck:
    """Check some numbers of a parameter, given by their flat places; kinks again, closer."""
    outcome = run_variants(bench, _both_ways(bench, name, places, eps))
    plus, minus = outcome.losses.reshape(2, -1)
    difference = (plus - minus) / (2 * eps)
    error = relative_error(bench, gradient, difference, eps)
    first_error = relative_error(bench, under_first, difference, eps)
    verdict = verdicts(bench, switched(bench, outcome), error, first_error)
    rule_error = np.full(len(places), np.nan)
    guessed = np.flatnonzero(verdict == code_of("tie_rule"))
    if frozen is not None and len(guessed):
        judged = judge_rule(frozen, _both_ways(frozen, name, places[guessed], eps), gradient[guessed], eps)
        rule_error[guessed], verdict[guessed] = judged
    pokes = np.full(len(places), eps)
    found = np.rec.fromarrays(
        [gradient, under_first, pokes, difference, error, first_error, rule_error, verdict], _FOUND
    )
    kinked = np.flatnonzero(verdict == code_of("kink"))
    if eps > MIN_EPS and len(kinked):
        slopes = gradient[kinked], under_first[kinked]
        found[kinked] = _check_places(
            bench, frozen, name, places[kinked], *slopes, max(eps / _CLOSER, MIN_EPS)
        )
    return found


def _both_ways(bench: Bench, name: str, places: IntArray, eps: float) -> Variants:
    """Variants with each number of a parameter a little larger, and after them each a little smaller."""
    return parameter_variants(bench, name, np.tile(places, 2), np.repeat([eps, -eps], len(places)))
