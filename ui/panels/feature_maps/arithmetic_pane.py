"""The arithmetic of the marked cell: its name and value, how it came about, and what becomes of it."""

from typing import override

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from cnnviz.arithmetic import (
    ActivationCell,
    ConvolutionCell,
    DenseCell,
    LinearPoolCell,
    MaxPoolCell,
    explain_cell,
)
from cnnviz.receptive_field import INPUT, stage_index
from ui.controls.labels import Badge
from ui.controls.numbers import format_signed
from ui.controls.painted_button import MiniButton
from ui.controls.status_line import StatusLine
from ui.panels.feature_maps.following import following_rows
from ui.panels.feature_maps.frame import Frame, Levels
from ui.panels.feature_maps.products_view import ProductsView
from ui.panels.feature_maps.scales import Scales
from ui.panels.feature_maps.small_views import FunctionView, PixelView, WindowView
from ui.panels.feature_maps.sweep import SweepBar
from ui.panels.feature_maps.terms_view import TermsView
from ui.panels.feature_maps.texts import cell_name
from ui.state import PinnedCell
from ui.theme import Theme, follow_theme

_LARGEST = 12


class ArithmeticPane(QWidget):
    """Head with the controls of the sweep, and one view for each kind of layer.

    Signals
    -------
    pinRequested : PinnedCell or None
        A cell was chosen here, or the pinned one is to be freed.
    """

    pinRequested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame: Frame | None = None
        self._levels: Levels = {}
        self._cell: PinnedCell | None = None
        self._slice: int | None = None
        self._source = 0
        self._name = ("", "")
        self._build_widgets()
        self._build_layout()
        self.products.sliceSelected.connect(self._on_slice_selected)
        self.terms.sourceClicked.connect(self._on_source_clicked)
        self.free.clicked.connect(self._on_free_clicked)
        follow_theme(self)

    def set_cell(self, frame: Frame, levels: Levels, cell: PinnedCell, source: int, pinned: bool) -> None:
        """Write out a cell.

        Parameters
        ----------
        frame : Frame
        levels : Levels
            Limits of the colour scales in force.
        cell : PinnedCell
            A cell of the frame's network.
        source : int
            Channel shown of the group before; of several input channels the one to begin with.
        pinned : bool
            Whether it is pinned.
        """
        if self._cell is None or cell.stage != self._cell.stage:
            self._slice = None
        self._frame, self._levels, self._cell, self._source = frame, levels, cell, source
        self.badge.setVisible(pinned)
        self.free.setVisible(pinned)
        self._draw()

    def chosen_slice(self) -> int | None:
        """Input channel that was chosen; None for the one that is shown above."""
        return self._slice

    def choose_slice(self, channel: int | None) -> None:
        """Choose an input channel of the cell that is written out."""
        self._slice = channel
        if self._cell is not None:
            self._draw()

    def set_theme(self, theme: Theme) -> None:
        """Scale the spacing."""
        self._layout.setContentsMargins(0, theme.px(10), 0, 0)
        self._layout.setSpacing(theme.px(8))
        self._head.setSpacing(theme.px(10))

    @override
    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), super().minimumSizeHint().height())

    # -- building ------------------------------------------------------------------------------------------

    def _build_widgets(self) -> None:
        self.title = StatusLine()
        self.title.setAccessibleName("The marked cell")
        self.badge = Badge("pinned", "info")
        self.free = MiniButton("x", "Free the pinned cell (Esc)")
        self.sweep_bar = SweepBar()
        self.products, self.window_view, self.function = ProductsView(), WindowView(), FunctionView()
        self.terms, self.pixel = TermsView(), PixelView()
        self.stack = QStackedWidget()
        for view in (self.products, self.window_view, self.function, self.terms, self.pixel):
            self.stack.addWidget(view)

    def _build_layout(self) -> None:
        self._head = QHBoxLayout()
        self._head.addWidget(self.badge)
        self._head.addWidget(self.free)
        self._head.addWidget(self.title, 1)
        self._head.addWidget(self.sweep_bar, 0, Qt.AlignmentFlag.AlignRight)
        self._layout = QVBoxLayout(self)
        self._layout.addLayout(self._head)
        self._layout.addWidget(self.stack, 1)

    # -- drawing -------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        frame, cell = self._frame, self._cell
        assert frame is not None
        assert cell is not None
        value = float(frame.stage(cell.stage)[cell.index])
        self._name = (cell_name(frame.plan, cell), f"= {format_signed(value, 4)}")
        if cell.stage == INPUT:
            self._show_pixel(frame, cell, value)
            return
        explained = explain_cell(frame.network, frame.trace, cell.stage, cell.index, largest=_LARGEST)
        rows = following_rows(frame, cell)
        source, colors = self._source_of(cell.stage)
        match explained:
            case ConvolutionCell():
                channels = len(explained.patch)
                chosen = min(self._source if self._slice is None else self._slice, channels - 1)
                scales = Scales(colors, self._levels[f"{cell.stage}.weight"])
                names = (f"patch of {source}", f"filter {cell.index[0]}")
                self.products.set_convolution(explained, chosen, scales, names, rows)
                self._show(self.products, "Σ patch × kernel" + ("" if explained.bias is None else " + bias"))
            case LinearPoolCell():
                self.products.set_pool(explained, Scales(colors), f"window of {source}", rows)
                self._show(self.products, "Σ window × weights")
            case MaxPoolCell():
                self.window_view.set_window(explained, Scales(colors), f"window of {source}", rows)
                self._show(self.window_view, "max of the window")
            case ActivationCell():
                layer = frame.network.layers[stage_index(frame.network, cell.stage)][1]
                reach = max(abs(limit) for limit in colors[1])
                self.function.set_activation(explained, layer, reach, rows)
                self._show(self.function, explained.formula)
            case DenseCell():
                self.terms.set_terms(explained, rows)
                self._show(self.terms, "Σ weight × value" + ("" if explained.bias is None else " + bias"))
            case _:
                raise TypeError(f"There is no view for the arithmetic of {type(explained).__name__}.")

    def _show(self, view: QWidget, formula: str) -> None:
        name, value = self._name
        self.title.set_parts(((name, "title"), (value, "number"), (formula, "muted")))
        self.stack.setCurrentWidget(view)

    def _show_pixel(self, frame: Frame, cell: PinnedCell, value: float) -> None:
        self.pixel.set_pixel(int(frame.inspection.sample.pixels[cell.index]), value)
        self._show(self.pixel, "pixel ÷ 255 − 0.5")

    def _source_of(self, stage: str) -> tuple[str, tuple[str, tuple[float, float]]]:
        """Name, colour map and limits of the stage that a stage reads."""
        assert self._frame is not None
        network, plan = self._frame.network, self._frame.plan
        index = stage_index(network, stage)
        name = network.layers[index - 1][0] if index else INPUT
        column = plan.column(name)
        if column is None:  # flattened maps
            return name, ("signed", (-1.0, 1.0))
        return "the input" if name == INPUT else name, (column.colormap, self._levels[name])

    def _on_slice_selected(self, channel: int) -> None:
        self._slice = channel
        self._draw()

    def _on_source_clicked(self, term: int) -> None:
        self.pinRequested.emit(PinnedCell(*self.terms.source(term)))

    def _on_free_clicked(self) -> None:
        self.pinRequested.emit(None)
