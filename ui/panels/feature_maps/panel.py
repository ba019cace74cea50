"""The filters and feature maps panel."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import override

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from cnnviz._types import View as PanelView
from cnnviz.covers import Secret
from cnnviz.drawing import Ask, Drawing, Look
from cnnviz.graphics.columns import Kind
from ui.choices import Choices, kept, read
from ui.controls.buttons import IconButton
from ui.controls.flow_row import FlowRow
from ui.controls.layouts import fill, named
from ui.controls.scroll_column import set_up_area
from ui.panels.contract import Panel
from ui.panels.feature_maps.explain import choice_words
from ui.panels.feature_maps.filter_pages import LookAtPatch, ShowFilter
from ui.panels.feature_maps.network_view import NetworkView
from ui.panels.feature_maps.picture import Levels, Limits, MapScene, Picture, union
from ui.panels.feature_maps.picture import picture as compute_picture
from ui.panels.feature_maps.top_patches import TopPatchesView
from ui.panels.feature_maps.view import FIXED, NETWORK, TOP_PATCHES, View
from ui.panels.provenance import Provenance
from ui.panels.scene import PictureLoop, still_scene_of
from ui.state import AppState
from ui.tasks import TaskRunner
from ui.theme import follow_theme

_REST_MS = 200
_EMPTY = "Choose a sample on the left: the network and everything it computes appear here."


class FeatureMapsPanel(Panel):
    """The network left to right with linked cells, and what each filter looks for."""

    def __init__(self, state: AppState, analysis: TaskRunner, background: TaskRunner) -> None:
        super().__init__()
        self._state = state
        self.choices = Choices(View, parent=self)
        self._levels: Levels = {}
        self._levels_of: tuple[object, ...] = ()
        self.network = NetworkView(state, self.choices)
        self.top_patches = TopPatchesView(background, self.answer)
        self._build()
        draw = self._on_picture
        self._loop = PictureLoop(self, state, analysis, "feature-maps", self._scene, compute_picture, draw)
        self.network.paged.connect(self.paged)
        for signal, slot in (
            (self.choices.changed, self._on_chosen),
            (state.coveredChanged, self._on_covered),
            (state.snapshotChanged, self._on_snapshot_changed),
            (state.pinnedChanged, self._on_pinned_changed),
            (self._loop.failed, self.message.show_error),
        ):
            signal.connect(slot)
        follow_theme(self)

    @override
    def paging(self) -> tuple[int, int]:
        (place, count), is_last = self.network.paging(), self.view.page == TOP_PATCHES
        if self._is_alone:  # the images that excite a filter are the last page
            return (count if is_last else place), count + 1
        return (0, 1) if is_last else (place, count)

    @override
    def turn_page(self, way: int) -> bool:
        (place, count), is_last = self.paging(), self.view.page == TOP_PATCHES
        if not is_last and self.network.turn_page(way):
            return True
        if not self._is_alone or not 0 <= place + way < count:
            return False
        self.show_page(NETWORK if is_last else TOP_PATCHES)
        return True

    # -- what is shown -------------------------------------------------------------------------------------

    @property
    def view(self) -> View:
        return self.choices.value

    @property
    def picture(self) -> Picture | None:
        return self.network.picture

    def show_page(self, page: str) -> None:
        self.choices.choose(page=page)

    @override
    def openers(self) -> dict[QWidget, Callable[[], object]]:
        pages = {NETWORK: self.network, TOP_PATCHES: self.top_patches}
        return {page: partial(self.show_page, name) for name, page in pages.items()}

    @override
    def provenance(self) -> Provenance | None:
        """Return network and sample of the picture that is shown, and what is chosen in it."""
        if self.stack.currentWidget() is self.top_patches:
            return self.top_patches.provenance()
        picture, network = self.picture, self.network
        if picture is None:
            return None
        words = choice_words(picture, self.view, network.marked_cell(), *network.columns())
        return Provenance.of(picture.scene.snapshot, picture.scene.sample, choices=words)

    def figure(self, look: Look) -> Drawing:
        """What the page in front shows, as one drawing."""
        if self.stack.currentWidget() is self.top_patches:
            return self.top_patches.figure(look)
        return self.network.figure(look)

    @override
    def main(self) -> QWidget | None:
        """Return the map with the marked cell, or the first one that is not folded."""
        picture, flow = self.picture, self.network.flow
        if picture is None or self.stack.currentWidget() is not self.network or flow.page is None:
            return None
        cell, leaves = self.network.marked_cell(), flow.page.leaves()
        maps = [each for each in picture.plan.columns if each.kind is Kind.MAPS and each.key in leaves]
        maps.sort(key=lambda column: cell is None or column.stage != cell.stage)
        return flow.view(maps[0].key) if maps else None

    # -- what a session keeps ------------------------------------------------------------------------------

    @override
    def view_state(self) -> PanelView:
        """Return all choices, for a session; none before the first picture."""
        waiting = self._loop.waiting_view
        if waiting is not None or self.picture is None:
            return waiting or {}
        levels = self._levels if self.view.limits == FIXED else {}
        pairs = tuple((key, tuple(pair)) for key, pair in levels.items())
        return kept(replace(self.network.view, levels=pairs)) | self.top_patches.view_state()

    @override
    def restore_view(self, view: PanelView) -> None:
        """Choose as `view_state` said, as soon as the present network and sample are drawn."""
        self._loop.when_current(view, lambda picture: self._restore(view, picture))

    def _restore(self, found: PanelView, picture: Picture) -> None:
        view, network = read(View, found), self.network
        pairs = ((key, pair) for key, pair in view.levels if len(pair) == 2 and pair[0] < pair[1])
        levels: dict[str, Limits] = {key: (float(lo), float(hi)) for key, (lo, hi) in pairs}
        if view.limits == FIXED and picture.levels.keys() <= levels.keys():
            scene = replace(picture.scene, choices=view.computed)
            self._levels, self._levels_of = levels, replace(picture, scene=scene).subject
        self.choices.take(replace(view, levels=(), part=None))
        self._draw_limits(picture)
        network.share_height()
        self.choices.choose(part=view.part)  # which is of the cell that is marked only now
        network.stay_where_scrolled()
        if isinstance(layer := found.get("filter.layer"), str) and layer:
            self.top_patches.show_network(self._state.shown, self._state.dataset)
            self.top_patches.restore_view(found)

    # -- events --------------------------------------------------------------------------------------------

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        on_network = self.stack.currentWidget() is self.network
        if on_network and event.key() == Qt.Key.Key_V and not event.modifiers():
            self.cover.click()  # which means nothing while a prediction holds the cover
        elif not (on_network and self.network.take_key(event)):
            super().keyPressEvent(event)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._on_pinned_changed()
        self._on_snapshot_changed()

    # -- building ------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.pages, self.limits = self.choices.controls["page"], self.choices.controls["limits"]
        about = "cover the maps and everything computed from them until you press it again"
        self.cover = IconButton("eye", "Predict first", about, "V")
        self.cover.setCheckable(True)
        self.cover.clicked.connect(lambda on: self.choices.choose(covers=on))
        self.network.flow.tabs_after = self.cover
        self._view_tools = QWidget()
        label = named(QLabel("Colour limits"), role="muted")
        fill(QHBoxLayout(self._view_tools), label, self.limits, self.cover)
        self.stack = QStackedWidget()
        for page in (named(QLabel(_EMPTY), role="muted"), self.network, self.top_patches):
            self.stack.addWidget(page)
        # Only a panel smaller than the smallest window, or one enlarged for a projector, has to scroll.
        scroll = QScrollArea()
        set_up_area(scroll, self.stack)
        self._top = FlowRow()
        self._top.add(self.pages, self._view_tools)
        parts = self.message, self._top, (scroll, 1)
        fill(QVBoxLayout(self), *parts, spacing=8, margins=(16, 10, 16, 6))

    @override
    def _fit(self) -> None:
        self._top.setHidden(self._is_alone)

    # -- the picture ---------------------------------------------------------------------------------------

    def _scene(self) -> MapScene | None:
        return still_scene_of(self._state, self.view.computed)

    def _on_picture(self, picture: Picture) -> None:
        is_first = self.picture is None
        self.network.draw(self._within_limits(picture))
        # The pointer comes first: while it moves, training is shown in fewer frames.
        self._loop.pace = _REST_MS if self.network.is_pointed_at() else 0
        if is_first:
            self._show_page()

    def _draw_limits(self, picture: Picture | None) -> None:
        if picture is not None and picture.scene.choices == self.view.computed:
            self.network.draw(self._within_limits(picture))

    def _within_limits(self, picture: Picture) -> Picture:
        """Return a picture with the limits in force, and let fixed ones hold its own from now on."""
        if picture.subject != self._levels_of:
            self._levels, self._levels_of = {}, picture.subject
        self._levels = union(self._levels, picture.levels)
        return replace(picture, levels=self._levels) if self.view.limits == FIXED else picture

    # -- what follows from choices and from the state --------------------------------------------------------

    def _on_chosen(self) -> None:
        self._loop.look()
        self.cover.setChecked(self.view.covers)
        self._show_page()
        self._draw_limits(self._loop.picture)
        self.network.share_height()
        self.network.redraw()

    def _on_covered(self) -> None:
        self.cover.setEnabled(not self._state.why_covered(Secret.CELLS, Secret.ROUTE, Secret.ANSWERS))
        self.network.redraw()

    def _on_pinned_changed(self) -> None:
        if self.isVisible():
            self.network.draw_pin()
            if self._state.pinned is not None and self.stack.currentWidget() is self.top_patches:
                self._choose_filter()

    def _on_snapshot_changed(self) -> None:
        if self.isVisible() and self.stack.currentWidget() is self.top_patches:
            self.top_patches.show_network(self._state.shown, self._state.dataset)

    def _show_page(self) -> None:
        is_network = self.view.page == NETWORK
        before = self.stack.currentWidget()
        if self.picture is not None:
            self.stack.setCurrentWidget(self.network if is_network else self.top_patches)
        self.paged.emit()
        self._view_tools.setVisible(is_network)
        if before is not self.top_patches and self.stack.currentWidget() is self.top_patches:
            self.top_patches.show_network(self._state.shown, self._state.dataset)
            self._choose_filter()

    def _choose_filter(self) -> None:
        """Search with the filter that the marked cell belongs to."""
        if self.picture is not None:
            plan, cell = self.picture.plan, self.network.marked_cell()
            group = (plan.group_of(cell.stage) or 1) if cell is not None else 1
            layer = plan.convolutions[min(group, len(plan.convolutions)) - 1]
            self.top_patches.choose(layer, self.view.channel(group))

    def answer(self, ask: Ask) -> None:
        """Do what the page of a filter asks for."""
        match ask:
            case LookAtPatch(image, cell):
                self._state.choose_test_image(image)
                self._state.set_pinned(cell)
            case ShowFilter(layer, channel):
                group = None if self.picture is None else self.picture.plan.group_of(layer)
                if group is not None:
                    self.network.select_channel(group, channel)
