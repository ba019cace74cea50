"""Sweeps over many samples: mean and spread, for every shift and against distance."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from cnnviz._types import FloatArray, IntArray
from cnnviz.errors import ShapeError
from cnnviz.evaluation import Progress, ignore_progress, part_of
from cnnviz.layers.losses import Labels
from cnnviz.network import Network
from cnnviz.translation.measures import Values
from cnnviz.translation.sweep import DEFAULT_SETTINGS, Sweeper, SweepSettings, SweepValues


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A measure against distance, in pixels: mean and spread (population standard deviation), shape (m,).

    Over what they are, the maker of the curve says. NaN where the measure is defined nowhere.
    """

    distances: IntArray
    mean: Values
    std: Values


class Rings:
    """The shifts of a grid, sorted into rings of equal distance.

    The distance is Euclidean, `sqrt(dx^2 + dy^2)`; ring `r` holds the shifts that round to `r` (half up), so
    it covers `r - 1/2 <= distance < r + 1/2`. Rings end at the largest distance along an axis: beyond it only
    the corners of the grid are left, in diagonal directions alone.

    * `dxs`, `dys`: shape (columns,) and (rows,). The shifts, in pixels.
    * `distances`: shape (m,). The rings that hold a shift, in order.
    """

    def __init__(self, dxs: IntArray, dys: IntArray) -> None:
        self._shape = (len(dys), len(dxs))
        ring = np.floor(np.hypot(dys[:, None], dxs) + 0.5).astype(np.intp).reshape(-1)
        limit = max(np.abs(dxs).max(), np.abs(dys).max())
        self.distances: IntArray = np.unique(ring[ring <= limit])
        self._members = (ring[:, None] == self.distances).astype(np.float64)

    def means(self, values: FloatArray) -> Values:
        """Mean over each ring.

        * `values`: shape (..., rows, columns). What is not finite is left out.
        * Returns: shape (..., m). NaN where a ring holds nothing else.
        """
        flat = values.reshape(*values.shape[:-2], -1)
        defined = np.isfinite(flat)
        count = defined.astype(np.float64) @ self._members
        with np.errstate(invalid="ignore"):
            return np.where(defined, flat, 0) @ self._members / np.where(count > 0, count, np.nan)

    def curve(self, values: FloatArray) -> Curve:
        """Mean and spread over the shifts of each ring, for one grid `(rows, columns)` of values."""
        mean = self.means(values)
        of_cells = (self._members @ np.nan_to_num(mean)).reshape(self._shape)
        variance = self.means(np.square(values - of_cells))
        return Curve(self.distances, mean, np.sqrt(variance))


@dataclass(frozen=True, slots=True, eq=False)
class DigitSweep:
    """Many samples over a grid of shifts.

    * `dxs`, `dys`: shape (columns,) and (rows,). The shifts, in pixels to the right and down.
    * `digits`: how many samples were moved.
    * `mean`, `std`: by measure and stage, shape (rows, columns). Over the samples for which a measure is
      defined; NaN where it is for none.
    * `curves`: by measure and stage. Each sample's mean over the shifts of about the same distance (`Rings`);
      mean and spread over samples.
    * `ink_lost`: shape (rows, columns). Share of the ink that has left the frame, the mean over the samples:
      exactly 0 where none lost any.
    """

    dxs: IntArray
    dys: IntArray
    digits: int
    mean: SweepValues
    std: SweepValues
    curves: Mapping[str, Mapping[str, Curve]]
    ink_lost: Values

    def along_axis(self) -> Mapping[str, Mapping[str, Curve]]:
        """Curves against the signed distance, of samples that were moved along one axis only."""
        along = self.dxs if len(self.dys) == 1 else self.dys
        return {
            name: {
                stage: Curve(along, mean.ravel(), self.std[name][stage].ravel()) for stage, mean in of.items()
            }
            for name, of in self.mean.items()
        }


def sweep_many(
    network: Network,
    images: FloatArray,
    labels: Labels | None = None,
    settings: SweepSettings = DEFAULT_SETTINGS,
    *,
    progress: Progress = ignore_progress,
) -> DigitSweep:
    """Move many samples over a grid of shifts.

    Features are computed in single precision also for a network in double: it takes two thirds of the time,
    and means and spreads agree to about six digits.

    Parameters
    ----------
    images : ndarray of shape (n, c, h, w), n >= 1
        As the network takes them (`cnnviz.datasets.to_input`).
    labels : integer ndarray of shape (n,), optional
        True classes. None means those predicted for the originals.
    progress : callable
        See `cnnviz.evaluation.Progress`.

    Raises
    ------
    ShapeError, ParameterError
        If images, labels or settings do not fit the network.
    """
    network = network.astype(np.float32)
    images = network.checked_batch(images)
    if labels is not None and np.shape(labels) != images.shape[:1]:
        raise ShapeError(f"sweep_many needs {len(images)} labels. Got shape {np.shape(labels)} instead.")
    sweeper = Sweeper(network, settings)
    rings = Rings(sweeper.dxs, sweeper.dys)
    cells, on_rings = _Moments(), _Moments()
    keys: list[tuple[str, str]] = []
    ink_lost = np.zeros((len(sweeper.dys), len(sweeper.dxs)))
    for index, image in enumerate(images):
        label = None if labels is None else int(labels[index])
        own = part_of(progress, index / len(images), (index + 1) / len(images))
        swept = sweeper.sweep(image, label, own)
        values, ink_lost = swept.values, ink_lost + swept.ink_lost / len(images)
        keys = [(name, stage) for name, stages in values.items() for stage in stages]
        stacked = np.stack([values[name][stage] for name, stage in keys])
        cells.add(stacked)
        on_rings.add(rings.means(stacked))
    curves = [
        Curve(rings.distances, mean, std) for mean, std in zip(on_rings.mean, on_rings.std, strict=True)
    ]
    return DigitSweep(
        sweeper.dxs,
        sweeper.dys,
        len(images),
        _by_measure(keys, list(cells.mean)),
        _by_measure(keys, list(cells.std)),
        _by_measure(keys, curves),
        ink_lost,
    )


class _Moments:
    """Mean and spread of arrays that come one after the other, without keeping them (Welford's method)."""

    def __init__(self) -> None:
        self._count = self._mean = self._squares = np.zeros(())  # they take the shape of the first array

    def add(self, values: Values) -> None:
        """Take one more array; NaN is left out."""
        defined = ~np.isnan(values)
        self._count = self._count + defined
        away = np.where(defined, values - self._mean, 0)
        self._mean = self._mean + away / np.maximum(self._count, 1)
        self._squares = self._squares + away * np.where(defined, values - self._mean, 0)

    @property
    def mean(self) -> Values:
        """Mean; NaN where every value was."""
        return np.where(self._count > 0, self._mean, np.nan)

    @property
    def std(self) -> Values:
        """Population standard deviation; NaN where every value was NaN."""
        return np.where(self._count > 0, np.sqrt(self._squares / np.maximum(self._count, 1)), np.nan)


def _by_measure[Item](keys: list[tuple[str, str]], items: list[Item]) -> Mapping[str, Mapping[str, Item]]:
    found: dict[str, dict[str, Item]] = {}
    for (name, stage), item in zip(keys, items, strict=True):
        found.setdefault(name, {})[stage] = item
    return MappingProxyType({name: MappingProxyType(stages) for name, stages in found.items()})
