"""What of a picture depends on where the user looks: marked cell, links, arithmetic."""

from dataclasses import dataclass, field, replace

import numpy as np

from cnnviz.drawing.kept import kept
from cnnviz.graphics.columns import Column, Kind, Plan
from cnnviz.graphics.ledger import Ledger, LedgerRow
from cnnviz.inspect.arithmetic import explain_cell
from cnnviz.inspect.receptive_field import INPUT, stage_index, stage_name
from cnnviz.layers import Layer
from cnnviz.layers.cells import (
    ActivationCell,
    CellArithmetic,
    ConvolutionCell,
    DenseCell,
    MaxPoolCell,
    WeightedCell,
)
from cnnviz.quantities import format_cell, format_count, format_signed, format_value, probability_of
from ui.panels.feature_maps.links import Links, is_cell_of, links_of, shown_pin
from ui.panels.feature_maps.picture import Limits, Picture
from ui.panels.feature_maps.view import FIXED, View
from ui.state import PinnedCell

_LARGEST = 12
"""Terms of a dense unit that are written out one by one."""


@dataclass(frozen=True, slots=True)
class Gaze:
    """Where the user looks.

    * `under`: the cell that is under the pointer now.
    * `part`: input channel that is written out of a cell of this stage; else that of the group before.
    * `covers`, `hides_output`, `hides_fields`: whether what is computed is to be guessed first, the answer of
      the network, and on what a cell depends.
    """

    view: View = field(default_factory=View)
    pinned: PinnedCell | None = None
    under: PinnedCell | None = None
    part: tuple[str, int] | None = None
    covers: bool = False
    hides_output: bool = False
    hides_fields: bool = False


def choice_words(picture: Picture, view: View, marked: PinnedCell | None, *shown: Column) -> tuple[str, ...]:
    """Say what the columns shown and the arithmetic depend on, besides network and sample, for captions."""
    plan, groups = picture.plan, {column.group for column in shown}
    evidence = picture.evidence if {Kind.EVIDENCE, Kind.OUTPUT} & {c.kind for c in shown} else None
    layers = [(place, layer) for place, layer in enumerate(plan.convolutions, 1) if place in groups]
    filters = [f"{layer}, filter {view.channel(place)}" for place, layer in layers]
    if plan.channels(0) > 1:
        filters.insert(0, f"input, channel {view.channel(0)}")
    words = ["; ".join(filters)]
    if evidence is not None:
        name = picture.names[1 if picture.has_one_logit else evidence.class_index]
        relative = ", relative to a blank image" if evidence.blank is not None else ""
        words.append(f"evidence for class {name}{relative}")
    if marked is not None:
        words.append(f"cell {cell_name(plan, marked).replace(' · ', ', ')}")
    if view.limits == FIXED:
        words.append("colours fixed over the moments shown")
    return tuple(each for each in words if each)


@dataclass(frozen=True, eq=False)
class Arithmetic:
    """How a cell came about.

    * `cell`: None for a pixel.
    * `source`: name, colour map and limits of the stage that is read; `weights`, limits of a kernel.
    * `part`: input channel of a convolution that is shown.
    * `ledger`: its value as a sum, and what becomes of it; empty where that is covered.
    * `is_covered`: whether its value, and all from which it could be read off, are covered.
    """

    name: str
    number: str
    formula: str
    cell: CellArithmetic | None
    layer: Layer | None
    source: tuple[str, str, Limits]
    weights: Limits | None
    part: int
    ledger: Ledger
    is_covered: bool


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """A picture where the user looks.

    * `look`: as far as the network has what is looked at: the channel of a pinned cell is that of its group.
    * `cell`: the marked cell, whose `links` and `arithmetic` these are: that of the sweep, else the pinned
      one, else the one pointed at, else an example.
    * `channels`: channel that each group shows: the chosen one, or another one while the pointer is at it.
    """

    picture: Picture
    look: Gaze
    cell: PinnedCell | None = None
    channels: tuple[int, ...] = ()
    links: Links | None = None
    arithmetic: Arithmetic | None = None

    def channel(self, column: Column) -> int:
        """Channel that a column shows."""
        return min(self.channels[column.group], column.count - 1)

    @property
    def is_pinned(self) -> bool:
        return self.look.pinned is not None and self.look.view.sweep is None

    @property
    def pinned_stage(self) -> str:
        """Stage of the pinned cell; "" for none."""
        return "" if self.look.pinned is None else self.look.pinned.stage


def explain(picture: Picture, look: Gaze) -> Explained:
    """Work out what is to be seen where the user looks, but for what the network does not have."""
    look = _settled(picture, look)
    cell = _marked(picture, look)
    if look.part is not None and (cell is None or look.part[0] != cell.stage):
        look = replace(look, part=None)
    view, links, written = look.view, None, None
    if cell is not None:
        group, chosen = picture.plan.group_of(cell.stage) or 0, look.part
        part = chosen[1] if chosen is not None else view.channel(group - 1) if group else 0
        written = _arithmetic(picture, cell, part, look.covers)
        links = links_of(picture.network, cell, written.cell, alone=look.hides_fields)
    channels = tuple(view.channel(group) for group in range(picture.plan.groups))
    if look.under is not None and len(look.under.index) == 3 and not (look.pinned or view.sweep):
        group = picture.plan.group_of(look.under.stage)
        if group is not None:  # the map under the pointer
            channels = (*channels[:group], look.under.index[0], *channels[group + 1 :])
    return Explained(picture, look, cell, channels, links, written)


def _settled(picture: Picture, look: Gaze) -> Gaze:
    network, plan, view, under = picture.network, picture.plan, look.view, look.under
    channels = [min(view.channel(group), plan.channels(group) - 1) for group in range(plan.groups)]
    pinned, pointed = shown_pin(network, look.pinned), view.pointed_cell
    if pinned is not None and (group := plan.group_of(pinned.stage)) is not None:
        channels[group] = pinned.index[0]
    if under is not None and not is_cell_of(network, under):
        under = None
    if pointed is not None and not is_cell_of(network, pointed):
        pointed = None
    if pointed is not None and pointed != under and (group := plan.group_of(pointed.stage)) is not None:
        pointed = PinnedCell(pointed.stage, (channels[group], *pointed.index[1:]))
    stage, index = (None, None) if pointed is None else (pointed.stage, pointed.index)
    swept = plan.column(view.sweep or "")
    sweep, place = None, 0
    if swept is not None and swept.kind is Kind.MAPS:
        sweep, place = swept.key, min(view.sweep_place, swept.shape[1] * swept.shape[2] - 1)
    named = tuple((str(group), channel) for group, channel in enumerate(channels))
    view = replace(view, channels=named, pointed=stage, pointed_index=index, sweep=sweep, sweep_place=place)
    return replace(look, view=view, pinned=pinned, under=under)


def _marked(picture: Picture, look: Gaze) -> PinnedCell | None:
    plan, view = picture.plan, look.view
    column = plan.column(view.sweep or "")
    if column is not None:
        place = divmod(view.sweep_place, column.shape[2])
        return PinnedCell(column.stage, (view.channel(column.group), *place))
    example = plan.column(plan.first_convolution or "")
    if look.pinned or view.pointed_cell or example is None:
        return look.pinned or view.pointed_cell
    _, rows, cols = example.shape
    return PinnedCell(example.stage, (view.channel(example.group), rows // 2, cols // 2))


@kept
def _arithmetic(picture: Picture, cell: PinnedCell, part: int, covers: bool) -> Arithmetic:
    network, plan = picture.network, picture.plan
    written, layer, weights, shown, formula = None, None, None, 0, "pixel ÷ 255 − 0.5"
    if cell.stage != INPUT:
        layer = network.layers[stage_index(network, cell.stage)][1]
        written = explain_cell(network, picture.trace, cell.stage, cell.index, largest=_LARGEST)
        formula = written.rule
    if isinstance(written, ConvolutionCell):
        shown = min(part, len(written.patch) - 1)
        weights = picture.levels[f"{cell.stage}.weight"]
    is_covered = covers and cell.stage != INPUT
    ledger = Ledger(() if is_covered else tuple(_breakdown_of(picture, cell, written, shown)))
    of = picture.evidence
    if not is_covered and of is not None and cell == PinnedCell(plan.output_stage, (of.class_index,)):
        ledger = replace(ledger, beside=logit_ledger(picture).rows)
    number = "?" if is_covered else ledger.total
    named, source = (cell_name(plan, cell), number, formula), _source_of(picture, cell.stage)
    return Arithmetic(*named, written, layer, source, weights, shown, ledger, is_covered)


def _source_of(picture: Picture, stage: str) -> tuple[str, str, Limits]:
    """Name, colour map and limits of the stage that a stage reads."""
    network = picture.network
    name = stage_name(network, stage_index(network, stage) - 1)
    column = picture.plan.column(name)
    if column is None:  # flattened maps
        return name, "signed", (-1.0, 1.0)
    return "the input" if name == INPUT else name, column.colormap, picture.levels[name]


# -- the value of a cell as a sum, and what becomes of it ---------------------------------------------------


def _breakdown_of(
    picture: Picture, cell: PinnedCell, written: CellArithmetic | None, part: int
) -> list[LedgerRow]:
    """Add up the value of a cell, of a convolution with the share of an input channel."""
    if written is None:
        grey = int(picture.scene.sample.pixels[cell.index])
        return [
            LedgerRow("pixel", str(grey)),
            LedgerRow("÷ 255", format_value(grey / 255, 4)),
            LedgerRow("− 0.5 = input", float(picture.stage(cell.stage)[cell.index]), is_total=True),
        ]
    return [*_rows_of(written, part), *_following(picture, cell)]


def logit_ledger(picture: Picture) -> Ledger:
    """Add up the chosen logit: all contributions and biases; nothing without feature maps."""
    evidence, names, single = picture.evidence, picture.names, picture.has_one_logit
    if evidence is None:
        return Ledger(())
    count = format_count(evidence.contributions.size)
    biases = "; ".join(f"{name} {format_signed(value, 4)}" for name, value in evidence.biases.items())
    total = float(evidence.contributions.sum(dtype=np.float64))
    tip = f"Sum of the {count} contributions of {evidence.layer} in the evidence column"
    rows = [LedgerRow("evidence", total, tip=tip, adds=True)]
    if evidence.blank is None:
        name = "biases" if len(evidence.biases) > 1 else "bias"
        rows.append(LedgerRow(name, evidence.bias, tip=biases or "no bias", adds=True))
    else:
        rows.append(LedgerRow("blank image", evidence.blank, tip="Logit of a blank image", adds=True))
    if not evidence.exact:
        tip = "The path to the logit is not linear: the part that the slopes at this image do not explain"
        rows.append(LedgerRow("curvature", evidence.remainder, tip=tip, adds=True))
    whose = "logit" if single else f"logit of {names[evidence.class_index]}"
    rows.append(LedgerRow(whose, evidence.logit, is_total=True, tip="What the last dense layer computes"))
    if single:
        name, chance = f"p({names[1]})", probability_of(picture.probabilities, 1)
        rows.append(LedgerRow(name, chance, tip=f"{name} = 1 / (1 + exp(−logit))"))
    stage, index = picture.plan.output_stage, (evidence.class_index,)
    written = explain_cell(picture.network, picture.trace, stage, index, largest=_LARGEST)
    return Ledger(tuple(rows), tuple(_rows_of(written, 0)))


def _rows_of(cell: CellArithmetic, part: int) -> list[LedgerRow]:
    total = LedgerRow(f"= {cell.layer}", cell.value, is_total=True)
    match cell:
        case ConvolutionCell():
            rows: list[LedgerRow] = []
            if len(cell.patch) > 1:
                alone = float(cell.products[part].sum(dtype=np.float64))
                rows.append(LedgerRow(f"input {part} alone", alone))
            rows.append(LedgerRow(f"{cell.products.size} products", float(cell.running[-1]), adds=True))
            return [*rows, *_bias_rows(cell.bias), total]
        case WeightedCell():
            return [LedgerRow(f"{cell.products.size} products", cell.value, adds=True), total]
        case MaxPoolCell():
            several = int(np.count_nonzero(cell.winners))
            row, col = np.argwhere(cell.winners)[0]
            place = int(cell.rows[row]), int(cell.columns[col])
            winner = f"{several} cells tie" if cell.tied else format_cell(place)
            won = LedgerRow("winner", winner, ink="winner" if cell.tied else "text")
            return [won, LedgerRow(f"maximum = {cell.layer}", cell.value, is_total=True)]
        case ActivationCell():
            tip = "The backward pass multiplies the gradient by it"
            slope = LedgerRow("slope here", format_value(cell.slope, 4), tip=tip)
            return [LedgerRow("z", cell.input), LedgerRow(cell.rule), total, slope]
        case DenseCell():
            largest = float(sum(term.product for term in cell.largest))
            rows = [LedgerRow(f"{len(cell.largest)} largest", largest, adds=True)]
            if cell.rest_count:
                rows.append(LedgerRow(f"{format_count(cell.rest_count)} others", cell.rest, adds=True))
            return [*rows, *_bias_rows(cell.bias), total]
        case _:
            return [total]


def _bias_rows(bias: float | None) -> list[LedgerRow]:
    return [] if bias is None else [LedgerRow("bias", bias, adds=True)]


def _following(picture: Picture, cell: PinnedCell) -> list[LedgerRow]:
    """What becomes of a value: after the next activation, as a probability, as evidence for a logit."""
    network, evidence = picture.network, picture.evidence
    index = stage_index(network, cell.stage)
    rows: list[LedgerRow] = []
    if index + 1 < len(network.layers):
        name, layer = network.layers[index + 1]
        if layer.is_elementwise:
            after = float(picture.stage(name)[cell.index])
            rows.append(LedgerRow(f"→ {name}", after, tip=f"{name}: {layer.formula}"))
    else:
        chance = probability_of(picture.probabilities, cell.index[0] + picture.has_one_logit)
        formula = "1 / (1 + exp(−logit))" if picture.has_one_logit else "exp(logit) / Σ exp(logits)"
        rows.append(LedgerRow("probability", chance, tip=formula))
    if evidence is not None and evidence.layer == cell.stage:
        rows += _evidence_rows(picture, cell, float(evidence.contributions[cell.index]))
    return rows


def _evidence_rows(picture: Picture, cell: PinnedCell, contribution: float) -> list[LedgerRow]:
    value, weight = float(picture.stage(cell.stage)[cell.index]), _direct_weight(picture, cell)
    evidence = picture.evidence
    assert evidence is not None
    rows: list[LedgerRow] = []
    if evidence.blank_values is not None:
        blank = float(evidence.blank_values[cell.index])
        value -= blank
        rows.append(LedgerRow("− blank image's", blank, tip="Value of this cell for a blank image"))
    if weight is not None:
        rows.append(LedgerRow("× weight", weight, tip="Weight between this cell and the logit"))
    elif value:
        tip = "Derivative of the logit by this cell, along the open gates of this image"
        rows.append(LedgerRow("× slope of the logit", contribution / value, tip=tip))
    whose = "" if picture.has_one_logit else f" {evidence.class_index}"
    return [*rows, LedgerRow(f"evidence for logit{whose}", contribution, is_total=True)]


def _direct_weight(picture: Picture, cell: PinnedCell) -> float | None:
    """Weight between a cell and the chosen logit, where a single dense layer lies between them."""
    network, evidence = picture.network, picture.evidence
    assert evidence is not None
    after = network.layers[stage_index(network, cell.stage) + 1 :]
    if len(after) != 2 or not after[0][1].only_renames:
        return None
    weights = network.params[f"{after[-1][0]}.weight"][evidence.class_index]
    return float(weights.reshape(network.shapes[cell.stage])[cell.index])


# -- cells in words ------------------------------------------------------------------------------------------


def cell_name(plan: Plan, cell: PinnedCell) -> str:
    """Where a cell is, such as "conv1 · filter 3, row 12, column 9"."""
    column = plan.column(cell.stage)
    if len(cell.index) == 1 and cell.stage == plan.output_stage:
        is_only = column is not None and column.shape == (1, 1, 1)
        return f"{cell.stage} · logit" + ("" if is_only else f" {cell.index[0]}")
    if len(cell.index) == 1:
        return f"{cell.stage} · {format_cell(cell.index)}"
    if column is None or column.kind is Kind.IMAGE:
        is_grey = plan.channels(0) == 1
        return f"Input · {format_cell(cell.index[1:] if is_grey else cell.index, 'channel')}"
    return f"{cell.stage} · {format_cell(cell.index)}"
