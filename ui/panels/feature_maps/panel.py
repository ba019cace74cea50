"""The filters and feature maps panel."""

from functools import partial
from typing import override

from PySide6.QtCore import QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from cnnviz.session_state import View
from ui.controls.message_bar import MessageBar
from ui.controls.segmented import SegmentedControl
from ui.controls.status_line import StatusLine
from ui.panels.analysis import Analysis, LatestOnly
from ui.panels.drawn import Drawn, TellsDrawn
from ui.panels.feature_maps import restoring
from ui.panels.feature_maps.frame import Frame, Levels, make_frame
from ui.panels.feature_maps.looks_for import LooksForView
from ui.panels.feature_maps.network_view import NetworkView
from ui.panels.feature_maps.painting import paint_now
from ui.panels.feature_maps.plan import Plan, plan_of
from ui.panels.feature_maps.run_limits import RunLimits
from ui.panels.feature_maps.view_tools import AUTOMATIC, FIXED, ViewTools
from ui.panels.views import Choices, PendingView, under
from ui.state import AppState, RunStatus
from ui.theme import Theme, follow_theme

_NETWORK, _LOOKS_FOR = "network", "looks_for"
_REST_MS = 200


class FeatureMapsPanel(TellsDrawn, QFrame):
    """The network left to right with linked cells, and what each filter looks for.

    Parameters
    ----------
    state : AppState
        Read, never written.
    analysis : Analysis
        Computes what is drawn of each moment.
    background : Analysis
        Searches the test images, and the run for limits.
    parent : QWidget, optional

    Signals
    -------
    pinRequested : PinnedCell or None
    sampleRequested : int
        Index of the test image to look at.
    """

    pinRequested = Signal(object)
    sampleRequested = Signal(int)

    def __init__(
        self, state: AppState, analysis: Analysis, background: Analysis, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._state = state
        self._background = background
        self._frames = LatestOnly(analysis, "feature-maps", self._on_frame, self._on_failed)
        self._plan: Plan | None = None
        self._frame: Frame | None = None
        self._class: int | None = None
        self._pending = True
        self._unrestored = PendingView(state)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self.setProperty("role", "panel")
        self._build_widgets()
        self._build_layout()
        self._connect_signals()
        self._on_dataset_changed()
        self._on_snapshot_changed()
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale the margins."""
        margin = theme.px(16)
        self._layout.setContentsMargins(margin, theme.px(10), margin, theme.px(6))
        self._layout.setSpacing(theme.px(8))
        self._tools.setSpacing(theme.px(8))
        self._arrange_tools()

    def frame(self) -> Frame | None:
        """What is drawn."""
        return self._frame

    def levels(self) -> Levels:
        """Limits of the colour scales in force, by column."""
        if self._frame is None:
            return {}
        return self._run_limits.around(self._frame.levels)

    def show_page(self, page: str) -> None:
        """Show ``"network"`` or ``"looks_for"``."""
        self.pages.set_current(page)
        self._on_page_changed(page)

    def view_state(self) -> View:
        """Return all choices, for a session; none before the first frame."""
        waiting = self._unrestored.view
        if waiting is not None or self._frame is None:
            return waiting or {}
        return {
            "page": self.pages.current(),
            "limits": self.limits.current(),
            "class": self._class,
            **(restoring.limits_view_of(self._run_limits.of_run) if self._run_limits.are_fixed else {}),
            **restoring.network_view_of(self.network),
            **under("filter", self.looks_for.view_state()),
        }

    def restore_view(self, view: View) -> None:
        """Choose as `view_state` said, as soon as the present network and sample are drawn."""
        if view:
            self._unrestored.wait(view)
            if self._frame is not None:
                self._restore_pending(self._frame)

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
        if not (on_network and self.network.take_key(event)):
            super().keyPressEvent(event)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._catch_up()

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
        self.limits, self.smaller, self.larger, self.fit = (
            tools.limits,
            tools.smaller,
            tools.larger,
            tools.fit,
        )
        self._run_limits = RunLimits(self._state, self._background, tools, self)
        self.network = NetworkView()
        self.looks_for = LooksForView(self._background)
        self._empty = QLabel(
            "Choose a sample on the left: the network and everything it computes appear here."
        )
        self._empty.setProperty("role", "muted")
        self.stack = QStackedWidget()
        for page in (self._empty, self.network, self.looks_for):
            self.stack.addWidget(page)
        # Only a panel smaller than the smallest window, or one enlarged for a projector, has to scroll.
        self._scroll = QScrollArea()
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(self.stack)
        self.status = StatusLine()
        self.status.setAccessibleName("Value under the pointer")
        self._hint = QLabel("Click pins, arrows move, Esc frees, Ctrl+C copies")
        self._hint.setProperty("role", "caption")

    def _build_layout(self) -> None:
        # In a narrow panel the tools stand in two rows.
        self._tools = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._tools.addWidget(self.pages)
        self._tools.addStretch(1)
        self._tools.addWidget(self._view_tools, 0, Qt.AlignmentFlag.AlignLeft)
        self._bottom = QWidget()
        bottom = QHBoxLayout(self._bottom)
        bottom.setContentsMargins(0, 0, 0, 0)
        bottom.addWidget(self.status, 1)
        bottom.addWidget(self._hint)
        self._layout = QVBoxLayout(self)
        self._layout.addWidget(self.message)
        self._layout.addLayout(self._tools)
        self._layout.addWidget(self._scroll, 1)
        self._layout.addWidget(self._bottom)

    def _arrange_tools(self) -> None:
        margins = self._layout.contentsMargins()
        room = self.width() - margins.left() - margins.right() - self._tools.spacing()
        needed = self.pages.sizeHint().width() + self._view_tools.sizeHint().width()
        narrow = needed > room and not self._view_tools.isHidden()
        direction = QBoxLayout.Direction
        self._tools.setDirection(direction.TopToBottom if narrow else direction.LeftToRight)

    def _connect_signals(self) -> None:
        self.pages.currentChanged.connect(self._on_page_changed)
        self._run_limits.changed.connect(self._draw)
        self._run_limits.failed.connect(self._on_failed)
        self.smaller.clicked.connect(self._on_smaller_clicked)
        self.larger.clicked.connect(self._on_larger_clicked)
        self.fit.clicked.connect(self.network.flow.fit)
        self.network.pinRequested.connect(self.pinRequested)
        self.network.classRequested.connect(self._on_class_requested)
        self.network.statusChanged.connect(self._on_status_changed)
        self.looks_for.sampleRequested.connect(self.sampleRequested)
        self.looks_for.pinRequested.connect(self.pinRequested)
        self.looks_for.channelRequested.connect(self._on_channel_requested)
        self._rest.timeout.connect(self._on_rested)
        state = self._state
        state.datasetChanged.connect(self._on_dataset_changed)
        state.snapshotChanged.connect(self._on_snapshot_changed)
        state.inspectionChanged.connect(self._on_inspection_changed)
        state.pinnedChanged.connect(self._on_pinned_changed)

    @override
    def drawn(self) -> Drawn | None:
        """Return network and sample of the frame that is shown."""
        if self._frame is None:
            return None
        inspection = self._frame.inspection
        snapshot = inspection.snapshot
        return Drawn(snapshot.step, snapshot.network, inspection.sample)

    # -- following the state -------------------------------------------------------------------------------

    @Slot()
    def _on_dataset_changed(self) -> None:
        if self._state.dataset is not None:
            self.network.set_names(self._state.dataset.classes)

    @Slot()
    def _on_snapshot_changed(self) -> None:
        if self.isVisible() and self.stack.currentWidget() is self.looks_for:
            self.looks_for.set_snapshot(self._state.shown, self._state.dataset)

    @Slot()
    def _on_inspection_changed(self) -> None:
        self._pending = True
        if self.isVisible() and not self._rest.isActive():
            self._request_frame()

    @Slot()
    def _on_rested(self) -> None:
        if self._pending and self.isVisible():
            self._request_frame()

    @Slot()
    def _on_pinned_changed(self) -> None:
        if self.isVisible():
            self.network.set_pinned(self._state.pinned)

    def _catch_up(self) -> None:
        self.network.set_pinned(self._state.pinned)
        self._on_snapshot_changed()
        if self._pending:
            self._request_frame()

    def _request_frame(self) -> None:
        inspection, chosen = self._state.inspection, self._class
        if inspection is None:  # other data are on their way
            return
        self._pending = False
        if self._plan is None or not self._plan.describes(inspection.snapshot.network):
            self._plan = plan_of(inspection.snapshot.network)
            self._run_limits.set_subject(self._plan, chosen)
        plan = self._plan
        self._frames.request(lambda _context: make_frame(plan, inspection, chosen))

    def _on_frame(self, frame: Frame) -> None:
        if frame.plan is not self._plan:
            return
        if self._frame is None or frame.plan is not self._frame.plan:
            self._run_limits.forget()
        self._frame = frame
        self._run_limits.add(frame.levels)
        self._draw()
        if self._state.run.status is RunStatus.TRAINING and self.network.is_pointed_at():
            # The pointer comes first: while it moves, training is shown in fewer frames.
            self._rest.start()
        if self.stack.currentWidget() is self._empty:
            self._on_page_changed(self.pages.current())
            self._on_dataset_changed()
        self._restore_pending(frame)

    def _restore_pending(self, frame: Frame) -> None:
        """Choose as a session says, if the frame is the one that it is about."""
        choices = self._unrestored.take(frame.inspection.snapshot, frame.inspection.sample)
        if choices is None:
            return
        self.network.set_pinned(self._state.pinned)
        restoring.restore_network_view(self.network, frame, choices)
        self._restore_limits(frame, choices)
        chosen = choices.whole("class", 0, len(frame.inspection.probabilities) - 1, None)
        if chosen != self._class:
            self._on_class_requested(chosen)
        self.show_page(choices.text("page", (_NETWORK, _LOOKS_FOR), _NETWORK))
        own = choices.below("filter")
        if own.any_text("layer"):
            self.looks_for.set_snapshot(self._state.shown, self._state.dataset)
            self.looks_for.restore_view(own, partial(restoring.moment_at, self._state))

    def _restore_limits(self, frame: Frame, choices: Choices) -> None:
        limits = choices.text("limits", (AUTOMATIC, FIXED), AUTOMATIC)
        levels = restoring.limits_from(choices, frame) if limits == FIXED else None
        self.limits.set_current(limits)
        if levels is None:
            self._run_limits.follow_choice()
        else:
            self._run_limits.put(levels)
            self._draw()

    @Slot()
    def _draw(self) -> None:
        if self._frame is not None and self.isVisible():
            self.network.set_frame(self._frame, self.levels())
            paint_now(self.status)

    @Slot(str)
    def _on_failed(self, message: str) -> None:
        self.message.show_message(message, "error")

    # -- requests ------------------------------------------------------------------------------------------

    def _on_page_changed(self, page: str) -> None:
        network = page == _NETWORK
        if self._frame is not None:
            self.stack.setCurrentWidget(self.network if network else self.looks_for)
        for widget in (self._view_tools, self._bottom):
            widget.setVisible(network)
        self._arrange_tools()
        if not network and self._plan is not None:
            layer = self._shown_layer()
            self.looks_for.set_snapshot(self._state.shown, self._state.dataset)
            self.looks_for.set_filter(*layer)

    def _shown_layer(self) -> tuple[str, int]:
        """Convolution and filter that the marked cell belongs to."""
        plan, cell = self._plan, self.network.marked_cell()
        assert plan is not None
        group = (plan.group_of(cell.stage) or 1) if cell is not None else 1
        layer = plan.convolutions[min(group, len(plan.convolutions)) - 1]
        return layer, self.network.channel(group)

    def _on_channel_requested(self, layer: str, channel: int) -> None:
        group = None if self._plan is None else self._plan.group_of(layer)
        if group is not None:
            self.network.select_channel(group, channel)

    def _on_class_requested(self, class_index: int | None) -> None:
        self._class = class_index
        self._run_limits.set_subject(self._plan, class_index)
        self.network.flow.set_class(class_index)
        self._request_frame()

    def _on_status_changed(self, text: str) -> None:
        self.status.set_parts(((text, "muted"),))

    def _on_smaller_clicked(self) -> None:
        self.network.flow.change_scale(-1)

    def _on_larger_clicked(self) -> None:
        self.network.flow.change_scale(1)
