"""Whether a number that was handed in is the one that is measured here, on another machine perhaps.

The kernels of OpenBLAS add in different orders, so that the same lab gives other last bits on another
processor. `scripts/kernels.py` measures how far apart they are. Under five of them (Katmai, Nehalem,
Sandybridge, Haswell, SkylakeX; OpenBLAS 0.3.34, NumPy 2.5.5), the largest differences relative to the number
were these:

* float64: 1.0e−14, with all counts, names and cells equal, over the labs of the program (three seeds each)
  and LENET (one). The tolerance is a hundred thousand times as large, and far below what a report shows.
* float32: 1.4e−6 for networks as simple as that of LAB5. Deeper ones go apart: after one epoch of LENET the
  test loss differed by 9 %, and the images that are misread by 13 of about 250. A hand-in that differs is
  therefore measured again with the kernel that it was made with: the bits are then the same.

NumPy's own instructions (`NPY_DISABLE_CPU_FEATURES`, down to its baseline) add nothing to these differences.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cnnviz.lab.measures import Measured, Value
from cnnviz.quantities import format_together, format_value
from cnnviz.routing import TOLERANCE

TOLERANCES: Mapping[str, float] = MappingProxyType({"float64": 1e-9, "float32": 1e-5})
"""Largest relative difference that counts as agreement, by the dtype of the network."""

ABSOLUTE: Mapping[tuple[str, str], float] = MappingProxyType(
    {
        # Rounding and nothing else: what counts as agreement there has no more than this.
        ("gradient_error", "float64"): TOLERANCE,
        ("gradient_error", "float32"): TOLERANCE,
        # A difference of two losses: 3.3e-17 and 2.0e-8 were measured.
        ("update_loss_change", "float64"): 1e-12,
        ("update_loss_change", "float32"): 1e-6,
    }
)
"""Largest absolute difference by measure and dtype, where rounding does not shrink with the number."""


WITHOUT_NETWORK = frozenset(
    {"training_steps", "parameters", "receptive_field", "dots_cells_changed", "dots_difference"}
)
"""Measures whose value no weight has a part in: they are the same on every processor."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A number as handed in and as measured.

    * `dtype`: of the network.
    """

    step: str
    claimed: Measured
    measured: Measured
    agrees: bool
    dtype: str

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

    * `step`: id of the step of the lab.
    * `dtype`: of the network.
    """
    agrees = _agree(claimed.value, measured.value, measured.measurement.measure, dtype)
    return Compared(step, claimed, measured, agrees, dtype)


def _agree(claimed: Value, measured: Value, measure: str, dtype: str) -> bool:
    if isinstance(claimed, int | float) and isinstance(measured, int | float):
        return math.isclose(
            claimed, measured, rel_tol=TOLERANCES[dtype], abs_tol=ABSOLUTE.get((measure, dtype), 0.0)
        )
    return claimed == measured
