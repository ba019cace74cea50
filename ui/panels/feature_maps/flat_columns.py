"""The columns without maps: hidden units, and the outputs with the logit taken apart."""

from typing import override

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from cnnviz.arithmetic import Evidence
from ui.cells.linked_map import UnitMap
from ui.cells.outlines import CellBlock
from ui.controls.choice_field import ChoiceField
from ui.controls.numbers import format_signed
from ui.controls.scale_strip import ScaleStrip
from ui.panels.feature_maps.columns import MARK_ROLES, StageColumn
from ui.panels.feature_maps.frame import Frame, Levels
from ui.panels.feature_maps.links import Links, Mark
from ui.panels.feature_maps.plan import Column
from ui.panels.feature_maps.texts import about
from ui.rows.ledger import Ledger, LedgerRow
from ui.rows.output_rows import OutputRows
from ui.state import PinnedCell
from ui.theme import Theme, follow_theme


class UnitColumn(StageColumn):
    """Units of a hidden dense layer, or of the activation after it, as a grid."""

    def __init__(self, column: Column, parent: QWidget | None = None) -> None:
        super().__init__(column, column.stage, "", parent)
        self._values: NDArray[np.floating] | None = None
        self.map = UnitMap(self)
        self.map.set_alignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.map.setAccessibleName(f"Units of {column.stage}")
        self.map.setToolTip("Point at a unit to see its value; click to pin it")
        self.strip = ScaleStrip(self)
        self._fold = self.head.add_button("chevron-left", "Fold this column")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.head)
        layout.addWidget(self.map)
        layout.addWidget(self.strip)
        layout.addStretch(1)
        self.head.set_about(about(column))
        self.map.cellHovered.connect(self._on_cell_hovered)
        self.map.cellClicked.connect(self._on_cell_clicked)
        self.map.cellLeft.connect(self.cellLeft)
        self.map.moveRequested.connect(self.moveRequested)
        self._fold.clicked.connect(self._on_fold_clicked)

    @override
    def set_frame(self, frame: Frame, levels: Levels) -> None:
        values, limits = frame.values(self.column), levels[self.column.key]
        self._values = values
        _, rows, cols = self.column.shape
        self.map.set_units(values, (rows, cols), self.column.colormap, limits)
        self.strip.set_scale(self.column.colormap, *limits)
        self.head.set_line(f"{len(values)} units", str(len(values)))

    @override
    def set_links(self, links: Links | None) -> None:
        marks = () if links is None else links.of(self.column.stage)
        for role in MARK_ROLES:
            blocks = [block for mark in marks if mark.role == role for block in self._blocks(mark)]
            self.map.set_highlight(blocks, role)

    def set_movable(self, movable: bool) -> None:
        """Let arrow keys move the pinned cell."""
        self.map.set_movable(movable)

    @override
    def set_side(self, side: int) -> None:
        _, rows, cols = self.column.shape
        cell = max((side - 2) // rows, 3)
        self.map.setFixedSize(cell * cols + 2, min(cell * rows + 2, max(side, 3 * rows + 2)))
        self.strip.set_length(None)

    def _blocks(self, mark: Mark) -> list[CellBlock]:
        """Turn stretches of units into blocks of the grid."""
        _, rows, cols = self.column.shape
        blocks: list[CellBlock] = []
        for _, start, _, count in mark.blocks:
            if self._values is not None and count >= len(self._values):
                return [(0, 0, rows, cols)]
            blocks.extend((*divmod(unit, cols), 1, 1) for unit in range(start, start + count))
        return blocks

    def _on_cell_hovered(self, row: int, col: int) -> None:
        self.cellHovered.emit(PinnedCell(self.column.stage, (self.map.unit_of(row, col),)))

    def _on_cell_clicked(self, row: int, col: int) -> None:
        self.cellClicked.emit(PinnedCell(self.column.stage, (self.map.unit_of(row, col),)))

    def _on_fold_clicked(self) -> None:
        self.foldRequested.emit(self.column.key)


class OutputColumn(StageColumn):
    """Probabilities, and below them the evidence that adds up to the chosen logit.

    Signals
    -------
    classRequested : int or None
        Class whose logit is to be taken apart; None for the predicted one.
    """

    classRequested = Signal(object)

    def __init__(self, column: Column, parent: QWidget | None = None) -> None:
        super().__init__(column, "Output", "", parent)
        self._names: tuple[str, ...] = ()
        self._single = False
        self.rows = OutputRows(self)
        self.rows.setAccessibleName("Outputs: logit and probability of each class")
        self.rows.setToolTip("Click a class to take its logit apart")
        self.ledger = Ledger(self)
        self.ledger.setAccessibleName("The chosen logit as a sum")
        self._choice_label = QLabel("Evidence for class")
        self._choice_label.setProperty("role", "muted")
        self.choice = ChoiceField([])
        self.choice.setAccessibleName("Class whose logit is taken apart")
        self.choice.setToolTip("Class whose logit the evidence column takes apart")
        self._build_layout()
        self.head.set_about(
            "What the last dense layer computes, and the probabilities that follow. The dot marks the true "
            "class. Click a row to pin its logit and to see the evidence for it."
        )
        self.choice.choiceEdited.connect(self._on_choice_edited)
        self.rows.rowHovered.connect(self._on_row_hovered)
        self.rows.rowClicked.connect(self._on_row_clicked)
        self.rows.rowLeft.connect(self.cellLeft)
        follow_theme(self)

    def _build_layout(self) -> None:
        content = QWidget()
        self._layout = QVBoxLayout(content)
        self._layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.rows, self._choice_label, self.choice, self.ledger):
            self._layout.addWidget(widget)
        self._layout.addStretch(1)
        # Ten classes are higher than the maps of a small window.
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(content)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(4)
        whole.addWidget(self.head)
        whole.addWidget(area, 1)

    def set_names(self, names: tuple[str, ...]) -> None:
        """Say what the classes are called."""
        if names == self._names:
            return
        self._names = names
        chosen = self.choice.choice()
        self.choice.clear()
        for key, text in [("", "predicted"), *((str(n), name) for n, name in enumerate(names))]:
            self.choice.addItem(text, key)
        self.choice.set_choice(chosen if self.choice.findData(chosen) >= 0 else "")

    def set_class(self, class_index: int | None) -> None:
        """Show which class was chosen for the evidence; None for the predicted one."""
        self.choice.set_choice("" if class_index is None else str(class_index))

    def set_theme(self, theme: Theme) -> None:
        """Scale the spacing."""
        self._layout.setSpacing(theme.px(8))

    @override
    def set_frame(self, frame: Frame, levels: Levels) -> None:
        logits = frame.trace.logits[0]
        probabilities = frame.inspection.probabilities
        self._single = len(logits) == 1
        for widget in (self._choice_label, self.choice):
            widget.setVisible(not self._single and frame.evidence is not None)
        names = self._names
        if len(names) != len(probabilities):
            names = tuple(str(number) for number in range(len(probabilities)))
        label = frame.inspection.sample.label
        self.rows.set_outputs(names, probabilities, None if self._single else logits, label)
        predicted = int(np.argmax(probabilities))
        self.head.set_line(f"read as {names[predicted]}", names[predicted])
        if frame.evidence is not None:
            self.ledger.set_rows(_ledger_rows(frame.evidence, names, self._single, float(probabilities[-1])))
            self.rows.set_selected(None if self._single else frame.evidence.class_index)

    @override
    def set_links(self, links: Links | None) -> None:
        marks = () if links is None else links.of(self.column.stage)
        units = {start for m in marks if m.role == "selected" for _, start, _, _ in m.blocks}
        self.rows.set_outlined(range(2) if units and self._single else units)

    @override
    def set_side(self, side: int) -> None:
        del side

    def _on_row_hovered(self, row: int) -> None:
        self.cellHovered.emit(PinnedCell(self.column.stage, (0 if self._single else row,)))

    def _on_row_clicked(self, row: int) -> None:
        self.cellClicked.emit(PinnedCell(self.column.stage, (0 if self._single else row,)))
        if not self._single:
            self.classRequested.emit(row)

    def _on_choice_edited(self, key: str) -> None:
        self.classRequested.emit(int(key) if key else None)


def _ledger_rows(
    evidence: Evidence, names: tuple[str, ...], single: bool, probability: float
) -> list[LedgerRow]:
    """The sum of all contributions and biases, which is the logit."""
    total = float(evidence.contributions.sum(dtype=np.float64))
    count = evidence.contributions.size
    rows = [
        LedgerRow(
            "evidence",
            total,
            tip=f"Sum of the {count:,} contributions of {evidence.layer} in the evidence column",
        ),
        LedgerRow(
            "biases" if len(evidence.biases) > 1 else "bias",
            evidence.bias,
            tip="; ".join(f"{name} {format_signed(value, 4)}" for name, value in evidence.biases.items())
            or "no bias",
        ),
    ]
    if not evidence.exact:
        rows.append(
            LedgerRow(
                "curvature",
                evidence.remainder,
                tip="A sigmoid or tanh on the way is not straight: what its slope at this image leaves over",
            )
        )
    whose = "logit" if single else f"logit of {names[evidence.class_index]}"
    rows.append(LedgerRow(whose, evidence.logit, is_total=True, tip="What the last dense layer computes"))
    if single:
        formula = f"p({names[1]}) = 1 / (1 + exp(−logit))"
        rows.append(LedgerRow(f"p({names[1]})", f"{probability:.4f}", tip=formula))
    return rows
