"""Where to look for a test image: among which, or at which index."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QBoxLayout, QLineEdit, QWidget

from cnnviz._types import IntArray
from cnnviz.datasets import Dataset
from cnnviz.evaluation import Evaluation
from ui.controls.choice_field import ChoiceField
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.panels.describe import SampleTexts
from ui.theme import Theme

#: Width, in pixels at scale 1, from which on controls have room beside one another: with texts and icons, or,
#: in enlarged letters, with texts alone.
_WIDE, _WIDE_ENLARGED = 250, 200
ALL, WRONG = "all", "misclassified"
"""Choices of the list, beside the numbers of the classes."""


def found_images(dataset: Dataset | None, evaluation: Evaluation | None, choice: str) -> IntArray:
    """Return the positions of the test images that a choice of the list stands for, in order.

    * `evaluation`: knows which are misclassified.
    * `choice`: `ALL`, `WRONG`, or the number of a class.
    """
    if dataset is None or (choice == WRONG and evaluation is None):
        return np.empty(0, dtype=np.intp)
    if choice == WRONG and evaluation is not None:
        return np.sort(evaluation.mistakes)
    if choice == ALL:
        return np.arange(len(dataset.test_labels))
    return np.flatnonzero(dataset.test_labels == int(choice))


def described(
    dataset: Dataset, evaluation: Evaluation | None, indices: IntArray
) -> tuple[SampleTexts, NDArray[np.bool_]]:
    """Return what is to be said of test images, and which of them are misclassified as far as is known."""
    wrong = np.zeros(len(indices), dtype=bool)
    if evaluation is not None:
        wrong = (evaluation.predictions != evaluation.labels)[indices]
    return SampleTexts(dataset, indices, evaluation), wrong


def is_narrow(width: int, theme: Theme) -> bool:
    """Whether a panel of that width has too little room for controls beside one another."""
    return width < theme.px(_WIDE_ENLARGED if theme.scale > 1 else _WIDE)


class FindRow(QWidget):
    """List of kinds of images, and a field for an index: side by side, or one below the other."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        tip = "Show all test images, those of one class, or those the network gets wrong"
        self.filter = named(ChoiceField([]), "Which test images to show", tip)
        tip = "Type the index of a test image and press Enter"
        self.search = named(QLineEdit(), "Go to test image by its index", tip)
        self.search.setPlaceholderText("# index")
        self._narrow: bool | None = None
        self._row = fill(
            QBoxLayout(QBoxLayout.Direction.LeftToRight, self), (self.filter, 3), (self.search, 2)
        )

    def set_narrow(self, narrow: bool) -> None:
        """Put the field below the list, or beside it."""
        if narrow == self._narrow:
            return
        self._narrow = narrow
        direction = QBoxLayout.Direction
        self._row.setSpacing(3 if narrow else 6)
        self._row.setDirection(direction.TopToBottom if narrow else direction.LeftToRight)
