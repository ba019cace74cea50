"""Reading what was remembered: a file that anything may have been written into meanwhile.

What is not of the kind that was asked for counts as not remembered. Paths are looked up by `os.path`, which
says no where `Path` raises: at names that no file can have and in folders that may not be looked into.
"""

import os
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

_FOLDER = "files/folder"
LAB_OPEN = "lab/open"
"""Whether the lab guide was open last."""


def remembered_files(settings: QSettings, name: str) -> list[Path]:
    """Return those files of a list that still exist; Qt makes a text of a list of one."""
    value = settings.value(name)
    values = value if isinstance(value, list) else [value]
    return [Path(each) for each in values if isinstance(each, str) and os.path.isfile(each)]  # noqa: PTH113


def remembered_layout(settings: QSettings, name: str) -> QByteArray:
    """Return what Qt has said of a window; empty if there is nothing, which Qt refuses to restore."""
    value = settings.value(name)
    return value if isinstance(value, QByteArray) else QByteArray()


def remembered_folder(settings: QSettings) -> Path:
    """Return the folder that was used last."""
    value = settings.value(_FOLDER)
    return Path(value) if isinstance(value, str) and os.path.isdir(value) else Path.home()  # noqa: PTH112


def forget_files(settings: QSettings, *names: str) -> None:
    """Forget the folder that was used last, and lists of files: names of people stand in their paths."""
    for name in (*names, _FOLDER):
        settings.remove(name)


def remember_folder(settings: QSettings, path: Path) -> None:
    """Keep the folder of a file that was chosen, for `remembered_folder`."""
    settings.setValue(_FOLDER, str(path.parent))
