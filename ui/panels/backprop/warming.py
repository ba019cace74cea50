"""Views of steps that were not seen yet, made ready."""

from collections.abc import Callable, Mapping
from typing import override

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QWidget

from ui.panels.backprop.model import BackpropModel
from ui.panels.backprop.step_view import StepView
from ui.panels.backprop.steps import StepKind

#: Between two views.
_PAUSE_MS = 30


class Warming(QTimer):
    """Draws each view that was not seen yet, so that the first look at it is as quick as the others.

    Parameters
    ----------
    model : BackpropModel
    views : mapping of StepKind to StepView
    is_busy : callable
        Whether there is no time for it now.
    parent : QWidget
        Where the views are.

    Attributes
    ----------
    unseen : list of StepView
        Still to be drawn.
    """

    def __init__(
        self,
        model: BackpropModel,
        views: Mapping[StepKind, StepView],
        is_busy: Callable[[], bool],
        parent: QWidget,
    ) -> None:
        super().__init__(parent, interval=_PAUSE_MS)
        self._model, self._views, self._is_busy, self._place = model, views, is_busy, parent
        self.unseen = list(dict.fromkeys(views.values()))
        self.timeout.connect(self._draw_next)

    @override
    def start(self) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] -- the pause is always the same
        """Begin, or go on where it was stopped."""
        if self.unseen:
            super().start()

    @Slot()
    def _draw_next(self) -> None:
        model = self._model
        if model.passed is None or self._is_busy():
            return
        view = self.unseen.pop(0) if self.unseen else None
        step = next((step for step in model.steps if self._views[step.kind] is view), None)
        if view is not None and step is not None and not view.isVisible():
            view.resize(self._place.size())
            view.show_step(model.passed, step, model.focus)
            view.grab()
        if not self.unseen:
            self.stop()
