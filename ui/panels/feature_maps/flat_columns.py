"""The columns without maps: hidden units, and the outputs with the logit taken apart."""

from typing import override

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QLabel, QScrollArea, QVBoxLayout, QWidget

from cnnviz.quantities import format_power
from ui.cells.linked_map import UnitMap
from ui.cells.outlines import CellBlock
from ui.controls.choice_field import ChoiceField
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.controls.scale_key import ScaleStrip
from ui.controls.scroll_column import set_up_area
from ui.panels.feature_maps.bills import logit_bill
from ui.panels.feature_maps.columns import MARK_ROLES, ColumnRequests, StageColumn
from ui.panels.feature_maps.explain import Explained
from ui.panels.feature_maps.links import Mark
from ui.panels.feature_maps.picture import Picture
from ui.panels.feature_maps.plan import Column
from ui.panels.feature_maps.texts import about
from ui.rows.ledger import Ledger
from ui.rows.output_rows import OutputRows
from ui.state import PinnedCell
from ui.theme import Theme, follow_theme


class UnitColumn(StageColumn):
    """Units of a hidden dense layer, or of the activation after it, as a grid."""

    def __init__(self, column: Column, requests: ColumnRequests, parent: QWidget | None = None) -> None:
        super().__init__(column, column.stage, "", requests, parent)
        tip = "Point at a unit to see its value; click to pin it"
        self.map = named(UnitMap(self), f"Units of {column.stage}", tip)
        self.map.set_alignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.strip = ScaleStrip(self)
        self._add_fold_button()
        fill(QVBoxLayout(self), self.head, self.map, self.strip, 1, spacing=4)
        self.head.set_about(about(column))
        self.map.cellHovered.connect(self._on_cell_hovered)
        self.map.cellClicked.connect(self._on_cell_clicked)
        self.map.cellLeft.connect(requests.cellLeft)
        self.map.moveRequested.connect(requests.moveRequested)

    @override
    def draw(self, picture: Picture, explained: Explained) -> None:
        values = picture.values(self.column)
        if self._is_new(picture):
            limits = picture.levels[self.column.key]
            self.map.set_units(values, self.column.shape[1:], self.column.colormap, limits)
            self.strip.set_scale(self.column.colormap, *limits)
            unit = format_power(self.map.number_exponent)
            self.head.set_line(f"{len(values)} units {unit}".rstrip(), f"{len(values)} {unit}".rstrip())
        pinned = explained.pinned_in(self.column.stage)
        self.map.set_pinned(None if pinned is None else divmod(pinned[0], self.column.shape[2]))
        self.map.set_covered(explained.look.covers)
        marks = self._marks(explained)
        for role in MARK_ROLES:
            own = [mark for mark in marks if mark.role == role]
            blocks = [block for mark in own for block in self._blocks(mark, len(values))]
            self.map.set_highlight(blocks, role)

    @override
    def set_side(self, side: int) -> None:
        _, rows, cols = self.column.shape
        cell = max((side - 2) // rows, 3)
        self.map.setFixedSize(cell * cols + 2, min(cell * rows + 2, max(side, 3 * rows + 2)))
        self.strip.set_length(None)

    def _blocks(self, mark: Mark, units: int) -> list[CellBlock]:
        """Turn stretches of units into blocks of the grid."""
        _, rows, cols = self.column.shape
        blocks: list[CellBlock] = []
        for _, start, _, count in mark.blocks:
            if count >= units:
                return [(0, 0, rows, cols)]
            blocks.extend((*divmod(unit, cols), 1, 1) for unit in range(start, start + count))
        return blocks

    def _on_cell_hovered(self, row: int, col: int) -> None:
        self.requests.cellHovered.emit(PinnedCell(self.column.stage, (self.map.unit_of(row, col),)))

    def _on_cell_clicked(self, row: int, col: int) -> None:
        self.requests.cellClicked.emit(PinnedCell(self.column.stage, (self.map.unit_of(row, col),)))


class OutputColumn(StageColumn):
    """Probabilities, and below them the evidence that adds up to the chosen logit."""

    def __init__(self, column: Column, requests: ColumnRequests, parent: QWidget | None = None) -> None:
        super().__init__(column, "Output", "", requests, parent)
        self._single = False
        self._read_as = ""
        self._names: tuple[str, ...] = ()
        tip = "Click a class to take its logit apart"
        self.rows = named(OutputRows(self), "Outputs: logit and probability of each class", tip)
        self.ledger = named(Ledger(self), "The chosen logit as a sum")
        self._choice_label = named(QLabel("Evidence for class"), role="muted")
        tip = "Class whose logit the evidence column takes apart"
        self.choice = named(ChoiceField([]), "Class whose logit is taken apart", tip)
        tip = (
            "Black is −0.5 at the input, so a blank image has evidence, too, and often most of it. Relative "
            "to one, a cell counts with what the ink has changed"
        )
        name = "Take the evidence relative to a blank image"
        self.relative = named(QCheckBox("Relative to blank"), name, tip)
        self._build_layout()
        self.head.set_about(
            "What the last dense layer computes, and the probabilities that follow. The dot marks the true "
            "class. Click a row to pin its logit and to see the evidence for it."
        )
        self.choice.choiceEdited.connect(self._on_choice_edited)
        self.relative.clicked.connect(requests.relativeRequested)
        self.rows.rowHovered.connect(self._on_row_hovered)
        self.rows.rowClicked.connect(self._on_row_clicked)
        self.rows.rowLeft.connect(requests.cellLeft)
        follow_theme(self)

    def _build_layout(self) -> None:
        content = QWidget()
        parts = (self.rows, self._choice_label, self.choice, self.relative, self.ledger, 1)
        self._layout = fill(QVBoxLayout(content), *parts)
        # Ten classes are higher than the maps of a small window.
        area = QScrollArea()
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        set_up_area(area, content)
        fill(QVBoxLayout(self), self.head, (area, 1), spacing=4)

    def set_theme(self, theme: Theme) -> None:
        """Scale the spacing."""
        self._layout.setSpacing(theme.px(8))

    @override
    def draw(self, picture: Picture, explained: Explained) -> None:
        if self._is_new(picture):
            self._draw_values(picture)
        covers = explained.look.covers
        for widget in (self.rows, self.ledger):
            widget.setVisible(not covers)
        self.head.set_line(*(("covered", "?") if covers else (f"read as {self._read_as}", self._read_as)))
        marks = self._marks(explained)
        units = {start for m in marks if m.role == "selected" for _, start, _, _ in m.blocks}
        self.rows.set_outlined(range(2) if units and self._single else units)

    def _draw_values(self, picture: Picture) -> None:
        names, probabilities, evidence = picture.names, picture.probabilities, picture.evidence
        self._single = picture.has_one_logit
        for widget in (self._choice_label, self.choice):
            widget.setVisible(not self._single and evidence is not None)
        chosen = picture.scene.choices.class_index
        if names != self._names:
            self._names = names
            options = [("", "predicted"), *((str(place), name) for place, name in enumerate(names))]
            self.choice.set_options(options)
        self.choice.set_choice("" if chosen is None or chosen >= len(names) else str(chosen))
        self.relative.setVisible(evidence is not None)
        self.relative.setChecked(picture.scene.choices.is_relative)
        logits = None if self._single else picture.trace.logits[0]
        self.rows.set_outputs(names, probabilities, logits, picture.scene.sample.label)
        self.rows.set_selected(None if self._single or evidence is None else evidence.class_index)
        self.ledger.set_rows(logit_bill(picture))
        self._read_as = names[int(np.argmax(probabilities))]

    def _on_row_hovered(self, row: int) -> None:
        self.requests.cellHovered.emit(self._cell_of(row))

    def _on_row_clicked(self, row: int) -> None:
        self.requests.cellClicked.emit(self._cell_of(row))
        if not self._single:
            self.requests.classRequested.emit(row)

    def _cell_of(self, row: int) -> PinnedCell:
        return PinnedCell(self.column.stage, (0 if self._single else row,))

    def _on_choice_edited(self, key: str) -> None:
        self.requests.classRequested.emit(int(key) if key else None)
