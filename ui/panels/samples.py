"""The samples: thumbnails of the test images to choose from, and what the network says of the chosen one."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from cnnviz._types import IntArray
from ui.describe import SampleTexts
from ui.state import AppState, Notice
from ui.theme import Theme, follow_theme
from ui.widgets.choice_field import ChoiceField
from ui.widgets.labels import SectionTitle, WrapLabel
from ui.widgets.message_bar import MessageBar
from ui.widgets.prediction_bars import PredictionBars
from ui.widgets.sample_strip import SampleGrid

_ALL, _WRONG = "all", "misclassified"


class SamplesPanel(QFrame):
    """Filter, thumbnails, and the prediction for the current sample.

    Signals
    -------
    sampleRequested : int
        Index of the test image to look at.
    noticeActionRequested
        The remedy offered in a message was chosen.
    """

    sampleRequested = Signal(int)
    noticeActionRequested = Signal()

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.setProperty("role", "panel")
        self._build_widgets()
        self._build_layout()
        self._connect_signals()
        self._on_dataset_changed()
        self._on_inspection_changed()
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale the margins."""
        margin = theme.px(12)
        self._layout.setContentsMargins(margin, margin, margin, margin)
        self._layout.setSpacing(theme.px(8))
        self.grid.set_tile_size(theme.px(60))

    def _build_widgets(self) -> None:
        self.message = MessageBar(self)
        self._title = SectionTitle("Samples")
        self.filter = ChoiceField([(_ALL, "all classes")])
        self.filter.setAccessibleName("Which test images to show")
        self.filter.setToolTip("Show all test images, those of one class, or those the network gets wrong")
        self.search = QLineEdit()
        self.search.setPlaceholderText("# index")
        self.search.setAccessibleName("Go to test image by its index")
        self.search.setToolTip("Type the index of a test image and press Enter")
        self.grid = SampleGrid(self)
        self.grid.setObjectName("samples")
        self.grid.setAccessibleName("Test images")
        self.grid.set_placeholder("Reading the digits…")
        self._prediction_title = SectionTitle("Prediction")
        self.bars = PredictionBars(self)
        self.bars.setAccessibleName("Probability of each class")
        self.bars.setToolTip(
            "Probability the network gives to each class for the current sample; the tick marks its "
            "true class"
        )
        self._verdict = WrapLabel("", role="muted")

    def _build_layout(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.filter, 3)
        row.addWidget(self.search, 2)
        line = QFrame()
        line.setProperty("role", "separator")
        self._layout = QVBoxLayout(self)
        for item in (self.message, self._title):
            self._layout.addWidget(item)
        self._layout.addLayout(row)
        self._layout.addWidget(self.grid, 1)
        for item in (line, self._prediction_title, self.bars, self._verdict):
            self._layout.addWidget(item)

    def _connect_signals(self) -> None:
        self.filter.choiceEdited.connect(self._on_filter_edited)
        self.search.returnPressed.connect(self._on_search_entered)
        self.grid.sampleRequested.connect(self.sampleRequested)
        self.message.actionRequested.connect(self.noticeActionRequested)
        state = self._state
        state.datasetChanged.connect(self._on_dataset_changed)
        state.evaluationChanged.connect(self._on_evaluation_changed)
        state.sampleChanged.connect(self._on_sample_changed)
        state.inspectionChanged.connect(self._on_inspection_changed)
        state.noticeRaised.connect(self._on_notice_raised)

    @Slot()
    def _on_dataset_changed(self) -> None:
        dataset = self._state.dataset
        if dataset is None:
            return
        self.filter.clear()
        self.filter.addItem("all classes", _ALL)
        for number, name in enumerate(dataset.classes):
            self.filter.addItem(f"class {name}", str(number))
        self.filter.addItem("misclassified", _WRONG)
        self.search.setValidator(QIntValidator(0, len(dataset.test_labels) - 1, self.search))
        self._fill()

    @Slot()
    def _on_evaluation_changed(self) -> None:
        if self._state.dataset is None:
            return
        if self.filter.choice() == _WRONG:
            self._fill()
        else:
            indices = self._indices()
            self.grid.set_marks(*self._describe(indices))

    @Slot()
    def _on_sample_changed(self) -> None:
        sample = self._state.sample
        self.grid.set_current(None if sample is None else sample.index)

    @Slot()
    def _on_inspection_changed(self) -> None:
        inspection, dataset = self._state.inspection, self._state.dataset
        if inspection is None or dataset is None or len(inspection.probabilities) != len(dataset.classes):
            self.bars.set_probabilities((), None)
            self._verdict.set_text("")
            return
        probabilities, label = inspection.probabilities, inspection.sample.label
        self.bars.set_probabilities(dataset.classes, probabilities, label)
        predicted = int(np.argmax(probabilities))
        if label is None:
            self._verdict.set_text(f"Read as {dataset.classes[predicted]}")
            return
        loss = -float(np.log(max(float(probabilities[label]), 1e-300)))
        word = "correct" if predicted == label else f"wrong, read as {dataset.classes[predicted]}"
        index = f"#{inspection.sample.index} · " if inspection.sample.index is not None else ""
        self._verdict.set_text(f"{index}class {dataset.classes[label]} · {word} · loss {loss:.4f}")

    @Slot(object)
    def _on_notice_raised(self, notice: Notice) -> None:
        if notice.place != "samples":
            return
        if notice.text:
            self.message.show_message(notice.text, notice.kind, notice.action)
        else:
            self.message.clear()

    @Slot(str)
    def _on_filter_edited(self, _choice: str) -> None:
        self._fill()

    @Slot()
    def _on_search_entered(self) -> None:
        self.sampleRequested.emit(int(self.search.text()))
        self.search.clear()

    def _fill(self) -> None:
        dataset = self._state.dataset
        if dataset is None:
            return
        indices = self._indices()
        choice = self.filter.choice()
        if choice == _WRONG:
            tested = self._state.evaluation is not None
            self.grid.set_placeholder(
                "No test image is misclassified" if tested else "Train first: nothing was tested yet"
            )
        self._title.set_caption(f"{len(indices):,} test images")
        self.grid.set_images(dataset.test_images, indices, *self._describe(indices))
        self._on_sample_changed()

    def _indices(self) -> IntArray:
        dataset, choice = self._state.dataset, self.filter.choice()
        if dataset is None:
            return np.empty(0, dtype=np.intp)
        if choice == _WRONG:
            result = self._state.evaluation
            return np.empty(0, dtype=np.intp) if result is None else np.sort(result.evaluation.mistakes)
        if choice == _ALL:
            return np.arange(len(dataset.test_labels))
        return np.flatnonzero(dataset.test_labels == int(choice))

    def _describe(self, indices: IntArray) -> tuple[SampleTexts, NDArray[np.bool_]]:
        dataset, result = self._state.dataset, self._state.evaluation
        assert dataset is not None
        evaluation = None if result is None else result.evaluation
        wrong = np.zeros(len(indices), dtype=bool)
        if evaluation is not None:
            wrong = (evaluation.predictions != evaluation.labels)[indices]
        return SampleTexts(dataset, indices, evaluation), wrong
