"""The arithmetic of the marked cell: its name and value, how it came about, and what becomes of it."""

from typing import override

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from cnnviz.inspect.arithmetic import ActivationCell, DenseCell, MaxPoolCell
from ui.controls.labels import Badge
from ui.controls.layouts import fill, keep_room
from ui.controls.naming import named
from ui.controls.painted_button import MiniButton
from ui.controls.status_line import StatusLine
from ui.panels.feature_maps.arithmetic_views import (
    ArithmeticView,
    FunctionView,
    PixelView,
    TermsView,
    WindowView,
)
from ui.panels.feature_maps.explain import Arithmetic
from ui.panels.feature_maps.products_view import ProductsView
from ui.panels.feature_maps.sweep import Sweep, SweepBar
from ui.theme import Theme, follow_theme


class ArithmeticPane(QWidget):
    """Head with the controls of the sweep, and one view for each kind of layer.

    * `partSelected`: input channel to write out.
    * `termClicked`: number of the term of a dense unit whose source is to be pinned.
    * `freeRequested`: the pinned cell is to be freed.
    """

    partSelected = Signal(int)
    termClicked = Signal(int)
    freeRequested = Signal()

    def __init__(self, sweep: Sweep, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._written: Arithmetic | None = None
        self.title = named(StatusLine(), "The marked cell")
        self.badge = Badge("pinned", "info")
        self.free = MiniButton("x", "Free the pinned cell (Esc)")
        self.sweep_bar = SweepBar(sweep)
        self.products, self.window_view, self.function = ProductsView(), WindowView(), FunctionView()
        self.terms, self.pixel = TermsView(), PixelView()
        self.stack = keep_room(QStackedWidget())
        for view in (self.products, self.window_view, self.function, self.terms, self.pixel):
            self.stack.addWidget(view)
        self._head = fill(QHBoxLayout(), self.badge, self.free, (self.title, 1))
        self._head.addWidget(self.sweep_bar, 0, Qt.AlignmentFlag.AlignRight)
        self._layout = fill(QVBoxLayout(self), self._head, (self.stack, 1))
        self.products.partSelected.connect(self.partSelected)
        self.terms.termClicked.connect(self.termClicked)
        self.free.clicked.connect(self.freeRequested)
        follow_theme(self)

    def draw(self, arithmetic: Arithmetic | None, is_pinned: bool) -> None:
        """Write out a cell; None leaves what was written last."""
        self.badge.setVisible(is_pinned)
        self.free.setVisible(is_pinned)
        if arithmetic is not None and arithmetic is not self._written:
            self._written = arithmetic
            view = self._view_of(arithmetic)
            view.draw(arithmetic)
            self.title.set_parts(arithmetic.title)
            self.stack.setCurrentWidget(view)
            # Of a covered cell the products can be worked out only where what it reads is not covered, too.
            self.stack.setVisible(not arithmetic.is_covered or arithmetic.reads_input)

    def set_theme(self, theme: Theme) -> None:
        """Scale the spacing."""
        self._layout.setContentsMargins(0, theme.px(10), 0, 0)
        self._layout.setSpacing(theme.px(8))
        self._head.setSpacing(theme.px(10))

    @override
    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), super().minimumSizeHint().height())

    def _view_of(self, arithmetic: Arithmetic) -> ArithmeticView:
        match arithmetic.cell:
            case None:
                return self.pixel
            case MaxPoolCell():
                return self.window_view
            case ActivationCell():
                return self.function
            case DenseCell():
                return self.terms
            case _:
                return self.products
