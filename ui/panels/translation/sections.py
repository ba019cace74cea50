"""The parts of the panel and where they stand."""

from typing import Any, override

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from ui.controls.key_moves import arrow_step
from ui.controls.labels import WrapLabel
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.controls.scroll_column import keep_bar, set_up_area
from ui.controls.statement_box import StatementBox
from ui.panels.translation.canvas_column import CanvasColumn
from ui.panels.translation.kernel_card import KernelCard
from ui.panels.translation.maps_view import MapsView
from ui.panels.translation.sweep_column import SweepColumn
from ui.panels.translation.toolbar import Toolbar
from ui.panels.translation.winners_view import WinnersView
from ui.theme import Theme
from ui.tiles.stage_strip import StageStrip

_NARROW = 778
"""Width in pixels at scale 1 below which the sweep goes below the other columns."""


class Sections:
    """Builds the parts: choices on top, the stages below them, then three columns that use the whole height.

    Parameters
    ----------
    panel : QWidget
        The panel; it lays out `scroll_area`.
    """

    def __init__(self, panel: QWidget) -> None:
        self.toolbar = Toolbar()
        self.lesson = StatementBox()
        self.kernel = KernelCard()
        self.lesson_row = QWidget()
        self._lesson_layout = fill(QHBoxLayout(self.lesson_row), (self.lesson, 1), self.kernel)
        self._lesson_layout.setAlignment(self.lesson, Qt.AlignmentFlag.AlignTop)
        self.lesson_row.hide()
        self.strip = named(StageStrip(), "Stages")
        self.strip.set_about(
            "Change: ‖F′(Tx) − F′(x)‖ / ‖F′(x)‖. 0: the stage does not notice this shift of this image.\n"
            "Residual: ‖F′(Tx) − S F′(x)‖ / ‖F′(x)‖, away from the border. 0: its maps are those of the "
            "original, moved along (equivariance; a pool moves along with shifts by whole windows).\n"
            "Click a stage to see its maps and its sweep."
        )
        self._meanings = WrapLabel(
            "change 0: the stage does not notice the shift. residual 0: away from the border its maps are "
            "those of the original, moved along with the image.",
            small=True,
        )
        self.canvas = CanvasColumn()
        self.maps = MapsView()
        self.winners = WinnersView(panel)
        self.sweep = SweepColumn()
        self._sweep_box = QWidget()
        fill(QVBoxLayout(self._sweep_box), self.sweep)
        self._is_narrow: bool | None = None
        self._build_middle()
        self._build_area()
        self._set_narrow(False)

    def fit(self, width: int, theme: Theme) -> None:
        """Arrange the columns for a width of the panel."""
        self._set_narrow(width < theme.px(_NARROW))

    def highlight(self, blocks: tuple[Any, Any, Any] | None, stage: str) -> None:
        """Frame a pooling window, its cell and its pixels in the maps of a stage and in the image."""
        window, cell, pixels = (None, None, None) if blocks is None else blocks
        stages = {"pixels": pixels, "convolution": window, "activation": window}
        self.maps.grid.set_highlight(stages.get(stage, cell))
        self.canvas.canvas.set_highlight(pixels)

    def set_theme(self, theme: Theme) -> None:
        """Scale margins and gaps."""
        margin = theme.px(14)
        self._outer.setContentsMargins(margin, theme.px(10), theme.px(4), theme.px(10))
        self._outer.setSpacing(theme.px(10))
        self._columns.setHorizontalSpacing(theme.px(14))
        self._columns.setVerticalSpacing(theme.px(12))
        self._middle_layout.setSpacing(theme.px(10))
        self._lesson_layout.setSpacing(theme.px(14))
        self.sweep.setMinimumWidth(theme.px(248))
        self.canvas.setMinimumWidth(theme.px(208))

    def _build_middle(self) -> None:
        self._middle = QWidget()
        self._middle_layout = fill(QVBoxLayout(self._middle), (self.maps, 3), (self.winners, 2))

    def _build_area(self) -> None:
        content = QWidget()
        self._outer = _PlainColumn(content)
        self._columns = QGridLayout()
        fill(self._outer, self.toolbar, self.lesson_row, self.strip, self._meanings, (self._columns, 1))
        self.scroll_area = _Area()
        set_up_area(self.scroll_area, content)
        keep_bar(self.scroll_area)

    def _set_narrow(self, narrow: bool) -> None:
        if narrow == self._is_narrow:
            return
        self._is_narrow = narrow
        for part in (self.canvas, self._middle, self._sweep_box):
            self._columns.removeWidget(part)
        self._columns.addWidget(self.canvas, 0, 0)
        self._columns.addWidget(self._middle, 0, 1)
        if narrow:
            self._columns.addWidget(self._sweep_box, 1, 0, 1, 2)
        else:
            self._columns.addWidget(self._sweep_box, 0, 2)
        for column, stretch in enumerate((34, 37, 0 if narrow else 29)):
            self._columns.setColumnStretch(column, stretch)
        self._columns.setRowStretch(0, 1)
        beside, below = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self.sweep.set_direction(beside if narrow else below)


class _Area(QScrollArea):
    """Scroll area that leaves the arrow keys to the panel, which moves the image with them."""

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if arrow_step(event) is not None:
            event.ignore()
        else:
            super().keyPressEvent(event)


class _PlainColumn(QVBoxLayout):
    """Column that does not ask for a height that goes with its width.

    Its parts claim such heights as their minimums. A scroll area would make a column that asks for one as
    high as it would like to be, instead of as low as it can.
    """

    @override
    def hasHeightForWidth(self) -> bool:
        return False
