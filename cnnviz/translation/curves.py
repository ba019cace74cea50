"""Curves of a measure against the distance of the shift."""

from dataclasses import dataclass

import numpy as np

from cnnviz._types import FloatArray, IntArray
from cnnviz.errors import ShapeError
from cnnviz.translation.measures import Values


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A measure against distance.

    Attributes
    ----------
    distances : ndarray of shape (m,), intp
        In pixels.
    mean, std : ndarray of shape (m,), float64
        Mean and spread (population standard deviation); over what, the maker of the curve says. NaN where the
        measure is defined nowhere.
    """

    distances: IntArray
    mean: Values
    std: Values


class Rings:
    """The shifts of a grid, sorted into rings of equal distance.

    The distance is Euclidean, `sqrt(dx^2 + dy^2)`; ring `r` holds the shifts that round to `r` (half up), so
    it covers `r - 1/2 <= distance < r + 1/2`. Rings end at the largest distance along an axis: beyond it only
    the corners of the grid are left, in diagonal directions alone.

    Parameters
    ----------
    dxs, dys : ndarray of shape (columns,) and (rows,), intp
        The shifts, in pixels.

    Attributes
    ----------
    distances : ndarray of shape (m,), intp
        The rings that hold a shift, in order.
    """

    def __init__(self, dxs: IntArray, dys: IntArray) -> None:
        self._shape = (len(dys), len(dxs))
        ring = np.floor(np.hypot(dys[:, None], dxs) + 0.5).astype(np.intp).reshape(-1)
        limit = max(np.abs(dxs).max(), np.abs(dys).max())
        self.distances: IntArray = np.unique(ring[ring <= limit])
        self._members = (ring[:, None] == self.distances).astype(np.float64)

    def means(self, values: FloatArray) -> Values:
        """Mean over each ring.

        Parameters
        ----------
        values : ndarray of shape (..., rows, columns)
            NaN is left out.

        Returns
        -------
        ndarray of shape (..., m), float64
            NaN where a ring holds nothing but NaN.
        """
        flat, defined = self._flat(values)
        count = defined @ self._members
        with np.errstate(invalid="ignore"):
            return np.where(defined, flat, 0) @ self._members / np.where(count > 0, count, np.nan)

    def curve(self, values: FloatArray) -> Curve:
        """Mean and spread over the shifts of each ring, for one grid `(rows, columns)` of values."""
        mean = self.means(values)
        of_cells = (self._members @ np.nan_to_num(mean)).reshape(self._shape)
        variance = self.means(np.square(values - of_cells))
        return Curve(self.distances, mean, np.sqrt(variance))

    def _flat(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        if values.shape[-2:] != self._shape:
            raise ShapeError(
                f"Values must have the shape (..., {self._shape}) of the grid. Got {values.shape}."
            )
        flat = values.reshape(*values.shape[:-2], -1)
        return flat, (~np.isnan(flat)).astype(np.float64)
