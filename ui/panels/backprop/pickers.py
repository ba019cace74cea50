"""Small widgets below the maps: the whole map with the frame, and maps to choose a filter or a unit from."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.panels.backprop.contents import MapContent, PickerContent
from ui.theme import Theme, follow_theme
from ui.widgets.color_bar import ColorBar
from ui.widgets.excerpt_map import Block, OverviewMap
from ui.widgets.labels import SectionTitle
from ui.widgets.map_grid import HeatMapGrid

_CAPTIONED = 16


class Picker(QWidget):
    """Small maps to choose from, with a title and their scale.

    Signals
    -------
    picked : PickerContent, int
        What was shown, and the number of the map that was chosen.
    """

    picked = Signal(object, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._content: PickerContent | None = None
        self.title = SectionTitle("")
        self.grid = HeatMapGrid()
        self.grid.set_tile_size(44, 84)
        self.bar = ColorBar()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.title)
        layout.addWidget(self.grid, 1)
        layout.addWidget(self.bar)
        self.grid.mapSelected.connect(self._on_map_selected)

    def show_content(self, content: PickerContent | None) -> None:
        """Show other maps; hide when there are none."""
        self._content = content
        self.setVisible(content is not None)
        if content is None:
            return
        count = len(content.maps)
        self.title.set_text(content.title)
        self.title.set_caption(f"{content.current} of 0–{count - 1}")
        self.grid.set_maps(content.maps, "signed", content.levels)
        self.grid.set_captions([str(number) for number in range(count)] if count <= _CAPTIONED else [])
        self.grid.set_current(content.current)
        self.grid.setToolTip(content.tooltip)
        self.grid.setAccessibleName(content.title)
        self.bar.set_scale("signed", *content.levels)

    def _on_map_selected(self, index: int) -> None:
        if self._content is not None:
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
        self.map.setToolTip("Drag the frame, or use the arrow keys, to choose the part that is enlarged")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.title)
        layout.addWidget(self.map, 1)
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
