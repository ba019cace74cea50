"""Labels and fields, as in the settings of a panel."""

from typing import override

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from ui.controls.layouts import scaled
from ui.controls.naming import named
from ui.theme import theme_manager

#: Width from which on there are two rows side by side, in pixels at scale 1.
_WIDE = 500


class Form(QWidget):
    """Rows of a muted label and its field; in two halves, side by side, where it is wide."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        scaled(self._grid.setHorizontalSpacing, 12)
        scaled(self._grid.setVerticalSpacing, 6)
        self._grid.setColumnStretch(1, 1)
        self._labels: dict[QWidget, QLabel] = {}
        self._absent = set[QWidget]()
        self._halves = 1

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        halves = 2 if self.width() >= theme_manager().theme.px(_WIDE) else 1
        if halves != self._halves:
            self._halves = halves
            self._arrange()

    def _arrange(self) -> None:
        """Put the rows that are not hidden one below the other, in one half or two."""
        rows = [(label, field) for field, label in self._labels.items() if field not in self._absent]
        high = -(-len(rows) // self._halves)
        self._grid.setColumnStretch(3, self._halves - 1)
        for n, (label, field) in enumerate(rows):
            half, row = divmod(n, high)
            self._grid.addWidget(label, row, 2 * half, Qt.AlignmentFlag.AlignVCenter)
            self._grid.addWidget(field, row, 2 * half + 1)

    def add_row(self, text: str, field: QWidget, tooltip: str = "") -> QLabel:
        """Add a labelled field.

        * `text`: label; also the accessible name of a field that has none.
        * `tooltip`: shown on label and field.
        * Returns: the label; its mnemonic, if it has one, leads to the field.
        """
        label = named(QLabel(text), role="muted")
        label.setBuddy(field)
        if not field.accessibleName():
            field.setAccessibleName(text.replace("&", ""))
        if tooltip:
            label.setToolTip(tooltip)
            field.setToolTip(tooltip)
            field.setAccessibleDescription(tooltip)
        field.setSizePolicy(QSizePolicy.Policy.Expanding, field.sizePolicy().verticalPolicy())
        self._labels[field] = label
        self._arrange()
        return label

    def set_row_visible(self, field: QWidget, visible: bool) -> None:
        """Show or hide a field with its label."""
        if visible == (field in self._absent):
            self._absent ^= {field}
            self._labels[field].setVisible(visible)
            field.setVisible(visible)
            self._arrange()
