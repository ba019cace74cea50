"""The filters of a convolution layer, as they are at the shown moment."""

import numpy as np
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cnnviz._types import FloatArray
from cnnviz.layers import Conv2D
from cnnviz.palette import signed_levels
from cnnviz.quantities import format_count, format_value
from cnnviz.session_state import ViewValue
from cnnviz.snapshots import Snapshot
from ui.controls.choice_field import ChoiceField
from ui.controls.labels import SectionTitle
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.controls.scale_key import ScaleStrip
from ui.controls.segmented import SegmentedControl
from ui.panels.drawn import Drawn, DrawnPart
from ui.panels.views import Choices
from ui.theme import Theme, follow_theme
from ui.tiles.map_grid import HeatMapGrid

_TIP = "Weights of each filter: blue negative, white zero, red positive; all on one scale"
_TIP_OF_DIFFERENCE = "Change of each weight: blue fell, white stayed, red grew; all on one scale"
_MOMENTS = (("before", "Before"), ("now", "Now"), ("difference", "Difference"))


class _Filters(DrawnPart, HeatMapGrid):
    """The filters, which may be those of the first moment."""


class FiltersView(QWidget):
    """Filters as small signed maps on one common scale: as they are, as they began, or what has changed.

    Deeper layers show the kernels for one input channel.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: Snapshot | None = None
        self._first: Snapshot | None = None
        self._layers: tuple[str, ...] = ()
        self._build_widgets()
        self._build_layout()
        self._layer.choiceEdited.connect(self._on_layer_edited)
        self._channel.choiceEdited.connect(self._draw)
        self.moment.currentChanged.connect(self._draw)
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale."""
        self._bar.setMinimumWidth(theme.px(96))
        self._bar.set_length(theme.px(240))

    def show_moment(self, shown: Snapshot | None, first: Snapshot | None = None) -> None:
        """Show the filters of a moment, and how they have grown since the `first` moment of its run."""
        self._shown, self._first = shown, first
        described = () if shown is None else shown.network.layers
        layers = tuple(name for name, layer in described if isinstance(layer, Conv2D))
        if layers != self._layers:
            self._layers = layers
            self._layer.set_options([(name, name) for name in layers])
            self._layer.setCurrentIndex(0)
            self._layer.setVisible(len(layers) > 1)
            self._refill_channels()
        self._draw()

    def caption(self) -> str:
        """What is said about the filters."""
        return self._title.caption()

    def view_state(self) -> dict[str, ViewValue]:
        """Return the layer, the input channel and the moment that are shown."""
        channel = max(self._channel.currentIndex(), 0)
        return {"layer": self._layer.choice(), "channel": channel, "moment": self.moment.current()}

    def restore_view(self, choices: Choices) -> None:
        """Choose as `view_state` said."""
        self.moment.set_current(choices.text("moment", dict(_MOMENTS), "now"))
        if self._layers:
            self._layer.set_choice(choices.text("layer", self._layers, self._layers[0]))
            self._refill_channels()
            self._channel.setCurrentIndex(choices.whole("channel", 0, self._channel.count() - 1, 0))
            self._draw()

    def _build_widgets(self) -> None:
        self._title = SectionTitle("Filters")
        self._layer = named(ChoiceField([]), "Convolution layer", "Convolution layer whose filters are shown")
        tip = "Input channel that the shown kernels look at"
        self._channel = named(ChoiceField([]), "Input channel", tip)
        self.moment = named(SegmentedControl(list(_MOMENTS)), "Moment of the filters")
        self.moment.set_current("now")
        for key, tip in (
            ("before", "The filters when the run began, on the scale of now where that is larger"),
            ("now", "The filters at the moment that is shown"),
            ("difference", "Now minus before, on a scale of its own: weights have no unit"),
        ):
            self.moment.set_option_tooltip(key, tip)
        self.grid = named(_Filters(self), "Filters", _TIP)
        self.grid.tell = self._told
        self.grid.set_tile_size(34, 72)
        self._bar = ScaleStrip()
        for widget in (self._layer, self._channel):
            widget.hide()

    def _build_layout(self) -> None:
        header = fill(QHBoxLayout(), (self._title, 1), self._layer, self._channel)
        footer = fill(QHBoxLayout(), (self._bar, 1), self.moment)
        fill(QVBoxLayout(self), header, self.grid, footer, spacing=6)

    @Slot()
    def _draw(self) -> None:
        if self._shown is None or not self._layers:
            self.grid.set_maps(None)
            return
        name = self._layer.choice()
        weight = self._shown.network.params[f"{name}.weight"]
        channel = min(max(self._channel.currentIndex(), 0), weight.shape[1] - 1)
        shown, levels = self._of_moment(name, weight)
        maps = np.asarray(shown[:, channel], dtype=np.float64)
        self.grid.set_maps(maps, "signed", levels)
        self.grid.set_captions([str(i) for i in range(len(maps))])
        self.grid.setAccessibleName(
            f"{'Change of the filters' if self.moment.current() == 'difference' else 'Filters'} of {name}"
            + (f", input {channel}" if weight.shape[1] > 1 else "")
        )
        self.grid.setToolTip(_TIP_OF_DIFFERENCE if self.moment.current() == "difference" else _TIP)
        self._bar.set_scale("signed", *levels)
        size = f"{len(maps)} of {maps.shape[1]} × {maps.shape[2]}"
        said = self._growth(name, signed_levels(weight)[1]) or "change as you watch"
        if self._first is not None and self.moment.current() != "now":
            relation = "at" if self.moment.current() == "before" else "now minus"
            said = f"{relation} step {format_count(self._first.step)}, {said}"
        self._title.set_caption(f"{size}, {said}")

    def _told(self) -> Drawn | None:
        """Return the first moment where that is shown, else the one shown; and which kernels are."""
        if self._shown is None:
            return None
        moment, first = self.moment.current(), self._first
        channel = f", input {self._channel.currentIndex()}" if self._channel.isVisibleTo(self) else ""
        kernels = f"{self._layer.choice()}{channel}"
        if first is None or moment == "now":
            return Drawn.of(self._shown, choices=(kernels,))
        if moment == "before":
            return Drawn.of(first, choices=(kernels,))
        return Drawn.of(self._shown, choices=(f"{kernels}, minus step {format_count(first.step)}",))

    def _of_moment(self, layer: str, now: FloatArray) -> tuple[FloatArray, tuple[float, float]]:
        """Return the weights that are to be shown, and the limits of their colours."""
        before = None if self._first is None else self._first.network.params.get(f"{layer}.weight")
        if before is None or self.moment.current() == "now":
            return now, signed_levels(now)
        if self.moment.current() == "difference":
            return now - before, signed_levels(now - before)
        return before, signed_levels(before, now)

    def _growth(self, layer: str, largest: float) -> str:
        """Say how many times the largest weight has grown: the colours alone look alike at all moments."""
        before = None if self._first is None else self._first.network.params.get(f"{layer}.weight")
        if self._first is None or before is None:
            return ""
        factor = format_value(largest / signed_levels(before)[1], 2)
        if factor in ("1", "1.0"):
            return ""
        since = f" since step {format_count(self._first.step)}" if self.moment.current() == "now" else ""
        return f"largest weight ×{factor}{since}"

    def _refill_channels(self) -> None:
        if self._shown is None or not self._layers:
            return
        channels = self._shown.network.params[f"{self._layer.choice()}.weight"].shape[1]
        self._channel.set_options([(str(i), f"input {i}") for i in range(channels)])
        self._channel.setCurrentIndex(0)
        self._channel.setVisible(channels > 1)

    def _on_layer_edited(self, _name: str) -> None:
        self._refill_channels()
        self._draw()
