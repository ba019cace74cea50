"""Which columns a network needs, left to right, and how large: nothing here depends on weights or images."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import lru_cache

from cnnviz._types import Shape
from cnnviz.drawing import Look
from cnnviz.graphics.network_stages import unit_grid
from cnnviz.inspect.receptive_field import INPUT
from cnnviz.layers import Layer
from cnnviz.network import NamedLayers, Network

EVIDENCE = "evidence"
"""Key of the column of contributions to a logit."""

LARGEST_SCALE = 40
SMALLEST_SCALE = 3
LARGEST_CELL = 64
"""Of an enlarged map, in pixels at scale 1."""
_SCROLLED_SCALE = 4
_FOLDED = 22
_GAP = 16
_NUMBERED = 130
"""Width of a 3 x 3 kernel with numbers in its cells."""
_KEYED = 80
"""Width in which the key of the outlines, below the image, has room."""
_NEVER = 5
_LEGIBLE = 70
"""Side in pixels at scale 1 of a map; before maps are smaller, columns are folded."""
_SHARE = 0.66
"""Of the height, what the large maps may take; the rest is for the thumbnails."""


class Kind(Enum):
    """What a column shows."""

    IMAGE = auto()
    KERNELS = auto()
    MAPS = auto()
    EVIDENCE = auto()
    UNITS = auto()
    OUTPUT = auto()


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the network.

    * `key`: unique name: the stage, ``"conv1.weight"`` for kernels, or `EVIDENCE`.
    * `stage`: stage whose cells it shows; of kernels, the layer they belong to.
    * `layer`: None for the input.
    * `shape`: `(maps, rows, columns)`; of units, `(1, rows, columns)` of the grid they are laid out
      in.
    * `group`: columns of one group show the same channel. The input is group 0, each convolution
      begins a new one.
    * `signed`: whether its values can be negative.
    * `window`: cells from one window to the next of a max pool that reads its maps; 0 if none does.
    """

    key: str
    kind: Kind
    stage: str
    layer: Layer | None
    shape: tuple[int, int, int]
    group: int
    signed: bool
    window: int = 0

    @property
    def count(self) -> int:
        """Number of maps."""
        return self.shape[0]

    @property
    def is_activation(self) -> bool:
        """Whether it shows what an activation makes of the column before."""
        return self.layer is not None and self.layer.is_elementwise

    @property
    def spare(self) -> int:
        """Where there is no room for all, the columns of 1 are folded first, then those of 2, and so on."""
        if self.is_activation:
            return 1
        if self.kind is Kind.KERNELS and self.group > 1:
            return 3
        return {Kind.UNITS: 2, Kind.EVIDENCE: 4}.get(self.kind, _NEVER)

    @property
    def title(self) -> str:
        """Head of the column."""
        titles = {
            Kind.IMAGE: "Input",
            Kind.KERNELS: "Filters" if self.group == 1 else f"Filters {self.group}",
            Kind.EVIDENCE: "Evidence",
            Kind.OUTPUT: "Output",
        }
        return titles.get(self.kind, self.stage)

    @property
    def about(self) -> str:
        """What it shows, in one or two sentences for its tool tip."""
        match self.kind:
            case Kind.OUTPUT:
                return (
                    "What the last dense layer computes, and the probabilities that follow. The dot marks "
                    "the true class. Click a row to pin its logit and to see the evidence for it."
                )
            case Kind.IMAGE:
                return "The sample as it enters the network: black is −0.5, white +0.5."
            case Kind.KERNELS:
                return (
                    f"Weights of the filters of {self.stage}: blue negative, white zero, red positive, all "
                    "on one scale. Choose a filter to see its maps."
                )
            case Kind.EVIDENCE:
                return (
                    f"Contribution of each cell of {self.stage} to the chosen logit: value × slope of the "
                    "logit, which is the weight where one dense layer follows. With the biases, and what a "
                    "sigmoid or tanh on the way bends, they add up to the logit. Relative to blank: the "
                    "value less that of a blank image, and its logit for the biases."
                )
            case Kind.UNITS:
                return f"Units of {self.stage}, laid out row by row."
            case _:
                if self.layer is None:
                    return ""
                ties = self.layer.tie_rule
                return self.layer.about + (f" Ties: {ties}." if ties else "")

    @property
    def colormap(self) -> str:
        """Colour map of its values."""
        if self.kind is Kind.IMAGE:
            return "grey"
        return "signed" if self.signed else "sequential"


@dataclass(frozen=True, slots=True)
class Plan:
    """All columns of a network."""

    layers: NamedLayers
    input_shape: Shape
    columns: tuple[Column, ...]

    @property
    def unit(self) -> int:
        """Largest side of a map in cells; all maps are drawn at the scale of this one."""
        sides = [max(c.shape[1:]) for c in self.columns if c.kind in (Kind.IMAGE, Kind.MAPS, Kind.EVIDENCE)]
        return max(sides, default=1)

    @property
    def output_stage(self) -> str:
        """Name of the layer that computes the logits."""
        return self.layers[-1][0]

    @property
    def first_convolution(self) -> str | None:
        """Name of the first convolution layer."""
        return next(iter(self.convolutions), None)

    @property
    def convolutions(self) -> tuple[str, ...]:
        """Names of all convolution layers."""
        return tuple(name for name, layer in self.layers if layer.has_filters)

    def column(self, key: str) -> Column | None:
        """Column of a key."""
        return next((column for column in self.columns if column.key == key), None)

    def group_of(self, stage: str) -> int | None:
        """Group whose channels are the maps of a stage; None for a flat stage."""
        column = self.column(stage)
        if column is None or column.kind in (Kind.UNITS, Kind.OUTPUT):
            return None
        return column.group

    def channels(self, group: int) -> int:
        """Number of channels of a group."""
        return next((c.count for c in self.columns if c.group == group and c.kind is not Kind.KERNELS), 1)

    @property
    def groups(self) -> int:
        """Number of groups of columns that show the same channel."""
        return 1 + max(column.group for column in self.columns)


def plan_of(network: Network) -> Plan:
    """Lay out the columns of a network: the very same object for networks that differ in weights only.

    * `network`: its input has the shape `(c, h, w)`.
    """
    return _plan(network.layers, network.input_shape)


@lru_cache(maxsize=32)
def _plan(layers: NamedLayers, input_shape: Shape) -> Plan:
    shape = input_shape
    columns = [Column(INPUT, Kind.IMAGE, INPUT, None, _maps(shape), 0, True)]
    group, signed, before = 0, True, INPUT
    last = layers[-1][0]
    for name, layer in layers:
        before_shape, shape = shape, layer.output_shape(shape)
        if layer.has_filters:
            group += 1
            count, _, *sides = layer.parameter_shapes(before_shape)["weight"]
            kernels = (count, sides[0], sides[1])
            columns.append(Column(f"{name}.weight", Kind.KERNELS, name, layer, kernels, group, True))
        if layer.only_renames:
            source = columns[-1]
            if source.kind in (Kind.IMAGE, Kind.MAPS):
                columns.append(Column(EVIDENCE, Kind.EVIDENCE, before, layer, source.shape, group, True))
            continue
        if layer.tie_rule is not None and layer.geometry is not None:
            _mark_windows(columns, layer.geometry.stride)
        signed = signed if layer.signed is None else layer.signed
        if len(shape) == 3:
            columns.append(Column(name, Kind.MAPS, name, layer, _maps(shape), group, signed))
        else:
            kind = Kind.OUTPUT if name == last else Kind.UNITS
            columns.append(Column(name, kind, name, layer, (1, *unit_grid(shape[0])), group, signed))
        before = name
    return Plan(layers, input_shape, tuple(columns))


def _mark_windows(columns: list[Column], step: int) -> None:
    """Note the windows of a max pool at the maps that it reads, and at those before an activation."""
    for place in reversed(range(len(columns))):
        columns[place] = replace(columns[place], window=step)
        if not columns[place].is_activation:
            break


def _maps(shape: Shape) -> tuple[int, int, int]:
    if len(shape) == 3:
        return shape[0], shape[1], shape[2]
    return (1, *unit_grid(shape[0]))


# -- how large the columns are -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Room:
    """The room for all columns.

    * `width`, `height`: in logical pixels; `bar`, height of a scroll bar.
    """

    width: int
    height: int
    look: Look
    bar: int = 0

    @property
    def gap(self) -> int:
        """Between two columns."""
        return round(self.look.px(_GAP))


def side_of(plan: Plan, scale: int) -> int:
    """Side of the largest map at so many pixels a cell, with its frame."""
    return plan.unit * scale + 2


def column_width(column: Column, side: float, look: Look) -> float:
    """Width of a column whose maps have a side."""
    match column.kind:
        case Kind.KERNELS:
            return min(max(round(0.62 * side), look.px(62)), look.px(126))
        case Kind.UNITS:
            _, rows, cols = column.shape
            return max(max((side - 2) // rows, 3) * cols + 2, look.px(58))
        case Kind.OUTPUT:
            return look.px(148)
        case Kind.IMAGE:
            return max(side, look.px(_KEYED))
        case _:
            return max(side, look.px(62))


def total_width(plan: Plan, side: float, folded: Collection[str], room: Room) -> float:
    """Width of all columns and the gaps between them."""
    widths = [
        room.look.px(_FOLDED) if column.key in folded else column_width(column, side, room.look)
        for column in plan.columns
    ]
    return sum(widths) + room.gap * (len(widths) - 1)


def column_widths(plan: Plan, side: float, folded: Collection[str], room: Room) -> dict[str, float]:
    """Width of each column that is not folded; room to spare goes to kernels, then to maps.

    Kernels get as much as their numbers need, the others equal shares up to a third of their width.
    """
    look = room.look
    widths = {c.key: column_width(c, side, look) for c in plan.columns if c.key not in folded}
    spare = max(room.width - total_width(plan, side, folded, room), 0)
    for column in plan.columns:
        roomy = column.shape[2] <= 3 and side >= look.px(0.95 * _NUMBERED)
        if column.kind is Kind.KERNELS and column.key in widths and roomy:
            more = min(max(look.px(_NUMBERED) - widths[column.key], 0), spare)
            widths[column.key] += more
            spare -= more
    wide = [
        c.key for c in plan.columns if c.kind in (Kind.MAPS, Kind.EVIDENCE, Kind.OUTPUT) and c.key in widths
    ]
    for place, key in enumerate(wide):
        more = min(spare // (len(wide) - place), side // 3)
        widths[key] += more
        spare -= more
    return widths


def tallest_side(plan: Plan, room: Room) -> float:
    """Side of a map that leaves a fair share of the height to the thumbnails."""
    free = room.height - room.look.px(72)
    has_thumbnails = any(column.count > 1 for column in plan.columns)
    return round(_SHARE * free) if has_thumbnails else free


def fitting_scale(plan: Plan, folded: Collection[str], room: Room) -> int | None:
    """Largest number of pixels a cell with which everything is in sight, or None."""
    for scale in range(LARGEST_SCALE, SMALLEST_SCALE - 1, -1):
        side = side_of(plan, scale)
        if side <= tallest_side(plan, room) and total_width(plan, side, folded, room) <= room.width:
            return scale
    return None


@dataclass(frozen=True, slots=True)
class Layout:
    """How the columns share the room.

    * `scale`: pixels a cell of the largest map; `side`, of that map.
    * `widths`: of the columns that are not folded.
    * `scrolled`: whether there is no room for all of them.
    """

    scale: int
    side: int
    widths: Mapping[str, float]
    folds: frozenset[str]
    scrolled: bool


def layout_of(
    plan: Plan, room: Room, scale: int | None, folded: Mapping[str, bool], enlarged: str | None
) -> Layout:
    """Give every column its width; one may be enlarged.

    * `scale`: pixels a cell, as the user has chosen; None: as large as fits.
    * `folded`: what the user has folded, or unfolded.
    """
    tight, best = 1, 0
    for spare in range(_NEVER):
        fitting = fitting_scale(plan, {c.key for c in plan.columns if c.spare <= spare}, room) or 0
        if fitting > best and best * plan.unit < room.look.px(_LEGIBLE):
            tight, best = spare, fitting
    folds = frozenset(c.key for c in plan.columns if folded.get(c.key, c.spare <= tight))
    fitting = fitting_scale(plan, folds, room) if scale is None else None
    scrolled = False
    if fitting is None:
        lower = replace(room, height=room.height - room.bar)
        by_height = int((tallest_side(plan, lower) - 2) // plan.unit)
        fitting = scale or max(min(by_height, _SCROLLED_SCALE), 1)
        scrolled = total_width(plan, side_of(plan, fitting), folds, room) > room.width
    if enlarged is None or enlarged in folds:
        side = side_of(plan, fitting)
        return Layout(fitting, side, column_widths(plan, side, folds, room), folds, scrolled)
    fitting = max(min(fitting, 3), 1) if scale is None else fitting
    side = side_of(plan, fitting)
    others = total_width(plan, side, {*folds, enlarged}, room)
    width = max(room.width - others, round(0.45 * room.width), side)
    widths = {c.key: column_width(c, side, room.look) for c in plan.columns if c.key not in folds}
    return Layout(fitting, side, widths | {enlarged: width}, folds, others + width > room.width)
