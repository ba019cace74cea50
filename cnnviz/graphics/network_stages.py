"""What a network computes of an image, column by column, as the drawing of the network shows it."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from cnnviz._types import FloatArray, Shape
from cnnviz.drawing import Block, Colors, Pixels
from cnnviz.graphics.columns import Column, Kind, plan_of
from cnnviz.graphics.probabilities import Probabilities
from cnnviz.inspect.arithmetic import logit_contributions
from cnnviz.inspect.receptive_field import projective_fields, receptive_field
from cnnviz.network import Network, Trace
from cnnviz.notation import format_sum
from cnnviz.quantities import format_count, with_article

_SLIT = 0xFFB9C2CB
"""Colour of what is no cell, such as what lies between the slices of a filter; in both themes."""
_LONGEST, _FEW = (7, 8, 9), 3
"""Characters of a sum, as few as say it; how many beside the largest have two figures."""


@dataclass(frozen=True, eq=False)
class Stage:
    """The tiles of a column.

    * `captions`: What stands below its title, from the longest version to the shortest.
    * `values`: ndarray of shape (n, h, w). NaN where there is no cell.
    * `sums`: Of products, the sum of each map, and what else there is to the logit: the bias.
    * `middle`: Of filters, row and column of the cell in the middle of their maps.
    * `said`: Its title, where that is not the column's.
    """

    column: Column
    captions: tuple[str, ...]
    about: str
    values: FloatArray
    colors: Colors
    sums: tuple[float, ...] = ()
    middle: tuple[int, int] = (0, 0)
    said: str = ""

    @property
    def title(self) -> str:
        """What stands above it: as in Filters & maps."""
        return self.said or self.column.title

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
        return self.kind, *self.values.shape, self.column.reads_all, self.column.is_activation

    @property
    def kind(self) -> Kind:
        """What it shows."""
        return self.column.kind

    @property
    def noun(self) -> str:
        """What a tile is called."""
        return {Kind.FILTERS: "filter", Kind.UNITS: "units", Kind.IMAGE: "image"}.get(self.kind, "map")

    def named(self, tile: int) -> str:
        """Name of a tile."""
        if self.kind in (Kind.IMAGE, Kind.UNITS):
            return self.title
        of = self.title if self.kind is Kind.EVIDENCE else self.column.stage
        return f"{of}, {self.noun} {tile}"

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
    def outputs(self) -> Probabilities:
        """Its answer, class by class."""
        return Probabilities(self.names, tuple(self.probabilities.tolist()), self.label, len(self.names))

    @cached_property
    def written(self) -> list[str]:
        """Sums of the products, bias and logit, so that they add up; without products the logit alone."""
        sums, total = next((stage.sums for stage in self.stages if stage.sums), ()), float(self.logits.max())
        sizes = [math.floor(math.log10(abs(each))) for each in (*sums, total) if 0 < abs(each) < math.inf]
        first, *others = sorted(sizes, reverse=True) or [0]
        few = min([first, *others[:_FEW]])
        # Of all that fit: three decimals, or two figures of the largest few, with which all add up.
        figures = range(max(first + 4, first - few + 2), 1, -1)
        tried = ((room, format_sum(sums, total, room, each)) for room in _LONGEST for each in figures)
        fitting = (texts for room, texts in tried if max(map(len, texts)) <= room)
        told = (texts for texts in fitting if texts[-1] == "0" or texts[-1].strip("0."))
        return next(told, None) or format_sum(sums, total, _LONGEST[0], 1)

    @property
    def predicted(self) -> int:
        """The most probable class."""
        return int(np.argmax(self.probabilities))

    @property
    def verdict(self) -> str:
        """Whether it is right; "" where that is not known."""
        if self.label is None:
            return ""
        if self.label == self.predicted:
            return "right"
        return f"wrong: it is {with_article(self.names[self.label])}"

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
    stages = tuple(_stages(trace, names, weights or network.params, filters))
    for stage in stages:
        _ = stage.pixels, stage.peaks  # made here, where nobody waits for them
    return Flow(network, stages, names, trace.class_probabilities[0], trace.logits[0], label, notes)


def _stages(
    trace: Trace, names: tuple[str, ...], weights: Mapping[str, FloatArray], said: str
) -> Iterator[Stage]:
    """What each column shows but the last, the outputs."""
    network = trace.network
    for column, following in pairwise(plan_of(network).columns):
        match column.kind:
            case Kind.FILTERS:
                yield _filters(column, np.asarray(weights[column.key], np.float64), network, said)
            case Kind.EVIDENCE:
                if following.kind is Kind.OUTPUT:  # or else slopes take the place of weights
                    yield _products(column, trace, names)
            case _:
                values, shape = trace.inputs[0], network.input_shape
                if column.layer is not None:
                    values, shape = trace.outputs[column.stage][0], network.shapes[column.stage]
                tiles = _tiled(values, column.shape)
                yield Stage(column, _sides(shape), column.about, tiles, column.colors(values))


def _filters(column: Column, kernels: FloatArray, network: Network, said: str) -> Stage:
    about = f"Weights of {column.stage}: blue negative, white zero, red positive, all on one scale"
    if kernels.shape[1] > 1:
        about += f". Each filter has a slice for each of the {kernels.shape[1]} maps that it reads"
    _, rows, cols = network.shapes[column.stage]
    captions, middle, colors = _sides(kernels.shape), (rows // 2, cols // 2), column.colors(kernels)
    return Stage(column, captions, about, montage(kernels), colors, middle=middle, said=said)


def _products(column: Column, trace: Trace, names: tuple[str, ...]) -> Stage:
    """Each pooled value times its weight, for the class that the network answers with."""
    index = int(np.argmax(trace.logits[0]))
    taken_apart = logit_contributions(trace.network, trace, column.stage, index)
    found = taken_apart.contributions
    whose = f"for {names[index if len(trace.logits[0]) > 1 else 1]}"
    about = f"Each cell of {column.stage} times its weight {whose}"
    about += ": with the bias, their sum is the logit. One in 50 is beyond the colours"
    sums: list[float] = found.sum(axis=(1, 2), dtype=np.float64).tolist()
    captions = (f"{whose}, most: map {np.argmax(np.abs(sums))}",) * (len(sums) > 1) + (whose,)
    sums.append(taken_apart.bias)
    return Stage(column, captions, about, found, column.colors(found), sums=tuple(sums))


def _sides(shape: Shape) -> tuple[str, ...]:
    if len(shape) == 1:
        return f"{format_count(shape[0])} units", format_count(shape[0])
    rows, cols = shape[-2:]
    return (f"{rows} × {cols}", f"{rows}²") if rows == cols else (f"{rows} × {cols}",)


def _tiled(values: FloatArray, shape: tuple[int, int, int]) -> FloatArray:
    """Maps as they are; units as one tile, row by row."""
    if values.ndim == 3:
        return values
    filled = np.full(math.prod(shape), np.nan)
    filled[: len(values)] = values
    return filled.reshape(shape)


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
