"""How well the network does on the test images: confusion matrix and mistakes."""

from dataclasses import replace
from typing import override

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from cnnviz.datasets import Dataset
from cnnviz.drawing import Ask
from cnnviz.drawing.page import Card
from cnnviz.evaluation import Evaluation
from cnnviz.graphics.confusion import CONFUSION, Confusion, ConfusionMatrix, ShowImages
from cnnviz.graphics.thumbnails import THUMBNAILS, Images, ShowImage, Thumbnails
from cnnviz.history import History
from cnnviz.quantities import format_count, format_percent, format_value
from ui.controls.labels import SectionTitle, WrapLabel
from ui.controls.layouts import fill, scaled
from ui.marks import MarkView
from ui.panels.provenance import HasProvenance, Provenance
from ui.panels.thumbnails import ThumbnailView, describer
from ui.state import AppState, EvaluatedStep
from ui.theme import theme_manager

_MATRIX_TIP = "Test images by true class (rows) and predicted class. Click a cell to see its images."
_MISTAKES_TIP = "Misclassified test images, largest loss first. Click one to look at it."

_FEW = 12  # mistakes that have room for large images in presenter mode


class ResultsView(HasProvenance, QWidget):
    """Confusion matrix over the mistakes; a cell of the matrix narrows the mistakes down to its own."""

    def __init__(self, state: AppState) -> None:
        super().__init__()
        self._state = state
        self._drawn: EvaluatedStep | None = None
        self.cell: tuple[int, int] | None = None  # of the matrix, whose images are shown
        self._title, strong = SectionTitle("Test images"), Qt.FocusPolicy.StrongFocus
        self.matrix = MarkView(CONFUSION, "Confusion matrix", _MATRIX_TIP, self._answer, focus=strong)
        self.matrix.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.matrix.placeholder = "Measured on the test images while training and after each pause"
        self.summary = WrapLabel("", role="muted")
        self._mistakes_title = SectionTitle("Mistakes")
        self.mistakes = ThumbnailView(THUMBNAILS, "Mistakes", _MISTAKES_TIP, self._answer, focus=strong)
        self.mistakes.setObjectName("mistakes")
        # The matrix has the height that it wants; of the mistakes one row is in sight at least.
        self.mistakes.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        scaled(self.mistakes.setMinimumHeight, 46)
        self.mistakes.placeholder = "None: every test image is classified correctly"
        left = fill(QVBoxLayout(), self._title, self.matrix, 1, spacing=6)
        right = fill(QVBoxLayout(), self.summary, self._mistakes_title, (self.mistakes, 1), spacing=6)
        self._box = fill(QBoxLayout(QBoxLayout.Direction.TopToBottom, self), left, (right, 1), spacing=6)
        self._is_large = False
        state.sampleChanged.connect(self._on_sample_changed)
        self.draw()

    def present(self, alone: bool) -> None:
        """Let matrix and images take the room of a page."""
        self._is_large = alone
        self.draw()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the matrix beside the rest where one below the other is too high."""
        super().resizeEvent(event)
        direction, is_flat = QBoxLayout.Direction, self.width() > 1.5 * self.height()
        self._box.setDirection(direction.LeftToRight if is_flat else direction.TopToBottom)
        self._box.setStretch(0, int(is_flat))

    def draw(self) -> None:
        """Show the result beside that of the earlier run, and where its run began; or how to get one."""
        state = self._state
        dataset, result = state.dataset, state.evaluation
        self._drawn = result
        is_known = dataset is not None and result is not None
        for widget in (self.summary, self._mistakes_title, self.mistakes):
            widget.setVisible(is_known)
        if dataset is None or result is None:
            self.cell = None
            self._title.set_caption("")
            self.matrix.show_content(None)
            self.matrix.setFixedHeight(theme_manager().theme.px(56))
            self.summary.set_text("")
            return
        self.matrix.setMinimumHeight(0)
        evaluation = result.evaluation
        if self.cell is not None and max(self.cell) >= len(dataset.classes):
            self.cell = None
        self._title.set_caption(f"after step {format_count(result.step)}")
        accuracy, loss = format_percent(evaluation.accuracy, 2), format_value(evaluation.loss, 4)
        began = result.origin.note if result.origin is not None else ""
        before = "" if state.ghost is None else f" · {_compared(state.ghost, state.history)}"
        self.summary.setToolTip(f"The earlier run: {state.ghost.described}" if state.ghost else "")
        self.summary.set_text(f"Test accuracy {accuracy} · loss {loss}{before}{began and f' · {began}'}")
        confusion = Confusion(evaluation.confusion, tuple(dataset.classes))
        self.matrix.show_content(ConfusionMatrix(confusion, self._is_large))
        self.matrix.mark(self.cell)
        self._show_images(dataset, evaluation)

    @override
    def provenance(self) -> Provenance | None:
        """Return the moment whose network was tested."""
        found = self._drawn
        return None if found is None else Provenance(found.step, found.origin, what="test results")

    def mistakes_card(self) -> Card[Thumbnails] | None:
        """The images with their title; None for none."""
        title, content = self._mistakes_title, self.mistakes.content
        if content is None:
            return None
        shown = replace(content, current=None, scroll=0)
        return Card("mistakes", THUMBNAILS, shown, title.text(), title.caption())

    def _on_sample_changed(self) -> None:
        content = self.mistakes.content
        if content is not None:
            self.mistakes.show_content(replace(content, current=self._current))

    @property
    def _current(self) -> int | None:
        """Test image that is the sample."""
        return None if self._state.sample is None else self._state.sample.index

    def show_cell(self, cell: tuple[int, ...] | None) -> None:
        """Show the images of a cell of the matrix, or the mistakes, also of a result still to come."""
        self.cell = (cell[0], cell[1]) if cell is not None and len(cell) == 2 else None
        if self._drawn is not None:
            self.draw()

    def _show_images(self, dataset: Dataset, evaluation: Evaluation) -> None:
        indices, cell = evaluation.mistakes, self.cell
        caption = f"{format_count(len(indices))}, largest loss first"
        if cell is not None:
            true, predicted = cell
            indices = np.flatnonzero((evaluation.labels == true) & (evaluation.predictions == predicted))
            indices = indices[np.argsort(-evaluation.losses[indices], kind="stable")]
            names, count = dataset.classes, format_count(len(indices))
            caption = f"{count} with class {names[true]} read as {names[predicted]}"
        self._mistakes_title.set_text("Mistakes" if cell is None or cell[0] != cell[1] else "Correct")
        self._mistakes_title.set_caption(caption)
        wrong = evaluation.predictions[indices] != evaluation.labels[indices]
        images = Images(dataset.test_images, indices, describer(dataset, indices, evaluation), wrong)
        large = 110 if len(indices) <= _FEW else 80
        shown = Thumbnails(images, self._current, side=large if self._is_large else 44)
        self.mistakes.show_content(shown if len(indices) else None)
        self.mistakes.bar.setValue(0)  # the largest loss first, wherever the sample stands

    def _answer(self, ask: Ask) -> None:
        match ask:
            case ShowImages(true, predicted):
                self.show_cell(None if self.cell == (true, predicted) else (true, predicted))
            case ShowImage(index):
                self._state.choose_test_image(index)


def _compared(ghost: History, history: History) -> str:
    """How good an earlier run was, and which of its settings were others."""
    told = f": {format_percent(ghost.tests[-1].accuracy, 2)}" if ghost.tests else ""
    before, now = (each.said.split("; ") for each in (ghost, history))
    there = "; ".join(each for each in before if each not in now)
    here = "; ".join(each for each in now if each not in before)
    same = " with the same settings" * bool(ghost.said and not there + here)
    return f"earlier run{told}{same}{there and f' with {there}'}{here and f' (this run: {here})'}"
