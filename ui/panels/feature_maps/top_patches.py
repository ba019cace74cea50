"""Images that excite a filter: the page, and the search of the test images in the background."""

from collections.abc import Callable
from dataclasses import replace
from typing import override

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cnnviz._types import View, ViewValue
from cnnviz.datasets import Dataset
from cnnviz.drawing import Ask, Box, Drawing, Look, Share
from cnnviz.drawing.page import Page, across, down, page_drawn
from cnnviz.graphics.columns import EVIDENCE, Plan, plan_of
from cnnviz.inspect.excitation import class_contributions, exciting_patches
from cnnviz.snapshots import Snapshot
from ui.choices import kept, read
from ui.controls.layouts import fill, scaled
from ui.controls.message_bar import MessageBar
from ui.page_view import PageView
from ui.panels.feature_maps.asks import Choose
from ui.panels.feature_maps.filter_pages import (
    CancelSearch,
    FilterPicture,
    FilterView,
    Findings,
    Search,
    ShowFilter,
    evidence_page,
    filter_page,
    patches_page,
)
from ui.panels.provenance import HasProvenance, Provenance
from ui.tasks import Context, TaskRunner

_LEFT, _LEAST = 216, 200
_COUNT = 8  # of the patches of either kind
_PATCHES, _AVERAGES = "looks-for", "class-evidence"  # what is searched in the background, and then averaged
_DOING = {_PATCHES: "Searching the test images", _AVERAGES: "Averaging the evidence"}


class _Part(HasProvenance, PageView):
    """What was found, which may be of another moment than the page."""


class TopPatchesView(HasProvenance, QWidget):
    """A filter on the left; patches and evidence of the classes beside it, of the moment of their search.

    * `answer`: is told of the filter that was chosen, and of the patch to look at.
    """

    def __init__(self, background: TaskRunner, answer: Callable[[Ask], object]) -> None:
        super().__init__()
        self._background, self._others = background, answer
        self._snapshot: Snapshot | None = None
        self._dataset: Dataset | None = None
        self._plan: Plan | None = None
        self._findings: Findings | None = None
        self._is_wanted = True  # whether the filter is still to be searched
        self._view, self._share = FilterView(), 0.0
        self.picture: FilterPicture | None = None
        self.message = MessageBar(self)
        self.filter = PageView(self.answer, _LEAST, copies=True)
        self.patches, self.evidence = _Part(self.answer, _LEAST), _Part(self.answer, 120)
        self.patches.tell, self.evidence.tell = self._patches_drawn, self._evidence_drawn
        right = fill(QVBoxLayout(), (self.patches, 9), (self.evidence, 4))
        scaled(self.filter.setFixedWidth, _LEFT)
        fill(QVBoxLayout(self), self.message, (fill(QHBoxLayout(), self.filter, (right, 1), spacing=24), 1))
        self._draw()  # from the first on, so that its controls are found by their names

    # -- what is shown -------------------------------------------------------------------------------------

    def show_network(self, snapshot: Snapshot | None, dataset: Dataset | None) -> None:
        """Show another moment: what was found stays, unless it is of another run or of other data."""
        before, plan = self._snapshot, None if snapshot is None else plan_of(snapshot.network)
        is_same = snapshot is not None and before is not None and snapshot.run_id == before.run_id
        if not is_same or plan is not self._plan or dataset is not self._dataset:
            self._stop()
            self._findings = None
            self._is_wanted = True
        self._snapshot, self._dataset, self._plan = snapshot, dataset, plan
        self.choose(self._view.layer, self._view.channel)

    def choose(self, layer: str, channel: int) -> None:
        """Choose a filter, or one that the network has."""
        layers = () if self._plan is None else self._plan.convolutions
        if layer not in layers:
            layer, channel = next(iter(layers), ""), 0
        if self._snapshot is not None and layer:
            channel = min(channel, len(self._snapshot.network.params[f"{layer}.weight"]) - 1)
        if (layer, channel) != (self._view.layer, self._view.channel):
            self._view, self._is_wanted = replace(self._view, layer=layer, channel=channel), True
        self._catch_up()

    def view_state(self) -> dict[str, ViewValue]:
        """Return the filter, and whose evidence is shown."""
        return kept(self._view, "filter.")

    def restore_view(self, view: View) -> None:
        """Choose as `view_state` said; the filter is searched anew."""
        found = read(FilterView, view, "filter.")
        self._view = replace(found, layer=self._view.layer, channel=self._view.channel)
        self.choose(found.layer, found.channel)

    @override
    def provenance(self) -> Provenance | None:
        """Return the moment whose filters are shown; the patches may be of another."""
        return None if self.picture is None else Provenance.of(self.picture.snapshot, choices=(self._filter,))

    @property
    def _filter(self) -> str:
        return f"{self._view.layer}, filter {self._view.channel}"

    def _patches_drawn(self) -> Provenance | None:
        found = None if self.picture is None else self.picture.findings
        if found is None:
            return None
        note = f"searched in {found.count}"
        return Provenance.of(found.snapshot, note=note, what="patches", choices=(self._filter,))

    def _evidence_drawn(self) -> Provenance | None:
        found = None if self.picture is None else self.picture.findings
        if self.picture is None or found is None or found.evidence is None:
            return None
        channel, note = self.picture.evidence_map, f"mean over {found.count}"
        maps = f"{found.evidence.layer}, {'all filters' if channel is None else f'filter {channel}'}"
        scale = "relative to a blank image" if self._view.is_relative else "not relative to a blank image"
        return Provenance.of(found.snapshot, note=note, what="evidence", choices=(maps, scale))

    def figure(self, look: Look) -> Drawing:
        """Filter, patches and evidence, for paper."""
        left = filter_page(self.picture, self._share).body
        found = [replace(patches_page(self.picture).body, room=Share(9))]
        if self.picture is not None and self.picture.has_evidence:
            found.append(replace(evidence_page(self.picture).body, room=Share(4)))
        both = across(replace(left, room=_LEFT), down(*found), gap=24)
        return page_drawn(Page(both), Box(0, 0, self.width(), self.height()), look)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._catch_up()

    def _catch_up(self) -> None:
        if self.isVisible() and self._is_wanted:
            self.begin()
        self._draw()

    def _draw(self) -> None:
        picture = self.picture = self._picture()
        if picture is not None and picture.under_way:
            self.message.clear()
        self.patches.show_page(patches_page(picture))
        self.evidence.setVisible(picture is not None and picture.has_evidence)
        if picture is not None and picture.has_evidence:
            self.evidence.show_page(evidence_page(picture))
        self.filter.show_page(filter_page(picture, self._share))

    def _picture(self) -> FilterPicture | None:
        """What there is to be shown; None while there is no network with filters."""
        found, view = self._findings, self._view
        if self._snapshot is None or self._plan is None or not view.layer:
            return None
        own = None if found is None else (found.excitation.layer, found.excitation.channel)
        found = found if own == (view.layer, view.channel) else None
        under_way = next((words for kind, words in _DOING.items() if self._background.is_busy(kind)), "")
        return FilterPicture(self._snapshot, self._plan, view, found, under_way)

    def answer(self, ask: Ask) -> None:
        match ask:
            case Search():
                self.begin()
            case CancelSearch():
                self._stop()
                self._is_wanted = False
                self._draw()
            case Choose(name, value):
                self._view = replace(self._view, **{name: value})
                self._draw()
            case ShowFilter(layer, channel):
                self.choose(layer, channel)
                self._others(ask)
            case _:
                self._others(ask)

    # -- the search ----------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Search in the network that is shown, and then average its evidence."""
        snapshot, dataset, view = self._snapshot, self._dataset, self._view
        if snapshot is None or dataset is None or not view.layer:
            return
        self._is_wanted = False
        self._background.cancel(_AVERAGES)

        def search(context: Context) -> Findings:
            of, images = (view.layer, view.channel, _COUNT), dataset.test_images
            found = exciting_patches(snapshot.network, images, *of, progress=context.report)
            return Findings(snapshot, dataset, found)

        self._submit(_PATCHES, search)

    def _on_found(self, found: Findings) -> None:
        before, plan = self._findings, self._plan
        if before is not None and before.snapshot is found.snapshot and found.evidence is None:
            found = replace(found, evidence=before.evidence)  # it is of all filters
        self._findings = found
        column = None if plan is None else plan.column(EVIDENCE)

        def average(context: Context) -> Findings:
            assert column is not None
            network, data = found.snapshot.network, found.dataset
            told = network, data.test_images, data.test_labels, column.stage
            return replace(found, evidence=class_contributions(*told, progress=context.report))

        if column is not None and found.evidence is None:
            self._submit(_AVERAGES, average)
        self._draw()

    def _submit(self, kind: str, function: Callable[[Context], Findings]) -> None:
        self._share = 0.0
        self._background.submit(kind, function, self._on_found, self._on_failed, self._on_progressed)
        self._draw()

    def _stop(self) -> None:
        self._background.cancel(_PATCHES)
        self._background.cancel(_AVERAGES)

    def _on_failed(self, message: str) -> None:
        self.message.show_error(message)
        self._draw()

    def _on_progressed(self, share: float) -> None:
        self._share = share
        self.filter.show_page(filter_page(self.picture, share))
