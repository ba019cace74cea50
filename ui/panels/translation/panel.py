"""The translation panel."""

from typing import Any, override

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cnnviz.session_state import View as PanelView
from cnnviz.translation import RELATIVE_TO_BLANK_NOTE, conv_blocks
from ui.controls.message_bar import MessageBar
from ui.controls.pace import Pace
from ui.panels.analysis import Analysis
from ui.panels.contract import Panel
from ui.panels.drawn import Drawn
from ui.panels.translation import restoring
from ui.panels.translation.comparing import Compared, Comparer
from ui.panels.translation.lesson_guide import LessonGuide, lesson_view
from ui.panels.translation.sections import Sections
from ui.panels.translation.stages import own_pool, stage_keys, stage_tiles
from ui.panels.translation.subject import FREE, Subject, sample_subject
from ui.panels.translation.sweep_guide import SweepGuide
from ui.panels.translation.sweeping import Swept
from ui.panels.translation.view import View, ViewModel
from ui.panels.views import PendingView
from ui.state import AppState, RunStatus, Shift
from ui.theme import Theme, follow_theme

_WORDS_MS = 70
"""Between two changes of texts and numbers while the image is dragged: nobody reads faster."""

_NETWORKS_MS = 80
"""Between two networks while training runs, so that a drag is not held up by them."""


class TranslationPanel(Panel):
    """Drag an image and see what each stage of the network makes of the shift.

    Parameters
    ----------
    state : AppState
    analysis, background : Analysis
        For what the pointer waits for, and for what takes long.
    parent : QWidget, optional

    Signals
    -------
    shiftRequested : Shift
        Where the image is to be.
    """

    shiftRequested = Signal(object)

    def __init__(
        self, state: AppState, analysis: Analysis, background: Analysis, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._state = state
        self._subject: Subject | None = None
        self._compared: Compared | None = None
        self._theme: Theme | None = None
        self._last_status = state.run.status
        self._pending = PendingView(state)
        self.setProperty("role", "panel")
        self.choices = ViewModel(self)
        self._build()
        self._comparer = Comparer(analysis, self._on_compared, self._on_failed)
        self._lessons = LessonGuide(self.parts.lesson, background)
        self.sweeps = SweepGuide(self.parts.sweep, analysis, background, self)
        self._words, self._networks = Pace(_WORDS_MS, self), Pace(_NETWORKS_MS, self)
        self._words.due.connect(self._show_words)
        self._networks.due.connect(self._show_network)
        self._connect_choices()
        self._connect_parts()
        self._connect_state()
        follow_theme(self)

    # -- what is shown -------------------------------------------------------------------------------------

    @property
    def view(self) -> View:
        """Choices in force."""
        return self.choices.view

    @property
    def compared(self) -> Compared | None:
        """What the maps show."""
        return self._compared

    @property
    def swept(self) -> Swept | None:
        """The sweep that was measured last: that of the image, or of many digits."""
        return self.sweeps.swept

    def view_state(self) -> PanelView:
        """Return all choices, for a session."""
        waiting = self._pending.view
        if waiting is not None:
            return waiting
        noted = self.message.text() == RELATIVE_TO_BLANK_NOTE
        return restoring.view_of(self.view, self.parts, self.sweeps) | {"note": noted}

    def restore_view(self, view: PanelView) -> None:
        """Choose as `view_state` said, as soon as the network and the sample are there."""
        self._pending.wait(view)
        self._refresh()

    def set_theme(self, theme: Theme) -> None:
        """Scale the layout."""
        self._theme = theme
        self.parts.set_theme(theme)
        self.parts.fit(self.width(), theme)

    # -- events --------------------------------------------------------------------------------------------

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()  # what happened out of sight was not followed

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._theme is not None:
            self.parts.fit(event.size().width(), self._theme)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        # The arrow keys and R move the image from everywhere in the panel.
        if not self.parts.canvas.canvas.move_by_key(event):
            super().keyPressEvent(event)

    @override
    def drawn(self) -> Drawn | None:
        """Return network, sample and shift of the comparison that is shown."""
        return None if self._compared is None else self._compared.drawn

    # -- building ------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.message = MessageBar(self)
        self.parts = Sections(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.message)
        layout.addWidget(self.parts.scroll_area, 1)

    def _connect_choices(self) -> None:
        parts, choices = self.parts, self.choices
        toolbar, maps, source = parts.toolbar, parts.maps, parts.sweep.source
        toolbar.pairViewChosen.connect(choices.set_pair)
        toolbar.poolSizeChosen.connect(choices.set_pool_size)
        toolbar.blockChosen.connect(choices.set_block)
        toolbar.relativeChosen.connect(choices.set_relative)
        toolbar.relativeChosen.connect(self._on_relative_chosen)
        parts.strip.stageSelected.connect(choices.set_stage)
        maps.channelChosen.connect(choices.set_channel)
        maps.movedAlongChosen.connect(choices.set_moved_along)
        source.measureChosen.connect(choices.set_measure)
        source.manyChosen.connect(choices.set_many)
        source.digitsChosen.connect(choices.set_digits)
        parts.sweep.spreadChosen.connect(choices.set_spread)
        choices.changed.connect(self._refresh)

    def _connect_parts(self) -> None:
        parts = self.parts
        parts.toolbar.lessonChosen.connect(self._on_lesson_chosen)
        parts.toolbar.flicker.phaseChanged.connect(parts.canvas.canvas.set_phase)
        parts.toolbar.flicker.phaseChanged.connect(parts.maps.grid.set_phase)
        parts.canvas.shiftRequested.connect(self.shiftRequested)
        parts.canvas.canvas.released.connect(self._on_released)
        parts.winners.windowPointed.connect(self._on_window_pointed)
        parts.sweep.shiftSelected.connect(self._on_shift_selected)
        self.sweeps.failed.connect(self._on_failed)

    def _connect_state(self) -> None:
        state = self._state
        state.snapshotChanged.connect(self._on_network_changed)
        state.sampleChanged.connect(self._on_sample_changed)
        state.shiftChanged.connect(self._on_shift_changed)
        state.datasetChanged.connect(self._on_dataset_changed)
        state.runChanged.connect(self._on_run_changed)

    # -- state ---------------------------------------------------------------------------------------------

    @Slot()
    def _on_network_changed(self) -> None:
        if not self.isVisible():
            return
        if self._state.run.status is RunStatus.TRAINING:
            self._networks.put()
        else:
            self._show_network()

    @Slot()
    def _on_sample_changed(self) -> None:
        if self._lessons.toy_subject(self.view.lesson) is not None:
            self.choices.view = self.view.but(lesson=FREE)
        self._refresh()

    @Slot()
    def _on_shift_changed(self) -> None:
        if not self.isVisible():
            return
        shift = self._state.shift
        wrap_changed = self._compared is not None and self._compared.shift.wrap != shift.wrap
        self.parts.canvas.show_image(self._subject, shift)
        self._request_comparison()
        self._words.put()
        if wrap_changed:
            self._show_sweep()

    @Slot()
    def _on_dataset_changed(self) -> None:
        self.sweeps.forget_digits()
        self._refresh()

    @Slot()
    def _on_run_changed(self) -> None:
        status = self._state.run.status
        if status is not self._last_status and status is not RunStatus.TRAINING and self.isVisible():
            # What was put off while training ran.
            self._lessons.show(self.view.lesson, self._subject)
            self._show_sweep()
        self._last_status = status

    # -- subject -------------------------------------------------------------------------------------------

    def _update_subject(self) -> None:
        """Find out what is moved, and fit the choices to it."""
        before, choices = self._subject, self.choices
        subject = self._subject = self._find_subject()
        if subject is None:
            self._compared = None
            return
        if before is None or not subject.network.is_like(before.network):
            own = own_pool(subject.network, 1)
            choices.view = choices.view.but(block=1, pool_size=2 if own is None else own[1])
        if choices.view.stage not in stage_keys(subject.network, choices.view.block):
            choices.view = choices.view.but(stage="convolution")

    def _find_subject(self) -> Subject | None:
        state, toy = self._state, self._lessons.toy_subject(self.view.lesson)
        if toy is not None:
            return toy
        if state.shown is None or state.sample is None or state.dataset is None:
            return None
        before = self._subject
        if before is not None and before.origin is state.sample and before.network is state.shown.network:
            return before
        return sample_subject(state.shown, state.sample, state.dataset.classes)

    # -- drawing -------------------------------------------------------------------------------------------

    @Slot()
    def _refresh(self) -> None:
        """Show everything anew; costs nothing while the panel is out of sight."""
        if not self.isVisible():
            return
        is_measured = self._restore_pending()
        self._update_subject()
        subject, view, parts = self._subject, self.view, self.parts
        parts.toolbar.show_view(view)
        parts.sweep.show_view(view)
        parts.canvas.canvas.set_view(view.pair)
        if subject is not None:
            parts.toolbar.set_blocks(len(conv_blocks(subject.network)))
            parts.toolbar.set_largest_pool(self._largest_pool(subject))
            parts.strip.set_tiles(stage_tiles(subject.network, view.block, view.pool_size))
        parts.strip.set_current(view.stage)
        parts.canvas.show_image(subject, self._state.shift)
        self._lessons.show(view.lesson, subject)
        self._show_comparison()
        self._request_comparison()
        self._show_sweep()
        if is_measured:
            self.sweeps.measure()

    def _restore_pending(self) -> bool:
        """Choose as a session says, if there is one; return whether it has many digits measured."""
        restored = self._pending.take(self._state.shown, self._state.sample)
        if restored is None:
            return False
        view = View.from_choices(restored)
        # The lesson first: it brings the network, and that decides what else can be chosen.
        self.choices.view = self.view.but(lesson=view.lesson)
        self._update_subject()
        self.choices.view = restoring.fitting(view, self._subject)
        restoring.restore(self.parts, restored)
        if restored.flag("note", False):
            self.message.show_message(RELATIVE_TO_BLANK_NOTE, "info")
        else:
            self.message.clear()
        return view.many and restored.flag("measured", False)

    def _show_network(self) -> None:
        """Look at the image with the network that is shown now."""
        before = self._subject
        self._update_subject()
        subject = self._subject
        if subject is None or before is None or not subject.network.is_like(before.network):
            self._refresh()
        elif subject is not before and not self.parts.canvas.canvas.is_dragged:
            # A drag asks for enough comparisons by itself, and no sweep should get in its way.
            self._request_comparison()
            self._show_sweep()

    def _largest_pool(self, subject: Subject) -> int:
        network = subject.network
        features = network.layers[conv_blocks(network)[self.view.block - 1].features][0]
        return min(network.shapes[features][1:])

    def _now_compared(self) -> Compared | None:
        """Return the last comparison, if it is of this image and these choices."""
        found = self._compared
        return found if found is not None and found.is_of(self._subject, self.view) else None

    def _show_comparison(self) -> None:
        found, view, parts = self._now_compared(), self.view, self.parts
        parts.maps.show_result(found, view)
        parts.winners.show_result(found, view.channel)
        self._words.put()

    def _show_words(self) -> None:
        """Write what changes too fast to be read at display rate: texts, counts, marks in the sweep."""
        found = self._now_compared()
        measured = {} if found is None else found.measured
        self.parts.strip.set_values(
            {s: (each["relative_change"], each["equivariance_residual"]) for s, each in measured.items()}
        )
        self.parts.canvas.show_result(found, self.view)
        self.parts.winners.show_counts()
        self.parts.sweep.show_shift(self._state.shift)

    def _show_sweep(self) -> None:
        state = self._state
        self.sweeps.look_at(
            self._subject,
            self.view,
            state.shift.wrap,
            state.dataset,
            is_training=state.run.status is RunStatus.TRAINING,
        )

    # -- results -------------------------------------------------------------------------------------------

    def _request_comparison(self) -> None:
        if self._subject is not None and self.isVisible():
            self._comparer.request(self._subject, self._state.shift, self.view)

    def _on_compared(self, found: Compared) -> None:
        if not found.is_of(self._subject, self.view):
            return
        self._compared = found
        if self.message.kind() == "error":
            self.message.clear()
        if self.isVisible():
            self._show_comparison()

    @Slot(str)
    def _on_failed(self, message: str) -> None:
        self.message.show_message(message, "error")

    # -- requests ------------------------------------------------------------------------------------------

    @Slot(str)
    def _on_lesson_chosen(self, name: str) -> None:
        left_toy = self._subject is not None and self._subject.lesson is not None
        self.choices.view = lesson_view(self.view, name)
        self._update_subject()
        if name != FREE and self._subject is not None:
            self.shiftRequested.emit(self._lessons.shift(name, self._subject))
        elif left_toy:
            self.shiftRequested.emit(Shift())
        self._refresh()

    @Slot()
    def _on_released(self) -> None:
        # What was put off for the drag.
        self._request_comparison()
        self._show_sweep()

    @Slot(bool)
    def _on_relative_chosen(self, relative: bool) -> None:
        if relative:
            self.message.clear()
        else:
            self.message.show_message(RELATIVE_TO_BLANK_NOTE, "info")

    @Slot(int, int)
    def _on_shift_selected(self, dx: int, dy: int) -> None:
        # The arrow keys go on from there.
        self.parts.canvas.canvas.setFocus(Qt.FocusReason.MouseFocusReason)
        self.shiftRequested.emit(Shift(dx, dy, self._state.shift.wrap))

    @Slot(object)
    def _on_window_pointed(self, blocks: tuple[Any, Any, Any] | None) -> None:
        self.parts.highlight(blocks, self.view.stage)
