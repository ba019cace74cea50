"""The panel that compares two moments."""

from typing import override

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from cnnviz.inspect.comparison import comparable, parameter_changes, weight_layers, weight_maps
from cnnviz.layers import Conv2D
from cnnviz.network import Network
from cnnviz.quantities import format_count
from cnnviz.snapshots import Snapshot
from ui.controls.buttons import Button, IconButton
from ui.controls.choice_field import ChoiceField
from ui.controls.labels import SectionTitle
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.panels.compare.maps import WeightMaps
from ui.panels.compare.wording import all_changes, change_of_layer
from ui.panels.drawn import Drawn, TellsDrawn, moment_of
from ui.state import AppState
from ui.theme import LIGHT, Theme, follow_theme

#: Width of the panel, in pixels at scale 1, from which on its title and all words are shown.
_ROOM_FOR_WORDS = 760
_NOTHING = "Choose a moment on the timeline and press Mark this moment"


class ComparePanel(TellsDrawn, QFrame):
    """Weights of a marked moment A, of the moment that is shown, and the difference.

    * `referenceRequested`: compare with this moment from now on.
    * `momentRequested`: step of the moment to show.
    * `closeRequested`: hide the comparison.
    """

    referenceRequested = Signal(object)
    momentRequested = Signal(object)
    closeRequested = Signal()

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._theme = LIGHT
        self._layers: dict[str, int] = {}
        self._compared: tuple[Snapshot, Snapshot] | None = None
        self._kinds: dict[str, bool] = {}
        self.setProperty("role", "bar")
        self._build_widgets()
        self._build_layout()
        self._connect_signals()
        self.maps.clear(_NOTHING)
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale the spacing."""
        self._theme = theme
        self._layout.setContentsMargins(theme.px(12), theme.px(8), theme.px(12), theme.px(6))
        self._layout.setSpacing(theme.px(4))
        self._header.setSpacing(theme.px(8))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # The words for which there is no room are in the tool tips, too.
        roomy = self.width() >= self._theme.px(_ROOM_FOR_WORDS)
        self.title.setVisible(roomy)
        self.mark.setText("Mark this moment" if roomy else "Mark")

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._draw()

    @override
    def drawn(self) -> Drawn | None:
        """Return the moment B, compared with the moment A."""
        if self._compared is None:
            return None
        then, now = self._compared
        note = f"compared with {moment_of(then.step, then.origin, now.origin)}"
        part = f", {self.part.currentText()}" if self.part.count() > 1 else ""
        return Drawn.of(now, note=note, choices=(f"weights of {self.layer.choice()}{part}",))

    def _build_widgets(self) -> None:
        self.title = SectionTitle("Compare moments")
        self.layer = named(ChoiceField([]), "Layer to compare", "Layer whose weights are compared")
        tip = "Which of the layer's weights: those for one input channel, or those of one unit"
        self.part = named(ChoiceField([]), "Input channel or unit to compare", tip)
        tip = "Show a small difference in strong colours: on a scale of its own, which changes with it"
        self.own_scale = named(QCheckBox("Own scale"), "Own scale for the difference", tip)
        self.mark = Button(
            "Mark this moment", "pin", "", "Compare with the moment that is shown now: it becomes A"
        )
        self.go = Button("Go to A", "", "", "Show the marked moment in all panels")
        self.close_button = IconButton("close", "Close the comparison")
        self.close_button.setProperty("kind", "quiet")
        self.maps = WeightMaps()

    def _build_layout(self) -> None:
        self._header = fill(
            QHBoxLayout(),
            (self.title, 1),
            self.layer,
            self.part,
            self.own_scale,
            self.go,
            self.mark,
            self.close_button,
        )
        self._layout = fill(QVBoxLayout(self), self._header, (self.maps, 1))

    def _connect_signals(self) -> None:
        self.layer.choiceEdited.connect(self._on_layer_edited)
        self.part.choiceEdited.connect(self._on_part_edited)
        self.own_scale.toggled.connect(self.maps.set_own_scale)
        self.mark.clicked.connect(self._on_mark_clicked)
        self.go.clicked.connect(self._on_go_clicked)
        self.close_button.clicked.connect(self.closeRequested)
        self._state.snapshotChanged.connect(self._draw)
        self._state.momentChanged.connect(self._draw)
        self._state.referenceChanged.connect(self._on_reference_changed)

    @Slot()
    def _on_mark_clicked(self) -> None:
        if self._state.shown is not None:
            self.referenceRequested.emit(self._state.shown)

    @Slot()
    def _on_go_clicked(self) -> None:
        if self._state.reference is not None:
            self.momentRequested.emit(self._state.reference.snapshot.step)

    @Slot()
    def _on_reference_changed(self) -> None:
        self.maps.reset_scale()
        self._draw()

    @Slot(str)
    def _on_layer_edited(self, _layer: str) -> None:
        self._fill_parts()
        self._on_reference_changed()

    @Slot(str)
    def _on_part_edited(self, _part: str) -> None:
        self._on_reference_changed()

    @Slot()
    def _draw(self) -> None:
        if not self.isVisible():
            return
        then, now = self._pair()
        self._compared = None if then is None or now is None else (then, now)
        if then is None or now is None:
            self.maps.clear(_NOTHING)
            return
        self._fill_layers(now.network)
        self._draw_captions(then, now)
        name, part = self.layer.choice(), max(self.part.currentIndex(), 0)
        self.maps.set_maps(weight_maps(then.network, name, part), weight_maps(now.network, name, part))
        changes = parameter_changes(then.network, now.network)
        self.maps.set_change(change_of_layer(changes, name), all_changes(changes))

    def _pair(self) -> tuple[Snapshot | None, Snapshot | None]:
        """Both moments; a sensible A is asked for when there is none that fits."""
        shown, reference = self._state.shown, self._state.reference
        if shown is None:
            return None, None
        if reference is not None and comparable(reference.snapshot.network, shown.network):
            return reference.snapshot, shown
        store = self._state.history.snapshots
        # Live, the beginning is what there is most to see against.
        wanted = store[0] if self._state.follows_live and len(store) else shown
        if comparable(wanted.network, shown.network):
            # Answered by a change of the state, which draws.
            self.referenceRequested.emit(wanted)
            reference = self._state.reference
            return (None, None) if reference is None else (reference.snapshot, shown)
        return None, None

    def _draw_captions(self, then: Snapshot, now: Snapshot) -> None:
        state = self._state
        ours = state.reference is not None and state.reference.run_id == state.run.run_id
        earlier_run = "" if ours else " of an earlier run"
        live = ", live" if state.follows_live else ""
        self.maps.set_steps(
            f"step {format_count(then.step)}{earlier_run}", f"step {format_count(now.step)}{live}"
        )
        self.go.setEnabled(ours and (state.follows_live or now is not then))

    def _fill_layers(self, network: Network) -> None:
        layers = weight_layers(network)
        if layers == self._layers:
            return
        self._layers = layers
        self._kinds = {name: isinstance(layer, Conv2D) for name, layer in network.layers}
        self.layer.set_options([(name, name) for name in layers])
        self._fill_parts()
        self.maps.reset_scale()

    def _fill_parts(self) -> None:
        name = self.layer.choice()
        count, word = self._layers[name], "input" if self._kinds[name] else "unit"
        self.part.set_options([(str(index), f"{word} {index}") for index in range(count)])
        self.part.setCurrentIndex(0)
        self.part.setVisible(count > 1)
