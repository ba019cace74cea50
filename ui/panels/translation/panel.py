"""The translation panel."""

from dataclasses import replace
from typing import Any, override

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cnnviz.network import Network
from cnnviz.session_state import View as PanelView
from cnnviz.translation import POOL_KINDS, RELATIVE_TO_BLANK_NOTE, conv_blocks
from ui.controls.layouts import fill
from ui.controls.message_bar import MessageBar
from ui.panels.analysis import Analysis
from ui.panels.contract import Panel
from ui.panels.drawn import Drawn
from ui.panels.picture_loop import PictureLoop
from ui.panels.scene import Scene, scene_of
from ui.panels.translation import restoring
from ui.panels.translation.lesson_guide import LessonGuide, lesson_shift, lesson_view
from ui.panels.translation.picture import Picture, picture_of, subject_of
from ui.panels.translation.sections import Sections
from ui.panels.translation.stages import largest_pool, own_pool, stage_tiles
from ui.panels.translation.subject import FREE, toy_subject
from ui.panels.translation.sweep_guide import SweepGuide
from ui.panels.translation.view import View, ViewModel
from ui.panels.views import Choices
from ui.state import AppState, RunStatus, Shift
from ui.theme import Theme, follow_theme

_NETWORKS_MS = 80
"""Least time between two pictures while training runs, so that a drag is not held up by them."""


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
        self._network: Network | None = None  # whose architecture the choices fit
        self._theme: Theme | None = None
        self._last_status = state.run.status
        self.setProperty("role", "panel")
        self.choices = ViewModel(self)
        self._build()
        self._lessons = LessonGuide(self.parts.lesson_row, self.parts.lesson, self.parts.kernel, background)
        self.sweeps = SweepGuide(self.parts.sweep, analysis, background, self)
        state.sampleChanged.connect(self._leave_toy)
        state.datasetChanged.connect(self.sweeps.forget_digits)
        state.snapshotChanged.connect(self._fit_choices)
        self._loop = PictureLoop(self, state, analysis, "translation", self._scene, picture_of, self._draw)
        self._connect_choices()
        self._connect_parts()
        state.shiftChanged.connect(self._on_shift_changed)
        state.runChanged.connect(self._on_run_changed)
        self._show_choices()
        follow_theme(self)

    # -- what is shown -------------------------------------------------------------------------------------

    @property
    def view(self) -> View:
        """Choices in force."""
        return self.choices.view

    @property
    def picture(self) -> Picture | None:
        """What is drawn."""
        return self._loop.picture

    @property
    def is_current(self) -> bool:
        """Whether what is drawn is that of the present state and choices."""
        return self._loop.is_current

    def view_state(self) -> PanelView:
        """Return all choices, for a session."""
        waiting = self._loop.waiting_view
        if waiting is not None:
            return waiting
        noted = self.message.text() == RELATIVE_TO_BLANK_NOTE
        return restoring.view_of(self.view, self.parts, self.sweeps) | {"note": noted}

    def restore_view(self, view: PanelView) -> None:
        """Choose as `view_state` said, as soon as the network and the sample are drawn."""
        self._leave_toy()  # or the network of a lesson would be drawn instead
        self._loop.when_current(view, self._restore)
        self._loop.look()

    def set_theme(self, theme: Theme) -> None:
        """Scale the layout."""
        self._theme = theme
        self.parts.set_theme(theme)
        self.parts.fit(self.width(), theme)

    # -- events --------------------------------------------------------------------------------------------

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
        """Return network, sample and shift that are shown."""
        return None if self.picture is None else self.picture.drawn

    # -- building ------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.message = MessageBar(self)
        self.parts = Sections(self)
        fill(QVBoxLayout(self), self.message, (self.parts.scroll_area, 1), spacing=0)

    def _connect_choices(self) -> None:
        parts, choices = self.parts, self.choices
        toolbar, maps, source = parts.toolbar, parts.maps, parts.sweep.source
        for chosen, field in (
            (toolbar.pairViewChosen, "pair"),
            (toolbar.poolSizeChosen, "pool_size"),
            (toolbar.blockChosen, "block"),
            (toolbar.relativeChosen, "relative"),
            (parts.strip.stageSelected, "stage"),
            (maps.channelChosen, "channel"),
            (maps.movedAlongChosen, "moved_along"),
            (source.measureChosen, "measure"),
            (source.manyChosen, "many"),
            (source.digitsChosen, "digits"),
            (parts.sweep.spreadChosen, "spread"),
        ):
            chosen.connect(choices.choosing(field))
        toolbar.relativeChosen.connect(self._on_relative_chosen)
        choices.changed.connect(self._show_choices)
        choices.changed.connect(self._show_beside)
        choices.changed.connect(self._loop.look)
        self._loop.failed.connect(self.message.show_error)

    def _connect_parts(self) -> None:
        parts = self.parts
        parts.toolbar.lessonChosen.connect(self._on_lesson_chosen)
        parts.toolbar.flicker.phaseChanged.connect(parts.canvas.canvas.set_phase)
        parts.toolbar.flicker.phaseChanged.connect(parts.maps.grid.set_phase)
        parts.canvas.shiftRequested.connect(self.shiftRequested)
        parts.canvas.canvas.released.connect(self._show_beside)
        parts.winners.windowPointed.connect(self._on_window_pointed)
        parts.sweep.shiftSelected.connect(self._on_shift_selected)
        self.sweeps.failed.connect(self.message.show_error)

    # -- scene ---------------------------------------------------------------------------------------------

    def _scene(self) -> Scene[View] | None:
        """Return what there is to be seen; of a lesson's own network the run decides nothing."""
        scene, toy = scene_of(self._state, self.view), toy_subject(self.view.lesson)
        if scene is None:
            return None
        snapshot = scene.snapshot if toy is None else toy.snapshot
        choices = restoring.fitting(self.view, snapshot.network)
        return replace(scene, snapshot=snapshot, choices=choices)

    @Slot()
    def _leave_toy(self) -> None:
        if toy_subject(self.view.lesson) is not None:
            self.choices.choose(lesson=FREE)

    @Slot()
    def _fit_choices(self) -> None:
        """Leave no choice that the network does not offer; another architecture begins with its own pool."""
        scene = self._scene()
        if scene is None:
            return
        network, before, view = scene.snapshot.network, self._network, self.view
        self._network = network
        if before is None or not network.is_like(before):
            own = own_pool(network, 1)
            # Without a pool the maps are the last that the network has of the image.
            stage = "convolution" if own is None and view.stage in POOL_KINDS else view.stage
            view = view.but(block=1, pool_size=2 if own is None else own[1], stage=stage)
        self.choices.choose_all(restoring.fitting(view, network))

    # -- drawing -------------------------------------------------------------------------------------------

    @Slot()
    def _show_choices(self) -> None:
        """Show the choices in the controls."""
        view, parts = self.view, self.parts
        parts.toolbar.show_view(view)
        parts.sweep.show_view(view)
        parts.canvas.canvas.set_view(view.pair)
        parts.strip.set_current(view.stage)

    def _draw(self, picture: Picture) -> None:
        parts, subject, view = self.parts, picture.subject, picture.view
        network = subject.network
        if self.message.kind() == "error":
            self.message.clear()
        parts.toolbar.set_blocks([largest_pool(network, each.number) for each in conv_blocks(network)])
        parts.toolbar.set_largest_pool(largest_pool(network, view.block))
        parts.strip.set_tiles(stage_tiles(network, view.block, view.pool_size))
        parts.strip.set_current(view.stage)
        parts.strip.set_values(
            {s: (m["relative_change"], m["equivariance_residual"]) for s, m in picture.measured.items()}
        )
        parts.canvas.show_image(subject, self._state.shift)
        parts.canvas.show_result(picture)
        parts.maps.show_result(picture)
        parts.winners.show_result(picture)
        parts.sweep.show_shift(picture.shift)
        is_dragged = parts.canvas.canvas.is_dragged
        is_training = self._state.run.status is RunStatus.TRAINING
        self._loop.pace = _NETWORKS_MS if is_training and not is_dragged else 0
        if not is_dragged:  # no sweep should get into the way of a drag
            self._show_beside()

    @Slot()
    def _show_beside(self) -> None:
        """Show what takes longer than a picture: the lesson's measurement, and the sweep."""
        scene = self._scene()
        if scene is not None and self.isVisible():
            self._lessons.show(scene.choices.lesson, subject_of(scene))
            self.sweeps.look_at(scene, is_training=self._state.run.status is RunStatus.TRAINING)

    @Slot()
    def _on_shift_changed(self) -> None:
        # Under the hand at once: this much needs no network.
        if self.picture is not None and self.isVisible():
            self.parts.canvas.show_image(self.picture.subject, self._state.shift)

    @Slot()
    def _on_run_changed(self) -> None:
        status = self._state.run.status
        if status is not self._last_status and status is not RunStatus.TRAINING:
            self._show_beside()  # what was put off while training ran
        self._last_status = status

    def _restore(self, restored: Choices, picture: Picture) -> None:
        """Choose as a session says; many digits are measured again if they were."""
        view = View.from_choices(restored)
        self._network = (toy_subject(view.lesson) or picture.subject).network
        self.choices.choose_all(restoring.fitting(view, self._network))
        restoring.restore(self.parts, restored)
        if restored.flag("note", False):
            self.message.show_message(RELATIVE_TO_BLANK_NOTE, "info")
        else:
            self.message.clear()
        if view.many and restored.flag("measured", False):
            self.sweeps.measure()

    # -- requests ------------------------------------------------------------------------------------------

    @Slot(str)
    def _on_lesson_chosen(self, name: str) -> None:
        left_toy = toy_subject(self.view.lesson) is not None
        self.choices.choose_all(lesson_view(self.view, name))
        self._fit_choices()
        scene = self._scene()
        if name != FREE and scene is not None:
            self.shiftRequested.emit(lesson_shift(name, subject_of(scene)))
        elif left_toy:
            self.shiftRequested.emit(Shift())

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
