"""Where to look for a test image: among which, or at which index."""

from PySide6.QtWidgets import QBoxLayout, QLineEdit, QWidget

from ui.theme import Theme
from ui.widgets.choice_field import ChoiceField

#: Width, in pixels at scale 1, from which on controls have room beside one another: with texts and icons, or,
#: in enlarged letters, with texts alone.
_WIDE, _WIDE_ENLARGED = 250, 200


def is_narrow(width: int, theme: Theme) -> bool:
    """Whether a panel of that width has too little room for controls beside one another."""
    return width < theme.px(_WIDE_ENLARGED if theme.scale > 1 else _WIDE)


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
        self._row.setSpacing(3 if narrow else 6)
        self._row.setDirection(direction.TopToBottom if narrow else direction.LeftToRight)
