"""The right column: one measure for every shift, as a map and against distance."""

import math
from typing import override

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from cnnviz.palette import STAGE_STYLES
from cnnviz.quantities import format_shift, format_value
from cnnviz.translation import MEASURES, OUTPUT
from ui.cells.sweep_map import SweepMap
from ui.controls.labels import ElidedLabel
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.controls.scale_key import ColorBar
from ui.controls.segmented import SegmentedControl
from ui.panels.drawn import Drawn, TellsDrawn
from ui.panels.translation.stages import stage_tiles, stage_title
from ui.panels.translation.sweep_source import SweepSource
from ui.panels.translation.sweeping import Swept
from ui.panels.translation.view import View
from ui.panels.translation.wording import ink_text
from ui.plots.plot import Plot
from ui.plots.plot_content import Line, Marker, PlotContent, limits_from_zero
from ui.state import Shift
from ui.theme import Theme, follow_theme

_MANY_HINT = "Press Start: each image is moved to {places} places and followed through all stages."
_MEASURING = "Measuring…"

_MOST = 2.0
"""Change of features that has the last colour: at √2 nothing is left in common, and a stage of a tiny image
that goes far beyond must not take the colours from all others."""

_NOTHING = PlotContent(names_at_ends=True)


class SweepColumn(TellsDrawn, QWidget):
    """Choice of the measure, map over dx and dy, curves against distance.

    Parameters
    ----------
    parent : QWidget, optional
    """

    #: Pixels to the right and down to move the image to.
    shiftSelected = Signal(int, int)
    spreadChosen = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._swept: Swept | None = None
        self._view = View()
        self._shift = Shift()
        self._pointed: tuple[int, int] | None = None
        self._build_widgets()
        self._build_layout()
        self._connect_signals()
        follow_theme(self)

    def show_view(self, view: View) -> None:
        """Show the choices in force, in the controls."""
        self.source.show_view(view)
        self.spread.set_current("spread" if view.spread else "mean")

    def show_sweep(self, swept: Swept | None, view: View, note: str = "") -> None:
        """Show the values of the measure of a view; `note` is a remark, or why there are none."""
        self._swept, self._view = swept, view
        stages = None if swept is None else swept.values[view.measure]
        stage = view.sweep_stage(MEASURES[view.measure].of_output)
        self._note.set_text(note)
        self._note.setVisible(bool(note) and swept is not None)
        if swept is None or stages is None or stage not in stages:
            self.map.set_placeholder(note or (_MANY_HINT.format(places=729) if view.many else _MEASURING))
            self.map.set_sweep(None)
            self.bar.hide()
            self.spread.hide()
            self.plot.set_content(_NOTHING)
            self._show_reading()
            return
        shown = swept.spread[view.measure] if view.many and view.spread else stages
        levels = sweep_levels(list(shown.values()))
        if not MEASURES[view.measure].of_output:
            levels = (levels[0], min(levels[1], _MOST))
        self.map.set_sweep(shown[stage], swept.dxs, swept.dys, levels, swept.ink_lost > 0)
        self.bar.set_scale("sequential", *levels)
        self.bar.show()
        self.spread.setVisible(view.many)
        self._show_curves(swept)
        self._show_reading()

    @override
    def drawn(self) -> Drawn | None:
        """Return network and image of the sweep, or what many digits stand for."""
        return None if self._swept is None else self._swept.drawn

    def show_shift(self, shift: Shift) -> None:
        """Mark where the image is."""
        self._shift = shift
        self.map.set_marked(shift.dx, shift.dy)
        self.plot.set_markers(*self._markers())
        self._show_reading()

    def reading(self) -> str:
        """Value under the pointer, or at the image's place, and how much ink is lost there."""
        return "; ".join(filter(None, (self._reading.text(), self._lost.text())))

    def set_direction(self, direction: QBoxLayout.Direction) -> None:
        """Put the curves below the map, or beside it where the panel is narrow."""
        self._halves.setDirection(direction)

    def set_theme(self, theme: Theme) -> None:
        """Scale the gaps."""
        self._layout.setSpacing(theme.px(6))
        self._halves.setSpacing(theme.px(8))

    def _build_widgets(self) -> None:
        self.source = SweepSource()
        tip = (
            "One cell a shift. Click one to move the image there; the arrow keys move it on. Outside the "
            "orange line a part of the ink has left the image."
        )
        self.map = named(SweepMap(), "Measure for every shift", tip)
        self.map.set_placeholder(_MEASURING)
        self.bar = ColorBar()
        self.spread = SegmentedControl([("mean", "Mean"), ("spread", "Spread")])
        self.spread.setAccessibleName("Mean or spread over the images")
        self.spread.set_option_tooltip("mean", "Mean over the images")
        self.spread.set_option_tooltip("spread", "Standard deviation over the images")
        self._reading, self._lost = (ElidedLabel(role="muted", widest="", small=True) for _ in range(2))
        self._note = ElidedLabel(role="muted")
        self._note.hide()
        tip = (
            "Mean over all shifts of about the same distance, all stages with the same filters. For many "
            "images the band of the chosen stage is the spread over the images. From the orange line on, "
            "some shifts push ink out of the image."
        )
        self.plot = named(Plot(), "Measure against the distance of the shift", tip)
        self.plot.set_content(_NOTHING)

    def _build_layout(self) -> None:
        key = fill(QHBoxLayout(), (self.bar, 1), self.spread, spacing=6)
        reading = fill(QVBoxLayout(), self._reading, self._lost, spacing=0)
        upper = fill(QVBoxLayout(), self.source, (self.map, 1), key, reading, self._note, spacing=4)
        self._halves = fill(QBoxLayout(QBoxLayout.Direction.TopToBottom), (upper, 11), (self.plot, 4))
        self._layout = fill(QVBoxLayout(self), self._halves)

    def _connect_signals(self) -> None:
        self.map.shiftSelected.connect(self.shiftSelected)
        self.map.shiftHovered.connect(self._on_shift_hovered)
        self.map.shiftLeft.connect(self._on_shift_left)
        self.spread.currentChanged.connect(self._on_spread_changed)

    def _show_curves(self, swept: Swept) -> None:
        view = self._view
        curves = swept.curves[view.measure]
        titles = {
            tile.key: tile.title for tile in stage_tiles(swept.network, swept.key.block, swept.key.pool_size)
        }
        titles[OUTPUT] = "Output"
        chosen = view.sweep_stage(MEASURES[view.measure].of_output)
        lines = [
            Line(
                titles[stage],
                curve.distances.astype(np.float64),
                curve.mean,
                STAGE_STYLES[stage].color,
                STAGE_STYLES[stage].dash,
                2.8 if stage == chosen else 1.4,
                curve.std if view.many else None,
                stage == chosen,
            )
            for stage, curve in curves.items()
        ]
        limits = limits_from_zero(lines)
        content = PlotContent(
            tuple(lines), self._markers(), (), "distance", "", limits, names_at_ends=True, digits=3
        )
        self.plot.set_content(content)

    def _markers(self) -> tuple[Marker, ...]:
        distance = math.hypot(self._shift.dx, self._shift.dy)
        first_loss = None if self._swept is None else self._swept.first_loss
        marks = () if first_loss is None else (Marker(first_loss, "ink leaves"),)
        return (*marks, Marker(distance, role="accent")) if distance else marks

    def _show_reading(self) -> None:
        swept, view = self._swept, self._view
        dx, dy = self._pointed or (self._shift.dx, self._shift.dy)
        stage = view.sweep_stage(MEASURES[view.measure].of_output)
        if (
            swept is None
            or stage not in swept.values[view.measure]
            or dx not in swept.dxs
            or dy not in swept.dys
        ):
            self._reading.set_text("")
            self._lost.set_text("")
            return
        place = swept.dys.index(dy), swept.dxs.index(dx)
        value = float(swept.values[view.measure][stage][place])
        text = format_value(value) if math.isfinite(value) else "not defined"
        if swept.spread and math.isfinite(value):
            text += f" ± {format_value(float(swept.spread[view.measure][stage][place]))}"
        name = stage_title(swept.network, swept.key.block, stage)
        lost = ink_text(float(swept.ink_lost[place]))
        self._reading.set_text(f"{name} at {format_shift(dx, dy)}: {text}")
        self._lost.set_text(f"{lost} of the ink lost there" if lost else "")

    @Slot(int, int)
    def _on_shift_hovered(self, dx: int, dy: int) -> None:
        self._pointed = (dx, dy)
        self._show_reading()

    @Slot()
    def _on_shift_left(self) -> None:
        self._pointed = None
        self._show_reading()

    @Slot(str)
    def _on_spread_changed(self, key: str) -> None:
        self.spreadChosen.emit(key == "spread")


def sweep_levels(stages: list[NDArray[np.floating]]) -> tuple[float, float]:
    """Limits that all stages share, from 0 or below to the largest value."""
    finite = np.concatenate([values[np.isfinite(values)] for values in stages])
    if not finite.size:
        return 0.0, 1.0
    low, high = min(float(finite.min()), 0.0), float(finite.max())
    return low, high if high > low else low + 1.0
