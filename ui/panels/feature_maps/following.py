"""What becomes of the value of a cell: the lines below its arithmetic."""

from cnnviz.arithmetic import formula_of
from cnnviz.layers import Dense, Flatten
from cnnviz.layers.activations import Activation
from cnnviz.receptive_field import stage_index
from ui.controls.numbers import format_value
from ui.panels.feature_maps.frame import Frame
from ui.panels.feature_maps.plan import EVIDENCE
from ui.rows.ledger import LedgerRow
from ui.state import PinnedCell


def following_rows(frame: Frame, cell: PinnedCell) -> list[LedgerRow]:
    """What becomes of a cell's value: after the activation that follows, or as evidence for a logit."""
    network = frame.network
    index = stage_index(network, cell.stage)
    value = float(frame.stage(cell.stage)[cell.index])
    rows: list[LedgerRow] = []
    if index + 1 < len(network.layers):
        name, layer = network.layers[index + 1]
        if isinstance(layer, Activation):
            after = float(frame.trace.outputs[name][0][cell.index])
            rows.append(LedgerRow(f"→ {name}", after, tip=f"{name}: {formula_of(layer)}"))
    if frame.evidence is not None and frame.evidence.layer == cell.stage:
        rows += _evidence_rows(frame, cell, value)
    if index + 1 == len(network.layers):
        rows += _probability_rows(frame, cell)
    return rows


def _evidence_rows(frame: Frame, cell: PinnedCell, value: float) -> list[LedgerRow]:
    evidence, network = frame.evidence, frame.network
    assert evidence is not None
    contribution = float(evidence.contributions[cell.index])
    weight = _direct_weight(frame, cell)
    rows: list[LedgerRow] = []
    if weight is not None:
        rows.append(LedgerRow("× weight", weight, tip="Weight between this cell and the logit"))
    elif value:
        tip = "Derivative of the logit by this cell, along the open gates of this image"
        rows.append(LedgerRow("× slope of the logit", contribution / value, tip=tip))
    column = frame.plan.column(EVIDENCE)
    assert column is not None
    whose = "" if network.shapes[frame.plan.output_stage][0] == 1 else f" {evidence.class_index}"
    rows.append(LedgerRow(f"evidence for logit{whose}", contribution, is_total=True))
    return rows


def _direct_weight(frame: Frame, cell: PinnedCell) -> float | None:
    """Weight between a cell and the chosen logit, where a single dense layer lies between them."""
    network, evidence = frame.network, frame.evidence
    assert evidence is not None
    after = network.layers[stage_index(network, cell.stage) + 1 :]
    if [type(layer) for _, layer in after] != [Flatten, Dense]:
        return None
    weights = network.params[f"{after[-1][0]}.weight"][evidence.class_index]
    return float(weights.reshape(network.shapes[cell.stage])[cell.index])


def _probability_rows(frame: Frame, cell: PinnedCell) -> list[LedgerRow]:
    probabilities = frame.trace.probabilities[0]
    chosen = float(probabilities[cell.index])
    formula = "1 / (1 + exp(−logit))" if len(probabilities) == 1 else "exp(logit) / Σ exp(logits)"
    return [LedgerRow("probability", format_value(chosen, 4), tip=formula)]
