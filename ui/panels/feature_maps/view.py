"""What the user can choose in Filters & maps."""

import math
from dataclasses import dataclass, replace

from ui.choices import flag, maybe, named_values, one_of, whole
from ui.panels.feature_maps.layout import LARGEST_CELL
from ui.state import PinnedCell

NETWORK, TOP_PATCHES = "network", "top_patches"
AUTOMATIC, FIXED = "automatic", "fixed"
_EXCITING = "The test images to which one filter answers most and least"
_PAGES = (
    (NETWORK, "All layers", "Every layer left to right, with linked cells and their arithmetic"),
    (TOP_PATCHES, "Images that excite a filter", _EXCITING),
)
_LIMITS = (
    (AUTOMATIC, "Automatic", "The largest value of each layer at this moment"),
    (
        FIXED,
        "Fixed",
        "The largest values of all moments shown, for this run and sample: moments can be compared",
    ),
)
SPEEDS = (1, 2, 4, 8, 15, 30, 60)
"""Of the sweep, in cells a second."""
_USUAL_SPEED = 3
_FAR = 1_000_000


@dataclass(frozen=True)
class View:
    """Choices of the panel. What another network does not have is left out when it is drawn.

    * `class_index`: class whose logit is taken apart; the predicted one when None, or where there is none.
    * `relative`: whether the evidence is relative to a blank image.
    * `at`: key of a column of the page that is in sight.
    * `enlarged`: key of the column that has all the room there is.
    * `cell`, `place`: side of its cells, as large as fits when None; first row and column in sight.
    * `folded`: by column, whether the user has folded it, or unfolded it.
    * `channels`: by group of columns, the chosen channel.
    * `pointed`, `pointed_index`: cell that the pointer was on last; it stays marked, so that its arithmetic
      can be read.
    * `part`: input channel that is written out.
    * `sweep`, `sweep_place`: stage that is swept, and the cell that was computed last, in reading order.
    * `sweep_speed`: place of one of the `SPEEDS`.
    * `levels`: fixed limits of the colours, by column.
    """

    page: str = one_of(NETWORK, "row", "Page", _PAGES)
    limits: str = one_of(AUTOMATIC, "row", "Colour limits", _LIMITS)
    covers: bool = flag(False)
    class_index: int | None = maybe(int, kept="class")
    relative: bool = flag(False, kept="relative_evidence")
    at: str | None = maybe(str, kept="flow.at")
    enlarged: str | None = maybe(str, kept="flow.enlarged")
    cell: float | None = maybe(float, 1, 2 * LARGEST_CELL, kept="flow.large.cell")
    place: tuple[int, ...] | None = maybe(int, kept="flow.large.place")
    folded: tuple[tuple[str, bool], ...] = named_values(bool, kept="flow.folded")
    channels: tuple[tuple[str, int], ...] = named_values(int)
    pointed: str | None = maybe(str)
    pointed_index: tuple[int, ...] | None = maybe(int)
    part: int | None = maybe(int, kept="slice")
    sweep: str | None = maybe(str)
    sweep_place: int = whole(0, 0, _FAR)
    sweep_speed: int = whole(_USUAL_SPEED, 0, len(SPEEDS) - 1)
    levels: tuple[tuple[str, tuple[float, ...]], ...] = named_values(
        float, -math.inf, math.inf, kept="limits"
    )

    @property
    def computed(self) -> "View":
        """Only those choices that a picture is computed from; all others decide how it is drawn."""
        return View(class_index=self.class_index, relative=self.relative)

    @property
    def still(self) -> "View":
        """All but what moves in the page, which it is told as where the user looks."""
        return replace(self, pointed=None, pointed_index=None, part=None, sweep=None, sweep_place=0)

    def channel(self, group: int) -> int:
        """Chosen channel of a group of columns; the first where none was chosen."""
        return dict(self.channels).get(str(group), 0)

    @property
    def pointed_cell(self) -> PinnedCell | None:
        """Cell that the pointer was on last."""
        index = self.pointed_index
        return None if self.pointed is None or not index else PinnedCell(self.pointed, index)

    @property
    def corner(self) -> tuple[int, int]:
        """First row and column of the enlarged map that is in sight."""
        return (self.place[0], self.place[1]) if self.place is not None and len(self.place) == 2 else (0, 0)


def put[T](pairs: tuple[tuple[str, T], ...], key: str, value: T) -> tuple[tuple[str, T], ...]:
    """Names and values with another value for a name."""
    return (*((each, own) for each, own in pairs if each != key), (key, value))
