"""Boxes that lie over a widget, beside what they speak of."""

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QWidget

from ui.controls.painted import PaintedWidget


class FloatingBox(PaintedWidget):
    """Box that is hidden at first, lies over its parent and never takes the pointer.

    * `parent`: ground on which the box lies.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._ground = parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def _show_at(self, place: QRect) -> None:
        """Appear at a place of the ground, above all else there."""
        self.setGeometry(place)
        self.show()
        self.raise_()
        self.update()
