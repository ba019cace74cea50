"""What a filter looks for: the test patches that excite it most and least, and the evidence of each class."""

from collections.abc import Callable
from typing import Literal, override

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from cnnviz.datasets import Dataset
from cnnviz.inspect.excitation import Patch
from cnnviz.palette import signed_levels
from cnnviz.quantities import format_power
from cnnviz.session_state import ViewValue
from cnnviz.snapshots import Snapshot
from ui.cells.linked_map import LinkedMap
from ui.controls.buttons import Button
from ui.controls.choice_field import ChoiceField
from ui.controls.labels import SectionTitle, WrapLabel
from ui.controls.layouts import fill
from ui.controls.message_bar import MessageBar
from ui.controls.naming import named
from ui.controls.scale_key import ScaleStrip
from ui.panels.analysis import Analysis
from ui.panels.drawn import Drawn, DrawnPart, TellsDrawn
from ui.panels.feature_maps.class_evidence_view import ClassEvidenceView
from ui.panels.feature_maps.filter_search import FilterPicture, FilterSearch, Findings
from ui.panels.views import Choices
from ui.state import PinnedCell
from ui.theme import Theme, follow_theme
from ui.tiles.map_thumbnails import MapThumbnails
from ui.tiles.patch_grid import PatchGrid


class LooksForView(TellsDrawn, QWidget):
    """Choose a filter on the left; patches and evidence of the classes are searched in the background.

    * `sampleRequested`: index of the test image that a patch comes from.
    * `pinRequested`: the cell that responds to the patch.
    * `channelRequested`: layer and filter that were chosen.
    """

    sampleRequested = Signal(int)
    pinRequested = Signal(object)
    channelRequested = Signal(str, int)

    def __init__(self, background: Analysis, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.search = FilterSearch(background, self)
        self._picture: FilterPicture | None = None
        self._carded: Findings | None = None  # those whose patches are painted
        self._build_widgets()
        self._build_layout()
        self._connect_signals()
        follow_theme(self)

    # -- what is shown -------------------------------------------------------------------------------------

    def show_network(self, snapshot: Snapshot | None, dataset: Dataset | None) -> None:
        """Show the filters of another moment; findings of an earlier one stay, and are marked as such."""
        self.search.show(snapshot, dataset)
        self._catch_up()

    def choose(self, layer: str, channel: int) -> None:
        """Choose a filter."""
        self.search.choose(layer, channel)
        self._catch_up()

    def view_state(self) -> dict[str, ViewValue]:
        """Return the filter, at which step it was searched last, and whose evidence is shown."""
        search = self.search
        return {
            "layer": search.layer,
            "channel": search.channel,
            "wanted": search.is_wanted,
            "searched": None if search.searched is None else search.searched.step,
            "scope": self.evidence.scope.current(),
            "relative": self.evidence.relative.isChecked(),
        }

    def restore_view(self, choices: Choices, at: Callable[[int], Snapshot | None]) -> None:
        """Choose as `view_state` said.

        * `at`: returns the network at a step; None if that is not known any more.
        """
        search = self.search
        layer = choices.text("layer", search.layers, search.layer)
        self.choose(layer, choices.whole("channel", 0, 10_000, 0))
        self.evidence.choose(choices.any_text("scope"), relative=choices.flag("relative", False))
        step = choices.whole("searched", 0, 10**9, None)
        earlier = None if step is None else at(step)
        if earlier is not None and earlier is not search.searched:
            search.begin_in(earlier)
        elif step is None and not choices.flag("wanted", True):
            search.cancel()

    @property
    def picture(self) -> FilterPicture | None:
        """What is shown."""
        return self._picture

    @override
    def drawn(self) -> Drawn | None:
        """Return the moment whose filters are shown; the patches may be of another."""
        picture = self._picture
        if picture is None:
            return None
        return Drawn.of(picture.snapshot, choices=(f"{picture.layer}, filter {picture.channel}",))

    def _patches_drawn(self) -> Drawn | None:
        found = None if self._picture is None else self._picture.findings
        return None if found is None else found.drawn

    def set_theme(self, theme: Theme) -> None:
        """Scale the spacing."""
        self._left.setFixedWidth(theme.px(216))
        self._whole.setSpacing(theme.px(24))
        self._right.setSpacing(theme.px(6))
        self.kernel.setFixedHeight(theme.px(150))

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._catch_up()

    def _catch_up(self) -> None:
        if self.isVisible():
            if self.search.is_wanted:
                self.search.begin()
            self._draw()

    # -- building ------------------------------------------------------------------------------------------

    def _build_widgets(self) -> None:
        self.message = MessageBar(self)
        tip = "Convolution layer whose filters can be chosen"
        self.layer_field = named(ChoiceField([]), "Convolution layer", tip)
        self._filter_title = SectionTitle("Filter")
        name = "Weights of the chosen filter"
        self.kernel = named(LinkedMap(), name, f"{name}, for its first input channel")
        self.kernel.set_alignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.kernel_scale = ScaleStrip()
        tip = "Click a filter to see what it looks for"
        self.filters = named(MapThumbnails(), "All filters of the layer", tip)
        self.filters.set_noun("filter")
        tip = "Search all test images with the present weights"
        self.search_button = Button("Search again", "refresh-cw", tooltip=tip)
        self.progress = named(QProgressBar(), "Progress of the search")
        self.progress.setRange(0, 100)
        self.cancel_button = Button("Cancel", tooltip="Stop the search")
        self._age = WrapLabel()
        self._most_title, self._least_title = (
            SectionTitle("Excites it most"),
            SectionTitle("Excites it least"),
        )
        tip = "Parts of the test images; click one to make its image the sample"
        self.most = named(_Patches(), "Patches that excite the filter most", tip)
        self.least = named(_Patches(), "Patches that excite the filter least", tip)
        self.most.tell = self.least.tell = self._patches_drawn
        self.evidence = ClassEvidenceView()

    def _build_layout(self) -> None:
        self._left = QWidget()
        top = (self._filter_title, self.layer_field, self.kernel, self.kernel_scale, (self.filters, 1))
        bottom = (self._age, self.progress, self.search_button, self.cancel_button)
        fill(QVBoxLayout(self._left), *top, *bottom)
        found = ((self.most, 6), self._least_title, (self.least, 6), (self.evidence, 3))
        self._right = fill(QVBoxLayout(), self._most_title, *found)
        self._whole = fill(QHBoxLayout(), self._left, (self._right, 1))
        fill(QVBoxLayout(self), self.message, (self._whole, 1))

    def _connect_signals(self) -> None:
        self.layer_field.choiceEdited.connect(self._on_layer_edited)
        self.filters.mapSelected.connect(self._on_filter_selected)
        self.search_button.clicked.connect(self.search.begin)
        self.cancel_button.clicked.connect(self.search.cancel)
        self.search.changed.connect(self._draw)
        self.search.progressed.connect(self.progress.setValue)
        self.search.failed.connect(self.message.show_error)
        self.most.patchClicked.connect(self._on_most_clicked)
        self.least.patchClicked.connect(self._on_least_clicked)

    # -- drawing -------------------------------------------------------------------------------------------

    @Slot()
    def _draw(self) -> None:
        """Show what there is now."""
        picture = self._picture = self.search.picture()
        self.layer_field.set_options([(name, name) for name in self.search.layers])
        self.layer_field.setVisible(len(self.search.layers) > 1)
        self.layer_field.set_choice(self.search.layer)
        self.evidence.draw(picture)
        self._draw_findings(picture)
        if picture is None:
            self.filters.set_maps(None)
            self.kernel.set_values(None)
            return
        weights = picture.weights
        levels = signed_levels(weights)
        self.filters.set_maps(weights[:, 0], "signed", levels)
        self.filters.set_current(picture.channel)
        self.kernel.set_values(weights[picture.channel, 0], "signed", levels)
        self.kernel_scale.set_scale("signed", *levels)
        self._filter_title.set_text(f"Filter {picture.channel}")
        unit = format_power(self.kernel.number_exponent)
        self._filter_title.set_caption(f"of {picture.layer} {unit}".rstrip())

    def _draw_findings(self, picture: FilterPicture | None) -> None:
        found = None if picture is None else picture.findings
        is_busy = picture is not None and bool(picture.under_way)
        if is_busy:
            self.message.clear()
        self.progress.setVisible(is_busy)
        self.cancel_button.setVisible(is_busy)
        self.search_button.setVisible(not is_busy)
        self.search_button.setText("Search" if found is None else "Search again")
        self._age.set_text("" if picture is None else picture.age)
        self._most_title.set_caption("" if found is None else found.count)
        placeholder = "Searching the test images…" if is_busy else "Nothing was searched yet: press Search."
        grids: tuple[tuple[PatchGrid, Literal["most", "least"]], ...]
        grids = (self.most, "most"), (self.least, "least")
        for grid, kind in grids:
            grid.set_placeholder(placeholder)
            if found is not self._carded:
                grid.set_cards(() if found is None else found.cards(kind))
        self._carded = found

    # -- events --------------------------------------------------------------------------------------------

    def _on_layer_edited(self, layer: str) -> None:
        self._choose(layer, 0)

    def _on_filter_selected(self, channel: int) -> None:
        self._choose(self.search.layer, channel)

    def _choose(self, layer: str, channel: int) -> None:
        self.choose(layer, channel)
        self.channelRequested.emit(layer, channel)

    def _on_most_clicked(self, card: int) -> None:
        self._look_at(card, "most")

    def _on_least_clicked(self, card: int) -> None:
        self._look_at(card, "least")

    def _look_at(self, card: int, part: str) -> None:
        if self._picture is None or self._picture.findings is None:
            return
        found = self._picture.findings.excitation
        patch: Patch = getattr(found, part)[card]
        self.sampleRequested.emit(patch.image)
        self.pinRequested.emit(PinnedCell(found.layer, (found.channel, patch.row, patch.column)))


class _Patches(DrawnPart, PatchGrid):
    """Patches, which may have been found at another moment than that of the page."""
