"""One sample, one shift: every stage before and after, and what the measures say."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property, partial
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import ByteArray, FloatArray, IntArray, Pictured
from cnnviz._validation import check_int
from cnnviz.layers import MaxPool2D
from cnnviz.layers.losses import class_probabilities, predicted_classes
from cnnviz.network import Network
from cnnviz.translation.measures import MovedFeatures, measured, unexplained
from cnnviz.translation.shifting import BACKGROUND, StageGrid, ink_lost, shift
from cnnviz.translation.stages import StagePlan, checked_image


class WinnerChange(IntEnum):
    """What happened in a window.

    `SAME`: the same cell wins with the same value. `MOVED`: another cell wins with an equal value, so the
    pool has hidden the shift. `CHANGED`: the value differs, whichever cell wins.
    """

    SAME = 0
    MOVED = 1
    CHANGED = 2


@dataclass(frozen=True, slots=True, eq=False)
class WinnerMap:
    """The windows of a max pool, before and after a shift; arrays have the shape (c, rows, columns).

    * `category`: a `WinnerChange` for each window and filter.
    * `tied`: whether several cells shared the largest value, before or after.
    * `change`: value after minus value before; 0 unless the category is `CHANGED`.
    * `original_winner`, `moved_winner`: row-major index of the first largest cell within the window.
    * `original`, `moved`: shape (c, h, w). The maps that were pooled.
    * `size`: side of the windows.
    """

    category: NDArray[np.uint8]
    tied: NDArray[np.bool_]
    change: FloatArray
    original_winner: IntArray
    moved_winner: IntArray
    original: FloatArray
    moved: FloatArray
    size: int

    def window(self, channel: int, row: int, column: int) -> tuple[FloatArray, FloatArray]:
        """Values of one window before and after, two arrays of shape (size, size)."""
        top, left = row * self.size, column * self.size
        block = (channel, slice(top, top + self.size), slice(left, left + self.size))
        return self.original[block], self.moved[block]

    def counts(self, channels: int | slice = slice(None)) -> dict[WinnerChange, tuple[int, int]]:
        """How many windows of some filters each thing happened in.

        First those in which one cell alone had the largest value, before and after; then those in which
        several shared it. There the winner is the first of them, and that it stayed or moved means little.
        """
        category, tied = self.category[channels], self.tied[channels]
        kinds = {kind: category == kind for kind in WinnerChange}
        return {
            kind: (int((is_it & ~tied).sum()), int((is_it & tied).sum())) for kind, is_it in kinds.items()
        }


def winner_map(original: FloatArray, moved: FloatArray, size: int = 2) -> WinnerMap:
    """Compare the winners of each window of a max pool before and after a shift.

    Values are compared bit by bit: the reference convolution gives equal patches equal bits, so a value that
    only moved is found equal.

    * `original`, `moved`: shape (c, h, w), float32 or float64. The maps that go into the pool, of the image
      and of the moved image, raw.
    * `size`: Side of the windows, and their distance, in pixels, >= 1.
    """
    maps = np.stack([original, moved])
    pool = MaxPool2D(size)
    pooled, winner, tied = pool.forward(maps, {}), pool.first_winners(maps), pool.tied(maps).any(axis=0)
    category = np.where(
        pooled[0] == pooled[1],
        np.where(winner[0] == winner[1], WinnerChange.SAME, WinnerChange.MOVED),
        WinnerChange.CHANGED,
    )
    change = pooled[1] - pooled[0]
    return WinnerMap(category.astype(np.uint8), tied, change, winner[0], winner[1], original, moved, size)


@dataclass(frozen=True, slots=True, eq=False)
class StagePair:
    """A stage of the original and of the moved image.

    * `original`, `moved`, `blank`: shape (c, rows, columns). Raw maps of the image, the moved image, and an
      image that is background all over.
    * `dx`, `dy`: the shift of the image in pixels.
    """

    original: FloatArray
    moved: FloatArray
    blank: FloatArray
    grid: StageGrid
    dx: int
    dy: int

    def features(self) -> tuple[FloatArray, FloatArray]:
        """Maps of original and moved image relative to the blank image, `F'(x)` and `F'(Tx)`."""
        return self.original - self.blank, self.moved - self.blank

    def expected(self) -> FloatArray:
        """Map of the original moved along with the image, `S F'(x)`; see `StageGrid.shift_maps`."""
        return self.grid.shift_maps(self.features()[0], self.dx, self.dy)

    @property
    def interior(self) -> NDArray[np.bool_]:
        """Mask `(rows, columns)` of the cells where `expected` may be compared with the moved image's map."""
        return self.grid.interior(self.dx, self.dy)

    @property
    def is_equivariant(self) -> bool:
        """Whether the maps are those of the original, moved with the image: residual 0, and of something.

        Where all ink has left the interior, or there was none, a residual of 0 says nothing.
        """
        inside = self.interior
        is_blank = np.array_equal(self.moved[:, inside], self.blank[:, inside])
        return not is_blank and self.measured()["equivariance_residual"] == 0

    @np.errstate(over="ignore", invalid="ignore")  # weights that have run away give NaN, and that is no news
    def measured(self) -> dict[str, float]:
        """Return all measures of features, for this stage."""
        before, after = self.features()
        rest = partial(unexplained, before, after, self.grid, self.dx, self.dy)
        found = measured(MovedFeatures(before, after[None], rest))
        return {name: float(values[0]) for name, values in found.items()}


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Pictured):
    """A sample and its shifted self, stage by stage; made by `compare`.

    * `block`: number of the convolution block whose stages they are, from 1.
    * `dx`, `dy`: shift in pixels, to the right and down.
    * `ink_lost`: share of the ink that has left the frame, from 0 to 1.
    * `stages`: in the order of `STAGES`.
    * `original_probabilities`, `moved_probabilities`: shape (k,). Probability of each class.
    * `label`: the class whose probability is followed: the true one, or the one predicted for the original.
    * `original_class`, `moved_class`: predicted classes.
    * `pool_size`: side of the pooling windows.
    """

    network: Network
    block: int
    dx: int
    dy: int
    ink_lost: float
    stages: Mapping[str, StagePair]
    original_probabilities: FloatArray
    moved_probabilities: FloatArray
    label: int
    original_class: int
    moved_class: int
    pool_size: int

    @cached_property
    def winners(self) -> WinnerMap:
        """What became of the winner of every max-pooling window."""
        pair = self.stages.get("activation", self.stages["convolution"])
        return winner_map(pair.original, pair.moved, self.pool_size)


def compare(
    network: Network,
    image: FloatArray | ByteArray,
    dx: int,
    dy: int,
    *,
    background: float = BACKGROUND,
    block: int = 1,
    pool_size: int | None = None,
    label: int | None = None,
) -> Comparison:
    """Move one sample and follow both through the network.

    Parameters
    ----------
    image : ndarray of shape (c, h, w)
        As the network takes it (`cnnviz.to_input`), or pixels as uint8.
    dx, dy : int
        Pixels to the right and down.
    background : float
        Value of a pixel without ink: enters the frame, and is what the blank image consists of.
    block : int
        Number of the convolution block whose stages are compared, from 1.
    pool_size : int, optional
        Side of the pooling windows in pixels. None means that of the network's own pool.
    label : int, optional
        The true class. None means the one predicted for the original.

    Raises
    ------
    ShapeError, ParameterError
        If the image does not fit the network, it has no such block, or a value is outside its range.
    """
    plan = StagePlan.of(network, block, pool_size)
    image = checked_image(network, image)
    moved = shift(image, dx, dy, background)
    maps, logits = plan.maps_of(np.stack([image, moved, np.full_like(image, background)]))
    pairs = {
        stage: StagePair(batch[0], batch[1], batch[2], plan.grids[stage], int(dx), int(dy))
        for stage, batch in maps.items()
    }
    probabilities = class_probabilities(logits)
    before, after = (int(predicted) for predicted in predicted_classes(logits[:2]))
    return Comparison(
        network,
        block,
        int(dx),
        int(dy),
        float(ink_lost(image, np.array([dx]), np.array([dy]), background)[0, 0]),
        MappingProxyType(pairs),
        probabilities[0],
        probabilities[1],
        before if label is None else check_label(network, label),
        before,
        after,
        plan.pool_size,
    )


def check_label(network: Network, label: int) -> int:
    """Return `label` if it is a class of the network, or raise `ParameterError`."""
    return check_int(label, "label", "a shift comparison", minimum=0, maximum=network.classes_count - 1)
