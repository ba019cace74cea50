"""Asking where the report is to be written."""

import os
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QFileDialog, QWidget

from ui.panels.report.work import ENDINGS, FILTERS, with_ending
from ui.settings import remember_folder, remembered_folder


@dataclass(frozen=True, slots=True)
class Target:
    """Where the report is to be written.

    * `path`: with the ending of the chosen kind; without one it is a folder.
    * `question`: what is to be asked before, or "".
    * `answer`: text of the button that says yes to it.
    """

    path: Path
    question: str = ""
    answer: str = ""


def ask_where(parent: QWidget, name: str) -> Target | None:
    """Ask for a file, beginning in the folder used last, which is remembered.

    * `name`: what the file is called unless the user says otherwise, without its ending.
    * Returns: None when the user thinks better of it.
    """
    settings = QSettings()
    path, chosen = QFileDialog.getSaveFileName(
        parent, "Export report", str(remembered_folder(settings) / f"{name}.pdf"), ";;".join(FILTERS)
    )
    if not path:
        return None
    remember_folder(settings, Path(path))
    return target_of(Path(path), chosen)


def target_of(named: Path, chosen: str) -> Target:
    """Return where to write after a file dialog, which has asked about the name as it was typed only."""
    path = with_ending(named, chosen)
    if path.suffix.lower() in ENDINGS and path != named and os.path.lexists(path):
        return Target(path, f"{path.name} exists in this folder already.", "Replace it")
    return Target(path)
