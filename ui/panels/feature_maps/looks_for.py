"""What a filter looks for: the test patches that excite it most and least, and the evidence of each class."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from cnnviz.datasets import Dataset
from cnnviz.excitation import Patch
from cnnviz.palette import signed_levels
from cnnviz.session_state import ViewValue
from cnnviz.snapshots import Snapshot
from ui.cells.linked_map import LinkedMap
from ui.controls.buttons import Button
from ui.controls.choice_field import ChoiceField
from ui.controls.labels import SectionTitle, WrapLabel
from ui.controls.message_bar import MessageBar
from ui.controls.numbers import format_fixed, format_signed
from ui.controls.scale_strip import ScaleStrip
from ui.panels.analysis import Analysis
from ui.panels.feature_maps.class_evidence_view import ClassEvidenceView
from ui.panels.feature_maps.findings import Averages, Findings, average_evidence, find_patches
from ui.panels.feature_maps.plan import EVIDENCE, Plan, plan_of
from ui.panels.views import Choices
from ui.state import PinnedCell
from ui.theme import Theme, follow_theme
from ui.tiles.map_thumbnails import MapThumbnails
from ui.tiles.patch_grid import PatchCard, PatchGrid

_PATCHES, _AVERAGES = "looks-for", "class-evidence"


class LooksForView(QWidget):
    """Choose a filter on the left; patches and evidence of the classes are searched in the background.

    Parameters
    ----------
    background : Analysis
    parent : QWidget, optional

    Signals
    -------
    sampleRequested : int
        Index of the test image that a patch comes from.
    pinRequested : PinnedCell
        The cell that responds to the patch.
    channelRequested : str, int
        Layer and filter that were chosen.
    """

    sampleRequested = Signal(int)
    pinRequested = Signal(object)
    channelRequested = Signal(str, int)

    def __init__(self, background: Analysis, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._plan: Plan | None = None
        self._snapshot: Snapshot | None = None
        self._dataset: Dataset | None = None
        self._layer = ""
        self._channel = 0
        self._findings: Findings | None = None
        self._averages: Averages | None = None
        self._searched: Snapshot | None = None  # where the search that was begun last has searched
        self._wanted = True  # whether the present filter is still to be searched for
        self._build_widgets()
        self._build_layout()
        self._connect_signals()
        follow_theme(self)

    # -- what is shown -------------------------------------------------------------------------------------

    def set_snapshot(self, snapshot: Snapshot | None, dataset: Dataset | None) -> None:
        """Show the filters of another moment; findings of an earlier one stay, and are marked as such."""
        replaced = self._plan is None or snapshot is None or plan_of(snapshot.network) is not self._plan
        replaced = replaced or dataset is not self._dataset
        self._snapshot, self._dataset = snapshot, dataset
        if replaced:
            self._background.cancel(_PATCHES)
            self._background.cancel(_AVERAGES)
            self._findings, self._averages, self._searched = None, None, None
            self._wanted = True
            self._plan = None if snapshot is None else plan_of(snapshot.network)
            self._refill()
            self._show_findings()
            self._show_averages()
        if self.isVisible():
            self._draw_filters()
            self._search_if_wanted()
        self._show_age()

    def set_filter(self, layer: str, channel: int) -> None:
        """Choose a filter."""
        if (layer, channel) != (self._layer, self._channel):
            self._layer, self._channel = layer, channel
            self.layer_field.set_choice(layer)
            self._wanted = True
            if self.isVisible():
                self._draw_filters()
                self._search_if_wanted()

    def view_state(self) -> dict[str, ViewValue]:
        """Return the filter, at which step it was searched last, and whose evidence is shown."""
        return {
            "layer": self._layer,
            "channel": self._channel,
            "wanted": self._wanted,
            "searched": None if self._searched is None else self._searched.step,
            "scope": self.evidence.scope.current(),
        }

    def restore_view(self, choices: Choices, at: Callable[[int], Snapshot | None]) -> None:
        """Choose as `view_state` said.

        Parameters
        ----------
        choices : Choices
        at : callable
            Returns the network at a step; None if that is not known any more.
        """
        layers = () if self._plan is None else self._plan.convolutions
        self.set_filter(choices.text("layer", layers, self._layer), choices.whole("channel", 0, 10_000, 0))
        self.evidence.choose_scope(choices.any_text("scope"))
        step = choices.whole("searched", 0, 10**9, None)
        earlier = None if step is None else at(step)
        if earlier is not None and earlier is not self._searched:
            self._search_in(earlier)
        elif step is None and not choices.flag("wanted", True):
            self._wanted = False
            self._on_cancel_clicked()

    def findings(self) -> Findings | None:
        """What is shown."""
        return self._findings

    def age(self) -> str:
        """At which step it was searched, in words."""
        return self._age.text()

    def set_theme(self, theme: Theme) -> None:
        """Scale the spacing."""
        self._left.setFixedWidth(theme.px(216))
        self._whole.setSpacing(theme.px(24))
        self._right.setSpacing(theme.px(6))
        self.kernel.setFixedHeight(theme.px(150))

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up on what happened meanwhile."""
        super().showEvent(event)
        self._draw_filters()
        self._search_if_wanted()

    # -- building ------------------------------------------------------------------------------------------

    def _build_widgets(self) -> None:
        self.message = MessageBar(self)
        self.layer_field = ChoiceField([])
        self.layer_field.setAccessibleName("Convolution layer")
        self.layer_field.setToolTip("Convolution layer whose filters can be chosen")
        self._filter_title = SectionTitle("Filter")
        self.kernel = LinkedMap()
        self.kernel.setAccessibleName("Weights of the chosen filter")
        self.kernel.setToolTip("Weights of the chosen filter, for its first input channel")
        self.kernel.set_alignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.kernel_scale = ScaleStrip()
        self.filters = MapThumbnails()
        self.filters.set_noun("filter")
        self.filters.setAccessibleName("All filters of the layer")
        self.filters.setToolTip("Click a filter to see what it looks for")
        self.search_button = Button(
            "Search again", "refresh-cw", tooltip="Search all test images with the present weights"
        )
        self.progress = QProgressBar()
        self.progress.setRange(0, 100)
        self.progress.setAccessibleName("Progress of the search")
        self.cancel_button = Button("Cancel", tooltip="Stop the search")
        self._age = WrapLabel()
        self._most_title, self._least_title = (
            SectionTitle("Excites it most"),
            SectionTitle("Excites it least"),
        )
        self.most, self.least = PatchGrid(), PatchGrid()
        self.most.setAccessibleName("Patches that excite the filter most")
        self.least.setAccessibleName("Patches that excite the filter least")
        for grid in (self.most, self.least):
            grid.setToolTip("Parts of the test images; click one to make its image the sample")
        self.evidence = ClassEvidenceView()

    def _build_layout(self) -> None:
        self._left = QWidget()
        left = QVBoxLayout(self._left)
        left.setContentsMargins(0, 0, 0, 0)
        for widget in (self._filter_title, self.layer_field, self.kernel, self.kernel_scale):
            left.addWidget(widget)
        left.addWidget(self.filters, 1)
        for widget in (self._age, self.progress, self.search_button, self.cancel_button):
            left.addWidget(widget)
        self._right = QVBoxLayout()
        self._right.addWidget(self._most_title)
        self._right.addWidget(self.most, 6)
        self._right.addWidget(self._least_title)
        self._right.addWidget(self.least, 6)
        self._right.addWidget(self.evidence, 3)
        self._whole = QHBoxLayout()
        self._whole.addWidget(self._left)
        self._whole.addLayout(self._right, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.message)
        layout.addLayout(self._whole, 1)

    def _connect_signals(self) -> None:
        self.layer_field.choiceEdited.connect(self._on_layer_edited)
        self.filters.mapSelected.connect(self._on_filter_selected)
        self.search_button.clicked.connect(self._search)
        self.cancel_button.clicked.connect(self._on_cancel_clicked)
        self.most.patchClicked.connect(self._on_most_clicked)
        self.least.patchClicked.connect(self._on_least_clicked)

    def _refill(self) -> None:
        layers = () if self._plan is None else self._plan.convolutions
        self.layer_field.clear()
        for name in layers:
            self.layer_field.addItem(name, name)
        self.layer_field.setVisible(len(layers) > 1)
        if self._layer not in layers:
            self._layer, self._channel = (layers[0] if layers else ""), 0
        self.layer_field.set_choice(self._layer)

    # -- drawing -------------------------------------------------------------------------------------------

    def _draw_filters(self) -> None:
        snapshot = self._snapshot
        if snapshot is None or not self._layer:
            self.filters.set_maps(None)
            self.kernel.set_values(None)
            return
        weights = snapshot.network.params[f"{self._layer}.weight"]
        self._channel = min(self._channel, len(weights) - 1)
        levels = signed_levels(weights)
        self.filters.set_maps(weights[:, 0], "signed", levels)
        self.filters.set_current(self._channel)
        self.kernel.set_values(weights[self._channel, 0], "signed", levels)
        self.kernel_scale.set_scale("signed", *levels)
        self._filter_title.set_text(f"Filter {self._channel}")
        self._filter_title.set_caption(f"of {self._layer}")

    def _show_findings(self) -> None:
        found = self._findings
        count = 0 if self._dataset is None else len(self._dataset.test_labels)
        self._most_title.set_caption(
            "" if found is None else f"of {count:,} test images, at most one patch each"
        )
        for grid, part in ((self.most, "most"), (self.least, "least")):
            patches: tuple[Patch, ...] = () if found is None else getattr(found.excitation, part)
            largest = max((abs(patch.value) for patch in patches), default=0.0)
            grid.set_cards([self._card(patch, 2 if largest >= 1 else 3) for patch in patches])

    def _show_averages(self) -> None:
        plan = self._plan
        self.evidence.setVisible(plan is not None and plan.column(EVIDENCE) is not None)
        last = plan is not None and plan.convolutions[-1:] == (self._layer,)
        self.evidence.set_averages(self._averages, self._channel if last else None)

    def _show_age(self) -> None:
        found, snapshot = self._findings, self._snapshot
        searching = self._background.is_busy(_PATCHES)
        busy = searching or self._background.is_busy(_AVERAGES)
        self.progress.setVisible(busy)
        self.cancel_button.setVisible(busy)
        self.search_button.setVisible(not busy)
        self.search_button.setText("Search" if found is None else "Search again")
        waiting = "Searching the test images…" if searching else "Nothing was searched yet: press Search."
        for grid in (self.most, self.least):
            grid.set_placeholder(waiting)
        if busy:
            self._age.set_text("Searching the test images" if searching else "Averaging the evidence")
        elif found is None or snapshot is None:
            self._age.set_text("Not searched yet")
        elif found.snapshot is snapshot:
            self._age.set_text(f"Searched at step {found.snapshot.step:,}")
        else:
            self._age.set_text(
                f"Searched at step {found.snapshot.step:,}; the network shown is at step {snapshot.step:,}"
            )

    def _card(self, patch: Patch, decimals: int) -> PatchCard:
        dataset = self._dataset
        assert dataset is not None
        name = dataset.classes[int(dataset.test_labels[patch.image])]
        tip = (
            f"Test image {patch.image:,}, class {name}: response {format_signed(patch.value, 4)} at "
            f"row {patch.row}, column {patch.column}. Click to look at it."
        )
        caption = format_fixed(patch.value, decimals, signed=True)
        place = (patch.rectangle.top, patch.rectangle.left, patch.rectangle.height, patch.rectangle.width)
        return PatchCard(patch.pixels[0], dataset.test_images[patch.image, 0], place, caption, tip)

    # -- the search ----------------------------------------------------------------------------------------

    def _search_if_wanted(self) -> None:
        if self._wanted and self._snapshot is not None and self._dataset is not None and self._layer:
            self._search()

    def _search(self) -> None:
        if self._snapshot is not None:
            self._search_in(self._snapshot)

    def _search_in(self, snapshot: Snapshot) -> None:
        dataset, layer, channel = self._dataset, self._layer, self._channel
        if dataset is None:
            return
        self._wanted, self._searched = False, snapshot
        self.message.clear()
        self.progress.setValue(0)
        # The averages can wait: they come after the patches.
        self._background.cancel(_AVERAGES)
        self._background.submit(
            _PATCHES,
            lambda context: find_patches(snapshot, dataset, layer, channel, context),
            self._on_found,
            self._on_failed,
            self._on_progress,
        )
        self._show_age()

    def _average(self, snapshot: Snapshot, dataset: Dataset) -> None:
        """Average the evidence, unless that has been done for these weights."""
        known = self._averages
        column = None if self._plan is None else self._plan.column(EVIDENCE)
        if column is None or (known is not None and known.snapshot is snapshot):
            return
        stage = column.stage
        self.progress.setValue(0)
        self._background.submit(
            _AVERAGES,
            lambda context: average_evidence(snapshot, dataset, stage, context),
            self._on_averaged,
            self._on_failed,
            self._on_progress,
        )

    def _on_found(self, findings: Findings) -> None:
        if findings.dataset is not self._dataset:
            return
        self._findings = findings
        self._show_findings()
        self._show_averages()
        self._average(findings.snapshot, findings.dataset)
        self._show_age()

    def _on_averaged(self, averages: Averages) -> None:
        if averages.dataset is self._dataset:
            self._averages = averages
            self._show_averages()
        self._show_age()

    def _on_failed(self, message: str) -> None:
        self.message.show_message(message, "error")
        self._show_age()

    def _on_progress(self, fraction: float) -> None:
        self.progress.setValue(round(100 * fraction))

    def _on_cancel_clicked(self) -> None:
        self._background.cancel(_PATCHES)
        self._background.cancel(_AVERAGES)
        self._searched = None if self._findings is None else self._findings.snapshot
        self._show_age()

    def _on_layer_edited(self, layer: str) -> None:
        self._choose(layer, 0)

    def _on_filter_selected(self, channel: int) -> None:
        self._choose(self._layer, channel)

    def _choose(self, layer: str, channel: int) -> None:
        self.set_filter(layer, channel)
        self.channelRequested.emit(layer, channel)

    def _on_most_clicked(self, card: int) -> None:
        if self._findings is not None:
            self._look_at(self._findings, self._findings.excitation.most[card])

    def _on_least_clicked(self, card: int) -> None:
        if self._findings is not None:
            self._look_at(self._findings, self._findings.excitation.least[card])

    def _look_at(self, findings: Findings, patch: Patch) -> None:
        self.sampleRequested.emit(patch.image)
        found = findings.excitation
        self.pinRequested.emit(PinnedCell(found.layer, (found.channel, patch.row, patch.column)))
