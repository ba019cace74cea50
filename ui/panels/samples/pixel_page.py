"""Setting single pixels."""

from typing import override

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from cnnviz._types import ByteArray
from cnnviz.quantities import format_cell
from ui.cells.block import Block
from ui.cells.excerpt_map import ExcerptMap
from ui.cells.pixel_editor import PixelEditor
from ui.controls.buttons import Button, IconButton
from ui.controls.labels import SectionTitle
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.controls.number_field import IntField
from ui.theme import Theme, follow_theme

_REACH = 3  # cells shown in each direction around the one under the pointer


class PixelPage(QWidget):
    """The image in large cells, a magnifier with numbers, and the value that clicks set.

    Signals
    -------
    pixelsEdited
        The image has changed.
    """

    pixelsEdited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._start: ByteArray = np.zeros((1, 1), np.uint8)
        self._cell = (0, 0)
        self._build_widgets()
        self._build_layout()
        self._connect_signals()
        self._allow()
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale the spacing."""
        self._layout.setSpacing(theme.px(8))
        self._tools.setSpacing(theme.px(6))
        self.value.setFixedWidth(theme.px(84))
        self.magnifier.setFixedHeight(theme.px(226))

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.editor.setFocus()

    def set_pixels(self, pixels: ByteArray, name: str) -> None:
        """Begin to edit an image of shape (h, w); it is copied."""
        self._start = pixels.copy()
        self.editor.set_pixels(pixels)
        self.title.set_caption(f"{name}, {pixels.shape[1]} × {pixels.shape[0]}")
        self._cell = (pixels.shape[0] // 2, pixels.shape[1] // 2)
        self.editor.set_focus_cell(*self._cell)
        self._magnify()
        self._allow()

    def around(self) -> tuple[slice, slice]:
        """Rows and columns that the magnifier shows."""
        rows, cols = self.editor.shape
        top = min(max(self._cell[0] - _REACH, 0), max(rows - 2 * _REACH - 1, 0))
        left = min(max(self._cell[1] - _REACH, 0), max(cols - 2 * _REACH - 1, 0))
        return slice(top, min(top + 2 * _REACH + 1, rows)), slice(left, min(left + 2 * _REACH + 1, cols))

    def _build_widgets(self) -> None:
        self.title = SectionTitle("Pixels")
        tip = (
            "Click or drag: set to the value; right button: 0; Alt and click: take the value; "
            "wheel: ±1, with Shift ±16. Keyboard: arrow keys, figures, + and −, Page keys ±16, Enter."
        )
        self.editor = named(PixelEditor(), "Pixels to edit", tip)
        self.surroundings = QWidget()  # placed by the owner, beside the page
        tip = "Exact values around the pointer, from 0 (black) to 255 (white)"
        self.magnifier = named(ExcerptMap(), "Values around the pointer", tip)
        self.magnifier.set_coordinates(True)
        self.magnifier.set_interactive(False)
        self.magnifier.set_alignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.where = SectionTitle("")
        tip = "Value from 0 (black) to 255 (white) that clicking and dragging set"
        self.value = named(IntField(0, 255, 255), "Value that a click sets", tip)
        self.undo_button = IconButton("undo-2", "Undo", shortcut="Ctrl+Z")
        self.redo_button = IconButton("redo-2", "Redo", shortcut="Ctrl+Shift+Z")
        self.restore = Button("Restore", "rotate-ccw", "", "Back to the image that editing began with")

    def _build_layout(self) -> None:
        label = named(QLabel("Value"), role="muted")
        label.setBuddy(self.value)
        self._tools = fill(
            QHBoxLayout(), label, self.value, 1, self.undo_button, self.redo_button, self.restore
        )
        fill(QVBoxLayout(self.surroundings), self.where, self.magnifier)
        self._layout = fill(QVBoxLayout(self), self.title, (self.editor, 1), self._tools)

    def _connect_signals(self) -> None:
        self.editor.pixelsEdited.connect(self._on_pixels_edited)
        self.editor.valuePicked.connect(self._on_value_picked)
        self.editor.cellHovered.connect(self._on_cell_hovered)
        self.value.valueEdited.connect(self.editor.set_value)
        self.undo_button.clicked.connect(self.editor.undo)
        self.redo_button.clicked.connect(self.editor.redo)
        self.restore.clicked.connect(self._on_restore_clicked)

    def _on_pixels_edited(self) -> None:
        self._magnify()
        self._allow()
        self.pixelsEdited.emit()

    def _on_value_picked(self, value: int) -> None:
        self.value.set_value(value)
        self.editor.set_value(value)

    def _on_cell_hovered(self, row: int, col: int) -> None:
        self._cell = (row, col)
        self._magnify()

    def _on_restore_clicked(self) -> None:
        self.editor.replace(self._start)

    def _magnify(self) -> None:
        pixels, (rows, cols) = self.editor.pixels(), self.around()
        block = Block(rows.start, cols.start, rows.stop - rows.start, cols.stop - cols.start)
        self.magnifier.set_excerpt(pixels, block, "grey", (0, 255))
        row, col = self._cell
        self.magnifier.outline([(row, col)], "selected")
        self.where.set_text(format_cell((row, col)).capitalize())
        self.where.set_caption(f"value {pixels[row, col]}")

    def _allow(self) -> None:
        self.undo_button.setEnabled(self.editor.can_undo())
        self.redo_button.setEnabled(self.editor.can_redo())
        self.restore.setEnabled(not np.array_equal(self.editor.pixels(), self._start))
