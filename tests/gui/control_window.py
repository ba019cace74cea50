"""A window to put controls into."""

from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.driving import show_window


def column_window(qtbot: QtBot) -> QWidget:
    """Window in a column; a second field takes the keyboard away from the first."""
    widget = QWidget()
    qtbot.addWidget(widget)
    layout = QVBoxLayout(widget)
    layout.addWidget(QComboBox())
    layout.addStretch(1)
    widget.resize(400, 300)
    return widget


def place(qtbot: QtBot, window: QWidget, widget: QWidget) -> None:
    layout = window.layout()
    assert isinstance(layout, QVBoxLayout)
    layout.insertWidget(0, widget)
    show_window(qtbot, window)
