"""Compare every gradient of a network with a finite difference."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import prod
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from cnnviz._chunks import Cancelled, Progress, ignore_progress, never
from cnnviz._types import FloatArray, IntArray, Shape
from cnnviz._validation import check_int
from cnnviz.evaluation import CancelledError
from cnnviz.network import Network
from cnnviz.receptive_field import Cell
from cnnviz.routing._bench import Bench, Outcome, layer_of, make_bench, parameter_variants, run_variants
from cnnviz.routing._patterns import changed_from_base
from cnnviz.routing.agreement import (
    DEFAULT_EPS,
    VERDICTS,
    Verdict,
    check_eps,
    code_of,
    first_gradients,
    relative_error,
    verdicts,
)
from cnnviz.routing.kinks import cell_of

# Variants of a chunk together fill about this much at the widest layer, so that they stay in the cache.
_CHUNK_BYTES = 4 * 1024 * 1024
_MOST_AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class CheckEntry:
    """Result for one number of the network.

    Attributes
    ----------
    name : str
        Name of the parameter, such as ``"conv1.weight"``.
    index : tuple of int
        Place in its array.
    gradient, first_gradient : float
        Gradient under the network's own rule for ties, and under ``"first"``.
    difference : float
        Central difference.
    relative_error, first_error : float
        Of either gradient.
    verdict : {"ok", "kink", "tie_rule", "curvature", "mismatch"}
        See `cnnviz.routing.agreement`.
    kink_layer : str or None
        First layer whose winners or gates differ at `+eps` or `-eps`.
    kink_cell : tuple of int or None
        First cell of its output for which they do.
    """

    name: str
    index: Cell
    gradient: float
    first_gradient: float
    difference: float
    relative_error: float
    first_error: float
    verdict: Verdict
    kink_layer: str | None
    kink_cell: Cell | None


@dataclass(frozen=True, slots=True, eq=False)
class ParameterCheck:
    """Results for all numbers of one parameter; every array has its shape.

    Attributes
    ----------
    gradient, first_gradient : ndarray, float64
    difference, error, first_error : ndarray, float64
        As in `CheckEntry`.
    verdict : ndarray of int8
        Place in `cnnviz.routing.agreement.VERDICTS`.
    kink_layer : ndarray of intp
        Position of the layer in `Network.layers`; -1 where there is no kink.
    kink_cell : ndarray of intp
        Flat index of the cell in this layer's output.
    """

    gradient: FloatArray
    first_gradient: FloatArray
    difference: NDArray[np.float64]
    error: NDArray[np.float64]
    first_error: NDArray[np.float64]
    verdict: NDArray[np.int8]
    kink_layer: IntArray
    kink_cell: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class GradientCheck:
    """Result of `check_all`.

    Attributes
    ----------
    eps : float
    parameters : mapping from parameter name to ParameterCheck
    stages : tuple of (str, shape)
        Name of each layer and shape of its output.
    """

    eps: float
    parameters: Mapping[str, ParameterCheck]
    stages: tuple[tuple[str, Shape], ...]

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many numbers got each verdict."""
        found = Counter(int(code) for check in self.parameters.values() for code in check.verdict.flat)
        return {verdict: found[code] for code, verdict in enumerate(VERDICTS)}

    @property
    def largest_error(self) -> float:
        """Largest relative error of the numbers that are ``"ok"``, and of ``"first"`` for ``"tie_rule"``."""
        errors = [
            error[check.verdict == code].max(initial=0.0)
            for check in self.parameters.values()
            for code, error in ((code_of("ok"), check.error), (code_of("tie_rule"), check.first_error))
        ]
        return float(max(errors, default=0.0))

    def entries(self, verdict: Verdict | None = None, limit: int | None = None) -> list[CheckEntry]:
        """List results, largest relative error first.

        Parameters
        ----------
        verdict : {"ok", "kink", "tie_rule", "curvature", "mismatch"}, optional
            Only these; None means all.
        limit : int, optional
            At most so many.
        """
        found: list[tuple[float, str, int]] = []
        for name, check in self.parameters.items():
            wanted = VERDICTS if verdict is None else (verdict,)
            places = np.flatnonzero(np.isin(check.verdict, [code_of(each) for each in wanted]))
            found += [(-float(check.error.flat[place]), name, int(place)) for place in places]
        # Stable: of equal errors the first parameter and place.
        found.sort(key=lambda each: each[0])
        return [self._entry(name, place) for _, name, place in found[:limit]]

    def _entry(self, name: str, place: int) -> CheckEntry:
        check = self.parameters[name]
        position = int(check.kink_layer.flat[place])
        layer, shape = self.stages[position] if position >= 0 else (None, ())
        return CheckEntry(
            name,
            cell_of(place, check.error.shape),
            float(check.gradient.flat[place]),
            float(check.first_gradient.flat[place]),
            float(check.difference.flat[place]),
            float(check.error.flat[place]),
            float(check.first_error.flat[place]),
            VERDICTS[int(check.verdict.flat[place])],
            layer,
            None if layer is None else cell_of(int(check.kink_cell.flat[place]), shape),
        )


@np.errstate(over="ignore", invalid="ignore")
def check_all(
    network: Network,
    x: FloatArray,
    label: int,
    eps: float = DEFAULT_EPS,
    *,
    progress: Progress = ignore_progress,
    cancelled: Cancelled = never,
) -> GradientCheck:
    """Compare the gradient of every parameter with a central difference, in float64.

    Parameters
    ----------
    network : Network
        One in float32 is checked with the same numbers in float64.
    x : ndarray of shape (c, h, w) or (1, c, h, w)
        One sample.
    label : int
        Index of its class.
    eps : float
        How far every parameter is changed, up and down, >= 1e-8.
    progress : callable
        Is told the fraction that is done, from 0 to 1.
    cancelled : callable
        Asked between chunks; when it returns True the check stops.

    Returns
    -------
    GradientCheck

    Raises
    ------
    ShapeError
        If `x` is not one sample of the network's input.
    ParameterError
        If there is no such class, or `eps` is not a finite number >= 1e-8.
    CancelledError
        If `cancelled` returned True.
    """
    check_eps(eps, "check_all")
    check_int(label, "label", "check_all", 0, network.classes_count - 1)
    bench = make_bench(network, x, label)
    under_first = first_gradients(bench).params
    checks: dict[str, ParameterCheck] = {}
    total, done = network.parameter_count, 0
    for name, gradient in bench.gradients.params.items():
        parts: list[ParameterCheck] = []
        step = _numbers_at_once(bench, name)
        for start in range(0, gradient.size, step):
            if cancelled():
                raise CancelledError("The gradient check was cancelled.")
            places = np.arange(start, min(start + step, gradient.size))
            slopes = gradient.ravel()[places], under_first[name].ravel()[places]
            parts.append(_check_places(bench, name, places, *slopes, eps))
            done += len(places)
            progress(done / total)
        checks[name] = _joined(parts, gradient.shape)
    return GradientCheck(eps, MappingProxyType(checks), tuple(network.shapes.items()))


def _numbers_at_once(bench: Bench, name: str) -> int:
    """How many numbers of a parameter to change in one go."""
    later = bench.network.layers[layer_of(bench.network, name) :]
    widest = max(prod(bench.network.shapes[layer]) for layer, _ in later)
    return max(1, min(_MOST_AT_ONCE, _CHUNK_BYTES // (8 * widest)))


def _check_places(
    bench: Bench, name: str, places: IntArray, gradient: FloatArray, under_first: FloatArray, eps: float
) -> ParameterCheck:
    """Check some numbers of a parameter, given by their flat places; mismatches again with a smaller poke."""
    deltas = np.repeat([eps, -eps], len(places))
    outcome = run_variants(bench, parameter_variants(bench, name, np.tile(places, 2), deltas))
    plus, minus = outcome.losses.reshape(2, -1)
    layers, cells = (found.reshape(2, -1) for found in _first_changes(bench, outcome))
    # A change at +eps is reported first; if there is none, one at -eps.
    side = np.where(layers[0] >= 0, 0, 1)
    columns = np.arange(len(places))
    kink_layer, kink_cell = layers[side, columns], cells[side, columns]
    difference = (plus - minus) / (2 * eps)
    error = relative_error(bench, gradient, difference, eps)
    first_error = relative_error(bench, under_first, difference, eps)
    verdict = verdicts(bench, kink_layer >= 0, error, first_error)
    wrong = np.flatnonzero(verdict == code_of("mismatch"))
    if eps > DEFAULT_EPS and len(wrong):
        small = _check_places(bench, name, places[wrong], gradient[wrong], under_first[wrong], DEFAULT_EPS)
        verdict[wrong] = np.where(small.verdict == code_of("ok"), code_of("curvature"), small.verdict)
    return ParameterCheck(
        gradient, under_first, difference, error, first_error, verdict, kink_layer, kink_cell
    )


def _joined(parts: list[ParameterCheck], shape: Shape) -> ParameterCheck:
    """Put the parts of a parameter together and give them its shape."""
    columns = zip(*([getattr(part, field.name) for field in fields(part)] for part in parts), strict=True)
    return ParameterCheck(*(np.concatenate(column).reshape(shape) for column in columns))


def _first_changes(bench: Bench, outcome: Outcome) -> tuple[IntArray, IntArray]:
    """First layer of each variant whose state the change alters, -1 if there is none, and the first cell."""
    layers = np.full(len(outcome.losses), -1)
    cells = np.zeros(len(outcome.losses), dtype=np.intp)
    for pattern in outcome.patterns:
        changed = changed_from_base(bench.states, pattern).reshape(len(layers), -1)
        new = (layers < 0) & changed.any(axis=1)
        layers[new] = pattern.index
        first = changed[new].argmax(axis=1)
        if pattern.channels is not None:
            first += pattern.channels[new] * changed.shape[1]
        cells[new] = first
    return layers, cells
