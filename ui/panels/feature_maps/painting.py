"""Painting without waiting for the interpreter again and again."""

from PySide6.QtCore import QRect
from PySide6.QtWidgets import QWidget


def paint_now(widget: QWidget) -> None:
    """Paint everything in the window that is out of date, at once.

    From the event loop Qt would call the paint event of each widget one by one, and each call would have to
    wait for the interpreter, which the training thread holds most of the time: dozens of waits of up to half
    a millisecond between the pointer and what it points at. A repaint that is asked for from Python keeps the
    interpreter throughout.

    * `widget`: any widget of the window, best one that paints its own ground; nothing happens while
      it is hidden.
    """
    if widget.isVisible():
        # A repaint of any part flushes all of the window that waits to be painted.
        widget.repaint(QRect(0, 0, 1, 1))
