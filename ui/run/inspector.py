"""Keeps the arrays of the shown network and sample up to date."""

import numpy as np
from PySide6.QtCore import QObject

from cnnviz.datasets import to_input
from ui.panels.analysis import Analysis, LatestOnly
from ui.state import AppState, Inspection


class Inspector(QObject):
    """Has the forward pass of one sample computed in the background, and the result put into the state.

    Parameters
    ----------
    state : AppState
    analysis : Analysis
    parent : QObject, optional
    """

    def __init__(self, state: AppState, analysis: Analysis, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._requests = LatestOnly(analysis, "inspect", self._on_inspected, self._on_failed)

    def inspect(self) -> None:
        """Have the arrays of the shown snapshot and sample computed."""
        snapshot, sample = self._state.shown, self._state.sample
        if snapshot is None or sample is None or snapshot.network.input_shape != sample.pixels.shape:
            return

        def work(_context: object) -> Inspection:
            images = to_input(sample.pixels[np.newaxis], snapshot.network.dtype)
            trace = snapshot.network.forward(images)
            return Inspection(snapshot, sample, trace, trace.class_probabilities[0])

        self._requests.request(work)

    def _on_inspected(self, inspection: Inspection) -> None:
        """Take a result, unless sample or classes have changed while it was computed."""
        state = self._state
        classes = 0 if state.dataset is None else len(state.dataset.classes)
        if inspection.sample is state.sample and len(inspection.probabilities) == classes:
            state.set_inspection(inspection)

    def _on_failed(self, message: str) -> None:
        self._state.raise_notice("samples", "error", message)
