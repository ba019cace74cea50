"""How the value of one cell came about, written out: one view for each kind of layer."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from cnnviz.arithmetic import ActivationCell, ConvolutionCell, DenseCell, LinearPoolCell, MaxPoolCell
from cnnviz.layers import Layer
from ui.theme.color_maps import signed_levels
from ui.widgets.function_plot import FunctionPlot
from ui.widgets.labels import WrapLabel
from ui.widgets.ledger import Ledger, LedgerRow
from ui.widgets.map_thumbnails import MapThumbnails
from ui.widgets.numbers import format_signed, format_value
from ui.widgets.value_table import ValueTable
from ui.widgets.waterfall import Waterfall

_RULES = {
    "first": "the first of them gets the whole gradient, the others 0",
    "all": "each of them gets the whole gradient",
    "split": "they share the gradient in equal parts",
}


class Scales:
    """Colour maps and limits with which numbers are shown: those of the stages they come from.

    Parameters
    ----------
    source : tuple of (colour map, limits)
        Of the stage that is read.
    weights : limits, optional
        Of the kernels.
    """

    def __init__(
        self, source: tuple[str, tuple[float, float]], weights: tuple[float, float] | None = None
    ) -> None:
        self.source = source
        self.weights = weights


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
        self._titles = [QLabel() for _ in range(5)]
        for title in self._titles:
            title.setProperty("role", "caption")
        self.slices = MapThumbnails()
        self.slices.set_noun("input")
        self.slices.setAccessibleName("Products of each input channel")
        self.slices.setToolTip("Products of each input channel; click to see its patch and kernel")
        self.waterfall = Waterfall()
        self.waterfall.setAccessibleName("Running sum of the products")
        self.ledger = Ledger()
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
        self.patch.set_values(cell.patch[channel], *scales.source)
        self.patch.set_padding(_padding(cell.rows, cell.columns))
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
        self.patch.set_values(cell.values, *scales.source)
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
            self._grid.setColumnStretch(2 * place, max(columns, 3))
        exponents = [table.number_exponent for table in (self.patch, self.kernel, self.products)] + [0, 0]
        for title, text, exponent in zip(self._titles, texts, exponents, strict=True):
            title.setText(f"{text}  × 10^{exponent}" if exponent else text)

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


class WindowView(QWidget):
    """Window of a max pool, its winners, and who gets the gradient."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.window_table, self.shares = ValueTable(), ValueTable()
        self.window_table.setAccessibleName("Window of the pool")
        self.shares.setAccessibleName("Share of the gradient")
        self._titles = [QLabel(), QLabel("share of the gradient")]
        for title in self._titles:
            title.setProperty("role", "caption")
        self.note = WrapLabel()
        self.ledger = Ledger()
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(3)
        for place, (title, table) in enumerate(
            zip(self._titles, (self.window_table, self.shares), strict=True)
        ):
            grid.addWidget(title, 0, place)
            grid.addWidget(table, 1, place)
        grid.setRowStretch(1, 1)
        right = QVBoxLayout()
        right.setSpacing(8)
        self.ledger.setMaximumWidth(360)
        right.addWidget(self.ledger)
        right.addWidget(self.note)
        right.addStretch(1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(24)
        layout.addLayout(grid, 3)
        layout.addLayout(right, 4)

    def set_window(self, cell: MaxPoolCell, scales: Scales, name: str, rows: list[LedgerRow]) -> None:
        """Write out a cell of a max pool."""
        self.window_table.set_values(cell.values, *scales.source)
        self.window_table.set_winners(cell.winners)
        self.shares.set_values(cell.shares, "sequential", (0.0, 1.0))
        exponent = self.window_table.number_exponent
        self._titles[0].setText(f"{name}  × 10^{exponent}" if exponent else name)
        places = np.argwhere(cell.winners)
        row, col = int(cell.rows[places[0][0]]), int(cell.columns[places[0][1]])
        winner = f"row {row}, column {col}" if len(places) == 1 else f"{len(places)} cells tie"
        self.ledger.set_rows(
            [
                LedgerRow("winner", winner, role="winner" if len(places) > 1 else "text"),
                LedgerRow(f"maximum = {cell.layer}", cell.value, is_total=True),
                *rows,
            ]
        )
        size = cell.values.size
        if cell.tied:
            self.note.set_text(
                f"{len(places)} of {size} cells share the maximum. Rule in force, “{cell.ties}”: "
                f"{_RULES[cell.ties]}."
            )
        else:
            self.note.set_text(f"One cell of {size} wins: on the way back it gets the whole gradient.")


class FunctionView(QWidget):
    """Graph of an activation with the cell's point on it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curve: tuple[Layer, float] | None = None
        self.plot = FunctionPlot()
        self.plot.setAccessibleName("Graph of the activation")
        self.plot.setMaximumWidth(560)
        self.ledger = Ledger()
        self.ledger.setMaximumWidth(360)
        right = QVBoxLayout()
        right.addWidget(self.ledger)
        right.addStretch(1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(24)
        layout.addWidget(self.plot, 3)
        layout.addLayout(right, 4)

    def set_activation(self, cell: ActivationCell, layer: Layer, reach: float, rows: list[LedgerRow]) -> None:
        """Write out a cell of an activation.

        Parameters
        ----------
        cell : ActivationCell
        layer : Layer
        reach : float
            The graph runs from minus this to plus this, and on to the cell.
        rows : list of LedgerRow
        """
        reach = max(reach, abs(cell.input), 1e-6)
        if (layer, reach) != self._curve:
            self._curve = (layer, reach)
            x = np.linspace(-reach, reach, 121)
            self.plot.set_curve(x, layer.forward(x[None, :], {})[0])
        self.plot.set_point(cell.input, cell.value)
        self.ledger.set_rows(
            [
                LedgerRow("x", cell.input),
                LedgerRow(cell.formula),
                LedgerRow(f"= {cell.layer}", cell.value, is_total=True),
                LedgerRow(
                    "slope here",
                    format_value(cell.slope, 4),
                    tip="The gradient is multiplied by it on its way back",
                ),
                *rows,
            ]
        )


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


class PixelView(QWidget):
    """A pixel as the network sees it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ledger = Ledger()
        self.note = WrapLabel(
            "The input is not computed from anything. Follow the thin outlines to the cells that this pixel "
            "feeds."
        )
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(24)
        layout.addWidget(self.ledger, 1, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.note, 2, Qt.AlignmentFlag.AlignTop)

    def set_pixel(self, grey: int, value: float) -> None:
        """Show a pixel of the sample and what enters the network."""
        self.ledger.set_rows(
            [
                LedgerRow("pixel", str(grey)),
                LedgerRow("÷ 255", f"{grey / 255:.4f}"),
                LedgerRow("− 0.5 = input", value, is_total=True),
            ]
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
