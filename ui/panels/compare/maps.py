"""The same weights then, now, and their difference."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QGridLayout, QWidget

from cnnviz.palette import signed_levels
from ui.controls.labels import SectionTitle
from ui.controls.scale_key import ColorBar
from ui.theme import Theme, follow_theme
from ui.tiles.map_grid import HeatMapGrid

Maps = NDArray[np.floating]

_NAMES = ("then", "now", "difference")


class WeightMaps(QWidget):
    """Three grids of maps on one common scale that never shrinks, so that a film does not flicker.

    The difference may have a scale of its own.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._largest = 0.0
        self._own_scale = False
        self._shown: tuple[Maps, Maps] | None = None
        self.titles = [SectionTitle(text) for text in ("A", "Shown", "Difference")]
        self.grids = [HeatMapGrid(self) for _ in _NAMES]
        self.scale, self.difference_scale = ColorBar(), ColorBar()
        self._build()
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale the spacing."""
        self._layout.setHorizontalSpacing(theme.px(20))
        self._layout.setVerticalSpacing(theme.px(4))

    def set_maps(self, then: Maps, now: Maps) -> None:
        """Show the weights of two moments.

        * `then`, `now`: ndarray of shape (maps, h, w).
        """
        self._shown = (then.astype(np.float64), now.astype(np.float64))
        self._largest = max(self._largest, float(np.abs(then).max()), float(np.abs(now).max()))
        self._draw()

    def clear(self, text: str) -> None:
        """Show no maps, but what to do to get some."""
        self._shown = None
        for grid, placeholder in zip(self.grids, (text, "", ""), strict=True):
            grid.set_placeholder(placeholder)
            grid.set_maps(None)
        for title in self.titles:
            title.set_caption("")
        for bar in (self.scale, self.difference_scale):
            bar.hide()

    def reset_scale(self) -> None:
        """Let the scale begin anew, for other weights."""
        self._largest = 0.0

    def set_own_scale(self, own: bool) -> None:
        """Give the difference a scale of its own, or that of the weights."""
        self._own_scale = own
        self._draw()

    def set_steps(self, then: str, now: str) -> None:
        """Write the captions of both moments."""
        self.titles[0].set_caption(then)
        self.titles[1].set_caption(now)

    def set_change(self, text: str, details: str) -> None:
        """Write how large the difference is; `details` are its tool tip."""
        self.titles[2].set_caption(text)
        self.titles[2].setToolTip(details)

    def _draw(self) -> None:
        if self._shown is None:
            return
        then, now = self._shown
        levels = signed_levels(np.array([self._largest]))
        own = signed_levels(now - then) if self._own_scale else levels
        for grid, maps, limits in zip(
            self.grids, (then, now, now - then), (levels, levels, own), strict=True
        ):
            grid.set_maps(maps, "signed", limits)
            grid.set_captions([str(i) for i in range(len(maps))] if len(maps) <= 16 else [])
        self.scale.set_scale("signed", *levels)
        self.difference_scale.set_scale("signed", *own)
        for bar in (self.scale, self.difference_scale):
            bar.show()

    def _build(self) -> None:
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        tips = (
            "Weights at the marked moment A",
            "Weights at the moment that the timeline shows",
            "Shown minus A: red weights have grown, blue ones have fallen",
        )
        for column, (title, grid, name, tip) in enumerate(
            zip(self.titles, self.grids, _NAMES, tips, strict=True)
        ):
            grid.set_tile_size(40, 96)
            grid.set_selectable(False)
            grid.setAccessibleName(f"Weights {name}")
            grid.setToolTip(tip)
            self._layout.addWidget(title, 0, column)
            self._layout.addWidget(grid, 1, column)
            self._layout.setColumnStretch(column, 1)
        self._layout.addWidget(self.scale, 2, 0, 1, 2)
        self._layout.addWidget(self.difference_scale, 2, 2)
        self._layout.setRowStretch(1, 1)
        self.scale.setToolTip("One scale for both moments; it grows when larger weights appear")
        self.difference_scale.setToolTip("Scale of the difference")
