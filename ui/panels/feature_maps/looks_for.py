"""What a filter looks for: the test patches that excite it most and least, and the evidence of each class."""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from cnnviz.datasets import Dataset
from cnnviz.excitation import ClassEvidence, Excitation, Patch, class_evidence, exciting_patches
from cnnviz.snapshots import Snapshot
from ui.analysis import Analysis, Context
from ui.panels.feature_maps.plan import EVIDENCE, Plan, plan_of
from ui.state import PinnedCell
from ui.theme import Theme, follow_theme
from ui.theme.color_maps import signed_levels
from ui.widgets.buttons import Button
from ui.widgets.choice_field import ChoiceField
from ui.widgets.labels import SectionTitle
from ui.widgets.linked_map import LinkedMap
from ui.widgets.map_grid import HeatMapGrid
from ui.widgets.map_thumbnails import MapThumbnails
from ui.widgets.message_bar import MessageBar
from ui.widgets.numbers import format_signed
from ui.widgets.patch_grid import PatchCard, PatchGrid
from ui.widgets.scale_strip import ScaleStrip
from ui.widgets.segmented import SegmentedControl

_PATCHES = 8
_ALL, _ONE = "all", "one"


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """What a search found, and where it searched."""

    snapshot: Snapshot
    dataset: Dataset
    layer: str
    channel: int
    excitation: Excitation
    evidence: ClassEvidence | None


def search(
    plan: Plan,
    snapshot: Snapshot,
    dataset: Dataset,
    layer: str,
    channel: int,
    earlier: Findings | None,
    context: Context,
) -> Findings:
    """Search all test images; for the background.

    Parameters
    ----------
    plan : Plan
    snapshot : Snapshot
    dataset : Dataset
    layer : str
    channel : int
    earlier : Findings or None
        The evidence of the classes does not depend on the filter: it is taken from here if nothing else has
        changed.
    context : Context
    """
    network, images = snapshot.network, dataset.test_images

    def is_cancelled() -> bool:
        return context.cancelled

    known = earlier is not None and earlier.snapshot is snapshot and earlier.dataset is dataset
    share = 1.0 if known else 0.4
    found = exciting_patches(
        network,
        images,
        layer,
        channel,
        _PATCHES,
        progress=lambda fraction: context.report(share * fraction),
        cancelled=is_cancelled,
    )
    column = plan.column(EVIDENCE)
    evidence = earlier.evidence if known and earlier is not None else None
    if evidence is None and column is not None:
        evidence = class_evidence(
            network,
            images,
            dataset.test_labels,
            column.stage,
            progress=lambda fraction: context.report(share + (1 - share) * fraction),
            cancelled=is_cancelled,
        )
    return Findings(snapshot, dataset, layer, channel, found, evidence)


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
        self._wanted = True  # whether the present filter is still to be searched for
        self._build_widgets()
        self._build_layout()
        self._connect_signals()
        follow_theme(self)

    # -- what is shown -------------------------------------------------------------------------------------

    def set_snapshot(self, snapshot: Snapshot | None, dataset: Dataset | None) -> None:
        """Show the filters of another moment; findings of an earlier one stay, and are marked as such."""
        replaced = self._plan is None or snapshot is None or not self._plan.describes(snapshot.network)
        replaced = replaced or dataset is not self._dataset
        self._snapshot, self._dataset = snapshot, dataset
        if replaced:
            self._background.cancel("looks-for")
            self._findings = None
            self._wanted = True
            self._plan = None if snapshot is None else plan_of(snapshot.network)
            self._refill()
            self._show_findings()
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

    def findings(self) -> Findings | None:
        """What is shown."""
        return self._findings

    def set_theme(self, theme: Theme) -> None:
        """Scale the spacing."""
        self._left.setFixedWidth(theme.px(216))
        self._whole.setSpacing(theme.px(24))
        self._right.setSpacing(theme.px(6))
        self.kernel.setFixedHeight(theme.px(150))
        self.progress.setFixedWidth(theme.px(160))

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
        self._age = QLabel()
        self._age.setProperty("role", "muted")
        self._most_title, self._least_title = (
            SectionTitle("Excites it most"),
            SectionTitle("Excites it least"),
        )
        self.most, self.least = PatchGrid(), PatchGrid()
        self.most.setAccessibleName("Patches that excite the filter most")
        self.least.setAccessibleName("Patches that excite the filter least")
        self._evidence_title = SectionTitle("Average evidence of each class")
        self.scope = SegmentedControl([(_ALL, "All filters"), (_ONE, "This filter")])
        self.scope.set_option_tooltip(_ALL, "Evidence of all maps, added up cell by cell")
        self.scope.set_option_tooltip(_ONE, "Evidence of the map of the chosen filter alone")
        self.evidence = HeatMapGrid()
        self.evidence.set_selectable(False)
        self.evidence.set_tile_size(72, 120)
        self.evidence.setAccessibleName("Average evidence of each class")
        self.evidence.setToolTip(
            "For each class, the mean over its test images of weight × value of each cell: where the evidence "
            "for the class comes from"
        )
        self.evidence_scale = ScaleStrip()

    def _build_layout(self) -> None:
        self._left = QWidget()
        left = QVBoxLayout(self._left)
        left.setContentsMargins(0, 0, 0, 0)
        for widget in (self._filter_title, self.layer_field, self.kernel, self.kernel_scale):
            left.addWidget(widget)
        left.addWidget(self.filters, 1)
        bar = QHBoxLayout()
        bar.addWidget(self.search_button)
        bar.addWidget(self.progress)
        bar.addWidget(self.cancel_button)
        bar.addWidget(self._age, 1)
        head = QHBoxLayout()
        head.addWidget(self._evidence_title, 1)
        head.addWidget(self.scope)
        self._right = QVBoxLayout()
        self._right.addLayout(bar)
        self._right.addWidget(self._most_title)
        self._right.addWidget(self.most, 6)
        self._right.addWidget(self._least_title)
        self._right.addWidget(self.least, 6)
        self._evidence_part = QFrame()
        part = QVBoxLayout(self._evidence_part)
        part.setContentsMargins(0, 0, 0, 0)
        part.addLayout(head)
        part.addWidget(self.evidence, 1)
        part.addWidget(self.evidence_scale)
        self._right.addWidget(self._evidence_part, 3)
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
        self.scope.currentChanged.connect(self._on_scope_changed)
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
            grid.set_cards([self._card(patch) for patch in patches])
        self._show_evidence()

    def _show_evidence(self) -> None:
        found = self._findings
        evidence = None if found is None else found.evidence
        self._evidence_part.setVisible(evidence is not None)
        if found is None or evidence is None:
            return
        maps, network = evidence.maps, found.snapshot.network
        last = self._plan is not None and self._plan.convolutions[-1] == found.layer
        self.scope.set_option_enabled(_ONE, last)
        if self.scope.current() == _ONE and last and maps.ndim == 4:
            shown = maps[:, min(found.channel, maps.shape[1] - 1)]
        else:
            shown = maps.sum(axis=1) if maps.ndim == 4 else maps[:, None, :]
        levels = signed_levels(shown)
        self.evidence.set_maps(shown, "signed", levels)
        names = found.dataset.classes
        self.evidence.set_captions([f"class {name}" for name in names])
        self.evidence_scale.set_scale("signed", *levels)
        single = network.shapes[network.layers[-1][0]][0] == 1
        what = f"red speaks for class {names[1]}" if single else "red speaks for the class"
        self._evidence_title.set_caption(f"contributions of {evidence.layer}, {what}")

    def _show_age(self) -> None:
        found, snapshot = self._findings, self._snapshot
        busy = self._background.is_busy("looks-for")
        self.progress.setVisible(busy)
        self.cancel_button.setVisible(busy)
        self.search_button.setVisible(not busy)
        self.search_button.setText("Search" if found is None else "Search again")
        waiting = "Searching the test images…" if busy else "Nothing was searched yet: press Search."
        for grid in (self.most, self.least):
            grid.set_placeholder(waiting)
        if busy:
            self._age.setText("")
        elif found is None or snapshot is None:
            self._age.setText("Not searched yet")
        elif found.snapshot is snapshot:
            self._age.setText(f"Searched at step {found.snapshot.step:,}")
        else:
            self._age.setText(
                f"Searched at step {found.snapshot.step:,}; the network shown is at step {snapshot.step:,}"
            )

    def _card(self, patch: Patch) -> PatchCard:
        dataset = self._dataset
        assert dataset is not None
        name = dataset.classes[int(dataset.test_labels[patch.image])]
        tip = (
            f"Test image {patch.image:,}, class {name}: response {format_signed(patch.value, 4)} at "
            f"row {patch.row}, column {patch.column}. Click to look at it."
        )
        caption = format_signed(patch.value, 3)
        place = (patch.rectangle.top, patch.rectangle.left, patch.rectangle.height, patch.rectangle.width)
        return PatchCard(patch.pixels[0], dataset.test_images[patch.image, 0], place, caption, tip)

    # -- the search ----------------------------------------------------------------------------------------

    def _search_if_wanted(self) -> None:
        if self._wanted and self._snapshot is not None and self._dataset is not None and self._layer:
            self._search()

    def _search(self) -> None:
        plan, snapshot, dataset = self._plan, self._snapshot, self._dataset
        if plan is None or snapshot is None or dataset is None:
            return
        self._wanted = False
        layer, channel, earlier = self._layer, self._channel, self._findings
        self.message.clear()
        self.progress.setValue(0)
        self._background.submit(
            "looks-for",
            lambda context: search(plan, snapshot, dataset, layer, channel, earlier, context),
            self._on_found,
            self._on_failed,
            self._on_progress,
        )
        self._show_age()

    def _on_found(self, findings: Findings) -> None:
        if findings.dataset is not self._dataset:
            return
        self._findings = findings
        self._show_findings()
        self._show_age()

    def _on_failed(self, message: str) -> None:
        self.message.show_message(message, "error")
        self._show_age()

    def _on_progress(self, fraction: float) -> None:
        self.progress.setValue(round(100 * fraction))

    def _on_cancel_clicked(self) -> None:
        self._background.cancel("looks-for")
        self._show_age()

    def _on_layer_edited(self, layer: str) -> None:
        self._choose(layer, 0)

    def _on_filter_selected(self, channel: int) -> None:
        self._choose(self._layer, channel)

    def _choose(self, layer: str, channel: int) -> None:
        self.set_filter(layer, channel)
        self.channelRequested.emit(layer, channel)

    def _on_scope_changed(self, _key: str) -> None:
        self._show_evidence()

    def _on_most_clicked(self, card: int) -> None:
        if self._findings is not None:
            self._look_at(self._findings, self._findings.excitation.most[card])

    def _on_least_clicked(self, card: int) -> None:
        if self._findings is not None:
            self._look_at(self._findings, self._findings.excitation.least[card])

    def _look_at(self, findings: Findings, patch: Patch) -> None:
        self.sampleRequested.emit(patch.image)
        self.pinRequested.emit(PinnedCell(findings.layer, (findings.channel, patch.row, patch.column)))
