"""What a filter looks for: the search of the test images, and a picture of what it has found where."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from cnnviz._types import FloatArray
from cnnviz.datasets import Dataset
from cnnviz.drawing import Ask, Colors
from cnnviz.drawing.kept import kept
from cnnviz.graphics import patches
from cnnviz.graphics.columns import EVIDENCE, Plan, plan_of
from cnnviz.graphics.tiles import Tiles
from cnnviz.inspect.excitation import (
    ClassContributions,
    Excitation,
    Patch,
    class_contributions,
    exciting_patches,
)
from cnnviz.quantities import format_cell, format_count, format_signed, format_together
from cnnviz.snapshots import Snapshot
from ui.panels.provenance import Provenance
from ui.state import PinnedCell
from ui.tasks import Context, TaskRunner

PATCHES = 8
"""How many patches of either kind are shown."""

_PATCHES, _AVERAGES = "looks-for", "class-evidence"


class LookAtPatch(Ask):
    """Make the image of a patch the sample, and pin the cell that responds to it."""

    image: int
    cell: PinnedCell


@dataclass(frozen=True, eq=False)
class Findings:
    """The patches of one filter, in which network and in whose test images they were searched."""

    snapshot: Snapshot
    dataset: Dataset
    excitation: Excitation

    @property
    def provenance(self) -> Provenance:
        """What is to be seen where this is drawn."""
        note = f"searched in {format_count(len(self.dataset.test_labels))} test images"
        own = f"{self.excitation.layer}, filter {self.excitation.channel}"
        return Provenance.of(self.snapshot, note=note, what="patches", choices=(own,))

    @property
    def count(self) -> str:
        """How many images were searched, in words."""
        return f"of {format_count(len(self.dataset.test_labels))} test images, at most one patch each"

    @kept
    def patches(self, kind: Literal["most", "least"]) -> patches.Patches:
        """The patches that excite the filter most, or least."""
        data, own = self.dataset, self.excitation
        found: tuple[Patch, ...] = getattr(own, kind)
        texts = format_together([patch.value for patch in found], 3, format_signed, longest=8)
        cards: list[patches.Patch] = []
        for patch, text in zip(found, texts, strict=True):
            name, shared = data.classes[int(data.test_labels[patch.image])], ""
            if patch.images_count > 1:  # others may hold it, too, beside a stronger one
                superlative = "strongest" if kind == "most" else "weakest"
                shared = (
                    f" Found as the {superlative} patch of {format_count(patch.images_count)} images, "
                    "pixel by pixel; this is the first of them."
                )
            where, response = format_cell((patch.row, patch.column)), format_signed(patch.value, 4)
            tip = f"Test image {format_count(patch.image)}, class {name}: response {response} at {where}."
            tip += shared
            place = patch.rectangle
            block = (place.top, place.left, place.height, place.width)
            ask = LookAtPatch(patch.image, PinnedCell(own.layer, (own.channel, patch.row, patch.column)))
            image = data.test_images[patch.image, 0]
            cards.append(patches.Patch(patch.pixels[0], image, block, text, tip, patch.images_count, ask))
        return patches.Patches(tuple(cards))


@dataclass(frozen=True, eq=False)
class Averages:
    """The average evidence of each class, and what it was measured on."""

    snapshot: Snapshot
    dataset: Dataset
    evidence: ClassContributions

    @property
    def provenance(self) -> Provenance:
        """What is to be seen where this is drawn."""
        note = f"mean over {format_count(len(self.dataset.test_labels))} test images"
        return Provenance.of(self.snapshot, note=note, what="evidence")

    @property
    def about(self) -> str:
        """Whose evidence it is, and for what."""
        network, names = self.snapshot.network, self.dataset.classes
        single = network.shapes[network.layers[-1][0]][0] == 1
        whose = f"class {names[1]}" if single else "the class"
        return f"contributions of {self.evidence.layer}, red speaks for {whose}"

    def maps(self, channel: int | None, *, relative: bool = False) -> NDArray[np.float64]:
        """Maps of shape (classes, h, w): those of one filter, or the sum over all when None."""
        maps = self.evidence.maps - self.evidence.blank if relative else self.evidence.maps
        if maps.ndim != 4:  # units without rows and columns
            return maps[:, None, :]
        return maps.sum(axis=1) if channel is None else maps[:, min(channel, maps.shape[1] - 1)]

    @kept
    def tiles(self, channel: int | None, is_relative: bool) -> Tiles:
        """The same, one for each class."""
        maps = self.maps(channel, relative=is_relative)
        names, colors = tuple(self.dataset.classes), Colors.of("signed", maps)
        return Tiles(maps, colors, captions=names, title="Average evidence", most=120)


@dataclass(frozen=True, eq=False)
class FilterPicture:
    """A filter of the network that is shown, what was found of it, and the evidence where it was."""

    snapshot: Snapshot
    plan: Plan
    layer: str
    channel: int
    findings: Findings | None
    averages: Averages | None
    under_way: str

    @property
    def weights(self) -> FloatArray:
        """Weights of the whole layer, of shape (filters, c, k, k)."""
        return self.snapshot.network.params[f"{self.layer}.weight"]

    @property
    def has_evidence(self) -> bool:
        """Whether the network has maps whose cells speak for classes."""
        return self.plan.column(EVIDENCE) is not None

    @property
    def own_map(self) -> int | None:
        """Map of the filter in the evidence; None if it belongs to another layer."""
        return self.channel if self.plan.convolutions[-1:] == (self.layer,) else None


class FilterSearch(QObject):
    """Which filter is looked at in which network, and the search for what it looks for.

    Patches and evidence of the classes are searched in the background, the evidence behind the patches.

    * `is_wanted`: whether the filter is still to be searched.
    * `searched`: the network in which the search that was begun last has searched.
    """

    #: Something has been found, or a search has begun or ended.
    changed = Signal()
    #: Which share has been searched.
    progressed = Signal(float)
    #: Why nothing could be found.
    failed = Signal(str)

    def __init__(self, background: TaskRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._background = background
        self._dataset: Dataset | None = None
        self._plan: Plan | None = None
        self._findings: Findings | None = None
        self._averages: Averages | None = None
        self.snapshot: Snapshot | None = None
        self.layer, self.channel = "", 0
        self.searched: Snapshot | None = None
        self.is_wanted = True

    @property
    def layers(self) -> tuple[str, ...]:
        """Convolutions whose filters can be chosen."""
        return () if self._plan is None else self._plan.convolutions

    def picture(self) -> FilterPicture | None:
        """What there is to be shown; None while there is no network with filters."""
        snapshot, plan, found, averages = self.snapshot, self._plan, self._findings, self._averages
        if snapshot is None or plan is None or not self.layer:
            return None
        own = None if found is None else (found.excitation.layer, found.excitation.channel)
        found = found if own == (self.layer, self.channel) else None
        if found is None or averages is None or averages.snapshot is not found.snapshot:
            averages = None
        doing = {_PATCHES: "Searching the test images", _AVERAGES: "Averaging the evidence"}
        under_way = next((words for kind, words in doing.items() if self._background.is_busy(kind)), "")
        return FilterPicture(snapshot, plan, self.layer, self.channel, found, averages, under_way)

    def show(self, snapshot: Snapshot | None, dataset: Dataset | None) -> None:
        """Look at another moment: what was found stays, unless it is of another run or of other data."""
        plan, searched = None if snapshot is None else plan_of(snapshot.network), self.searched
        is_replaced = plan is None or plan is not self._plan or dataset is not self._dataset
        if snapshot is not None and searched is not None:
            is_replaced |= searched.run_id != snapshot.run_id
        self.snapshot, self._dataset, self._plan = snapshot, dataset, plan
        if is_replaced:
            self._stop()
            self._findings = self._averages = self.searched = None
            self.is_wanted = True
            if self.layer not in self.layers:
                self.layer, self.channel = (self.layers[0] if self.layers else ""), 0
        if snapshot is not None and self.layer:
            self.channel = min(self.channel, len(snapshot.network.params[f"{self.layer}.weight"]) - 1)

    def choose(self, layer: str, channel: int) -> None:
        """Choose a filter."""
        if (layer, channel) != (self.layer, self.channel):
            self.layer, self.channel = layer, channel
            self.is_wanted = True
            self.show(self.snapshot, self._dataset)

    def begin(self) -> None:
        """Search in the network that is shown."""
        snapshot, dataset, layer, channel = self.snapshot, self._dataset, self.layer, self.channel
        if snapshot is None or dataset is None or not layer:
            return
        self.is_wanted, self.searched = False, snapshot
        self._background.cancel(_AVERAGES)

        def search(context: Context) -> Findings:
            of, images = (layer, channel, PATCHES), dataset.test_images
            found = exciting_patches(snapshot.network, images, *of, progress=context.report)
            return Findings(snapshot, dataset, found)

        self._submit(_PATCHES, search, self._on_found)

    def cancel(self) -> None:
        """Stop the search."""
        self._stop()
        self.is_wanted = False
        self.searched = None if self._findings is None else self._findings.snapshot
        self.changed.emit()

    def _stop(self) -> None:
        self._background.cancel(_PATCHES)
        self._background.cancel(_AVERAGES)

    def _submit[T](self, kind: str, function: Callable[[Context], T], done: Callable[[T], None]) -> None:
        self._background.submit(kind, function, done, self._on_failed, self.progressed.emit)
        self.progressed.emit(0.0)
        self.changed.emit()

    def _on_found(self, findings: Findings) -> None:
        if findings.dataset is self._dataset:
            self._findings = findings
            self._average(findings.snapshot, findings.dataset)
            self.changed.emit()

    def _average(self, snapshot: Snapshot, dataset: Dataset) -> None:
        """Average the evidence, unless that has been done for these weights."""
        column = None if self._plan is None else self._plan.column(EVIDENCE)
        if column is None or (self._averages is not None and self._averages.snapshot is snapshot):
            return

        def average(context: Context) -> Averages:
            told = snapshot.network, dataset.test_images, dataset.test_labels, column.stage
            return Averages(snapshot, dataset, class_contributions(*told, progress=context.report))

        self._submit(_AVERAGES, average, self._on_averaged)

    def _on_averaged(self, averages: Averages) -> None:
        if averages.dataset is self._dataset:
            self._averages = averages
        self.changed.emit()

    def _on_failed(self, message: str) -> None:
        self.failed.emit(message)
        self.changed.emit()
