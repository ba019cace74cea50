"""Loss and accuracy over the steps of the run."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

from cnnviz._types import View as PanelView
from cnnviz._types import ViewValue
from cnnviz.graphics import run_curves
from cnnviz.graphics.curves import Curves
from cnnviz.quantities import format_count, format_value
from ui.choices import kept, maybe, read
from ui.controls.buttons import Button
from ui.controls.layouts import fill
from ui.controls.pace import single_shot
from ui.panels.provenance import HasProvenance
from ui.panels.training.curve_plot import CurvePlot
from ui.state import AppState

#: Between the news of steps and their drawing: in a turn of their own.
_DRAWING_MS = 10
#: Between two drawings: it holds the interpreter, and with it training.
_PAUSE_MS = 320
_FARTHEST = 1e12  # ends of a view that a session keeps
_UNTRAINED = "Press Train (Space) and watch the network learn to tell {classes}"
_TOO_FEW = "A mean needs more steps: shown from step {step} on"
_HANDLING = "Wheel: zoom, drag: move, A: whole run."
_MEANS = (
    "Each step is measured on its own training images, before they change the weights; the "
    "running mean is over the last {window} steps. Test images are measured with the weights of that step."
)


@dataclass(frozen=True)
class _Zoom:
    """Part of a plot that is shown: its ends along x and along y; None for all of it."""

    zoom: tuple[float, ...] | None = maybe(float, -_FARTHEST, _FARTHEST)


class TrainingCurves(HasProvenance, QWidget):
    """Two plots that grow with the history."""

    def __init__(self, state: AppState, train: Callable[[], object]) -> None:
        super().__init__()
        self._state = state
        self._is_waiting = False  # for what is new to be drawn
        self._coming: list[tuple[CurvePlot, Curves]] = []  # of one step, drawn one a turn
        self.loss = CurvePlot(run_curves.LOSS, "Loss over the training steps")
        self._next_drawing = single_shot(self, self._draw_new)
        self.accuracy = CurvePlot(run_curves.ACCURACY, "Accuracy over the training steps")
        self._plots = {"loss": self.loss, "accuracy": self.accuracy}
        across = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box = fill(across, (self.loss, 1), (self.accuracy, 1))
        self.train = Button("Train", "play", "primary", "Watch the network learn", "Space")
        self.train.setProperty("large", True)
        self.train.clicked.connect(lambda: train())
        self.loss.over.addWidget(self.train, 0, 0, Qt.AlignmentFlag.AlignCenter)
        for signal, slot in (
            (state.historyReset, self._on_history_reset),
            (state.ghostChanged, self.draw),
            (state.momentChanged, self._on_moment_changed),
            (state.runChanged, self._on_run_changed),
            (state.stepsAdded, self.follow),
            (state.testAdded, self._on_test_added),
        ):
            signal.connect(slot)
        self.draw()

    # -- what is shown -------------------------------------------------------------------------------------

    @property
    def _run(self) -> run_curves.Run:
        state, shown = self._state, self._state.shown
        moment = None if shown is None or state.follows_live else shown.step
        return run_curves.Run(state.history, state.ghost, state.run.total_steps, moment)

    def _on_history_reset(self) -> None:
        self.draw()
        for plot in self._plots.values():
            plot.hide_cursor()
            plot.reset_view()

    def _on_moment_changed(self) -> None:
        for plot in self._plots.values():
            plot.set_markers(self._run.markers())

    def _on_run_changed(self) -> None:
        if not self._state.run.is_training:
            self.draw()

    def _on_test_added(self) -> None:
        if self._state.run.is_training:
            self.follow()
        else:
            self.draw()

    def follow(self) -> None:
        """Draw what is new soon, one plot after the other, both to one step."""
        self._is_waiting = True
        if not self._next_drawing.isActive():
            self._next_drawing.start(_DRAWING_MS)

    def draw(self) -> None:
        """Draw what is new now, on axes as if all of it had come at once."""
        self._next_drawing.stop()
        self._is_waiting, self._coming = False, []
        self._describe()
        for plot, content in self._contents():
            plot.show_content(content)

    @override
    def catch_up(self) -> None:
        if self._is_waiting or self._coming:
            self.draw()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the plots side by side where there is more width than height."""
        super().resizeEvent(event)
        direction, wide = QBoxLayout.Direction, self.width() > 1.4 * self.height()
        self._box.setDirection(direction.LeftToRight if wide else direction.TopToBottom)

    @override
    def minimumSizeHint(self) -> QSize:
        # Whichever way they lie.
        return self.loss.minimumSizeHint().expandedTo(self.accuracy.minimumSizeHint())

    def _draw_new(self) -> None:
        if self._is_waiting and not self._coming:
            self._is_waiting, self._coming = False, self._contents()
        if self._coming:
            plot, content = self._coming.pop()
            plot.show_content(content, is_smooth=False)
            self._next_drawing.start(_DRAWING_MS if self._coming else _PAUSE_MS)

    def _contents(self) -> list[tuple[CurvePlot, Curves]]:
        run, history = self._run, self._state.history
        self.train.setVisible(not history.step)  # while there is nothing else to be seen in its place
        told = _TOO_FEW.format(step=format_count(run_curves.first_mean(history)))
        if not history.losses.size:
            names = self._state.experiment.classes
            apart = " from ".join(names) if len(names) == 2 else f"{len(names)} classes apart"
            told = _UNTRAINED.format(classes=apart)
        self.accuracy.placeholder.setText(told)
        return [(self.accuracy, run_curves.accuracy_plot(run)), (self.loss, run_curves.loss_plot(run))]

    def _describe(self) -> None:
        run, count = self._run, len(self._state.experiment.classes)
        means = _MEANS.format(window=format_count(run.history.log_every))
        told = f"{means}{'' if run.ghost is None else f' In grey: {run.ghost_said}.'} {_HANDLING}"
        self.loss.setToolTip(
            "Cross-entropy −ln p(label), in nats (units of the natural logarithm): 0 when the network is "
            "sure of the right class. "
            f"Guessing among {count} classes costs ln {count} = {format_value(math.log(count))}. {told}"
        )
        self.accuracy.setToolTip(f"Share of images whose class is predicted correctly. {told}")

    # -- choices -------------------------------------------------------------------------------------------

    def view_state(self) -> dict[str, ViewValue]:
        """Return which parts of the plots are shown."""
        view: dict[str, ViewValue] = {}
        for name, plot in self._plots.items():
            zoom = (*plot.view_range()[0], *plot.view_range()[1]) if plot.is_zoomed else None
            is_near = zoom is not None and max(map(abs, zoom)) <= _FARTHEST
            view |= kept(_Zoom(zoom if is_near else None), f"{name}.")
        return view

    def restore_view(self, view: PanelView) -> None:
        for name, plot in self._plots.items():
            zoom = read(_Zoom, view, f"{name}.").zoom
            if zoom is None or len(zoom) != 4 or not (zoom[0] < zoom[1] and zoom[2] < zoom[3]):
                plot.reset_view()
            else:
                plot.set_view_range((zoom[0], zoom[1]), (zoom[2], zoom[3]))
