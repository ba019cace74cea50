"""Drawing a digit."""

from collections.abc import Sequence
from typing import override

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from ui.cells.drawing_pad import DrawingPad
from ui.controls.buttons import Button, IconButton
from ui.controls.labels import WrapLabel
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.controls.segmented import SegmentedControl
from ui.panels.samples.wording import known_classes
from ui.theme import Theme, follow_theme

_THINNEST, _USUAL, _THICKEST = 6, 24, 60


class DrawPage(QWidget):
    """The board with its tools.

    * `drawn`: the drawing has changed.
    """

    drawn = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._build_widgets()
        self._build_layout()
        self._connect_signals()
        self._on_undo_changed()
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale the spacing."""
        self._layout.setSpacing(theme.px(8))
        self._tools.setSpacing(theme.px(6))
        self.brush.setFixedWidth(theme.px(96))

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.pad.setFocus()

    def set_classes(self, names: Sequence[str]) -> None:
        """Say what the network can tell apart: whatever is drawn, it says one of these."""
        self._known.set_text(known_classes(names))

    def _build_widgets(self) -> None:
        tip = (
            "Draw with the left button, erase with the right one. "
            "Keyboard: arrow keys move the pen, Space lowers and lifts it."
        )
        self.pad = named(DrawingPad(), "Drawing board", tip)
        self.pad.set_placeholder("Draw here")
        self._known = WrapLabel(small=True)
        self.tool = named(SegmentedControl([("pen", "Pen"), ("eraser", "Eraser")]), "Tool")
        self.tool.set_option_tooltip("pen", "Draw in white")
        self.tool.set_option_tooltip("eraser", "Wipe away what the pointer touches")
        tip = "Width of the pen and of the eraser"
        self.brush = named(QSlider(Qt.Orientation.Horizontal), "Brush size", tip)
        self.brush.setRange(_THINNEST, _THICKEST)
        self.brush.setValue(_USUAL)
        self.undo_button = IconButton("undo-2", "Undo", shortcut="Ctrl+Z")
        self.redo_button = IconButton("redo-2", "Redo", shortcut="Ctrl+Shift+Z")
        self.clear = Button("Clear", "trash-2", "", "Begin anew; the sample changes with the next stroke")

    def _build_layout(self) -> None:
        label = named(QLabel("Brush"), role="muted")
        label.setBuddy(self.brush)
        self._tools = fill(
            QHBoxLayout(), self.tool, label, self.brush, 1, self.undo_button, self.redo_button, self.clear
        )
        self._layout = fill(QVBoxLayout(self), self._known, (self.pad, 1), self._tools)

    def _connect_signals(self) -> None:
        self.tool.currentChanged.connect(self._on_tool_changed)
        self.brush.valueChanged.connect(self.pad.set_brush)
        self.undo_button.clicked.connect(self.pad.undo)
        self.redo_button.clicked.connect(self.pad.redo)
        self.clear.clicked.connect(self.pad.clear)
        self.pad.undoChanged.connect(self._on_undo_changed)
        self.pad.drawn.connect(self.drawn)

    def _on_tool_changed(self, tool: str) -> None:
        self.pad.set_erasing(tool == "eraser")

    def _on_undo_changed(self) -> None:
        self.undo_button.setEnabled(self.pad.can_undo())
        self.redo_button.setEnabled(self.pad.can_redo())
        self.clear.setEnabled(not self.pad.is_blank())
