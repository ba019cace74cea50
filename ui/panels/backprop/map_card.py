"""A map with its title, its colour bar and the key of its marks."""

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cnnviz.routing import Target
from ui.panels.backprop.contents import MapContent
from ui.theme import Theme, follow_theme
from ui.widgets.color_bar import ColorBar
from ui.widgets.excerpt_map import Block, ExcerptMap
from ui.widgets.labels import SectionTitle
from ui.widgets.mark_legend import MarkLegend

#: Side of a cell, in pixels at scale 1, in which a number of three figures has room.
NUMBER_CELL = 45
_SMALLEST, _LARGEST = 4, 8
_POWERS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class MapCard(QWidget):
    """Title, map, colour bar and marks.

    Signals
    -------
    pointed : int, int
        Row and column under the pointer.
    left
        The pointer has left the map.
    chosen : Target
        What was clicked.
    resized
        The map has another size, so that another number of cells fits.
    """

    pointed = Signal(int, int)
    left = Signal()
    chosen = Signal(object)
    resized = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._content: MapContent | None = None
        self._scale = 1.0
        self.title = SectionTitle("")
        self.map = ExcerptMap()
        self.map.set_grid(True)
        self.bar = ColorBar()
        self.legend = MarkLegend()
        below = QHBoxLayout()
        below.setSpacing(12)
        below.addWidget(self.bar)
        below.addWidget(self.legend, 1)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)
        self._head = QHBoxLayout()
        self._head.setSpacing(8)
        self._head.addWidget(self.title, 1)
        self._layout.addLayout(self._head)
        self._layout.addWidget(self.map, 1)
        self._layout.addLayout(below)
        self.map.cellPointed.connect(self.pointed)
        self.map.cellLeft.connect(self.left)
        self.map.cellChosen.connect(self._on_chosen)
        self.map.installEventFilter(self)
        follow_theme(self)

    def content(self) -> MapContent | None:
        """What is shown."""
        return self._content

    def set_theme(self, theme: Theme) -> None:
        """Scale."""
        self._scale = theme.scale

    def add_to_title(self, widget: QWidget) -> None:
        """Put a control at the right of the title."""
        self._head.addWidget(widget)

    def fitting_side(self) -> int:
        """How many cells with numbers fit along a side of the map."""
        side = min(self.map.width(), self.map.height())
        return min(max(int(side // (NUMBER_CELL * self._scale)), _SMALLEST), _LARGEST)

    def show_map(self, content: MapContent, block: Block | None) -> None:
        """Show a block of a map; the whole of it when None."""
        self._content = content
        whole = content.is_whole
        self.map.set_excerpt(
            content.grid.values,
            None if whole else block,
            content.colormap,
            content.levels,
            hatched=content.hatched,
            struck=content.struck,
            blank=content.grid.blank,
        )
        self.map.setToolTip(content.tooltip)
        self.map.setAccessibleName(f"{content.title}, {content.caption}")
        self.title.set_text(content.title)
        self.title.set_caption(content.caption + unit_text(self.map.number_exponent))
        self.title.setToolTip(content.tooltip)
        self.bar.set_scale(content.colormap, *content.levels)
        self.legend.set_marks(content.marks)
        for role in ("receptive", "winner"):
            self.map.outline_blocks(dict(content.outlines).get(role, ()), role)

    def outline_cell(self, cell: tuple[int, int] | None, role: str) -> None:
        """Outline one cell of the whole map, or none."""
        self.map.outline(() if cell is None else (cell,), role)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Tell when the map has another size."""
        if event.type() == QEvent.Type.Resize:
            self.resized.emit()
        return super().eventFilter(watched, event)

    def _on_chosen(self, row: int, col: int) -> None:
        target: Target | None = None if self._content is None else self._content.target(row, col)
        if target is not None:
            self.chosen.emit(target)


def unit_text(exponent: int) -> str:
    """Unit of the numbers in a map, such as " × 10⁻⁴"; "" for 1."""
    return "" if exponent == 0 else f" × 10{str(exponent).translate(_POWERS)}"
