"""Loss and accuracy over the steps of the run."""

import numpy as np
from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cnnviz.history import History
from ui.widgets.curve_plot import CurvePlot

_DRAWING_MS = 100
_UNTRAINED = "Press Train (Space) and watch the network learn"


class TrainingCurves(QWidget):
    """Two plots that grow with the history.

    Raw loss is the loss of every single step; the strong line is the mean over the last steps, as
    many as one log interval has; the marks are measured on the test images.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._history = History()
        self._ghost: History | None = None
        self._has_ghost_curves = False
        self._drawn_steps = 0
        self._window = 0
        self._next_drawing = QTimer(self)
        self._next_drawing.setSingleShot(True)
        self._next_drawing.setInterval(_DRAWING_MS)
        self._next_drawing.timeout.connect(self.update_steps)
        self._build_plots()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.loss, 1)
        layout.addWidget(self.accuracy, 1)
        self.set_history(self._history)

    def set_history(self, history: History) -> None:
        """Show another record, from its beginning."""
        self._history = history
        self._drawn_steps = 0
        self._window = history.log_every
        self.loss.clear()
        self.accuracy.clear()
        self.update_steps()
        self.update_tests()
        self._draw_ghost()

    def set_ghost(self, ghost: History | None) -> None:
        """Show the running means of an earlier run in grey, or of none."""
        self._ghost = ghost
        self._draw_ghost()

    def set_moment(self, step: int | None) -> None:
        """Mark the step whose weights are shown; None when these are the newest."""
        for plot in (self.loss, self.accuracy):
            plot.set_marker_x(step)

    def set_total_steps(self, total: int) -> None:
        """Leave room for the whole run."""
        for plot in (self.loss, self.accuracy):
            plot.set_x_limit(total or None)

    def follow_steps(self) -> None:
        """Draw new steps soon: ten times a second is as fluid as a curve can be seen to grow.

        Drawing holds the interpreter, so what is drawn more often than that is taken from training.
        """
        if not self._next_drawing.isActive():
            self._next_drawing.start()

    @Slot()
    def update_steps(self) -> None:
        """Draw the steps that have come since the last call, now."""
        self._next_drawing.stop()
        with self.loss.changes(), self.accuracy.changes():
            self._add_steps()

    def _add_steps(self) -> None:
        losses = self._history.losses
        new = losses[self._drawn_steps :]
        if not len(new):
            return
        first = self._history.first_step + self._drawn_steps + 1
        self.loss.append_curve("raw", np.arange(first, first + len(new), dtype=np.float64), new)
        self._drawn_steps = len(losses)
        loss, accuracy = self._history.loss_curve(self._window), self._history.accuracy_curve(self._window)
        # The first few steps are no mean yet and would only stretch the axis.
        settled = accuracy.steps - self._history.first_step >= self._window // 10
        self.loss.set_curve("mean", loss.steps, loss.values)
        self.accuracy.set_curve("mean", accuracy.steps[settled], accuracy.values[settled])
        if settled.any():
            self.accuracy.set_y_bounds(_tenth_below(float(accuracy.values[settled].min())), 1.0)

    def update_tests(self) -> None:
        """Draw the test results."""
        tests = self._history.tests
        steps = np.array([point.step for point in tests], dtype=np.float64)
        self.loss.set_curve("test", steps, np.array([point.loss for point in tests], dtype=np.float64))
        self.accuracy.set_curve(
            "test", steps, np.array([point.accuracy for point in tests], dtype=np.float64)
        )

    def _draw_ghost(self) -> None:
        ghost = self._ghost
        if ghost is None:
            if self._has_ghost_curves:
                self.loss.clear_curve("ghost")
                self.accuracy.clear_curve("ghost")
            return
        if not self._has_ghost_curves:
            # Only now, so that the legend does not speak of a run that does not exist; in one of the two
            # plots, as there is no room for it in the other when the window is small.
            self._has_ghost_curves = True
            self.loss.add_curve("ghost", "before", style="ghost", role="muted", in_legend=False)
            self.accuracy.add_curve("ghost", "before", style="ghost", role="muted")
        window = ghost.log_every
        loss, accuracy = ghost.loss_curve(window), ghost.accuracy_curve(window)
        settled = accuracy.steps - ghost.first_step >= window // 10
        self.loss.set_curve("ghost", loss.steps, loss.values)
        self.accuracy.set_curve("ghost", accuracy.steps[settled], accuracy.values[settled])

    def _build_plots(self) -> None:
        self.loss = CurvePlot("Loss", x_label="step", parent=self)
        self.loss.setToolTip(
            "Cross-entropy in nats. Guessing between two classes costs ln 2 = 0.693. Wheel: zoom, "
            "drag: move, A: whole run."
        )
        self.loss.add_curve("raw", "each step", style="raw")
        self.accuracy = CurvePlot("Accuracy", x_label="step", parent=self)
        self.accuracy.setToolTip(
            "Share of images whose class is predicted correctly. Wheel: zoom, drag: move, A: whole run."
        )
        self.loss.set_y_bounds(0.0, None)
        self.accuracy.set_y_bounds(0.0, 1.0)
        for plot, role in ((self.loss, "accent"), (self.accuracy, "original")):
            plot.add_curve("mean", "running mean", style="smooth", role=role)
            plot.add_curve("test", "test images", style="test", role="winner")
            plot.set_placeholder(_UNTRAINED)
        self.loss.setAccessibleName("Loss over the training steps")
        self.accuracy.setAccessibleName("Accuracy over the training steps")


def _tenth_below(value: float) -> float:
    """Round down to a tenth, so that the axis moves in steps and not with every point."""
    return max(np.floor(value * 10 - 0.5) / 10, 0.0)
