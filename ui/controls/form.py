"""Two columns, label and field, as in the settings of a panel."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from ui.controls.naming import named
from ui.theme import Theme, follow_theme


class Form(QWidget):
    """Rows of a muted label and its field."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(1, 1)
        self._labels: dict[QWidget, QLabel] = {}
        self._row = 0
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Restyle."""
        self._grid.setHorizontalSpacing(theme.px(12))
        self._grid.setVerticalSpacing(theme.px(6))

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
        self._grid.addWidget(label, self._row, 0, Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(field, self._row, 1)
        field.setSizePolicy(QSizePolicy.Policy.Expanding, field.sizePolicy().verticalPolicy())
        self._labels[field] = label
        self._row += 1
        return label

    def add_wide(self, widget: QWidget) -> None:
        """Add a widget across both columns."""
        self._grid.addWidget(widget, self._row, 0, 1, 2)
        self._row += 1

    def set_row_visible(self, field: QWidget, visible: bool) -> None:
        """Show or hide a field with its label."""
        self._labels[field].setVisible(visible)
        field.setVisible(visible)
