"""Where to look for a test image: among which, or at which index."""

from PySide6.QtWidgets import QBoxLayout, QLineEdit, QWidget

from ui.widgets.choice_field import ChoiceField


class FindRow(QWidget):
    """List of kinds of images, and a field for an index: side by side, or one below the other."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.filter = ChoiceField([])
        self.filter.setAccessibleName("Which test images to show")
        self.filter.setToolTip("Show all test images, those of one class, or those the network gets wrong")
        self.search = QLineEdit()
        self.search.setPlaceholderText("# index")
        self.search.setAccessibleName("Go to test image by its index")
        self.search.setToolTip("Type the index of a test image and press Enter")
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addWidget(self.filter, 3)
        self._row.addWidget(self.search, 2)

    def set_narrow(self, narrow: bool) -> None:
        """Put the field below the list, or beside it."""
        direction = QBoxLayout.Direction
        self._row.setDirection(direction.TopToBottom if narrow else direction.LeftToRight)
