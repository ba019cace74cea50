"""Loss and accuracy over the steps of the run."""

import math
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from cnnviz.history import History
from cnnviz.quantities import format_count, format_value
from cnnviz.session_state import ViewValue
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.controls.pace import single_shot
from ui.controls.painted_button import MiniButton
from ui.panels.drawn import DrawnPart
from ui.panels.views import Choices, under
from ui.plots.curve_plot import CurvePlot

#: Between the news of steps and their drawing: in a turn of their own.
_DRAWING_MS = 10
#: Between the drawing of one plot and of the other; no more often than that is a curve seen to grow.
_OTHER_MS = 160
_FARTHEST = 1e12  # ends of a view that a session keeps
_UNTRAINED = "Press Train (Space) and watch the network learn"
_TOO_FEW = "A mean needs more steps: shown from step {step} on"
_HANDLING = "Wheel: zoom, drag: move, A: whole run."
_MEANS = (
    "Each step is measured on its own training images, before they change the weights; the "
    "running mean is over the last {window} steps. Test images are measured with the weights of that step."
)
UNITS = {"step": "Steps", "epochs": "Epochs", "images": "Training images"}
"""Units of the x axis, as the axis and as the menu call them; runs of other batch sizes compare by images."""


class TrainingCurves(DrawnPart, QWidget):
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
        self._accuracy_drawn_steps = 0
        self._is_accuracy_next = False
        self._tests_due: set[str] = set()
        self._window = 0
        self._unit = "step"
        self._classes = 2
        self._moment: int | None = None
        self._total = 0
        self._next_drawing = single_shot(self, self._draw_one)
        self._build_plots()
        fill(QVBoxLayout(self), (self.loss, 1), (self.accuracy, 1))
        self.set_history(self._history)

    def set_history(self, history: History) -> None:
        """Show another record, from its beginning."""
        self._history = history
        self._draw_anew()

    def set_classes(self, count: int) -> None:
        """Say how many classes are told apart, on which it depends what guessing costs."""
        self._classes = count
        self._describe()

    def set_unit(self, unit: str) -> None:
        """Count along the x axis in one of `UNITS`."""
        if unit == self._unit:
            return
        self._unit = unit
        self.units.setToolTip(f"Unit of the x axis: {UNITS[unit].lower()}")
        for each, action in self._unit_actions.items():
            action.setChecked(each == unit)
        for plot in (self.loss, self.accuracy):
            plot.set_x_axis(unit, counts=unit != "epochs")
        self._draw_anew()
        self.set_moment(self._moment)
        self.set_total_steps(self._total)

    def unit(self) -> str:
        """Return the unit of the x axis."""
        return self._unit

    def _draw_anew(self) -> None:
        history = self._history
        self._describe()
        self._drawn_steps = self._accuracy_drawn_steps = 0
        self._window = history.log_every
        self.loss.clear()
        self.accuracy.clear()
        self.accuracy.set_placeholder(_UNTRAINED)
        self.update_steps()
        self.update_tests()
        self._draw_ghost()

    def set_ghost(self, ghost: History | None) -> None:
        """Show the running means of an earlier run in grey, or of none."""
        self._ghost = ghost
        self._draw_ghost()

    def set_moment(self, step: int | None) -> None:
        """Mark the step whose weights are shown; None when these are the newest."""
        self._moment = step
        x = None if step is None else float(self._x(self._history, step))
        for plot in (self.loss, self.accuracy):
            plot.set_marker_x(x)

    def set_total_steps(self, total: int) -> None:
        """Leave room for the whole run."""
        self._total = total
        limit = float(self._x(self._history, total)) if total else None
        for plot in (self.loss, self.accuracy):
            plot.set_x_limit(limit)

    def follow_steps(self) -> None:
        """Draw new steps soon.

        Drawing holds the interpreter, and with it training. The two plots take turns, so that the window
        never has to wait for both.
        """
        if not self._next_drawing.isActive():
            self._next_drawing.start(_DRAWING_MS)

    @Slot()
    def update_steps(self) -> None:
        """Draw the steps that have come since the last call, now."""
        self._next_drawing.stop()
        self._add_losses()
        self._add_accuracies()

    def follow_tests(self) -> None:
        """Draw new test results together with the next steps."""
        self._tests_due = {"loss", "accuracy"}
        self.follow_steps()

    def settle(self) -> None:
        """Fit the axes to the whole curves, as if they had come at once, unless the user has zoomed.

        While curves grow, their axes depend on when they were drawn; those of a run at rest should not.
        """
        for plot in (self.loss, self.accuracy):
            plot.set_smooth(True)
            if not plot.is_zoomed():
                plot.reset_view()

    def view_state(self) -> dict[str, ViewValue]:
        """Return the unit, which curves are hidden, and which parts of the plots are shown."""
        view: dict[str, ViewValue] = {"unit": self._unit}
        for name, plot in (("loss", self.loss), ("accuracy", self.accuracy)):
            zoom = (*plot.view_range()[0], *plot.view_range()[1]) if plot.is_zoomed() else None
            if zoom is not None and max(map(abs, zoom)) > _FARTHEST:
                zoom = None
            shown = {curve: plot.is_curve_visible(curve) for curve in plot.curve_names()}
            view |= under(name, {"zoom": zoom, **shown})
        return view

    def restore_view(self, choices: Choices) -> None:
        """Choose as `view_state` said."""
        self.set_unit(choices.text("unit", UNITS, "step"))
        for name, plot in (("loss", self.loss), ("accuracy", self.accuracy)):
            own = choices.below(name)
            for curve in plot.curve_names():
                plot.set_curve_visible(curve, own.flag(curve, True))
            zoom = own.numbers("zoom", 4)
            if zoom is None or not (zoom[0] < zoom[1] and zoom[2] < zoom[3]):
                plot.reset_view()
            else:
                plot.set_view_range((zoom[0], zoom[1]), (zoom[2], zoom[3]))

    @Slot()
    def _draw_one(self) -> None:
        """Draw what is new in one of the plots, and leave the other for the next time."""
        self.loss.set_smooth(False)
        self.accuracy.set_smooth(False)
        if self._is_accuracy_next:
            self._add_accuracies()
        else:
            self._add_losses()
        self._is_accuracy_next = not self._is_accuracy_next
        if self._is_behind():
            self._next_drawing.start(_OTHER_MS)

    def _is_behind(self) -> bool:
        count = len(self._history.losses)
        return bool(self._tests_due) or count != self._drawn_steps or count != self._accuracy_drawn_steps

    def _add_losses(self) -> None:
        losses = self._history.losses
        new = losses[self._drawn_steps :]
        if "loss" in self._tests_due:
            self._tests_due.discard("loss")
            self.loss.set_curve("test", *self._test_points("loss"))
        if not len(new):
            return
        first = self._history.first_step + self._drawn_steps + 1
        mean = self._history.loss_curve(self._window)
        with self.loss.changes():
            self.loss.append_curve("raw", self._x(self._history, np.arange(first, first + len(new))), new)
            self.loss.set_curve("mean", self._x(self._history, mean.steps), mean.values)
        self._drawn_steps = len(losses)

    def _add_accuracies(self) -> None:
        count = len(self._history.losses)
        if count == self._accuracy_drawn_steps and "accuracy" not in self._tests_due:
            return
        self._accuracy_drawn_steps = count
        accuracy = self._history.accuracy_curve(self._window)
        # The first few steps are no mean yet and would only stretch the axis.
        first = self._history.first_step + self._window // 10
        settled = accuracy.steps >= first
        self.accuracy.set_placeholder(_TOO_FEW.format(step=format_count(first)) if count else _UNTRAINED)
        with self.accuracy.changes():
            if "accuracy" in self._tests_due:
                self._tests_due.discard("accuracy")
                self.accuracy.set_curve("test", *self._test_points("accuracy"))
            x = self._x(self._history, accuracy.steps[settled])
            self.accuracy.set_curve("mean", x, accuracy.values[settled])
            self._fit_accuracy()

    def update_tests(self) -> None:
        """Draw the test results."""
        self._tests_due.clear()
        self.loss.set_curve("test", *self._test_points("loss"))
        with self.accuracy.changes():
            self.accuracy.set_curve("test", *self._test_points("accuracy"))
            self._fit_accuracy()

    def _fit_accuracy(self) -> None:
        """Let the axis begin a little below all curves."""
        lows = [y.min() for _, y in map(self.accuracy.curve, self.accuracy.curve_names()) if y.size]
        self.accuracy.set_y_bounds(_tenth_below(float(min(lows, default=0.0))), 1.0)

    def _test_points(self, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        tests = self._history.tests
        steps = self._x(self._history, [point.step for point in tests])
        return steps, np.array([getattr(point, name) for point in tests], dtype=np.float64)

    def _x(self, history: History, steps: ArrayLike) -> NDArray[np.float64]:
        """Where steps of a run lie on the x axis: two runs have their own steps, but the same images."""
        if self._unit == "step":
            return np.asarray(steps, dtype=np.float64)
        return history.images_at(steps) / (history.epoch_images if self._unit == "epochs" else 1)

    def _draw_ghost(self) -> None:
        ghost = self._ghost
        if ghost is None:
            if self._has_ghost_curves:
                self._has_ghost_curves = False
                self.loss.remove_curve("ghost")
                self.accuracy.remove_curve("ghost")
                self._fit_accuracy()
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
        self.loss.set_curve("ghost", self._x(ghost, loss.steps), loss.values)
        with self.accuracy.changes():
            x = self._x(ghost, accuracy.steps[settled])
            self.accuracy.set_curve("ghost", x, accuracy.values[settled])
            self._fit_accuracy()

    def _build_plots(self) -> None:
        self.loss = named(CurvePlot("Loss", x_label="step", parent=self), "Loss over the training steps")
        self.loss.add_curve("raw", "each step", style="raw")
        self.accuracy = CurvePlot("Accuracy", x_label="step", parent=self)
        self._units_menu = QMenu(self)
        self._unit_actions: dict[str, QAction] = {}
        for unit, text in UNITS.items():
            action = self._unit_actions[unit] = self._units_menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(unit == self._unit)
            action.triggered.connect(partial(self.set_unit, unit))
        self.units = MiniButton("chevron-down", "Unit of the x axis")
        self.units.clicked.connect(self._on_units_clicked)
        self.accuracy.set_label_button(self.units)
        self.loss.set_y_bounds(0.0, None)
        self.accuracy.set_y_bounds(0.0, 1.0)
        for plot, role in ((self.loss, "accent"), (self.accuracy, "original")):
            plot.add_curve("mean", "running mean", style="smooth", role=role)
            plot.add_curve("test", "test images", style="test", role="winner")
            plot.set_placeholder(_UNTRAINED)
        self.accuracy.setAccessibleName("Accuracy over the training steps")
        self._describe()

    def _describe(self) -> None:
        count, means = self._classes, _MEANS.format(window=format_count(self._history.log_every))
        self.loss.setToolTip(
            f"Cross-entropy in nats. Guessing among {count} classes costs ln {count} = "
            f"{format_value(math.log(count))}. {means} {_HANDLING}"
        )
        self.accuracy.setToolTip(f"Share of images whose class is predicted correctly. {means} {_HANDLING}")

    @Slot()
    def _on_units_clicked(self) -> None:
        self._units_menu.popup(self.units.mapToGlobal(self.units.rect().bottomLeft()))


def _tenth_below(value: float) -> float:
    """Round down to a tenth, so that the axis moves in steps and not with every point."""
    return max(math.floor(value * 10 - 0.5) / 10, 0.0)
