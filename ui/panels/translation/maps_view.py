"""The middle of the panel: maps of the chosen stage, before and after."""

from dataclasses import replace
from typing import override

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ui.controls.buttons import IconButton
from ui.controls.labels import SectionTitle
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.controls.segmented import SegmentedControl
from ui.panels.drawn import Drawn, TellsDrawn
from ui.panels.translation.picture import MOVED, Picture
from ui.panels.translation.stages import stage_title
from ui.theme import Theme, follow_theme
from ui.tiles.pair_grid import PairGrid
from ui.tiles.pair_image import MapPair
from ui.tiles.pair_key import PairKey

_ENLARGE = "Show the chosen filter alone and large. Page Up and Page Down choose another."
_SHOW_ALL = "Show all filters"


class MapsView(TellsDrawn, QWidget):
    """Maps of one stage: all channels small, or one large; against the original's maps, or these moved along.

    Parameters
    ----------
    parent : QWidget, optional
    """

    channelChosen = Signal(int)
    movedAlongChosen = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._caption = ""
        self._result: Picture | None = None
        self._build_widgets()
        self._build_layout()
        self.grid.channelSelected.connect(self.channelChosen)
        self.enlarge.clicked.connect(self._on_enlarge_clicked)
        self.against.currentChanged.connect(self._on_against_changed)
        follow_theme(self)

    def show_result(self, result: Picture) -> None:
        """Show the maps of the chosen stage."""
        self._result = result
        view = result.view
        self.grid.set_view(view.pair)
        self.against.set_current("moved" if view.moved_along else "original")
        pair = map_pair(result)
        channels, rows, cols = pair.shape
        noun = "channel" if view.stage == "pixels" else "filter"
        self._title.set_text(stage_title(result.subject.network, view.block, view.stage))
        many = f"{channels} {noun}s" if channels > 1 else f"1 {noun}"
        self._caption = f"{many}, {rows} × {cols}"
        self._show_caption()
        self.enlarge.setVisible(channels > 1)
        self.grid.set_caption(noun)
        self.grid.set_current(min(view.channel, channels - 1))
        self.grid.set_pair(pair)
        self.key.set_pair(pair, view.pair)

    @override
    def drawn(self) -> Drawn | None:
        """Return what the maps depend on, with the filter where it is shown alone."""
        if self._result is None:
            return None
        told = self._result.drawn_of_maps
        alone = (f"filter {self.grid.current()}",) if self.grid.is_alone() and self.grid.count > 1 else ()
        return replace(told, choices=(*told.choices, *alone))

    def show_alone(self, alone: bool) -> None:
        """Show the chosen filter alone and large, or all of them."""
        self.grid.set_alone(alone)
        self.enlarge.set_icon(*(("grid-3x3", _SHOW_ALL) if alone else ("maximize", _ENLARGE)))

    def set_theme(self, theme: Theme) -> None:
        """Scale the gaps."""
        self._layout.setSpacing(theme.px(6))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_caption()

    def _show_caption(self) -> None:
        """Write the caption where there is room for all of it; the tool tip of the maps has it always."""
        title = self.fontMetrics().horizontalAdvance(f"{self._title.text()}  {self._caption}MM")
        room = self.width() - self.against.sizeHint().width() - self._versus.sizeHint().width()
        self._title.set_caption(self._caption if title < room else "")
        self.grid.set_about(f"{self._title.text()}: {self._caption}. Click a map to choose its filter.")

    def _build_widgets(self) -> None:
        self._title = SectionTitle("Maps")
        self.enlarge = IconButton("maximize", _ENLARGE)
        self.enlarge.setProperty("kind", "quiet")
        self.against = SegmentedControl([("original", "original"), ("moved", "moved")])
        self.against.setAccessibleName("What the shifted image's maps are compared with")
        self.against.set_option_tooltip(
            "original",
            "Invariance: compare F′(Tx), the maps of the shifted image, with F′(x), those of the original. "
            "No difference: the stage does not notice the shift.",
        )
        self.against.set_option_tooltip(
            "moved",
            "Equivariance: compare F′(Tx) with S F′(x), the original's maps moved as far as the image. "
            "No difference: the maps have moved along. Cells without a counterpart are covered.",
        )
        self._versus = named(QLabel("vs"), role="muted")
        self._versus.setBuddy(self.against)
        self.grid = named(PairGrid(), "Maps of the chosen stage")
        self.grid.set_placeholder("The maps appear when the network and the images are there.")
        self.key = PairKey()
        self.key.setToolTip("Full strength: the largest magnitude of both images, the same for all filters")

    def _build_layout(self) -> None:
        header = fill(QHBoxLayout(), (self._title, 1), self._versus, self.against)
        row = fill(QHBoxLayout(), (self.key, 1), self.enlarge)
        self._layout = fill(QVBoxLayout(self), header, (self.grid, 1), row)

    @Slot()
    def _on_enlarge_clicked(self) -> None:
        self.show_alone(not self.grid.is_alone())

    @Slot(str)
    def _on_against_changed(self, key: str) -> None:
        self.movedAlongChosen.emit(key == "moved")


def map_pair(result: Picture) -> MapPair:
    """Maps of the chosen stage as they are to be compared."""
    view = result.view
    stage = result.comparison.stages[view.stage]
    before, after = stage.features(view.relative)
    colormap = "grey" if view.stage == "pixels" and view.relative else ""
    if not view.moved_along:
        return MapPair(before, after, colormap)
    return MapPair(stage.expected(view.relative), after, colormap, _block_of(stage.interior), MOVED)


def _block_of(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Rectangle of the cells of a mask: row, column, rows, columns."""
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return 0, 0, 0, 0
    return int(rows[0]), int(cols[0]), rows.size, cols.size
