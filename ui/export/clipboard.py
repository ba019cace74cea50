"""What may be put on the clipboard."""

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QStandardItem, QStandardItemModel


def mime_data() -> QMimeData:
    """Return empty data that may be filled and put on the clipboard.

    The clipboard outlives the interpreter, and reads and frees what it holds then: `QMimeData()` would be an
    object with methods in Python, and end the program by a segmentation fault. This one is made by Qt.
    """
    model = QStandardItemModel()
    model.appendRow(QStandardItem())
    data = model.mimeData([model.index(0, 0)])
    data.clear()
    return data
