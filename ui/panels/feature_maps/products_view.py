"""A cell of a convolution or of a weighted pool, written out: patch × kernel = products, and their sum."""

from functools import partial
from typing import override

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from cnnviz.inspect.arithmetic import ConvolutionCell, LinearPoolCell
from cnnviz.palette import signed_levels
from cnnviz.quantities import format_cell, format_power, format_signed
from ui.cells.value_table import ValueTable
from ui.cells.waterfall import Waterfall
from ui.controls.labels import ElidedLabel
from ui.controls.layouts import keep_room
from ui.controls.naming import named
from ui.panels.feature_maps.arithmetic_views import ArithmeticView
from ui.panels.feature_maps.explain import Arithmetic
from ui.tiles.map_thumbnails import MapThumbnails


class ProductsView(ArithmeticView):
    """Patch × kernel = products, their running sum, and the bill.

    * `partSelected`: input channel whose patch and kernel are to be shown.
    """

    partSelected = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Value of the cell", 16, parent)
        self._before = 0  # terms of the running sum before those of the tables
        self.patch, self.kernel, self.products = (
            named(ValueTable(), name, f"{name}. {tip}")
            for name, tip in (
                ("Patch that the cell reads", "Values of the stage before; hatched: padding"),
                ("Weights of the kernel", "Each is multiplied by the value at its place"),
                ("Products of patch and kernel", "Their sum, with the bias, is the value"),
            )
        )
        self._titles = [ElidedLabel(role="muted") for _ in range(5)]
        for title in self._titles:
            # A long title must not widen its table.
            title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        name = "Products of each input channel"
        self.slices = named(MapThumbnails(), name, f"{name}; click to see its patch and kernel")
        self.slices.set_noun("input")
        self.waterfall = keep_room(named(Waterfall(), "Running sum of the products"))
        self._build_layout()
        self._connect_signals()

    @override
    def draw(self, arithmetic: Arithmetic) -> None:
        super().draw(arithmetic)
        cell, part, (source, colormap, limits) = arithmetic.cell, arithmetic.part, arithmetic.source
        if isinstance(cell, ConvolutionCell):
            several = len(cell.patch) > 1
            of_all = f" · input {part} of {len(cell.patch)}" if several else ""
            texts = (f"patch of {source}{of_all}", f"filter {cell.cell[0]}")
            terms, padding = cell.products.ravel(), _padding(cell.rows, cell.columns)
            if cell.bias is not None:
                terms = np.append(terms, terms.dtype.type(cell.bias))
            patch, kernel, products = cell.patch[part], cell.kernel[part], cell.products[part]
            levels = signed_levels(cell.products)
        else:
            assert isinstance(cell, LinearPoolCell)
            several, part, padding, levels = False, 0, None, None
            texts, terms = (f"window of {source}", "weights"), cell.products.ravel()
            patch, kernel, products = cell.values, cell.weights, cell.products
        self._before = part * products.size
        self.patch.set_matrix(patch, colormap, limits, padding=padding)
        self.kernel.set_matrix(kernel, "signed", arithmetic.weights or (-1.0, 1.0))
        self.products.set_matrix(products, "signed", levels)
        self.products.set_covered(arithmetic.is_covered)
        for widget in (self.waterfall, self._titles[4]):
            widget.setVisible(not arithmetic.is_covered)
        self.slices.setVisible(several)
        self._titles[3].setVisible(several)
        if several:
            self.slices.set_maps(cell.products, "signed", levels)
            self.slices.set_current(part)
        self._show_titles(*texts, cell.products.size)
        describe = partial(_term_text, cell) if isinstance(cell, ConvolutionCell) else None
        self.waterfall.set_terms(terms, (), cell.layer, describe)

    def _show_titles(self, patch: str, kernel: str, count: int) -> None:
        texts = (patch, kernel, "products", "each input", f"running sum of {count}")
        columns = 3 if self.patch.values is None else self.patch.values.shape[1]
        for place in range(3):
            stretch = min(max(columns, 3), 6)
            if stretch != self._grid.columnStretch(2 * place):  # Qt would lay out everything anew
                self._grid.setColumnStretch(2 * place, stretch)
        exponents = [table.number_exponent for table in (self.patch, self.kernel, self.products)] + [0, 0]
        for title, text, exponent in zip(self._titles, texts, exponents, strict=True):
            title.set_text(f"{text} {format_power(exponent)}".rstrip())

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
            label = named(QLabel(sign), role="heading")
            grid.addWidget(label, 1, 2 * place + 1, Qt.AlignmentFlag.AlignCenter)
        grid.setColumnStretch(8, 4)
        grid.setRowStretch(1, 1)
        self._grid = grid
        self._across.addLayout(grid, 1)
        self._across.addWidget(self.ledger, 0, Qt.AlignmentFlag.AlignTop)

    def _connect_signals(self) -> None:
        for table in (self.patch, self.kernel, self.products):
            table.cellHovered.connect(self._on_cell_hovered)
            table.cellLeft.connect(self._on_cell_left)
        self.waterfall.termHovered.connect(self._on_term_hovered)
        self.slices.mapSelected.connect(self.partSelected)

    def _on_cell_hovered(self, row: int, col: int) -> None:
        self._mark((row, col))
        values = self.patch.values
        if values is not None:
            self.waterfall.set_marked(self._before + row * values.shape[1] + col)

    def _on_cell_left(self) -> None:
        self._mark(None)
        self.waterfall.set_marked(-1)

    def _on_term_hovered(self, term: int) -> None:
        values, place = self.patch.values, term - self._before
        if values is None or term < 0 or not 0 <= place < values.size:
            self._mark(None)
        else:
            self._mark(divmod(place, values.shape[1]))

    def _mark(self, cell: tuple[int, int] | None) -> None:
        for table in (self.patch, self.kernel, self.products):
            table.set_marked(cell)


def _term_text(cell: ConvolutionCell, term: int) -> str:
    if term >= cell.products.size:
        return f"bias {format_signed(cell.bias or 0.0, 5)}"
    place = np.unravel_index(term, cell.products.shape)
    patch, weight, product = (
        format_signed(float(values[place]), 4) for values in (cell.patch, cell.kernel, cell.products)
    )
    name = format_cell([int(index) for index in place], "input")
    return (
        f"{name}: {patch} × {weight} = {product}\nrunning sum {format_signed(float(cell.running[term]), 5)}"
    )


def _padding(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.bool_] | None:
    outside = (rows < 0)[:, None] | (columns < 0)
    return outside if outside.any() else None
