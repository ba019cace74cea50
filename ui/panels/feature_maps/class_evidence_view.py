"""Where the evidence for each class comes from, on average over its test images."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from cnnviz.palette import signed_levels
from ui.controls.labels import SectionTitle
from ui.controls.scale_strip import ScaleStrip
from ui.controls.segmented import SegmentedControl
from ui.panels.feature_maps.findings import Averages
from ui.theme import Theme, follow_theme
from ui.tiles.map_grid import HeatMapGrid

_ALL, _ONE = "all", "one"


class ClassEvidenceView(QFrame):
    """One map a class, of all filters together or of the chosen one.

    Parameters
    ----------
    parent : QWidget, optional
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._averages: Averages | None = None
        self._channel: int | None = None
        self._title = SectionTitle("Average evidence of each class")
        self.scope = SegmentedControl([(_ALL, "All filters"), (_ONE, "This filter")])
        self.scope.set_option_tooltip(_ALL, "Evidence of all maps, added up cell by cell")
        self.scope.set_option_tooltip(_ONE, "Evidence of the map of the chosen filter alone")
        self.maps = HeatMapGrid()
        self.maps.set_selectable(False)
        self.maps.set_tile_size(72, 120)
        self.maps.setAccessibleName("Average evidence of each class")
        self.maps.setToolTip(
            "For each class, the mean over its test images of weight × value of each cell: where the "
            "evidence for the class comes from"
        )
        self.scale = ScaleStrip()
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self.scope)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(head)
        layout.addWidget(self.maps, 1)
        layout.addWidget(self.scale)
        self.scope.currentChanged.connect(self._on_scope_changed)
        self.maps.set_placeholder("Comes after the patches")
        follow_theme(self)

    def set_averages(self, averages: Averages | None, channel: int | None) -> None:
        """Show averages.

        Parameters
        ----------
        averages : Averages or None
        channel : int or None
            Map of the chosen filter; None if the filter belongs to another layer than the evidence.
        """
        self._averages, self._channel = averages, channel
        self.scope.set_option_enabled(_ONE, channel is not None)
        self._draw()

    def averages(self) -> Averages | None:
        """What is shown."""
        return self._averages

    def choose_scope(self, scope: str) -> None:
        """Show ``"all"`` filters together, or ``"one"``."""
        self.scope.set_current(_ONE if scope == _ONE else _ALL)
        self._draw()

    def set_theme(self, theme: Theme) -> None:
        """Scale the colour bar."""
        self.scale.setFixedWidth(theme.px(240))

    def _draw(self) -> None:
        averages = self._averages
        if averages is None:
            self.maps.set_maps(None)
            self._title.set_caption("")
            return
        shown = self._chosen(averages.evidence.maps)
        levels = signed_levels(shown)
        self.maps.set_maps(shown, "signed", levels)
        names = averages.dataset.classes
        self.maps.set_captions([f"class {name}" for name in names])
        self.scale.set_scale("signed", *levels)
        network = averages.snapshot.network
        single = network.shapes[network.layers[-1][0]][0] == 1
        whose = f"class {names[1]}" if single else "the class"
        self._title.set_caption(f"contributions of {averages.evidence.layer}, red speaks for {whose}")

    def _chosen(self, maps: NDArray[np.float64]) -> NDArray[np.float64]:
        """Maps of shape (classes, h, w): those of one filter, or the sum over all."""
        if maps.ndim != 4:  # units without rows and columns
            return maps[:, None, :]
        if self.scope.current() == _ONE and self._channel is not None:
            return maps[:, min(self._channel, maps.shape[1] - 1)]
        return maps.sum(axis=1)

    def _on_scope_changed(self, _key: str) -> None:
        self._draw()
