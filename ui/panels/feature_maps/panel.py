"""The filters and feature maps panel."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import override

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from cnnviz.covers import Secret
from cnnviz.drawing import Ask
from cnnviz.session_state import View
from ui.controls.layouts import fill
from ui.controls.message_bar import MessageBar
from ui.controls.naming import named
from ui.controls.scroll_column import set_up_area
from ui.controls.segmented import SegmentedControl
from ui.controls.status_line import StatusLine
from ui.panels.analysis import Analysis
from ui.panels.contract import Panel
from ui.panels.drawn import Drawn
from ui.panels.feature_maps import restoring
from ui.panels.feature_maps.explain import choice_words
from ui.panels.feature_maps.filter_search import LookAtPatch
from ui.panels.feature_maps.looks_for import LooksForView, ShowFilter
from ui.panels.feature_maps.network_view import NetworkView
from ui.panels.feature_maps.painting import paint_now
from ui.panels.feature_maps.picture import Levels, MapChoices, MapScene, Picture, union
from ui.panels.feature_maps.picture import picture as compute_picture
from ui.panels.feature_maps.plan import Plan, plan_of
from ui.panels.feature_maps.view_tools import AUTOMATIC, FIXED, ViewTools
from ui.panels.picture_loop import PictureLoop
from ui.panels.scene import still_scene_of
from ui.panels.views import Choices, under
from ui.state import AppState, RunStatus
from ui.theme import Theme, follow_theme

_NETWORK, _LOOKS_FOR = "network", "looks_for"
_REST_MS = 200


class FeatureMapsPanel(Panel):
    """The network left to right with linked cells, and what each filter looks for.

    * `state`: read, never written.
    * `analysis`: computes what is drawn of each moment.
    * `background`: searches the test images.
    * `sampleRequested`: index of the test image to look at.
    """

    pinRequested = Signal(object)
    sampleRequested = Signal(int)

    def __init__(
        self, state: AppState, analysis: Analysis, background: Analysis, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._state = state
        self._background = background
        self._choices = MapChoices()
        self._levels: Levels = {}
        self._levels_of: tuple[object, ...] = ()
        self.setProperty("role", "panel")
        self._build_widgets()
        self._build_layout()
        self._loop = PictureLoop(
            self, state, analysis, "feature-maps", self._scene, compute_picture, self._on_picture
        )
        self._connect_signals()
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale the margins."""
        margin = theme.px(16)
        self._layout.setContentsMargins(margin, theme.px(10), margin, theme.px(6))
        self._layout.setSpacing(theme.px(8))
        self._tools.setSpacing(theme.px(8))
        self._arrange_tools()

    @property
    def picture(self) -> Picture | None:
        """What is drawn."""
        return self.network.picture

    def show_page(self, page: str) -> None:
        """Show ``"network"`` or ``"looks_for"``."""
        self.pages.set_current(page)
        self._on_page_changed(page)

    @override
    def openers(self) -> dict[QWidget, Callable[[], object]]:
        pages = {"network": self.network, "looks_for": self.looks_for}
        return {page: partial(self.show_page, name) for name, page in pages.items()}

    def view_state(self) -> View:
        """Return all choices, for a session; none before the first picture."""
        waiting = self._loop.waiting_view
        if waiting is not None or self.picture is None:
            return waiting or {}
        return {
            "page": self.pages.current(),
            "limits": self.limits.current(),
            "class": self._choices.class_index,
            "relative_evidence": self._choices.is_relative,
            "covers": self.cover.isChecked(),
            **(restoring.limits_view_of(self._levels) if self._are_limits_fixed() else {}),
            **restoring.network_view_of(self.network),
            **under("filter", self.looks_for.view_state()),
        }

    def restore_view(self, view: View) -> None:
        """Choose as `view_state` said, as soon as the present network and sample are drawn."""
        if view:
            self._loop.when_current(view, self._restore)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange_tools()

    @override
    def minimumSizeHint(self) -> QSize:
        # With the tools in two rows, whether they stand so now or not.
        margins, parts = self._layout.contentsMargins(), (self.pages, self._view_tools, self._bottom)
        width = max(part.minimumSizeHint().width() for part in parts) + margins.left() + margins.right()
        return QSize(width, super().minimumSizeHint().height())

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

    def _build_widgets(self) -> None:
        self.message = MessageBar(self)
        self.pages = SegmentedControl([(_NETWORK, "Network"), (_LOOKS_FOR, "What a filter looks for")])
        self.pages.set_option_tooltip(
            _NETWORK, "Every layer left to right, with linked cells and their arithmetic"
        )
        self.pages.set_option_tooltip(
            _LOOKS_FOR, "Test patches that excite a filter most and least; evidence of each class"
        )
        self._view_tools = tools = ViewTools()
        self.limits, self.fit = tools.limits, tools.fit
        self.smaller, self.larger, self.cover = tools.smaller, tools.larger, tools.cover
        self.network = NetworkView(self._state)
        self.network.flow.tabs_after = self.fit
        self.looks_for = LooksForView(self._background, self.answer)
        text = "Choose a sample on the left: the network and everything it computes appear here."
        self._empty = named(QLabel(text), role="muted")
        self.stack = QStackedWidget()
        for page in (self._empty, self.network, self.looks_for):
            self.stack.addWidget(page)
        # Only a panel smaller than the smallest window, or one enlarged for a projector, has to scroll.
        self._scroll = QScrollArea()
        set_up_area(self._scroll, self.stack)
        self.status = named(StatusLine(), "Value under the pointer")
        self._hint = named(QLabel("Click pins, arrows move, Esc frees, Ctrl+C copies"), role="caption")

    def _build_layout(self) -> None:
        # In a narrow panel the tools stand in two rows.
        self._tools = fill(QBoxLayout(QBoxLayout.Direction.LeftToRight), self.pages, 1)
        self._tools.addWidget(self._view_tools, 0, Qt.AlignmentFlag.AlignLeft)
        self._bottom = QWidget()
        fill(QHBoxLayout(self._bottom), (self.status, 1), self._hint)
        self._layout = fill(QVBoxLayout(self), self.message, self._tools, (self._scroll, 1), self._bottom)

    def _arrange_tools(self) -> None:
        margins = self._layout.contentsMargins()
        room = self.width() - margins.left() - margins.right() - self._tools.spacing()
        needed = self.pages.sizeHint().width() + self._view_tools.sizeHint().width()
        narrow = needed > room and not self._view_tools.isHidden()
        direction = QBoxLayout.Direction
        self._tools.setDirection(direction.TopToBottom if narrow else direction.LeftToRight)

    def _connect_signals(self) -> None:
        self.pages.currentChanged.connect(self._on_page_changed)
        self.limits.currentChanged.connect(self._on_limits_changed)
        self.smaller.clicked.connect(self._on_smaller_clicked)
        self.larger.clicked.connect(self._on_larger_clicked)
        self.cover.toggled.connect(self._on_covers_changed)
        self._state.coveredChanged.connect(self._on_covers_changed)
        self.fit.clicked.connect(self.network.flow.fit)
        self.network.pinRequested.connect(self.pinRequested)
        self.network.flow.requests.classRequested.connect(self._choose_class)
        self.network.flow.requests.relativeRequested.connect(self._choose_relative)
        self.network.valueLineChanged.connect(self._on_value_line_changed)
        self._loop.failed.connect(self.message.show_error)
        self._state.snapshotChanged.connect(self._on_snapshot_changed)
        self._state.pinnedChanged.connect(self._on_pinned_changed)

    @override
    def drawn(self) -> Drawn | None:
        """Return network and sample of the picture that is shown, and what is chosen in it."""
        if self.stack.currentWidget() is self.looks_for:
            return self.looks_for.drawn()
        picture, network = self.picture, self.network
        if picture is None:
            return None
        words = choice_words(picture, network.look, network.marked_cell(), are_fixed=self._are_limits_fixed())
        return Drawn.of(picture.scene.snapshot, picture.scene.sample, choices=words)

    # -- the picture ---------------------------------------------------------------------------------------

    def _scene(self) -> MapScene | None:
        return still_scene_of(self._state, self._choices)

    def _on_picture(self, picture: Picture) -> None:
        is_first = self.picture is None
        self.network.draw(self._within_limits(picture))
        paint_now(self.status)
        # The pointer comes first: while it moves, training is shown in fewer frames.
        is_training = self._state.run.status is RunStatus.TRAINING
        self._loop.pace = _REST_MS if is_training and self.network.is_pointed_at() else 0
        if is_first:
            self._on_page_changed(self.pages.current())

    @Slot()
    def _on_limits_changed(self) -> None:
        picture = self._loop.picture
        if picture is not None and picture.scene.choices == self._choices:
            self.network.draw(self._within_limits(picture))

    def _are_limits_fixed(self) -> bool:
        return self.limits.current() == FIXED

    def _within_limits(self, picture: Picture) -> Picture:
        """Return a picture with the limits in force, and let fixed ones hold its own from now on."""
        if picture.subject != self._levels_of:
            self._levels, self._levels_of = {}, picture.subject
        self._levels = union(self._levels, picture.levels)
        if self._are_limits_fixed():
            return picture.within(self._levels)
        first = next(iter(self._state.history.snapshots), None)
        run_id = picture.scene.run_id
        if (
            first is None
            or not run_id
            or first.run_id != run_id
            or plan_of(first.network) is not picture.plan
        ):
            return picture
        return picture.since(first)

    @Slot()
    def _on_covers_changed(self) -> None:
        """Cover what the user wants to guess first, and what a prediction asks for."""
        why = self._state.why_covered(Secret.CELLS, Secret.ROUTE, Secret.ANSWERS)
        self.cover.setEnabled(not why)
        hides_fields = bool(self._state.why_covered(Secret.FIELD))
        self.network.set_covers(bool(why) or self.cover.isChecked(), hides_fields=hides_fields)

    @Slot()
    def _on_pinned_changed(self) -> None:
        if self.isVisible():
            self.network.draw_pin()

    @Slot()
    def _on_snapshot_changed(self) -> None:
        if self.isVisible() and self.stack.currentWidget() is self.looks_for:
            self.looks_for.show_network(self._state.shown, self._state.dataset)

    def _choose_class(self, class_index: int | None) -> None:
        self._choose(replace(self._choices, class_index=class_index))

    def _choose_relative(self, is_relative: bool) -> None:
        self._choose(replace(self._choices, is_relative=is_relative))

    def _choose(self, choices: MapChoices) -> None:
        self._choices = choices
        self._loop.look()

    def _restore(self, choices: Choices, picture: Picture) -> None:
        """Choose as a session says."""
        self.cover.setChecked(choices.flag("covers", False))
        restoring.restore_network_view(self.network, picture, choices)
        chosen = choices.whole("class", 0, len(picture.names) - 1, None)
        self._choose(MapChoices(chosen, choices.flag("relative_evidence", False)))
        limits = choices.text("limits", (AUTOMATIC, FIXED), AUTOMATIC)
        levels = restoring.limits_from(choices, picture) if limits == FIXED else None
        self.limits.set_current(limits)
        if levels is not None:
            scene = replace(picture.scene, choices=self._choices)
            self._levels, self._levels_of = levels, replace(picture, scene=scene).subject
        self._on_limits_changed()
        self.show_page(choices.text("page", (_NETWORK, _LOOKS_FOR), _NETWORK))
        own = choices.below("filter")
        if own.any_text("layer"):
            self.looks_for.show_network(self._state.shown, self._state.dataset)
            self.looks_for.restore_view(own, partial(restoring.moment_at, self._state))

    # -- requests ------------------------------------------------------------------------------------------

    def _on_page_changed(self, page: str) -> None:
        network = page == _NETWORK
        if self.picture is not None:
            self.stack.setCurrentWidget(self.network if network else self.looks_for)
        for widget in (self._view_tools, self._bottom):
            widget.setVisible(network)
        self._arrange_tools()
        if not network and self.picture is not None:
            self.looks_for.show_network(self._state.shown, self._state.dataset)
            self.looks_for.choose(*self._shown_filter(self.picture.plan))

    def _shown_filter(self, plan: Plan) -> tuple[str, int]:
        """Convolution and filter that the marked cell belongs to."""
        cell = self.network.marked_cell()
        group = (plan.group_of(cell.stage) or 1) if cell is not None else 1
        layer = plan.convolutions[min(group, len(plan.convolutions)) - 1]
        return layer, self.network.look.channel(group)

    def answer(self, ask: Ask) -> None:
        """Do what the page of a filter asks for."""
        match ask:
            case LookAtPatch(image, cell):
                self.sampleRequested.emit(image)
                self.pinRequested.emit(cell)
            case ShowFilter(layer, channel):
                group = None if self.picture is None else self.picture.plan.group_of(layer)
                if group is not None:
                    self.network.select_channel(group, channel)
            case _:
                pass

    def _on_value_line_changed(self, text: str) -> None:
        self.status.set_parts(((text, "muted"),))

    def _on_smaller_clicked(self) -> None:
        self.network.flow.change_scale(-1)

    def _on_larger_clicked(self) -> None:
        self.network.flow.change_scale(1)
