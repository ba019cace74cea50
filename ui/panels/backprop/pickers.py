"""Small widgets below the maps: the whole map with the frame, and maps to choose a filter or a unit from."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.cells.block import Block
from ui.cells.excerpt_map import ExcerptMap
from ui.cells.overview_map import OverviewMap
from ui.controls.labels import SectionTitle
from ui.controls.layouts import fill
from ui.panels.backprop.arithmetic import grid_of
from ui.panels.backprop.contents import MapContent, PickerContent
from ui.panels.backprop.scaled_bar import ScaledBar
from ui.theme import Theme, follow_theme
from ui.tiles.map_grid import HeatMapGrid

_CAPTIONED = 8


class Picker(QWidget):
    """Small maps to choose a filter from, or the units of a dense layer as cells; a title and the scale.

    Signals
    -------
    picked : PickerContent, int
        What was shown, and the number of the filter or unit that was chosen.
    """

    picked = Signal(object, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._content: PickerContent | None = None
        self.title = SectionTitle("")
        self.grid = HeatMapGrid()
        self.grid.set_tile_size(44, 84)
        self.cells = ExcerptMap()
        self.cells.show_lines()
        self.cells.set_max_cell(56)
        self.cells.set_alignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.bar = ScaledBar()
        fill(QVBoxLayout(self), self.title, (self.grid, 1), (self.cells, 1), self.bar, spacing=4)
        self.grid.mapSelected.connect(self._on_map_selected)
        self.cells.cellChosen.connect(self._on_cell_chosen)

    def show_content(self, content: PickerContent | None) -> None:
        """Show other maps or units; hide when there are none."""
        self._content = content
        self.setVisible(content is not None)
        if content is None:
            return
        self.title.set_text(content.title)
        self.title.set_caption(f"{content.current} of 0–{len(content.maps) - 1}")
        self.bar.set_scale("signed", content.levels)
        is_unit = content.kind == "unit"
        self.grid.setVisible(not is_unit)
        self.cells.setVisible(is_unit)
        widget = self.cells if is_unit else self.grid
        widget.setToolTip(content.tooltip)
        widget.setAccessibleName(content.title)
        if is_unit:
            self._show_units(content)
        else:
            self._show_maps(content)

    def _show_maps(self, content: PickerContent) -> None:
        count = len(content.maps)
        self.grid.set_maps(content.maps, "signed", content.levels)
        self.grid.set_captions([str(number) for number in range(count)] if count <= _CAPTIONED else [])
        self.grid.set_current(content.current)

    def _show_units(self, content: PickerContent) -> None:
        grid = grid_of(content.maps[:, 0, 0], 0)
        self.cells.set_excerpt(grid.values, None, "signed", content.levels, blank=grid.blank)
        place = grid.place((content.current,))
        self.cells.outline(() if place is None else (place,), "selected")

    def _on_map_selected(self, index: int) -> None:
        if self._content is not None:
            self.picked.emit(self._content, index)

    def _on_cell_chosen(self, row: int, col: int) -> None:
        if self._content is not None:
            index = row * self.cells.shape[1] + col
            if index < len(self._content.maps):
                self.picked.emit(self._content, index)


class Overview(QWidget):
    """The whole of a map with a frame round the part that is enlarged.

    Signals
    -------
    centerRequested : float, float
        Row and column, as fractions of the map, of the middle that the user wants.
    """

    centerRequested = Signal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = SectionTitle("Whole map")
        self.map = OverviewMap()
        self.map.set_alignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.map.setToolTip("Drag the frame, or use the arrow keys, to choose the part that is enlarged")
        fill(QVBoxLayout(self), self.title, (self.map, 1), spacing=4)
        self.map.centerRequested.connect(self._on_center_requested)
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale."""
        self.setFixedWidth(theme.px(128))

    def show_map(self, content: MapContent, block: Block, step: int = 1) -> None:
        """Show a map and frame a block of it; hide when the block is all of it."""
        values = content.grid.values
        is_part = block.rows < values.shape[0] or block.cols < values.shape[1]
        self.setVisible(is_part)
        if is_part:
            self.map.set_values(values, content.colormap, content.levels)
            self.map.set_frame(block, step)
            self.map.setAccessibleName(f"Whole map: {content.title}, {block.text()} enlarged")

    def _on_center_requested(self, row: float, col: float) -> None:
        rows, cols = self.map.shape
        self.centerRequested.emit((row + 0.5) / rows, (col + 0.5) / cols)
