"""A cell of a max pool, of an activation, or of the input, written out."""

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from cnnviz.arithmetic import ActivationCell, MaxPoolCell
from cnnviz.layers import Layer
from ui.cells.value_table import ValueTable
from ui.controls.labels import WrapLabel
from ui.controls.numbers import format_value
from ui.panels.feature_maps.scales import Scales
from ui.plots.function_plot import FunctionPlot
from ui.rows.ledger import Ledger, LedgerRow

_RULES = {
    "first": "the first of them gets the whole gradient, the others 0",
    "all": "each of them gets the whole gradient",
    "split": "they share the gradient in equal parts",
}


class WindowView(QWidget):
    """Window of a max pool, its winners, and who gets the gradient."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.window_table, self.shares = ValueTable(), ValueTable()
        self.window_table.setAccessibleName("Window of the pool")
        self.shares.setAccessibleName("Share of the gradient")
        self.window_table.setToolTip("Values in the window of the pool; the largest wins")
        self.shares.setToolTip("How much of the gradient each cell of the window gets on the way back")
        self._titles = [QLabel(), QLabel("share of the gradient")]
        for title in self._titles:
            title.setProperty("role", "caption")
        self.note = WrapLabel()
        self.ledger = Ledger()
        self.ledger.setAccessibleName("Value of the pooled cell, step by step")
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
        self.window_table.set_matrix(cell.values, *scales.source, winners=cell.winners)
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
        self.ledger = Ledger()
        self.ledger.setAccessibleName("Value after the activation, step by step")
        self.ledger.setMaximumWidth(360)
        right = QVBoxLayout()
        right.addWidget(self.ledger)
        right.addStretch(1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(24)
        layout.addWidget(self.plot)
        layout.addLayout(right)
        layout.addStretch(1)

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


class PixelView(QWidget):
    """A pixel as the network sees it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ledger = Ledger()
        self.ledger.setAccessibleName("Value of the pixel, step by step")
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
