"""Values as text that a spreadsheet understands."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent
from PySide6.QtGui import QAction, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QWidget

type Rows = NDArray[np.generic] | Sequence[Sequence[object]]


def table_text(values: Rows) -> str:
    """Write an array as a table: a tab between columns, a line for each row, and all digits that matter.

    * `values`: ndarray of shape (h, w).
    * Returns: no line break at the end. Each number is the shortest text that gives back the same
      number.
    """
    return "\n".join("\t".join(str(value) for value in row) for row in values)


def copy_table(values: Rows) -> None:
    """Put an array of shape (h, w) on the clipboard as a table."""
    QGuiApplication.clipboard().setText(table_text(values))


def is_copy_key(event: QKeyEvent) -> bool:
    """Whether a key event is the platform's key for copying."""
    return event.matches(QKeySequence.StandardKey.Copy)


def claims_copy(event: QEvent) -> bool:
    """Claim the key that copies, with which the window copies pictures; return whether it was that.

    * `event`: any event; meant for the first lines of a widget's ``event``.
    """
    is_claim = event.type() == QEvent.Type.ShortcutOverride
    if is_claim and isinstance(event, QKeyEvent) and is_copy_key(event):
        event.accept()
        return True
    return False


def add_copy_action(widget: QWidget, copy: Callable[[], None]) -> None:
    """Let the panel offer, in its context menu, to copy the values of a widget."""
    action = QAction("Copy values as table\tCtrl+C", widget)
    action.triggered.connect(copy)
    widget.addAction(action)
