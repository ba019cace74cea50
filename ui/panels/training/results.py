"""How well the network does on the test images: confusion matrix and mistakes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import override

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from cnnviz._types import View, ViewValue
from cnnviz.datasets import Dataset
from cnnviz.drawing import Ask
from cnnviz.drawing.page import Card
from cnnviz.evaluation import Evaluation
from cnnviz.graphics.confusion import CONFUSION, Confusion, ConfusionMatrix, ShowImages
from cnnviz.graphics.thumbnails import THUMBNAILS, Images, ShowImage, Thumbnails
from cnnviz.quantities import format_count, format_percent, format_value
from ui.choices import kept, maybe, read, whole
from ui.controls.labels import SectionTitle, WrapLabel
from ui.controls.layouts import fill, scaled
from ui.controls.scroll_column import place_of, scroll_later
from ui.marks import MarkView
from ui.panels.provenance import HasProvenance, Provenance
from ui.panels.thumbnails import ThumbnailView, describer
from ui.state import EvaluatedStep
from ui.theme import theme_manager

_MATRIX_TIP = "Test images by true class (rows) and predicted class. Click a cell to see its images."
_MISTAKES_TIP = "Misclassified test images, largest loss first. Click one to look at it."

_FEW = 12  # mistakes that have room for large images in presenter mode


@dataclass(frozen=True)
class _Kept:
    """What a session keeps: the chosen cell of the matrix, and how far the images are scrolled."""

    cell: tuple[int, ...] | None = maybe(int)
    scroll: int = whole(0, 0, 1_000_000)


class ResultsView(HasProvenance, QWidget):
    """Confusion matrix over the mistakes; a cell of the matrix narrows the mistakes down to its own."""

    def __init__(self, choose: Callable[[int], object]) -> None:
        super().__init__()
        self._choose = choose
        self._dataset: Dataset | None = None
        self._result: EvaluatedStep | None = None
        self._cell: tuple[int, int] | None = None
        self._current: int | None = None  # test image that is the sample
        self._title, strong = SectionTitle("Test images"), Qt.FocusPolicy.StrongFocus
        self.matrix = MarkView(CONFUSION, "Confusion matrix", _MATRIX_TIP, self._answer, focus=strong)
        self.matrix.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.matrix.placeholder = "Measured on the test images while training and after each pause"
        self.summary = WrapLabel("", role="muted")
        self._mistakes_title = SectionTitle("Mistakes")
        told = THUMBNAILS, "Mistakes", _MISTAKES_TIP, self._answer
        self.mistakes = ThumbnailView(*told, focus=strong)
        self.mistakes.setObjectName("mistakes")
        # So that the matrix keeps its height: of the mistakes one row is in sight at least.
        scaled(self.mistakes.setMinimumHeight, 46)
        self.mistakes.placeholder = "None: every test image is classified correctly"
        left = fill(QVBoxLayout(), self._title, self.matrix, 1, spacing=6)
        right = fill(QVBoxLayout(), self.summary, self._mistakes_title, (self.mistakes, 1), spacing=6)
        self._box = fill(QBoxLayout(QBoxLayout.Direction.TopToBottom, self), left, (right, 1), spacing=6)
        self._is_large = False
        self.set_result(None, None)

    def present(self, alone: bool) -> None:
        """Let matrix and images take the room of a page."""
        self._is_large = alone
        self.set_result(self._dataset, self._result)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the matrix beside the rest where one below the other is too high."""
        super().resizeEvent(event)
        direction, is_flat = QBoxLayout.Direction, self.width() > 1.5 * self.height()
        self._box.setDirection(direction.LeftToRight if is_flat else direction.TopToBottom)
        self._box.setStretch(0, int(is_flat))

    def set_result(self, dataset: Dataset | None, result: EvaluatedStep | None) -> None:
        """Show a result, and where its run began if not at initial weights; with None how to get one."""
        self._dataset, self._result = dataset, result
        is_known = dataset is not None and result is not None
        for widget in (self.summary, self._mistakes_title, self.mistakes):
            widget.setVisible(is_known)
        if dataset is None or result is None:
            self._cell = None
            self._title.set_caption("")
            self.matrix.show_content(None)
            self.matrix.setFixedHeight(theme_manager().theme.px(56))
            self.summary.set_text("")
            return
        self.matrix.setMinimumHeight(0)
        evaluation = result.evaluation
        if self._cell is not None and max(self._cell) >= len(dataset.classes):
            self._cell = None
        self._title.set_caption(f"after step {format_count(result.step)}")
        accuracy, loss = format_percent(evaluation.accuracy, 2), format_value(evaluation.loss, 4)
        began = result.origin.note if result.origin is not None else ""
        self.summary.set_text(f"Test accuracy {accuracy} · loss {loss}{began and f' · {began}'}")
        confusion = Confusion(evaluation.confusion, tuple(dataset.classes))
        self.matrix.show_content(ConfusionMatrix(confusion, self._is_large))
        self.matrix.mark(self._cell)
        self._show_images(dataset, evaluation)

    @override
    def provenance(self) -> Provenance | None:
        """Return the moment whose network was tested."""
        found = self._result
        return None if found is None else Provenance(found.step, found.origin, what="test results")

    def mistakes_card(self) -> Card[Thumbnails] | None:
        """The images with their title; None for none."""
        title, content = self._mistakes_title, self.mistakes.content
        if content is None:
            return None
        shown = replace(content, current=None, scroll=0)
        return Card("mistakes", THUMBNAILS, shown, title.text(), title.caption())

    def set_current_sample(self, index: int | None) -> None:
        self._current, content = index, self.mistakes.content
        if content is not None:
            self.mistakes.show_content(replace(content, current=index))

    def view_state(self) -> dict[str, ViewValue]:
        return kept(_Kept(self._cell, place_of(self.mistakes.bar)), "results.")

    def restore_view(self, view: View) -> None:
        """Choose as `view_state` said; a result that is still to come will be shown like that."""
        found, self._cell = read(_Kept, view, "results."), None
        classes = 0 if self._dataset is None else len(self._dataset.classes)
        if found.cell is not None and len(found.cell) == 2 and (not classes or max(found.cell) < classes):
            self._cell = found.cell[0], found.cell[1]
        if self._result is not None:
            self.set_result(self._dataset, self._result)
        scroll_later(self.mistakes.bar, found.scroll)

    def _show_images(self, dataset: Dataset, evaluation: Evaluation) -> None:
        indices, cell = evaluation.mistakes, self._cell
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
                self._cell = None if self._cell == (true, predicted) else (true, predicted)
                self.set_result(self._dataset, self._result)
            case ShowImage(index):
                self._choose(index)
