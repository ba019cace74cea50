"""Values as text that a spreadsheet understands."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence


def table_text(values: NDArray[np.generic]) -> str:
    """Write an array as a table: a tab between columns, a line for each row, and all digits that matter.

    Parameters
    ----------
    values : ndarray of shape (h, w)

    Returns
    -------
    str
        No line break at the end. Each number is the shortest text that gives back the same number.
    """
    return "\n".join("\t".join(str(value) for value in row) for row in values)


def copy_table(values: NDArray[np.generic]) -> None:
    """Put an array of shape (h, w) on the clipboard as a table."""
    QGuiApplication.clipboard().setText(table_text(values))


def is_copy_key(event: QKeyEvent) -> bool:
    """Whether a key event is the platform's key for copying."""
    return event.matches(QKeySequence.StandardKey.Copy)
