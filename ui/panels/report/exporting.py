"""Asking where the report is to be written."""

from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QFileDialog, QWidget

from ui.panels.report.work import FILTERS, with_ending


def ask_where(parent: QWidget) -> Path | None:
    """Ask for a file, beginning in the folder used last, which is remembered.

    Parameters
    ----------
    parent : QWidget

    Returns
    -------
    Path or None
        With the ending of the chosen kind; None when the user thinks better of it.
    """
    settings = QSettings()
    folder = Path(str(settings.value("files/folder", str(Path.home()))))
    path, chosen = QFileDialog.getSaveFileName(
        parent, "Export report", str(folder / "lab5-report.pdf"), ";;".join(FILTERS)
    )
    if not path:
        return None
    settings.setValue("files/folder", str(Path(path).parent))
    return with_ending(Path(path), chosen)
