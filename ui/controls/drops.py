"""Files and images that are dropped on the window."""

from PySide6.QtCore import QMimeData
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QTextEdit, QWidget


def is_welcome(data: QMimeData) -> bool:
    """Whether what is dragged is an image or a file; what it is worth is found out when it is dropped."""
    return data.hasImage() or any(url.isLocalFile() for url in data.urls())


def leave_drops(part: QWidget) -> None:
    """Let what is dropped on the fields for text in a part of the window fall through to the window behind.

    Of itself a field would take the path of a file as text.
    """
    for kind in (QPlainTextEdit, QTextEdit):
        for field in part.findChildren(kind):
            field.viewport().setAcceptDrops(False)
    for field in part.findChildren(QLineEdit):
        field.setAcceptDrops(False)
