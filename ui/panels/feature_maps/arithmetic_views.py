"""A cell of a max pool, an activation, a dense layer or the input, written out."""

from functools import partial
from typing import override

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from cnnviz.graphics.curves import CURVES, Curve, Curves
from cnnviz.inspect.arithmetic import ActivationCell, DenseCell, MaxPoolCell
from cnnviz.quantities import format_count, format_power, format_signed, format_together, format_value
from ui.cells.value_table import ValueTable
from ui.cells.waterfall import Waterfall
from ui.controls.labels import WrapLabel
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.marks import view_of
from ui.panels.feature_maps.explain import Arithmetic
from ui.rows.ledger import Ledger

_RULES = {
    "first": "the first of them gets the whole gradient, the others 0",
    "all": "each of them gets the whole gradient",
    "split": "they share the gradient in equal parts",
}
_CURVE_POINTS = 121


class ArithmeticView(QWidget):
    """What all kinds share: the value of the cell as a sum.

    * `about`: what the sum is, for the screen reader.
    * `spacing`: between the parts, side by side.
    """

    def __init__(self, about: str, spacing: int = 24, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ledger = named(Ledger(), f"{about}, step by step")
        self._across = fill(QHBoxLayout(self), spacing=spacing)

    def draw(self, arithmetic: Arithmetic) -> None:
        """Write out a cell of the kind that the view is for."""
        self.ledger.set_rows(arithmetic.bill)


class WindowView(ArithmeticView):
    """Window of a max pool, its winners, and who gets the gradient."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Value of the pooled cell", parent=parent)
        tip = "Values in the window of the pool; the largest wins"
        self.window_table = named(ValueTable(), "Window of the pool", tip)
        tip = "How much of the gradient each cell of the window gets on the way back"
        self.shares = named(ValueTable(), "Share of the gradient", tip)
        self._title = QLabel()
        self.note = WrapLabel()
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(3)
        titles = (self._title, QLabel("share of the gradient"))
        for place, (title, table) in enumerate(zip(titles, (self.window_table, self.shares), strict=True)):
            grid.addWidget(named(title, role="caption"), 0, place)
            grid.addWidget(table, 1, place)
        grid.setRowStretch(1, 1)
        self.ledger.setMaximumWidth(360)
        right = fill(QVBoxLayout(), self.ledger, self.note, 1, spacing=8)
        self._across.addLayout(grid, 3)
        self._across.addLayout(right, 4)

    @override
    def draw(self, arithmetic: Arithmetic) -> None:
        super().draw(arithmetic)
        cell, (source, colormap, limits) = arithmetic.cell, arithmetic.source
        assert isinstance(cell, MaxPoolCell)
        self.window_table.set_matrix(cell.values, colormap, limits, winners=cell.winners)
        self.shares.set_matrix(cell.shares, "sequential", (0.0, 1.0))
        power = format_power(self.window_table.number_exponent)
        self._title.setText(f"window of {source} {power}".rstrip())
        if cell.tied:
            self.note.set_text(
                f"{np.count_nonzero(cell.winners)} of {cell.values.size} cells share the maximum. "
                f"Rule in force, “{cell.ties}”: {_RULES[cell.ties]}."
            )
        else:
            lead = format_value(lead_of(cell.values, cell.winners))
            self.note.set_text(
                f"One cell of {cell.values.size} wins, by {lead}: on the way back it gets the whole gradient."
            )


def lead_of(values: NDArray[np.floating], winners: NDArray[np.bool_]) -> float:
    """By how much the maximum of a window is larger than the next number of it, exactly."""
    exact = values.astype(np.float64)
    return float(exact.max() - exact[~winners].max())


class FunctionView(ArithmeticView):
    """Graph of an activation with the cell's point on it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Value after the activation", parent=parent)
        self.plot = view_of(CURVES, "Graph of the activation", keys_point=True, focus=Qt.FocusPolicy.TabFocus)
        self.ledger.setMaximumWidth(360)
        right = fill(QVBoxLayout(), self.ledger, 1)
        self._across.addWidget(self.plot, 3)
        self._across.addLayout(right, 2)

    @override
    def draw(self, arithmetic: Arithmetic) -> None:
        super().draw(arithmetic)
        cell, layer = arithmetic.cell, arithmetic.layer
        assert isinstance(cell, ActivationCell)
        assert layer is not None
        reach = max(*map(abs, arithmetic.source[2]), abs(cell.input), 1e-6)
        x = np.linspace(-reach, reach, _CURVE_POINTS)
        graph = Curve(cell.layer, x, layer.forward(x[None, :], {})[0], "text", width=2.0)
        point = cell.input, cell.value, "accent"
        self.plot.show_content(Curves((graph,), (), "x", cell.layer, 4, (point,)))
        at, value = format_together((cell.input, cell.value), 4)
        self.plot.setAccessibleDescription(f"at {at} the value is {value}")


class TermsView(ArithmeticView):
    """The largest terms of a dense unit, the rest, and the bias, as steps to its value.

    * `termClicked`: number of the term whose source is to be pinned.
    """

    termClicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Value of the unit", 16, parent)
        self.waterfall = named(Waterfall(), "Largest contributions")
        self._title = named(QLabel(), role="caption")
        left = fill(QVBoxLayout(), self._title, (self.waterfall, 1), spacing=3)
        self._across.addLayout(left, 1)
        self._across.addWidget(self.ledger, 0, Qt.AlignmentFlag.AlignTop)
        self.waterfall.termClicked.connect(self.termClicked)

    @override
    def draw(self, arithmetic: Arithmetic) -> None:
        super().draw(arithmetic)
        cell = arithmetic.cell
        assert isinstance(cell, DenseCell)
        terms = [term.product for term in cell.largest]
        names = [" ".join(map(str, term.source)) for term in cell.largest]
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
        describe = partial(_term_text, cell)
        self.waterfall.set_terms(np.array(terms), names, cell.layer, describe, len(cell.largest))


class PixelView(ArithmeticView):
    """A pixel as the network sees it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Value of the pixel", parent=parent)
        note = WrapLabel(
            "The input is not computed from anything. Follow the thin outlines to the cells that this pixel "
            "feeds."
        )
        self._across.addWidget(self.ledger, 1, Qt.AlignmentFlag.AlignTop)
        self._across.addWidget(note, 2, Qt.AlignmentFlag.AlignTop)


def _term_text(cell: DenseCell, place: int) -> str:
    if place < len(cell.largest):
        term = cell.largest[place]
        indices = ", ".join(map(str, term.source))
        return (
            f"{cell.source_stage} ({indices}): weight {format_signed(term.weight, 4)} × value "
            f"{format_signed(term.value, 4)} = {format_signed(term.product, 4)}"
        )
    if cell.rest_count and place == len(cell.largest):
        return f"{format_count(cell.rest_count)} other terms: {format_signed(cell.rest, 5)}"
    return f"bias {format_signed(cell.bias or 0.0, 5)}"
