"""What a gradient check found, number by number."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray, IntArray, Shape
from cnnviz.inspect.receptive_field import Cell
from cnnviz.routing.agreement import VERDICTS, Verdict, code_of
from cnnviz.routing.kinks import cell_of


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
    eps : float
        How far the number was changed: less than the check was asked for where a kink lies that near.
    difference : float
        Central difference.
    relative_error, first_error : float
        Of either gradient.
    rule_error : float or None
        Relative error of the gradient and of what the rule for ties promises; see `cnnviz.routing.rule`. None
        where nothing has to be explained by the rule.
    verdict : {"ok", "kink", "tie_rule", "curvature", "mismatch"}
        See `cnnviz.routing.agreement`.
    kink_layer : str or None
        First layer whose winners or gates differ at `+eps` or `-eps`, however small the poke.
    kink_cell : tuple of int or None
        First cell of its output for which they do.
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
    kink_layer: str | None
    kink_cell: Cell | None

    @property
    def judged_error(self) -> float:
        """The error that the verdict goes by: the larger of both where the rule for ties explains it."""
        if self.verdict == "tie_rule" and self.rule_error is not None:
            return max(self.first_error, self.rule_error)
        return self.relative_error


@dataclass(frozen=True, slots=True, eq=False)
class ParameterCheck:
    """Results for all numbers of one parameter; every array has its shape.

    Attributes
    ----------
    gradient, first_gradient : ndarray, float64
    eps, difference, error, first_error, rule_error : ndarray, float64
        As in `CheckEntry`; NaN for None.
    verdict : ndarray of int8
        Place in `cnnviz.routing.agreement.VERDICTS`; -1, and NaN in pokes, differences and errors, where
        `check_sample` did not look.
    kink_layer : ndarray of intp
        Position of the layer in `Network.layers`; -1 where there is no kink.
    kink_cell : ndarray of intp
        Flat index of the cell in this layer's output.
    """

    gradient: FloatArray
    first_gradient: FloatArray
    eps: NDArray[np.float64]
    difference: NDArray[np.float64]
    error: NDArray[np.float64]
    first_error: NDArray[np.float64]
    rule_error: NDArray[np.float64]
    verdict: NDArray[np.int8]
    kink_layer: IntArray
    kink_cell: IntArray

    @property
    def judged_error(self) -> NDArray[np.float64]:
        """As in `CheckEntry`."""
        explained = np.fmax(self.first_error, self.rule_error)
        return np.where(self.verdict == code_of("tie_rule"), explained, self.error)


@dataclass(frozen=True, slots=True, eq=False)
class GradientCheck:
    """Result of `check_all` or `check_sample`.

    Attributes
    ----------
    eps : float
        The poke that was asked for; see `CheckEntry.eps`.
    parameters : mapping from parameter name to ParameterCheck
    stages : tuple of (str, shape)
        Name of each layer and shape of its output.
    """

    eps: float
    parameters: Mapping[str, ParameterCheck]
    stages: tuple[tuple[str, Shape], ...]

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
        *verdicts : {"ok", "kink", "tie_rule", "curvature", "mismatch"}
            Only these; none means all.
        limit : int, optional
            At most so many.
        """
        found: list[tuple[float, str, int]] = []
        wanted = [code_of(each) for each in verdicts or VERDICTS]
        for name, check in self.parameters.items():
            places = np.flatnonzero(np.isin(check.verdict, wanted))
            errors = check.judged_error.ravel()[places]
            found += [(-float(error), name, int(place)) for error, place in zip(errors, places, strict=True)]
        # Stable: of equal errors the first parameter and place.
        found.sort(key=lambda each: each[0])
        return [self._entry(name, place) for _, name, place in found[:limit]]

    def _entry(self, name: str, place: int) -> CheckEntry:
        check = self.parameters[name]
        position = int(check.kink_layer.flat[place])
        layer, shape = self.stages[position] if position >= 0 else (None, ())
        rule_error = float(check.rule_error.flat[place])
        return CheckEntry(
            name,
            cell_of(place, check.error.shape),
            float(check.gradient.flat[place]),
            float(check.first_gradient.flat[place]),
            float(check.eps.flat[place]),
            float(check.difference.flat[place]),
            float(check.error.flat[place]),
            float(check.first_error.flat[place]),
            None if isnan(rule_error) else rule_error,
            VERDICTS[int(check.verdict.flat[place])],
            layer,
            None if layer is None else cell_of(int(check.kink_cell.flat[place]), shape),
        )
