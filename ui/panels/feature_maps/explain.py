"""What of a picture depends on where the user looks: marked cell, links, arithmetic, value line."""

from dataclasses import dataclass, replace

from cnnviz.graphics.ledger import LedgerRow
from cnnviz.inspect.arithmetic import explain_cell
from cnnviz.inspect.receptive_field import INPUT, stage_index
from cnnviz.layers import Layer
from cnnviz.layers.cells import (
    CellArithmetic,
    ConvolutionCell,
)
from cnnviz.quantities import format_signed
from ui.panels.feature_maps.breakdown import breakdown_of
from ui.panels.feature_maps.links import Links, is_cell_of, links_of, shown_cell
from ui.panels.feature_maps.picture import Limits, Picture
from ui.panels.feature_maps.plan import Column, Kind, Plan
from ui.panels.feature_maps.texts import cell_name, field_text, weight_name
from ui.state import PinnedCell

_LARGEST = 12
"""Terms of a dense unit that are written out one by one."""


@dataclass(frozen=True, slots=True)
class Look:
    """Where the user looks.

    * `channels`: chosen channel of each group of columns; the first where none was chosen.
    * `pointed`: cell that the pointer was on last; it stays marked, so that its arithmetic can be
      read.
    * `under`: what is under the pointer now: a cell, or a weight by column, filter, input, row and
      column.
    * `swept`: the cell that the sweep has computed last, in reading order.
    * `part`: input channel that is written out of a cell of this stage; else the one chosen in the
      group before.
    * `covers`: whether what is computed is covered, to be guessed first.
    * `hides_fields`: whether it is to be guessed first which cells and pixels the marked one
      depends on.
    """

    channels: tuple[int, ...] = ()
    pinned: PinnedCell | None = None
    pointed: PinnedCell | None = None
    under: PinnedCell | None = None
    swept: tuple[str, int] | None = None
    part: tuple[str, int] | None = None
    covers: bool = False
    hides_fields: bool = False

    def channel(self, group: int) -> int:
        """Chosen channel of a group."""
        return self.channels[group] if group < len(self.channels) else 0

    def choosing(self, group: int, channel: int) -> "Look":
        """The same with another channel of a group."""
        channels = [self.channel(each) for each in range(max(len(self.channels), group + 1))]
        channels[group] = channel
        return replace(self, channels=tuple(channels))


def choice_words(
    picture: Picture, look: Look, marked: PinnedCell | None, *, are_fixed: bool
) -> tuple[str, ...]:
    """Say what the maps and the arithmetic depend on, besides network and sample, for captions."""
    plan, evidence = picture.plan, picture.evidence
    filters = [f"{layer}, filter {look.channel(place)}" for place, layer in enumerate(plan.convolutions, 1)]
    if plan.channels(0) > 1:
        filters.insert(0, f"input, channel {look.channel(0)}")
    words = ["; ".join(filters)]
    if evidence is not None:
        name = picture.names[1 if picture.has_one_logit else evidence.class_index]
        relative = ", relative to a blank image" if evidence.blank is not None else ""
        words.append(f"evidence for class {name}{relative}")
    if marked is not None:
        words.append(f"cell {cell_name(plan, marked).replace(' · ', ', ')}")
    if are_fixed:
        words.append("colours fixed over the moments shown")
    return tuple(each for each in words if each)


@dataclass(frozen=True, eq=False)
class Arithmetic:
    """How a cell came about.

    * `title`: name, value and formula.
    * `cell`: None for a pixel.
    * `layer`: that computes it.
    * `source`: of the stage that is read.
    * `weights`: of the colours of a kernel.
    * `part`: input channel that is shown.
    * `breakdown`: its value as a sum, and what becomes of it; empty where that is covered.
    * `is_covered`: whether its value, and all from which it could be read off, are covered.
    """

    title: tuple[tuple[str, str], ...]
    cell: CellArithmetic | None
    layer: Layer | None
    source: tuple[str, str, Limits]
    weights: Limits | None
    part: int
    breakdown: tuple[LedgerRow, ...]
    is_covered: bool

    @property
    def reads_input(self) -> bool:
        """Whether it is a cell of the first convolution."""
        return isinstance(self.cell, ConvolutionCell) and self.source[1] == "grey"


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """A picture where the user looks.

    * `look`: as far as the network has what is looked at: the channel of a pinned cell is that of
      its group.
    * `cell`: the marked cell: that of the sweep, else the pinned one, else the one pointed at, else
      an example.
    * `is_pinned`: whether the marked cell is the pinned one.
    * `channels`: channel that each group shows: the chosen one, or another one while the pointer is
      at it.
    * `links`: what belongs to the marked cell.
    * `value_line`: what is under the pointer, else the marked cell, with its value.
    * `arithmetic`: of the marked cell.
    """

    picture: Picture
    look: Look
    cell: PinnedCell | None = None
    is_pinned: bool = False
    channels: tuple[int, ...] = ()
    links: Links | None = None
    value_line: str = ""
    arithmetic: Arithmetic | None = None

    def channel(self, column: Column) -> int:
        """Channel that a column shows."""
        return min(self.channels[column.group], column.count - 1)

    def source(self, column: Column) -> int:
        """Channel that the group before a column shows, whose weights a column of kernels shows."""
        return self.channels[max(column.group - 1, 0)]

    def is_of(self, plan: Plan, cell: PinnedCell | None) -> bool:
        """Whether a cell of networks of a plan is the marked one."""
        return self.cell == cell and self.picture.plan is plan

    def is_written(self, picture: Picture, look: Look) -> bool:
        """Whether the arithmetic of the marked cell is that of a picture, with the same input channel."""
        own = self.look
        chosen = look.channels, look.part, look.covers
        return self.picture is picture and (own.channels, own.part, own.covers) == chosen

    @property
    def pinned_stage(self) -> str:
        """Stage of the pinned cell; "" for none."""
        return "" if self.look.pinned is None else self.look.pinned.stage

    def uncovered(self, stage: str) -> int | None:
        """How many cells of a stage the sweep has computed; None where it does not sweep."""
        swept = self.look.swept
        return swept[1] + 1 if swept is not None and swept[0] == stage else None


def explain(picture: Picture, look: Look, before: Explained | None = None) -> Explained:
    """Work out what is to be seen where the user looks.

    * `look`: may be about another network: what this one does not have is left out.
    * `before`: what was worked out last: what it knows of the same cell is not worked out again.
    """
    look = _settled(picture, look)
    cell = _marked(picture, look)
    if look.part is not None and (cell is None or look.part[0] != cell.stage):
        look = replace(look, part=None)
    known = before if before is not None and before.is_of(picture.plan, cell) else None
    if known is not None and known.look.hides_fields != look.hides_fields:
        known = None
    if known is not None and known.is_written(picture, look):
        links, written = known.links, known.arithmetic
    elif cell is not None:
        written = _arithmetic(picture, look, cell)
        links = links_of(picture.network, cell, written.cell, None if known is None else known.links)
        links = links.of_cell_alone() if look.hides_fields else links
    else:
        links, written = None, None
    shown = look.under or cell
    return Explained(
        picture,
        look,
        cell,
        look.swept is None and look.pinned is not None,
        _shown_channels(picture, look),
        links,
        "" if shown is None else _value_line(picture, look, shown, links if shown == cell else None),
        written,
    )


def shown_pin(picture: Picture, pinned: PinnedCell | None) -> PinnedCell | None:
    """Pinned cell as it is shown; None where the network of a picture has no such cell."""
    if pinned is None or not is_cell_of(picture.network, pinned):
        return None
    return shown_cell(picture.network, pinned)


def _settled(picture: Picture, look: Look) -> Look:
    network, plan = picture.network, picture.plan
    channels = [min(look.channel(group), plan.channels(group) - 1) for group in range(plan.groups)]
    pointed, under, swept = look.pointed, look.under, look.swept
    pinned = shown_pin(picture, look.pinned)
    if pinned is not None:
        group = plan.group_of(pinned.stage)
        if group is not None:
            channels[group] = pinned.index[0]
    if under is not None and len(under.index) < 4 and not is_cell_of(network, under):
        under = None
    if pointed is not None and not is_cell_of(network, pointed):
        pointed = None
    group = None if pointed is None else plan.group_of(pointed.stage)
    if pointed is not None and pointed != under and group is not None:
        pointed = PinnedCell(pointed.stage, (channels[group], *pointed.index[1:]))
    column = None if swept is None else plan.column(swept[0])
    if column is None or column.kind is not Kind.MAPS:
        swept = None
    return replace(look, channels=tuple(channels), pinned=pinned, pointed=pointed, under=under, swept=swept)


def _marked(picture: Picture, look: Look) -> PinnedCell | None:
    plan = picture.plan
    if look.swept is not None:
        stage, place = look.swept
        column = plan.column(stage)
        assert column is not None
        return PinnedCell(stage, (look.channel(column.group), *divmod(place, column.shape[2])))
    example = plan.column(plan.first_convolution or "")
    if look.pinned or look.pointed or example is None:
        return look.pinned or look.pointed
    _, rows, cols = example.shape
    return PinnedCell(example.stage, (look.channel(example.group), rows // 2, cols // 2))


def _shown_channels(picture: Picture, look: Look) -> tuple[int, ...]:
    """The chosen channels; where nothing is pinned or swept, that of the map under the pointer."""
    group = None if look.under is None else picture.plan.group_of(look.under.stage)
    if look.under is None or group is None or len(look.under.index) != 3 or look.pinned or look.swept:
        return look.channels
    return look.choosing(group, look.under.index[0]).channels


def _value_line(picture: Picture, look: Look, cell: PinnedCell, links: Links | None) -> str:
    if len(cell.index) == 4:
        column, weights = picture.plan.column(cell.stage), picture.network.params[cell.stage]
        assert column is not None
        name, value = weight_name(column, cell.index, weights.shape[1]), weights[cell.index]
    else:
        name, value = cell_name(picture.plan, cell), picture.stage(cell.stage)[cell.index]
    is_covered = look.covers and len(cell.index) < 4 and cell.stage != INPUT
    number = "?" if is_covered else format_signed(float(value), 5)
    parts = (name, number, "" if links is None else field_text(links))
    return " · ".join(part for part in parts if part)


def _arithmetic(picture: Picture, look: Look, cell: PinnedCell) -> Arithmetic:
    network, plan = picture.network, picture.plan
    value = float(picture.stage(cell.stage)[cell.index])
    group = plan.group_of(cell.stage)
    part = look.part[1] if look.part is not None else look.channel(group - 1) if group else 0
    written, layer, weights, formula = None, None, None, "pixel ÷ 255 − 0.5"
    if cell.stage != INPUT:
        layer = network.layers[stage_index(network, cell.stage)][1]
        written = explain_cell(network, picture.trace, cell.stage, cell.index, largest=_LARGEST)
        formula = written.rule
    if isinstance(written, ConvolutionCell):
        part = min(part, len(written.patch) - 1)
        weights = picture.levels[f"{cell.stage}.weight"]
    is_covered = look.covers and cell.stage != INPUT
    number = "?" if is_covered else format_signed(value, 4)
    title = ((cell_name(plan, cell), "title"), (f"= {number}", "number"), (formula, "muted"))
    breakdown = () if is_covered else tuple(breakdown_of(picture, cell, written, part))
    return Arithmetic(
        title, written, layer, _source_of(picture, cell.stage), weights, part, breakdown, is_covered
    )


def _source_of(picture: Picture, stage: str) -> tuple[str, str, Limits]:
    """Name, colour map and limits of the stage that a stage reads."""
    network = picture.network
    index = stage_index(network, stage)
    name = network.layers[index - 1][0] if index > 0 else INPUT
    column = picture.plan.column(name)
    if column is None:  # flattened maps
        return name, "signed", (-1.0, 1.0)
    return "the input" if name == INPUT else name, column.colormap, picture.levels[name]
