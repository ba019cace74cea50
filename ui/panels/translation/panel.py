"""The translation panel."""

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from cnnviz.translation import RELATIVE_TO_BLANK_NOTE, conv_blocks
from ui.analysis import Analysis
from ui.panels.translation.computing import Compared, Computations, SweepKey, Swept
from ui.panels.translation.sections import Sections
from ui.panels.translation.slowly import Slowly
from ui.panels.translation.stages import own_pool, stage_keys, stage_tiles
from ui.panels.translation.subject import DIGIT_LESSONS, FREE, LessonBook, Subject, sample_subject
from ui.panels.translation.sweep_column import measure_name
from ui.panels.translation.view import View
from ui.state import AppState, RunStatus, Shift
from ui.theme import Theme, follow_theme
from ui.widgets.message_bar import MessageBar
from ui.widgets.pair_image import PairView

_SWEEP_PAUSE_MS = 1000
"""Between two sweeps while training runs: one for every snapshot would cost too much."""

_WORDS_MS = 60
"""Between two changes of texts and numbers while the image is dragged: nobody reads faster."""

_NETWORKS_MS = 80
"""Between two networks while training runs, so that a drag is not held up by them."""


class TranslationPanel(QFrame):
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
        self._view = View()
        self._lessons = LessonBook()
        self._subject: Subject | None = None
        self._compared: Compared | None = None
        self._swept: Swept | None = None
        self._digits_swept: Swept | None = None
        self._theme: Theme | None = None
        self._last_status = state.run.status
        self.setProperty("role", "panel")
        self._computations = Computations(
            analysis,
            background,
            on_compared=self._on_compared,
            on_swept=self._on_swept,
            on_digits_swept=self._on_digits_swept,
            on_lesson_result=self._on_lesson_result,
            on_failed=self._on_failed,
            on_digits_failed=self._on_digits_failed,
        )
        self._words = Slowly(_WORDS_MS, self._show_words, self)
        self._networks = Slowly(_NETWORKS_MS, self._show_network, self)
        self._sweep_timer = QTimer(self)
        self._sweep_timer.setSingleShot(True)
        self._sweep_timer.setInterval(_SWEEP_PAUSE_MS)
        self._build()
        self._connect_parts()
        self._connect_state()
        follow_theme(self)

    # -- what is shown -------------------------------------------------------------------------------------

    @property
    def view(self) -> View:
        """Choices in force."""
        return self._view

    @property
    def compared(self) -> Compared | None:
        """What the maps show."""
        return self._compared

    @property
    def swept(self) -> Swept | None:
        """What the sweep shows: that of the image, or of many digits."""
        return self._digits_swept if self._view.many else self._swept

    def choose(self, **changes: Any) -> None:
        """Change some fields of `view`, as the user does with the controls."""
        view = replace(self._view, **changes)
        if view != self._view:
            self._view = view
            self._refresh()

    def set_theme(self, theme: Theme) -> None:
        """Scale the layout."""
        self._theme = theme
        self.parts.set_theme(theme)
        self.parts.fit(self.width(), theme)

    # -- events --------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what happened while the panel was out of sight."""
        super().showEvent(event)
        self._refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange the columns."""
        super().resizeEvent(event)
        if self._theme is not None:
            self.parts.fit(event.size().width(), self._theme)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let the arrow keys and R move the image from everywhere in the panel."""
        if not self.parts.canvas.canvas.move_by_key(event):
            super().keyPressEvent(event)

    # -- building ------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.message = MessageBar(self)
        self.parts = Sections(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.message)
        layout.addWidget(self.parts.scroll_area, 1)

    def _connect_parts(self) -> None:
        parts = self.parts
        parts.toolbar.lessonChosen.connect(self._on_lesson_chosen)
        parts.toolbar.pairViewChosen.connect(self._on_pair_view_chosen)
        parts.toolbar.poolSizeChosen.connect(self._on_pool_size_chosen)
        parts.toolbar.blockChosen.connect(self._on_block_chosen)
        parts.toolbar.relativeChosen.connect(self._on_relative_chosen)
        parts.toolbar.flicker.phaseChanged.connect(parts.canvas.canvas.set_phase)
        parts.toolbar.flicker.phaseChanged.connect(parts.maps.grid.set_phase)
        parts.strip.stageSelected.connect(self._on_stage_selected)
        parts.canvas.shiftRequested.connect(self.shiftRequested)
        parts.maps.channelChosen.connect(self._on_channel_chosen)
        parts.maps.movedAlongChosen.connect(self._on_moved_along_chosen)
        parts.winners.windowPointed.connect(self._on_window_pointed)
        sweep = parts.sweep
        sweep.shiftSelected.connect(self._on_shift_selected)
        sweep.source.measureChosen.connect(self._on_measure_chosen)
        sweep.spreadChosen.connect(self._on_spread_chosen)
        sweep.source.manyChosen.connect(self._on_many_chosen)
        sweep.source.digitsChosen.connect(self._on_digits_chosen)
        sweep.source.measureRequested.connect(self._on_measure_requested)
        sweep.source.cancelRequested.connect(self._on_cancel_requested)
        self._sweep_timer.timeout.connect(self._request_sweep)

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
            self._networks.request()
        else:
            self._show_network()

    def _show_network(self) -> None:
        """Look at the image with the network that is shown now."""
        before = self._subject
        self._update_subject()
        if self._subject is None or before is None or self._subject.network.layers != before.network.layers:
            self._refresh()
        elif self._subject is not before:
            self._request_comparison()
            self._want_sweep()

    @Slot()
    def _on_sample_changed(self) -> None:
        if self._view.lesson not in (FREE, *DIGIT_LESSONS):
            self._view = replace(self._view, lesson=FREE)
        self._refresh()

    @Slot()
    def _on_shift_changed(self) -> None:
        if not self.isVisible():
            return
        shift = self._state.shift
        self.parts.canvas.show_image(self._subject, shift)
        self._request_comparison()
        self._words.request()
        if self._swept is not None and self._swept.key.wrap != shift.wrap:
            self._show_sweep()
            self._want_sweep()

    @Slot()
    def _on_dataset_changed(self) -> None:
        self._computations.cancel_digits()
        self.parts.sweep.source.set_progress(None)
        self._digits_swept = None
        self._refresh()

    @Slot()
    def _on_run_changed(self) -> None:
        # When training ends the last sweep may still be due.
        if self._state.run.status is not RunStatus.TRAINING and self.isVisible():
            self._want_sweep()
            if self._state.run.status is not self._last_status:
                self._show_lesson()
        self._last_status = self._state.run.status

    # -- subject -------------------------------------------------------------------------------------------

    def _update_subject(self) -> None:
        """Find out what is moved, and fit the choices to it."""
        before = self._subject
        self._subject = self._find_subject()
        subject = self._subject
        if subject is None:
            self._compared = None
            return
        if before is None or subject.network.layers != before.network.layers:
            own = own_pool(subject.network, 1)
            self._view = replace(self._view, block=1, pool_size=2 if own is None else own[1])
        blocks = len(conv_blocks(subject.network))
        if blocks and self._view.stage not in stage_keys(subject.network, self._view.block):
            self._view = replace(self._view, stage="convolution")

    def _find_subject(self) -> Subject | None:
        lesson, state = self._view.lesson, self._state
        if lesson not in (FREE, *DIGIT_LESSONS):
            return self._lessons.toy_subject(lesson)
        if state.shown is None or state.sample is None or state.dataset is None:
            return None
        before = self._subject
        if before is not None and before.origin is state.sample and before.network is state.shown.network:
            return before
        return sample_subject(state.shown, state.sample, state.dataset.classes)

    # -- drawing -------------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        """Show everything anew; costs nothing while the panel is out of sight."""
        if not self.isVisible():
            return
        self._update_subject()
        subject, view, parts = self._subject, self._view, self.parts
        dataset = self._state.dataset
        parts.toolbar.show_view(view)
        parts.sweep.show_view(view)
        parts.canvas.canvas.set_view(view.pair)
        parts.sweep.source.set_available(
            0 if dataset is None or (subject and subject.lesson) else len(dataset.test_labels)
        )
        if subject is not None and conv_blocks(subject.network):
            parts.toolbar.set_blocks(len(conv_blocks(subject.network)))
            parts.toolbar.set_largest_pool(self._largest_pool(subject))
            parts.strip.set_tiles(stage_tiles(subject.network, view.block, view.pool_size))
        parts.strip.set_current(view.stage)
        parts.canvas.show_image(subject, self._state.shift)
        self._show_lesson()
        self._show_comparison()
        self._show_sweep()
        self._request_comparison()
        self._want_sweep()

    def _largest_pool(self, subject: Subject) -> int:
        network = subject.network
        features = network.layers[conv_blocks(network)[self._view.block - 1].features][0]
        return min(network.shapes[features][1:])

    def _show_comparison(self) -> None:
        """Draw the last comparison, if it still is of this image and these choices."""
        found, view, parts = self._compared, self._view, self.parts
        if found is not None and not self._is_of_now(found):
            found = None
        measured = {} if found is None else found.measured
        parts.strip.set_values(
            {s: (each["relative_change"], each["equivariance_residual"]) for s, each in measured.items()}
        )
        parts.maps.show_result(found, view)
        parts.winners.show_result(found, view.channel)
        self._words.request()

    def _show_words(self) -> None:
        """Write what changes too fast to be read at display rate: texts, counts, marks in the sweep."""
        found = self._compared
        if found is not None and not self._is_of_now(found):
            found = None
        self.parts.canvas.show_result(found, self._view)
        self.parts.winners.show_counts()
        self.parts.sweep.show_shift(self._state.shift)

    def _is_of_now(self, found: Compared) -> bool:
        subject, view = self._subject, self._view
        return (
            subject is not None
            and found.subject.origin is subject.origin
            and (found.block, found.pool_size, found.relative) == (view.block, view.pool_size, view.relative)
        )

    def _show_sweep(self) -> None:
        found, subject = self.swept, self._subject
        note = ""
        if found is not None and subject is not None:
            origin = self._state.dataset if self._view.many else subject.origin
            if found.origin is not origin or found.key != self._sweep_key():
                note = "Measured with other settings: press Measure again." if self._view.many else ""
                found = None
            elif found.network is not subject.network and found.step != subject.step:
                note = f"network of step {found.step:,}"
        self.parts.sweep.show_sweep(found, None if subject is None else subject.network, note)

    def _sweep_key(self) -> SweepKey:
        view = self._view
        return SweepKey(view.block, view.pool_size, view.relative, self._state.shift.wrap)

    # -- computing -----------------------------------------------------------------------------------------

    def _request_comparison(self) -> None:
        if self._subject is not None and self.isVisible():
            view = self._view
            self._computations.compare(
                self._subject, self._state.shift, view.block, view.pool_size, view.relative
            )

    def _want_sweep(self) -> None:
        """Have the image swept: at once, or a little later while training makes new networks all the time."""
        if self._state.run.status is not RunStatus.TRAINING:
            self._request_sweep()
        elif not self._sweep_timer.isActive():
            self._sweep_timer.start()

    @Slot()
    def _request_sweep(self) -> None:
        subject, found, key = self._subject, self._swept, self._sweep_key()
        if subject is None or not self.isVisible():
            return
        is_same = found is not None and found.origin is subject.origin and found.network is subject.network
        if not is_same or found is None or found.key != key:
            self._computations.sweep(subject, key)

    def _on_compared(self, found: Compared) -> None:
        if not self._is_of_now(found):
            return
        self._compared = found
        if self.message.kind() == "error":
            self.message.clear()
        if self.isVisible():
            self._show_comparison()

    def _on_swept(self, found: Swept) -> None:
        self._swept = found
        if self.isVisible() and not self._view.many:
            self._show_sweep()

    def _on_digits_swept(self, found: Swept) -> None:
        self.parts.sweep.source.set_progress(None)
        if found.origin is self._state.dataset:
            self._digits_swept = found
            if self.isVisible():
                self._show_sweep()

    def _on_failed(self, message: str) -> None:
        self.message.show_message(message, "error")

    def _on_digits_failed(self, message: str) -> None:
        self.parts.sweep.source.set_progress(None)
        self.message.show_message(message, "error")

    # -- lessons -------------------------------------------------------------------------------------------

    def _show_lesson(self) -> None:
        subject, name = self._subject, self._view.lesson
        self.parts.lesson.setVisible(name != FREE)
        if name == FREE or subject is None:
            return
        lesson = self._lessons.lesson(name, subject)
        self._lesson_text = f"*{lesson.title}.* {lesson.look_at}"
        self.parts.lesson.set_statement(self._lesson_text)
        self._computations.measure_lesson(name, lesson.result)

    def _on_lesson_result(self, found: tuple[str, str]) -> None:
        name, result = found
        if name == self._view.lesson:
            self.parts.lesson.set_statement(f"{self._lesson_text} *Measured:* {result}")

    @Slot(str)
    def _on_lesson_chosen(self, name: str) -> None:
        left_toy = self._subject is not None and self._subject.lesson is not None
        view = replace(self._view, lesson=name)
        if name != FREE:
            view = replace(
                view,
                pair="overlay",
                relative=True,
                stage="max",
                channel=0,
                many=False,
                moved_along=name == "digit-2px",
            )
        self._view = view
        self.parts.lesson.reset_height()
        self._update_subject()
        if name == FREE:
            self.shiftRequested.emit(Shift() if left_toy else self._state.shift)
        elif self._subject is not None:
            lesson = self._lessons.lesson(name, self._subject)
            self.shiftRequested.emit(Shift(lesson.dx, lesson.dy, lesson.mode == "wrap"))
        self._refresh()

    # -- choices -------------------------------------------------------------------------------------------

    @Slot(str)
    def _on_pair_view_chosen(self, pair: PairView) -> None:
        self.choose(pair=pair)

    @Slot(int)
    def _on_pool_size_chosen(self, size: int) -> None:
        self.choose(pool_size=size)

    @Slot(int)
    def _on_block_chosen(self, block: int) -> None:
        self.choose(block=block, channel=0)

    @Slot(bool)
    def _on_relative_chosen(self, relative: bool) -> None:
        self.choose(relative=relative)
        if relative:
            self.message.clear()
        else:
            self.message.show_message(RELATIVE_TO_BLANK_NOTE, "info")

    @Slot(str)
    def _on_stage_selected(self, stage: str) -> None:
        self.choose(stage=stage)

    @Slot(int)
    def _on_channel_chosen(self, channel: int) -> None:
        self.choose(channel=channel)

    @Slot(bool)
    def _on_moved_along_chosen(self, moved_along: bool) -> None:
        self.choose(moved_along=moved_along)

    @Slot(str)
    def _on_measure_chosen(self, name: str) -> None:
        self.choose(measure=measure_name(name))

    @Slot(bool)
    def _on_spread_chosen(self, spread: bool) -> None:
        self.choose(spread=spread)

    @Slot(bool)
    def _on_many_chosen(self, many: bool) -> None:
        self.choose(many=many)

    @Slot(int)
    def _on_digits_chosen(self, digits: int) -> None:
        self.choose(digits=digits)

    @Slot(int, int)
    def _on_shift_selected(self, dx: int, dy: int) -> None:
        self.shiftRequested.emit(Shift(dx, dy, self._state.shift.wrap))

    @Slot(object)
    def _on_window_pointed(self, blocks: tuple[Any, Any, Any] | None) -> None:
        grid, canvas = self.parts.maps.grid, self.parts.canvas.canvas
        if blocks is None:
            grid.set_highlight(None)
            canvas.set_highlight(None)
            return
        window, cell, pixels = blocks
        stage = self._view.stage
        grid.set_highlight({"pixels": pixels, "convolution": window, "activation": window}.get(stage, cell))
        canvas.set_highlight(pixels)

    @Slot()
    def _on_measure_requested(self) -> None:
        subject, dataset = self._subject, self._state.dataset
        if subject is None or dataset is None or subject.lesson is not None:
            return
        source = self.parts.sweep.source
        source.set_progress(0.0)
        digits = min(self._view.digits, len(dataset.test_labels))
        self._computations.sweep_digits(
            subject.network, subject.step, dataset, digits, self._sweep_key(), source.set_progress
        )

    @Slot()
    def _on_cancel_requested(self) -> None:
        self._computations.cancel_digits()
        self.parts.sweep.source.set_progress(None)
