"""Where the evidence for each class comes from, on average over its test images."""

from dataclasses import replace
from typing import override

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from cnnviz.palette import signed_levels
from ui.controls.labels import SectionTitle
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.controls.scale_key import ScaleStrip
from ui.controls.segmented import SegmentedControl
from ui.panels.drawn import Drawn, TellsDrawn
from ui.panels.feature_maps.filter_search import Averages, FilterPicture
from ui.theme import Theme, follow_theme
from ui.tiles.map_grid import HeatMapGrid

_ALL, _ONE = "all", "one"


class ClassEvidenceView(TellsDrawn, QFrame):
    """One map a class, of all filters together or of the chosen one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture: FilterPicture | None = None
        self._painted: tuple[Averages | None, int | None, bool] = (None, None, False)
        self._title = SectionTitle("Average evidence of each class")
        self.scope = SegmentedControl([(_ALL, "All filters"), (_ONE, "This filter")])
        self.scope.set_option_tooltip(_ALL, "Evidence of all maps, added up cell by cell")
        self.scope.set_option_tooltip(_ONE, "Evidence of the map of the chosen filter alone")
        about = "Leave out what a blank image has there, too: what is left, the ink has brought"
        name = "Take the average evidence relative to a blank image"
        self.relative = named(QCheckBox("Relative to blank"), name, about)
        tip = (
            "For each class, the mean over its test images of value × slope of the logit at each cell (which "
            "is the weight where one dense layer follows): where the evidence for the class comes from"
        )
        self.maps = named(HeatMapGrid(), "Average evidence of each class", tip)
        self.maps.set_selectable(False)
        self.maps.set_tile_size(72, 120)
        self.scale = ScaleStrip()
        head = fill(QHBoxLayout(), (self._title, 1), self.scope)
        below = fill(QHBoxLayout(), self.scale, 1, self.relative)
        fill(QVBoxLayout(self), head, (self.maps, 1), below)
        self.scope.currentChanged.connect(self._redraw)
        self.relative.toggled.connect(self._redraw)
        self.maps.set_placeholder("Comes after the patches")
        follow_theme(self)

    def draw(self, picture: FilterPicture | None) -> None:
        """Show the averages that belong to the patches of a filter, if there are any."""
        self._picture = picture
        self.setVisible(picture is not None and picture.has_evidence)
        averages, own = (None, None) if picture is None else (picture.averages, picture.own_map)
        self.scope.set_option_enabled(_ONE, own is not None)
        channel = own if self.scope.current() == _ONE else None
        painted = (averages, channel, self.relative.isChecked())
        if painted == self._painted:
            return
        self._painted = painted
        if averages is None:
            self.maps.set_maps(None)
            self._title.set_caption("")
            return
        shown = averages.maps(channel, relative=self.relative.isChecked())
        levels = signed_levels(shown)
        self.maps.set_maps(shown, "signed", levels)
        self.maps.set_captions([f"class {name}" for name in averages.dataset.classes])
        self.scale.set_scale("signed", *levels)
        self._title.set_caption(averages.about)

    @override
    def drawn(self) -> Drawn | None:
        averages, channel, is_relative = self._painted
        if averages is None:
            return None
        maps = f"{averages.evidence.layer}, {'all filters' if channel is None else f'filter {channel}'}"
        scale = "relative to a blank image" if is_relative else "not relative to a blank image"
        return replace(averages.drawn, choices=(maps, scale))

    def choose(self, scope: str, *, relative: bool) -> None:
        """Show ``"all"`` filters together, or ``"one"``; relative to a blank image or not."""
        self.scope.set_current(_ONE if scope == _ONE else _ALL)
        self.relative.setChecked(relative)
        self.draw(self._picture)

    def set_theme(self, theme: Theme) -> None:
        """Scale the colour bar."""
        self.scale.setFixedWidth(theme.px(240))

    @Slot()
    def _redraw(self) -> None:
        self.draw(self._picture)
