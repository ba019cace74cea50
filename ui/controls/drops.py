"""Files and images that are dropped on the window."""

from typing import override

from PySide6.QtCore import QEvent, QMimeData, QObject
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QTextEdit, QWidget


def is_welcome(data: QMimeData) -> bool:
    """Whether what is dragged is an image or a file; what it is worth is found out when it is dropped."""
    return data.hasImage() or any(url.isLocalFile() for url in data.urls())


class DropFilter(QObject):
    """Lets files and images that are dropped on a field for text fall through to the window behind.

    Of itself a field would take the path of the file as text.
    """

    def watch(self, part: QWidget) -> None:
        """Guard all fields that are in a part of the window now."""
        for kind in (QPlainTextEdit, QTextEdit):
            for field in part.findChildren(kind):
                field.viewport().installEventFilter(self)
        for field in part.findChildren(QLineEdit):
            field.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            isinstance(event, QDropEvent)
            and event.type() != QEvent.Type.Drop
            and is_welcome(event.mimeData())
        ):
            event.ignore()
            return True
        return False
