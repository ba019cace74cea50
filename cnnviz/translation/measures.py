"""How much features, probabilities and decisions change when the image moves.

`x` is an image, `T x` the image moved, `F` the features of some stage. Features are taken relative to the
response to a blank image, `F'(x) = F(x) - F(blank)`: background pixels are not 0 at the input, and a
convolution of them is a constant, equal before and after the shift. It leaves the change as it is, but not
the size of the features that this is divided by: raw numbers are smaller for most images, larger for some.

Every measure takes one moved result, or many with leading axes, and answers in float64.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray, IntArray
from cnnviz.errors import ShapeError
from cnnviz.translation.shifting import StageGrid

Values = NDArray[np.float64]

OUTPUT = "output"
"""The stage under which measures of probabilities and decisions are filed."""

RELATIVE_TO_BLANK_NOTE = (
    "A black pixel is -0.5 at the input, and a convolution of black pixels is a constant. Raw maps hold that "
    "constant, and it counts as if it were part of the image: most changes look smaller than they are, some "
    "larger, and the pools may even change places. Relative to a blank image only the ink counts."
)
"""Why features are compared relative to a blank image."""


@dataclass(frozen=True, slots=True, eq=False)
class MovedFeatures:
    """What measures of features are made of: one stage for n shifts.

    * `reference`: shape (c, h, w). Features `F'(x)` of the original.
    * `moved`: shape (n, c, h, w). Features `F'(Tx)` of the moved images.
    * `unexplained`: sizes of what moving the reference along does not explain, shape (n,); see
      `MovedAlong.changes`.
    * `workspace`: an array like `moved` that may be overwritten; spares loops a new one each time.
    """

    reference: FloatArray
    moved: FloatArray
    unexplained: Callable[[], "Values"]
    workspace: FloatArray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class MovedOutput:
    """What measures of the output are made of: probabilities and classes for many shifts.

    * `before`: shape (k,), `after`: shape (..., k). Probability of each class.
    * `class_before`, `classes_after`: the most probable ones; of shape (...).
    * `label`: the class whose probability is followed.
    """

    before: FloatArray
    after: FloatArray
    class_before: int
    classes_after: IntArray
    label: int


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure: its words and its function. One more is one more row of `MEASURES`.

    * `name`: as in the results of a sweep.
    * `title`, `formula`, `meaning`, `source`: for tool tips and captions.
    * `function`: takes `MovedFeatures` or `MovedOutput`, and answers for each shift, in float64.
    * `most`: larger values are drawn as this one.
    * `of_output`: whether it is one number for the network's output instead of one for each stage.
    * `of_label`: whether it is about the class whose probability is followed.
    * `is_flag`: whether it is 1 or 0, yes or no, for a single image.
    """

    name: str
    title: str
    formula: str
    meaning: str
    source: str
    function: Callable[[Any], "Values"]
    most: float = math.inf
    of_output: bool = False
    of_label: bool = False
    is_flag: bool = False


def relative_change(
    reference: FloatArray, moved: FloatArray, *, workspace: FloatArray | None = None
) -> Values:
    """Change of the features relative to their size, `|F'(Tx) - F'(x)| / |F'(x)|` (Euclidean norms).

    Parameters
    ----------
    reference : ndarray of any shape
        Features `F'(x)`.
    moved : ndarray of shape (..., *reference.shape)
        Features `F'(Tx)` of one shift or many.
    workspace : ndarray of the size and dtype of `moved`, optional
        Overwritten; spares callers in a loop a new array each time.

    Returns
    -------
    ndarray of shape (...), float64
        Exactly 0 where no feature changed. NaN where `F'(x)` is 0 everywhere: nothing to compare with.

    Raises
    ------
    ShapeError
        If the shapes do not belong together.

    References
    ----------
    .. [1] Zhang (2019), Making Convolutional Networks Shift-Invariant Again, ICML, arXiv:1904.11486: distance
       of internal features under a shift, there as cosine distance.
    """
    flat, lead = _flat(reference, moved)
    before = reference.reshape(-1)
    change = np.subtract(flat, before, out=None if workspace is None else workspace.reshape(flat.shape))
    return relative_to(before, _norm(change)).reshape(lead)


def cosine_similarity(reference: FloatArray, moved: FloatArray) -> Values:
    """Cosine of the angle between the features, `<F'(Tx), F'(x)> / (|F'(Tx)| |F'(x)|)`.

    * `reference`, `moved`: As for `relative_change`.
    * Returns: shape (...). From -1 to 1; exactly 1 where no feature changed. NaN where either is 0
      everywhere.
    * Raises ShapeError: if the shapes do not belong together.
    """
    flat, lead = _flat(reference, moved)
    before = reference.reshape(-1)
    dot = np.vecdot(flat, before).astype(np.float64)
    # One root of the product: for equal features it is the root of a square and the ratio exactly 1.
    sizes = np.sqrt(_squared_norm(flat) * _squared_norm(before))
    return np.clip(_ratio(dot, sizes), -1, 1).reshape(lead)


def unexplained(reference: FloatArray, moved: FloatArray, grid: StageGrid, dx: int, dy: int) -> Values:
    """Size of what moving the reference along does not explain, for one shift; shape (1,)."""
    along = MovedAlong(grid, np.array([dx]), len(reference), moved.dtype)
    along.load(reference)
    return along.changes(moved[None], dy)


def relative_to(reference: FloatArray, changes: Values) -> Values:
    """Divide by the size of the features, `|F'(x)|`; NaN where that is 0."""
    return _ratio(changes, _norm(reference.reshape(-1)))


def _flat(reference: FloatArray, moved: FloatArray) -> tuple[FloatArray, tuple[int, ...]]:
    """Return the moved features with one row a shift, and the shape of the leading axes."""
    lead = moved.shape[: moved.ndim - reference.ndim]
    if moved.shape != (*lead, *reference.shape):
        raise ShapeError(
            f"Moved features must have the shape (..., *{reference.shape}) of the original's. "
            f"Got {moved.shape} instead."
        )
    return moved.reshape(-1, reference.size), lead


def _squared_norm(x: FloatArray) -> Values:
    return np.asarray(np.vecdot(x, x), dtype=np.float64)


def _norm(x: FloatArray) -> Values:
    return np.sqrt(_squared_norm(x))


def _ratio(change: Values, size: Values) -> Values:
    """Divide; NaN without a warning where there is nothing to divide by."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(size > 0, change / size, np.nan)


class MovedAlong:
    """The map of an original, moved along with the image by all of `dxs`, and compared in the interior.

    The equivariance residual says how far features are from having moved with the image,
    `|F'(Tx) - S F'(x)| / |F'(x)|` [1]_. `S` moves the map by `(dx, dy) / stride` cells, by linear
    interpolation where that is no whole number (`StageGrid.shift_maps`); in the source it is learned, here it
    is known. The numerator, which is found here, counts the interior only (`StageGrid.interior`): cells whose
    content came into the frame from outside have no counterpart, and cells that a zero padding or a mirrored
    edge has touched are no fair test. The denominator is that of `relative_change`, all cells, so that the
    two can be compared: one says how much changed, the other how much of that moving along does not explain.
    It is exactly 0 for shifts by whole cells (shift equivariance modulo the stride [2]_); for others it is
    what no shift of the coarse map can undo. Large arrays are made once and used for all rows and samples.

    * `dxs`: shape (n,). Pixels to the right.

    .. [1] Lenc, Vedaldi (2015), Understanding Image Representations by Measuring Their Equivariance and
       Equivalence, CVPR, arXiv:1411.5908.
    .. [2] Zhang (2019), arXiv:1904.11486.
    """

    def __init__(self, grid: StageGrid, dxs: IntArray, channels: int, dtype: np.dtype[np.floating]) -> None:
        self._grid = grid
        self._dxs = dxs
        shape = (len(dxs), channels, grid.rows.cells, grid.columns.cells)
        # By the fraction of a cell that a dy leaves over; the whole cells are a matter of where to read.
        fractions = range(grid.rows.stride)
        self._expected: list[FloatArray] = [np.empty(shape, dtype) for _ in fractions]
        self._workspace = np.empty(shape, dtype)
        inside = np.zeros((len(dxs), 1, 1, grid.columns.cells), dtype)
        for row, dx in zip(inside, dxs, strict=True):
            row[..., grid.columns.comparable(int(dx))] = 1
        self._inside = inside

    def load(self, reference: FloatArray) -> None:
        """Take the original's map `(c, rows, columns)`."""
        still = self._expected[0]
        for along, dx in zip(still, self._dxs, strict=True):
            along[...] = self._grid.shift_maps(reference, int(dx), 0)
        for rest, expected in enumerate(self._expected[1:], start=1):
            expected[...] = self._grid.shift_maps(still, 0, rest)

    def changes(self, moved: FloatArray, dy: int) -> NDArray[np.float64]:
        """Size of the difference in the interior, for one dy.

        * `moved`: shape (n, c, rows, columns). Maps of the image moved by each dx and by `dy`.
        * Returns: shape (n,). Euclidean norms; NaN where no cell is left to compare.
        """
        whole, rest = divmod(dy, self._grid.rows.stride)
        rows = self._grid.rows.comparable(dy)
        n, channels, _, columns = moved.shape
        count = rows.stop - rows.start
        if count == 0:
            return np.full(n, np.nan)
        expected = self._expected[rest][:, :, rows.start - whole : rows.stop - whole]
        workspace = self._workspace.reshape(-1)[: n * channels * count * columns]
        difference = np.subtract(moved[:, :, rows], expected, out=workspace.reshape(expected.shape))
        difference *= self._inside
        flat = difference.reshape(n, -1)
        norms = np.sqrt(np.vecdot(flat, flat).astype(np.float64))
        return np.where(self._inside.any(axis=(1, 2, 3)), norms, np.nan)


_FEATURES_MOST = 2.0
"""Change of features that has the last colour: at √2 nothing is left in common, and a stage of a tiny image
that goes far beyond must not take the colours from all others."""

MEASURES: MappingProxyType[str, Measure] = MappingProxyType(
    {
        measure.name: measure
        for measure in (
            Measure(
                "relative_change",
                "Relative change",
                "‖F′(Tx) − F′(x)‖ / ‖F′(x)‖",
                "0: the stage does not notice this shift of this image. √2: before and after are as far "
                "apart as two maps of one size that have nothing in common; above it, opposite signs "
                "prevail.",
                "Zhang 2019, arXiv:1904.11486 (internal feature distance)",
                lambda of: relative_change(of.reference, of.moved, workspace=of.workspace),
                _FEATURES_MOST,
            ),
            Measure(
                "cosine_similarity",
                "Cosine similarity",
                "⟨F′(Tx), F′(x)⟩ / (‖F′(Tx)‖ ‖F′(x)‖)",
                "1: same pattern, whatever its strength. 0: nothing in common.",
                "Zhang 2019, arXiv:1904.11486 (cosine distance of features)",
                lambda of: cosine_similarity(of.reference, of.moved),
            ),
            Measure(
                "equivariance_residual",
                "Equivariance residual",
                "‖F′(Tx) − S F′(x)‖ / ‖F′(x)‖, away from the border",
                "S moves the map as far as the image moved. 0: the map has moved with the image; a pool does "
                "so for shifts by whole windows. For a shift between two cells, S interpolates linearly.",
                "Lenc & Vedaldi 2015, arXiv:1411.5908",
                lambda of: relative_to(of.reference, of.unexplained()),
                _FEATURES_MOST,
            ),
            Measure(
                "probability_change",
                "Change of probability",
                "|p(Tx) − p(x)|",
                "For the true class, or the predicted one where the label is not known.",
                "Azulay & Weiss 2018, arXiv:1805.12177",
                lambda of: np.abs(of.after[..., of.label].astype(np.float64) - of.before[of.label]),
                of_output=True,
                of_label=True,
            ),
            Measure(
                "total_variation",
                "Total variation",
                "½ Σₖ |pₖ(Tx) − pₖ(x)|",
                "Probability that has moved from some classes to others, from 0 to 1.",
                "Levin & Peres 2017, Markov Chains and Mixing Times, proposition 4.2",
                lambda of: np.abs(of.after.astype(np.float64) - of.before).sum(axis=-1) / 2,
                of_output=True,
            ),
            Measure(
                "decision_flip",
                "Decision flips",
                "1 if the most probable class differs, else 0",
                "Over many images: the share whose class changes, whether the first answer was right or not.",
                "Zhang 2019, arXiv:1904.11486 (1 − classification consistency)",
                lambda of: (of.classes_after != of.class_before).astype(np.float64),
                of_output=True,
                is_flag=True,
            ),
        )
    }
)
"""Every measure by name, in the order in which they are offered."""


def measured(of: MovedFeatures | MovedOutput) -> dict[str, Values]:
    """Return all measures of features, or of the output, by name."""
    of_output = isinstance(of, MovedOutput)
    return {name: each.function(of) for name, each in MEASURES.items() if each.of_output == of_output}
