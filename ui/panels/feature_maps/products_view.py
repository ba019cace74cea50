"""A cell of a convolution or of a weighted pool, written out: patch × kernel = products, and their sum."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QWidget

from cnnviz.arithmetic import ConvolutionCell, LinearPoolCell
from cnnviz.palette import signed_levels
from ui.cells.value_table import ValueTable
from ui.cells.waterfall import Waterfall
from ui.controls.labels import ElidedLabel
from ui.controls.numbers import format_signed
from ui.panels.feature_maps.scales import Scales
from ui.rows.ledger import Ledger, LedgerRow
from ui.tiles.map_thumbnails import MapThumbnails


class ProductsView(QWidget):
    """Patch × kernel = products, their running sum, and the bill.

    Signals
    -------
    sliceSelected : int
        Input channel whose patch and kernel are to be shown.
    """

    sliceSelected = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cell: ConvolutionCell | LinearPoolCell | None = None
        self._slice = 0
        self.patch, self.kernel, self.products = ValueTable(), ValueTable(), ValueTable()
        for table, name, tip in (
            (self.patch, "Patch that the cell reads", "Values of the stage before; hatched: padding"),
            (self.kernel, "Weights of the kernel", "Each is multiplied by the value at its place"),
            (self.products, "Products of patch and kernel", "Their sum, with the bias, is the value"),
        ):
            table.setAccessibleName(name)
            table.setToolTip(f"{name}. {tip}")
        self._titles = [ElidedLabel(role="muted") for _ in range(5)]
        for title in self._titles:
            # A long title must not widen its table.
            title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.slices = MapThumbnails()
        self.slices.set_noun("input")
        self.slices.setAccessibleName("Products of each input channel")
        self.slices.setToolTip("Products of each input channel; click to see its patch and kernel")
        self.waterfall = Waterfall()
        self.waterfall.setAccessibleName("Running sum of the products")
        self.ledger = Ledger()
        self.ledger.setAccessibleName("Value of the cell, step by step")
        self._build_layout()
        self._connect_signals()

    def set_convolution(
        self,
        cell: ConvolutionCell,
        channel: int,
        scales: Scales,
        names: tuple[str, str],
        rows: list[LedgerRow],
    ) -> None:
        """Write out a cell of a convolution.

        Parameters
        ----------
        cell : ConvolutionCell
        channel : int
            Input channel to show.
        scales : Scales
        names : tuple of str
            What is read, and what the kernel belongs to.
        rows : list of LedgerRow
            What becomes of the value.
        """
        self._cell, self._slice = cell, channel
        several = len(cell.patch) > 1
        self.patch.set_matrix(cell.patch[channel], *scales.source, padding=_padding(cell.rows, cell.columns))
        self.kernel.set_values(cell.kernel[channel], "signed", scales.weights)
        levels = signed_levels(cell.products)
        self.products.set_values(cell.products[channel], "signed", levels)
        self.slices.setVisible(several)
        self._titles[3].setVisible(several)
        if several:
            self.slices.set_maps(cell.products, "signed", levels)
            self.slices.set_current(channel)
        of_all = f" · input {channel} of {len(cell.patch)}" if several else ""
        self._show_titles(names[0] + of_all, names[1], len(cell.running))
        terms = cell.products.ravel()
        if cell.bias is not None:
            terms = np.append(terms, terms.dtype.type(cell.bias))
        self.waterfall.set_terms(terms, (), cell.layer, self._describe)
        self.ledger.set_rows([*_sum_rows(cell, channel), *rows])

    def set_pool(self, cell: LinearPoolCell, scales: Scales, name: str, rows: list[LedgerRow]) -> None:
        """Write out a cell of an average, blur or subsampling pool."""
        self._cell, self._slice = cell, 0
        self.patch.set_matrix(cell.values, *scales.source)
        self.kernel.set_values(cell.weights, "signed", (-1.0, 1.0))
        self.products.set_values(cell.products, "signed")
        self.slices.hide()
        self._titles[3].hide()
        self._show_titles(name, "weights", cell.products.size)
        self.waterfall.set_terms(cell.products.ravel(), (), cell.layer)
        total = LedgerRow(f"= {cell.layer}", cell.value, is_total=True)
        self.ledger.set_rows([LedgerRow(f"{cell.products.size} products", cell.value), total, *rows])

    def _show_titles(self, patch: str, kernel: str, count: int) -> None:
        texts = (patch, kernel, "products", "each input", f"running sum of {count}")
        columns = 3 if self.patch.values is None else self.patch.values.shape[1]
        for place in range(3):
            self._grid.setColumnStretch(2 * place, min(max(columns, 3), 6))
        exponents = [table.number_exponent for table in (self.patch, self.kernel, self.products)] + [0, 0]
        for title, text, exponent in zip(self._titles, texts, exponents, strict=True):
            title.set_text(f"{text}  × 10^{exponent}" if exponent else text)

    def _build_layout(self) -> None:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(3)
        blocks = (self.patch, self.kernel, self.products, self.slices, self.waterfall)
        for place, (title, block) in enumerate(zip(self._titles, blocks, strict=True)):
            grid.addWidget(title, 0, 2 * place)
            grid.addWidget(block, 1, 2 * place)
        for place, sign in enumerate(("×", "=", "", "")):
            label = QLabel(sign)
            label.setProperty("role", "heading")
            grid.addWidget(label, 1, 2 * place + 1, Qt.AlignmentFlag.AlignCenter)
        grid.setColumnStretch(8, 4)
        grid.setRowStretch(1, 1)
        self._grid = grid
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(16)
        layout.addLayout(grid, 1)
        layout.addWidget(self.ledger, 0, Qt.AlignmentFlag.AlignTop)

    def _connect_signals(self) -> None:
        for table in (self.patch, self.kernel, self.products):
            table.cellHovered.connect(self._on_cell_hovered)
            table.cellLeft.connect(self._on_cell_left)
        self.waterfall.termHovered.connect(self._on_term_hovered)
        self.slices.mapSelected.connect(self.sliceSelected)

    def _on_cell_hovered(self, row: int, col: int) -> None:
        self._mark((row, col))
        values = self.patch.values
        if values is not None:
            self.waterfall.set_marked(self._slice * values.size + row * values.shape[1] + col)

    def _on_cell_left(self) -> None:
        self._mark(None)
        self.waterfall.set_marked(-1)

    def _on_term_hovered(self, term: int) -> None:
        values = self.patch.values
        place = term - self._slice * (0 if values is None else values.size)
        inside = values is not None and term >= 0 and 0 <= place < values.size
        self._mark(divmod(place, values.shape[1]) if inside and values is not None else None)

    def _mark(self, cell: tuple[int, int] | None) -> None:
        for table in (self.patch, self.kernel, self.products):
            table.set_marked(cell)

    def _describe(self, term: int) -> str:
        cell = self._cell
        assert isinstance(cell, ConvolutionCell)
        if term >= cell.products.size:
            return f"bias {format_signed(cell.bias or 0.0, 5)}"
        channel, row, col = (int(axis) for axis in np.unravel_index(term, cell.products.shape))
        place = f"input {channel}, row {row}, column {col}"
        return (
            f"{place}: {format_signed(cell.patch[channel, row, col].item(), 4)} × "
            f"{format_signed(cell.kernel[channel, row, col].item(), 4)} = "
            f"{format_signed(cell.products[channel, row, col].item(), 4)}\n"
            f"running sum {format_signed(cell.running[term].item(), 5)}"
        )


def _sum_rows(cell: ConvolutionCell, channel: int) -> list[LedgerRow]:
    rows: list[LedgerRow] = []
    if len(cell.patch) > 1:
        part = float(cell.products[channel].sum(dtype=np.float64))
        rows.append(LedgerRow(f"input {channel} alone", part))
    rows.append(LedgerRow(f"{cell.products.size} products", float(cell.running[-1])))
    if cell.bias is not None:
        rows.append(LedgerRow("bias", cell.bias))
    rows.append(LedgerRow(f"= {cell.layer}", cell.value, is_total=True))
    return rows


def _padding(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.bool_] | None:
    outside = (rows < 0)[:, None] | (columns < 0)
    return outside if outside.any() else None
