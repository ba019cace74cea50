"""Whether a number that was handed in is the one that is measured here, on another machine perhaps.

The kernels of OpenBLAS add in different orders, so that the same lab gives other last bits on another
processor. `scripts/kernels.py` measures how far apart they are; docs/guide/lab-grading.md has the table.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cnnviz.lab.measures import Measured, Value
from cnnviz.quantities import format_together, format_value

TOLERANCES: Mapping[str, float] = MappingProxyType({"float64": 1e-9, "float32": 1e-3})
"""Largest relative difference that counts as agreement, by the dtype of the network."""

ABSOLUTE: Mapping[str, float] = MappingProxyType(
    {"gradient_error": 1e-6, "update_loss_change": 1e-12, "residual": 1e-9, "change": 1e-9}
)
"""Largest absolute difference, for measures whose rounding errors do not shrink with their value."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A number as handed in and as measured.

    Attributes
    ----------
    step : str
    claimed, measured : Measured
    agrees : bool
    """

    step: str
    claimed: Measured
    measured: Measured
    agrees: bool

    @property
    def words(self) -> str:
        """What differs, and by how much."""
        title = f"{self.step}: {self.measured.measurement.measure}"
        said, found = self.claimed.value, self.measured.value
        if isinstance(said, int | float) and isinstance(found, int | float):
            first, second = format_together((said, found), 4)
            unit = f" {self.measured.measure.unit}".rstrip()
            off = format_value(said - found)
            return f"{title} {first}{unit} handed in, {second}{unit} measured, off by {off}"
        return f"{title} {self.claimed.words} handed in, {self.measured.words} measured"


def compared(step: str, claimed: Measured, measured: Measured, dtype: str) -> Compared:
    """Compare two values of the same measurement.

    Parameters
    ----------
    step : str
        Id of the step of the lab.
    claimed, measured : Measured
    dtype : {"float32", "float64"}
        Of the network.
    """
    agrees = _agree(claimed.value, measured.value, measured.measurement.measure, dtype)
    return Compared(step, claimed, measured, agrees)


def _agree(claimed: Value, measured: Value, measure: str, dtype: str) -> bool:
    if isinstance(claimed, int | float) and isinstance(measured, int | float):
        return math.isclose(claimed, measured, rel_tol=TOLERANCES[dtype], abs_tol=ABSOLUTE.get(measure, 0.0))
    return claimed == measured
