"""A dense unit written out: its largest terms, the rest and the bias as steps to its value."""

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from cnnviz.arithmetic import DenseCell
from ui.cells.waterfall import Waterfall
from ui.controls.numbers import format_signed
from ui.rows.ledger import Ledger, LedgerRow


class TermsView(QWidget):
    """The largest terms of a dense unit, the rest, and the bias, as steps to its value.

    Signals
    -------
    sourceClicked : int
        Number of the term whose source is to be pinned.
    """

    sourceClicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cell: DenseCell | None = None
        self.waterfall = Waterfall()
        self.waterfall.setAccessibleName("Largest contributions")
        self._title = QLabel()
        self._title.setProperty("role", "caption")
        self.ledger = Ledger()
        self.ledger.setAccessibleName("Value of the unit, step by step")
        left = QVBoxLayout()
        left.setSpacing(3)
        left.addWidget(self._title)
        left.addWidget(self.waterfall, 1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(16)
        layout.addLayout(left, 1)
        layout.addWidget(self.ledger, 0, Qt.AlignmentFlag.AlignTop)
        self.waterfall.termClicked.connect(self.sourceClicked)

    def source(self, term: int) -> tuple[str, tuple[int, ...]]:
        """Stage and cell that a term comes from."""
        assert self._cell is not None
        return self._cell.source_stage, self._cell.largest[term].source

    def set_terms(self, cell: DenseCell, rows: list[LedgerRow]) -> None:
        """Write out a dense unit."""
        self._cell = cell
        terms = [term.product for term in cell.largest]
        names = [" ".join(str(index) for index in term.source) for term in cell.largest]
        if cell.rest_count:
            terms.append(cell.rest)
            names.append("rest")
        if cell.bias is not None:
            terms.append(cell.bias)
            names.append("bias")
        where = "map row column" if len(cell.largest[0].source) == 3 else "unit"
        self._title.setText(
            f"largest contributions, weight × value, by {where} of {cell.source_stage}; click one to pin it"
        )
        self.waterfall.set_terms(np.array(terms), names, cell.layer, self._describe, len(cell.largest))
        largest = float(sum(term.product for term in cell.largest))
        bill = [LedgerRow(f"{len(cell.largest)} largest", largest)]
        if cell.rest_count:
            bill.append(LedgerRow(f"{cell.rest_count:,} others", cell.rest))
        if cell.bias is not None:
            bill.append(LedgerRow("bias", cell.bias))
        total = LedgerRow(f"= {cell.layer}", cell.value, is_total=True)
        self.ledger.set_rows([*bill, total, *rows])

    def _describe(self, place: int) -> str:
        cell = self._cell
        assert cell is not None
        if place >= len(cell.largest):
            is_rest = bool(cell.rest_count) and place == len(cell.largest)
            if is_rest:
                return f"{cell.rest_count:,} other terms: {format_signed(cell.rest, 5)}"
            return f"bias {format_signed(cell.bias or 0.0, 5)}"
        term = cell.largest[place]
        indices = ", ".join(str(index) for index in term.source)
        return (
            f"{cell.source_stage} ({indices}): weight {format_signed(term.weight, 4)} × value "
            f"{format_signed(term.value, 4)} = {format_signed(term.product, 4)}"
        )
