"""The columns in which a network is shown, left to right: what each shows, and of which layer.

Nothing here depends on weights or images.
"""

import math
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import lru_cache

import numpy as np

from cnnviz._types import FloatArray, Shape
from cnnviz.drawing.cells import Colors
from cnnviz.inspect.receptive_field import INPUT
from cnnviz.layers import Layer
from cnnviz.network import NamedLayers, Network
from cnnviz.palette import signed_levels

EVIDENCE = "evidence"
"""Key of the column of contributions to a logit."""


class Kind(Enum):
    """What a column shows."""

    IMAGE = auto()
    FILTERS = auto()
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
    * `reads_all`: whether each of its maps is computed from all maps of the column before; else from one.
    * `window`: cells from one window to the next of a max pool that reads its maps; 0 if none does.
    """

    key: str
    kind: Kind
    stage: str
    layer: Layer | None
    shape: tuple[int, int, int]
    group: int
    signed: bool
    reads_all: bool = False
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
    def title(self) -> str:
        """Head of the column."""
        titles = {
            Kind.IMAGE: "Input",
            Kind.FILTERS: "Filters" if self.group == 1 else f"Filters {self.group}",
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
                    "What the last dense layer computes, and the probabilities that follow. The tick marks "
                    "the true class. Click a row to pin its logit and to see the evidence for it."
                )
            case Kind.IMAGE:
                return (
                    "The sample as it enters the network: black is −0.5, white +0.5. So "
                    "positive weights make negative values of black."
                )
            case Kind.FILTERS:
                return (
                    f"Weights of the filters of {self.stage}: blue negative, white zero, red positive, all "
                    "on one scale. Choose a filter to see its maps."
                )
            case Kind.EVIDENCE:
                return (
                    f"What each cell of {self.stage} adds to the chosen logit: its value × the slope of the "
                    "logit, which is the weight where one dense layer follows. With the biases, and what a "
                    "sigmoid or tanh bends, that is all of the logit. One in 50 is beyond the colours."
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
        return "grey" if self.kind is Kind.IMAGE else "signed" if self.signed else "sequential"

    def colors(self, values: FloatArray) -> Colors:
        """Colours between symmetric limits of all its values, or from 0; what is not finite is left out.

        Of evidence hardly anything would be seen beside its few largest values: what is beyond 49 of 50 of
        those that are not 0 has the last colour.
        """
        if self.kind is Kind.IMAGE:
            return Colors(self.colormap, -0.5, 0.5)
        if self.kind is Kind.EVIDENCE:
            known = np.abs(values[np.isfinite(values) & (values != 0)])
            values = np.quantile(known, 0.98) if known.size else known
        lo, hi = signed_levels(values)
        return self.within((lo if self.signed else 0.0, hi))

    def within(self, limits: tuple[float, float]) -> Colors:
        """Its colours between other limits, such as those of several moments."""
        return Colors(self.colormap, *limits, is_open=self.kind is Kind.EVIDENCE)


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
        return None if column is None or column.kind in (Kind.UNITS, Kind.OUTPUT) else column.group

    def channels(self, group: int) -> int:
        """Number of channels of a group."""
        return next((c.count for c in self.columns if c.group == group and c.kind is not Kind.FILTERS), 1)

    @property
    def groups(self) -> int:
        """Number of groups of columns that show the same channel."""
        return 1 + max(column.group for column in self.columns)


def plan_of(network: Network) -> Plan:
    """Lay out the columns of a network: the very same object for networks that differ in weights only.

    * `network`: its input has the shape `(c, h, w)`.
    """
    return _plan(network.layers, network.input_shape)


def stage_colors(network: Network, stage: str, values: FloatArray) -> Colors:
    """Colours of the values of a stage: those of its column."""
    column = plan_of(network).column(stage)
    return Colors.of("signed", values) if column is None else column.colors(values)


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
            columns.append(Column(f"{name}.weight", Kind.FILTERS, name, layer, kernels, group, True, True))
        if layer.only_renames:
            source = columns[-1]
            if source.kind in (Kind.IMAGE, Kind.MAPS):
                columns.append(Column(EVIDENCE, Kind.EVIDENCE, before, layer, source.shape, group, True))
            continue
        if layer.tie_rule is not None and layer.geometry is not None:
            for place in reversed(range(len(columns))):  # the maps that it reads, and those before a gate
                columns[place] = replace(columns[place], window=layer.geometry.stride)
                if not columns[place].is_activation:
                    break
        signed = signed if layer.signed is None else layer.signed
        reads_all = not layer.has_filters and (len(shape) != 3 or layer.mixes_channels)
        kind = Kind.MAPS if len(shape) == 3 else Kind.OUTPUT if name == last else Kind.UNITS
        columns.append(Column(name, kind, name, layer, _maps(shape), group, signed, reads_all))
        before = name
    return Plan(layers, input_shape, tuple(columns))


def _maps(shape: Shape) -> tuple[int, int, int]:
    if len(shape) == 3:
        return shape[0], shape[1], shape[2]
    return (1, *unit_grid(shape[0]))


def unit_grid(count: int) -> tuple[int, int]:
    """Rows and columns in which units are laid out: about twice as high as wide, with few places left over.

    * `count`: number of units, >= 1.
    """
    ideal = max(round(math.sqrt(count / 2)), 1)
    candidates = range(max(ideal // 2, 1), min(2 * ideal, count) + 1)
    columns = min(candidates, key=lambda wide: (math.ceil(count / wide) * wide - count, abs(wide - ideal)))
    return math.ceil(count / columns), columns
