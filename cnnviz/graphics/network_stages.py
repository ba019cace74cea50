"""What a network computes of an image, column by column, as the drawing of the network shows it."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property

import numpy as np

from cnnviz._types import FloatArray, Shape
from cnnviz.drawing import Block, Colors, Pixels
from cnnviz.inspect.arithmetic import logit_contributions
from cnnviz.inspect.receptive_field import INPUT, projective_fields, receptive_field
from cnnviz.layers import Layer
from cnnviz.network import Network, Trace
from cnnviz.notation import format_sum
from cnnviz.palette import signed_levels
from cnnviz.quantities import format_count, format_probabilities

PRODUCTS = "products"
"""Key of the column of values times weights."""
_SLIT = 0xFFB9C2CB
"""Colour of what is no cell, such as what lies between the slices of a filter; in both themes."""
_LONGEST = 7
"""Characters of a sum, for which the drawing has room."""


class Kind(Enum):
    """What a column shows."""

    IMAGE = auto()
    FILTERS = auto()
    MAPS = auto()
    PRODUCTS = auto()
    UNITS = auto()


@dataclass(frozen=True, eq=False)
class Stage:
    """A column of tiles.

    * `stage`: Whose cells these are: "input" or a layer.
    * `titles`, `captions`: What stands above it, each from the longest version to the shortest.
    * `values`: ndarray of shape (n, h, w). NaN where there is no cell.
    * `reads_all`: Whether each tile is computed from all of the column before; else from the one beside it.
    * `is_activation`: Whether there may be no room for it.
    * `sums`: Of products, the sum of each map, and what else there is to the logit: the bias.
    * `middle`: Of filters, row and column of the cell in the middle of their maps.
    """

    key: str
    stage: str
    kind: Kind
    titles: tuple[str, ...]
    captions: tuple[str, ...]
    about: str
    values: FloatArray
    colors: Colors
    reads_all: bool = False
    is_activation: bool = False
    sums: tuple[float, ...] = ()
    middle: tuple[int, int] = (0, 0)

    @cached_property
    def pixels(self) -> Pixels:
        """All tiles, in colours."""
        pixels = self.colors.pixels(self.values)
        pixels[np.isnan(self.values)] = _SLIT
        return pixels

    @cached_property
    def peaks(self) -> list[int]:
        """Of each tile the place of the value that stands out most."""
        flat = np.abs(self.values.reshape(len(self.values), -1))
        flat[np.isnan(flat)] = -1.0
        return flat.argmax(axis=1).tolist()

    @property
    def shape(self) -> tuple[Kind, int, int, int, bool, bool]:
        """All that the layout depends on."""
        return self.kind, *self.values.shape, self.reads_all, self.is_activation

    @property
    def noun(self) -> str:
        """What a tile is called."""
        return {Kind.FILTERS: "filter", Kind.UNITS: "units", Kind.IMAGE: "image"}.get(self.kind, "map")

    def named(self, tile: int) -> str:
        """Name of a tile."""
        if self.kind in (Kind.IMAGE, Kind.UNITS):
            return self.titles[0]
        return (
            f"{self.stage}, {self.noun} {tile}"
            if self.kind is not Kind.PRODUCTS
            else f"{self.titles[0]}, map {tile}"
        )

    def strongest(self, tile: int) -> tuple[int, ...]:
        """Index of the cell of a tile that stands out most; of a filter of the middle of its map."""
        if self.kind is Kind.FILTERS:
            return tile, *self.middle
        place = self.peaks[tile]
        return (place,) if self.kind is Kind.UNITS else (tile, *divmod(place, self.values.shape[2]))


@dataclass(frozen=True, eq=False)
class Flow:
    """What the network makes of an image.

    * `probabilities`, `logits`: ndarray of shape (k,); (1,) where one logit speaks for two classes.
    * `label`: The true class, where it is known.
    * `notes`: Lines below the image: which one it is, and of which moment.
    * `covered`: Kinds of columns that are to be guessed first; with `hides_output` the answer too, with
      `hides_fields` what a cell depends on.
    """

    network: Network
    stages: tuple[Stage, ...]
    names: tuple[str, ...]
    probabilities: FloatArray
    logits: FloatArray
    label: int | None = None
    notes: tuple[str, ...] = ()
    covered: frozenset[Kind] = frozenset()
    hides_output: bool = False
    hides_fields: bool = False

    @cached_property
    def shares(self) -> list[str]:
        """Probabilities as text."""
        return format_probabilities(self.probabilities.tolist(), longest=8)

    @cached_property
    def written(self) -> list[str]:
        """Sums of the products, bias and logit, so that they add up; without products the logit alone."""
        sums, total = next((stage.sums for stage in self.stages if stage.sums), ()), float(self.logits.max())
        largest = max(map(abs, sums), default=1.0)
        figures = 3 if largest >= 0.1 else 2 if largest >= 0.01 else 1
        return format_sum(sums, total, _LONGEST, figures)

    @property
    def predicted(self) -> int:
        """The most probable class."""
        return int(np.argmax(self.probabilities))

    @property
    def verdict(self) -> str:
        """Whether it is right; "" where that is not known."""
        if self.label is None:
            return ""
        return "right" if self.label == self.predicted else f"wrong: it is a {self.names[self.label]}"

    def fields(self, stage: str, cell: tuple[int, ...]) -> dict[str, tuple[str, Block]]:
        """Role and block of the cells that a cell is computed from, or feeds, by stage."""
        found = [("receptive", field) for field in receptive_field(self.network, stage, cell).values()]
        found += [("feeds", field) for field in projective_fields(self.network, stage, cell)]
        return {f.stage: (role, f.rectangle) for role, f in found if 0 not in f.rectangle[2:]}


def flow_of(
    trace: Trace,
    names: tuple[str, ...],
    label: int | None = None,
    *,
    weights: Mapping[str, FloatArray] | None = None,
    filters: str = "",
    notes: tuple[str, ...] = (),
) -> Flow:
    """What a network has computed of an image.

    * `trace`: Of a batch of one.
    * `names`: Of the classes.
    * `weights`: What the filters show in place of the network's own, such as the initial weights or how far
      they have moved, by name of the parameter; `filters` is their title then.
    """
    network = trace.network
    stages = tuple(_stages(network, trace, names, weights or network.params, filters))
    for stage in stages:
        _ = stage.pixels, stage.peaks  # made here, where nobody waits for them
    return Flow(network, stages, names, trace.class_probabilities[0], trace.logits[0], label, notes)


def _stages(
    network: Network, trace: Trace, names: tuple[str, ...], weights: Mapping[str, FloatArray], said: str
) -> Iterator[Stage]:
    shape, before, last, signed = network.input_shape, INPUT, network.layers[-1][0], True
    about = "The image as it enters the network: black is −0.5, white +0.5"
    image, grey = _tiled(trace.inputs[0], shape), Colors("grey", -0.5, 0.5)
    yield Stage(INPUT, INPUT, Kind.IMAGE, ("Image",), _sides(shape), about, image, grey)
    for place, (name, layer) in enumerate(network.layers[:-1]):
        source, shape = shape, network.shapes[name]
        if layer.only_renames:
            if len(source) == 3 and network.layers[place + 1][0] == last:
                yield _products(network, trace, before, names)
            continue
        reads_all = len(source) != 3 or len(shape) != 3 or layer.mixes_channels
        if layer.has_filters:
            yield _filters(name, np.asarray(weights[f"{name}.weight"], np.float64), shape, said)
            reads_all = False
        signed = signed if layer.signed is None else layer.signed
        values = _tiled(trace.outputs[name][0], shape)
        kind, colors = Kind.MAPS if len(shape) == 3 else Kind.UNITS, _colors(values, signed=signed)
        titles, about = _titles(layer, name, shape), layer.about
        yield Stage(
            name, name, kind, titles, _sides(shape), about, values, colors, reads_all, layer.is_elementwise
        )
        before = name


def _filters(name: str, kernels: FloatArray, shape: Shape, said: str) -> Stage:
    """The filters of a layer, whose maps have a shape."""
    about = f"Weights of {name}: blue negative, white zero, red positive, all on one scale"
    if kernels.shape[1] > 1:
        about += f". Each filter has a slice for each of the {kernels.shape[1]} maps that it reads"
    size, colors = _sides(kernels.shape), Colors("signed", *signed_levels(kernels))
    titles, middle = (said or "Filters",), (shape[1] // 2, shape[2] // 2)
    tiles = montage(kernels)
    return Stage(
        f"{name}.weight",
        name,
        Kind.FILTERS,
        titles,
        size,
        about,
        tiles,
        colors,
        reads_all=True,
        middle=middle,
    )


def _products(network: Network, trace: Trace, stage: str, names: tuple[str, ...]) -> Stage:
    """Each pooled value times its weight, for the class that the network answers with."""
    index = int(np.argmax(trace.logits[0]))
    taken_apart = logit_contributions(network, trace, stage, index)
    found = taken_apart.contributions
    whose = f"for {names[index]}" if len(trace.logits[0]) > 1 else ""
    about = (
        f"Each cell of {stage} times its weight {whose}".strip() + ": with the bias, their sum is the logit"
    )
    sums: list[float] = found.sum(axis=(1, 2), dtype=np.float64).tolist()
    sums.append(taken_apart.bias)
    caption = (whose,) if whose else _sides(found.shape)
    titles, colors = ("× weights", "× w"), _colors(found, signed=True)
    return Stage(PRODUCTS, stage, Kind.PRODUCTS, titles, caption, about, found, colors, sums=tuple(sums))


def _titles(layer: Layer, name: str, shape: Shape) -> tuple[str, ...]:
    if layer.has_filters:
        return ("Maps",)
    if layer.pool is not None:
        return f"{layer.short} pool", "Pool"
    return (layer.short or ("Hidden" if len(shape) == 1 else name),)


def _sides(shape: Shape) -> tuple[str, ...]:
    if len(shape) == 1:
        return f"{format_count(shape[0])} units", format_count(shape[0])
    rows, cols = shape[-2:]
    return (f"{rows} × {cols}", f"{rows}²") if rows == cols else (f"{rows} × {cols}",)


def _colors(values: FloatArray, *, signed: bool) -> Colors:
    finite = values[np.isfinite(values)]
    if signed:
        return Colors("signed", *signed_levels(finite))
    return Colors("sequential", 0.0, float(finite.max(initial=0.0)) or 1.0)


def _tiled(values: FloatArray, shape: Shape) -> FloatArray:
    """Maps as they are; units as one tile, row by row."""
    if len(shape) == 3:
        return values
    rows, cols = unit_grid(shape[0])
    filled = np.full(rows * cols, np.nan)
    filled[: shape[0]] = values
    return filled.reshape(1, rows, cols)


def unit_grid(count: int) -> tuple[int, int]:
    """Rows and columns in which units are laid out: about twice as high as wide, with few places left over.

    * `count`: number of units, >= 1.
    """
    ideal = max(round(math.sqrt(count / 2)), 1)
    candidates = range(max(ideal // 2, 1), min(2 * ideal, count) + 1)
    columns = min(candidates, key=lambda wide: (math.ceil(count / wide) * wide - count, abs(wide - ideal)))
    return math.ceil(count / columns), columns


def montage(kernels: FloatArray) -> FloatArray:
    """Slices of each filter side by side, with NaN between them.

    * `kernels`: ndarray of shape (f, c, h, w)
    * Returns: ndarray of shape (f, h, w) where there is one slice, else of a grid of them.
    """
    count, slices, high, wide = kernels.shape
    cols = math.ceil(math.sqrt(slices))
    tiles = np.full((count, math.ceil(slices / cols) * (high + 1) - 1, cols * (wide + 1) - 1), np.nan)
    for place in range(slices):
        top, left = place // cols * (high + 1), place % cols * (wide + 1)
        tiles[:, top : top + high, left : left + wide] = kernels[:, place]
    return tiles
