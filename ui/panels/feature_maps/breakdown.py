"""The value of a cell as a sum, line by line, and what becomes of it."""

import numpy as np

from cnnviz.graphics.ledger import LedgerRow
from cnnviz.inspect.receptive_field import stage_index
from cnnviz.layers.cells import (
    ActivationCell,
    CellArithmetic,
    ConvolutionCell,
    DenseCell,
    MaxPoolCell,
    WeightedCell,
)
from cnnviz.quantities import format_cell, format_count, format_probability, format_signed, format_value
from ui.panels.feature_maps.picture import Picture
from ui.state import PinnedCell


def breakdown_of(
    picture: Picture, cell: PinnedCell, written: CellArithmetic | None, part: int
) -> list[LedgerRow]:
    """Add up the value of a cell.

    * `cell`: A cell of the picture's network.
    * `written`: how it was computed; None for a pixel.
    * `part`: input channel of a convolution whose share is named.
    """
    if written is None:
        grey = int(picture.scene.sample.pixels[cell.index])
        return [
            LedgerRow("pixel", str(grey)),
            LedgerRow("÷ 255", format_value(grey / 255, 4)),
            LedgerRow("− 0.5 = input", float(picture.stage(cell.stage)[cell.index]), is_total=True),
        ]
    return [*_rows_of(written, part), *_following(picture, cell)]


def logit_breakdown(picture: Picture) -> list[LedgerRow]:
    """Add up the chosen logit: all contributions and biases; none without feature maps."""
    evidence, names, single = picture.evidence, picture.names, picture.has_one_logit
    if evidence is None:
        return []
    count = format_count(evidence.contributions.size)
    biases = "; ".join(f"{name} {format_signed(value, 4)}" for name, value in evidence.biases.items())
    rows = [
        LedgerRow(
            "evidence",
            float(evidence.contributions.sum(dtype=np.float64)),
            tip=f"Sum of the {count} contributions of {evidence.layer} in the evidence column",
        ),
        LedgerRow("biases" if len(evidence.biases) > 1 else "bias", evidence.bias, tip=biases or "no bias")
        if evidence.blank is None
        else LedgerRow("blank image", evidence.blank, tip="Logit of an image without any ink"),
    ]
    if not evidence.exact:
        tip = "The way to the logit is not straight: what the slopes at this image leave over"
        rows.append(LedgerRow("curvature", evidence.remainder, tip=tip))
    whose = "logit" if single else f"logit of {names[evidence.class_index]}"
    rows.append(LedgerRow(whose, evidence.logit, is_total=True, tip="What the last dense layer computes"))
    if single:
        name = f"p({names[1]})"
        chance = format_probability(float(picture.probabilities[1]), 4)
        rows.append(LedgerRow(name, chance, tip=f"{name} = 1 / (1 + exp(−logit))"))
    return rows


def _rows_of(cell: CellArithmetic, part: int) -> list[LedgerRow]:
    total = LedgerRow(f"= {cell.layer}", cell.value, is_total=True)
    match cell:
        case ConvolutionCell():
            rows: list[LedgerRow] = []
            if len(cell.patch) > 1:
                alone = float(cell.products[part].sum(dtype=np.float64))
                rows.append(LedgerRow(f"input {part} alone", alone))
            rows.append(LedgerRow(f"{cell.products.size} products", float(cell.running[-1])))
            return [*rows, *_bias_rows(cell.bias), total]
        case WeightedCell():
            return [LedgerRow(f"{cell.products.size} products", cell.value), total]
        case MaxPoolCell():
            several = int(np.count_nonzero(cell.winners))
            winner = f"{several} cells tie" if cell.tied else format_cell(winner_of(cell))
            return [
                LedgerRow("winner", winner, ink="winner" if cell.tied else "text"),
                LedgerRow(f"maximum = {cell.layer}", cell.value, is_total=True),
            ]
        case ActivationCell():
            tip = "The gradient is multiplied by it on its way back"
            slope = LedgerRow("slope here", format_value(cell.slope, 4), tip=tip)
            return [LedgerRow("z", cell.input), LedgerRow(cell.formula), total, slope]
        case DenseCell():
            largest = float(sum(term.product for term in cell.largest))
            rows = [LedgerRow(f"{len(cell.largest)} largest", largest)]
            if cell.rest_count:
                rows.append(LedgerRow(f"{format_count(cell.rest_count)} others", cell.rest))
            return [*rows, *_bias_rows(cell.bias), total]
        case _:
            raise TypeError(f"There is no breakdown of {type(cell).__name__}.")


def winner_of(cell: MaxPoolCell) -> tuple[int, int]:
    """Row and column, in the map that is read, of the first cell that holds the maximum."""
    row, column = np.argwhere(cell.winners)[0]
    return int(cell.rows[row]), int(cell.columns[column])


def _bias_rows(bias: float | None) -> list[LedgerRow]:
    return [] if bias is None else [LedgerRow("bias", bias)]


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
        chance = float(picture.trace.probabilities[0][cell.index])
        formula = "1 / (1 + exp(−logit))" if picture.has_one_logit else "exp(logit) / Σ exp(logits)"
        rows.append(LedgerRow("probability", format_probability(chance, 4), tip=formula))
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
        rows.append(
            LedgerRow("− blank image's", blank, tip="Value of this cell for an image without any ink")
        )
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
