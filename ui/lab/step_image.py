"""The training image of a single step, for a step of a lab that trains in slow motion."""

from functools import lru_cache

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from cnnviz.lab.model import Step
from cnnviz.quantities import format_count, with_article
from cnnviz.training import epoch_order
from ui.controls.labels import WrapLabel
from ui.controls.layouts import fill, named
from ui.state import AppState
from ui.theme import theme_manager

_SIDE = 84
_order = lru_cache(2)(epoch_order)


class StepImage(QWidget):
    """Shows which training image the last step took in, or which one the first step will."""

    def __init__(self, state: AppState) -> None:
        super().__init__()
        self._state, self._is_wanted = state, False
        self.picture, self.said = named(QLabel(), role="paper"), WrapLabel("", role="text")
        fill(QHBoxLayout(self), self.picture, (self.said, 1), spacing=10)
        state.runChanged.connect(self._look)
        state.datasetChanged.connect(self._look)

    def set_step(self, step: Step) -> None:
        """Show it in steps that wait for slow motion."""
        self._is_wanted = any(each.event == "slowed" for each in step.done_when)
        self._look()

    def _look(self) -> None:
        data, run, experiment = self._state.dataset, self._state.run, self._state.experiment
        is_known = data is not None and experiment.batch_size == 1 and data.classes == experiment.classes
        self.setVisible(self._is_wanted and is_known)
        if not self._is_wanted or data is None or not is_known:
            return
        number = max(run.step, 1)
        epoch, place = divmod(number - 1, len(data.train_labels))
        index = _order(len(data.train_labels), experiment.seed, epoch)[place]
        pixels = np.ascontiguousarray(data.train_images[index][0])
        height, width = pixels.shape
        image = QImage(pixels.data, width, height, width, QImage.Format.Format_Grayscale8)
        side = theme_manager().theme.px(_SIDE)
        self.picture.setPixmap(
            QPixmap.fromImage(image).scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio)
        )
        name = data.classes[data.train_labels[index]]
        what = f"Step {format_count(number)} took in" if run.step else "The first step will take in"
        self.said.set_text(f"{what} this training image, {with_article(name)}.")
        self.picture.setAccessibleName(self.said.text())
