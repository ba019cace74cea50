"""Which file to open or to write, and the questions that are asked before something is lost."""

from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QPushButton, QWidget

from ui.settings import remember_folder, remembered_folder

_MOST_DIALOGS = 20


def ask_file(parent: QWidget, settings: QSettings, title: str, kinds: str) -> Path | None:
    """Ask for a file to open, where the last one was; None for none.

    * `settings`: where the folder is remembered.
    * `title`, `kinds`: of the dialog, and of the files that it lists, as Qt reads them.
    """
    path, _ = QFileDialog.getOpenFileName(parent, title, str(remembered_folder(settings)), kinds)
    if not path:
        return None
    remember_folder(settings, Path(path))
    return Path(path)


def ask_target(
    parent: QWidget, settings: QSettings, title: str, name: str, ending: str, kinds: str
) -> Path | None:
    """Ask for a file to write, where the last one was; None for none.

    * `settings`: where the folder is remembered.
    * `name`, `ending`: what the file is called unless the user says otherwise; a name without an
      ending gets this one.
    * `kinds`: of the files that the dialog lists, as Qt reads them.
    """
    proposed = remembered_folder(settings) / f"{name}{ending}"
    named, _ = QFileDialog.getSaveFileName(parent, title, str(proposed), kinds)
    if not named:
        return None
    path = Path(named)
    remember_folder(settings, path)
    return path if path.suffix else path.with_name(f"{path.name}{ending}")


def ask_whether_to_save(parent: QWidget, text: str, event: str, *, a_copy: bool = False) -> str:
    """Ask before something is lost: "save", "discard" or "cancel".

    * `text`: what would be lost, as a sentence.
    * `event`: by what it would be lost, to follow "before".
    * `a_copy`: whether it is saved in a file of its own, and the document goes on without it.
    """
    what, named = ("a copy of the document", "Save a copy…") if a_copy else ("the document", "Save…")
    return _save_or_lose(parent, f"Save {what}?", text, f"Save {what} before {event}?", named, "Discard")


def ask_about_other_run(parent: QWidget, name: str, said: str) -> str:
    """Ask before the run in a file gives way to another: "save" that elsewhere, "discard" it or "cancel".

    * `said`: which run would be lost.
    """
    text = f"{name} holds another run: {said}."
    remedy = "If you replace it, that run is lost. Save the present one under another name to keep both."
    return _save_or_lose(parent, "Replace the saved run?", text, remedy, "Save as…", "Replace it")


def ask_about_unkept_work(parent: QWidget) -> bool:
    """Ask before work is lost for which the disk has no room; return whether to close."""
    return _insists(
        parent,
        "Unsaved document",
        "Your last changes could not be saved.",
        "Free some space on the disk, or save the document on another disk.",
    )


def ask_about_unwritten_files(parent: QWidget) -> bool:
    """Ask before a file that is still being written is given up; return whether to close."""
    return _insists(
        parent,
        "Unfinished file",
        "A file is still being written.",
        "The window will close when the file is complete.",
    )


def ask_about_changed_file(parent: QWidget, name: str) -> bool:
    """Ask before a file is replaced that has changed since it was opened; return whether to replace it."""
    return _insists(
        parent,
        "Changed file",
        f"{name} was changed by another window or program after you opened it here.",
        "Replace it with this document, or go back and save this one under another name.",
        "Replace it",
    )


def close_dialogs() -> None:
    """Close all dialogs and menus that wait for an answer, as if they had been cancelled."""
    for _ in range(_MOST_DIALOGS):
        waiting = QApplication.activePopupWidget() or QApplication.activeModalWidget()
        if waiting is None:
            return
        waiting.close()


def _save_or_lose(parent: QWidget, title: str, text: str, remedy: str, save: str, lose: str) -> str:
    box = _box(parent, QMessageBox.Icon.Question, title, text, remedy)
    keep = box.addButton(save, QMessageBox.ButtonRole.AcceptRole)
    discard = box.addButton(lose, QMessageBox.ButtonRole.DestructiveRole)
    cancel = box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
    clicked = _answer(box, keep, cancel)
    return "save" if clicked is keep else "discard" if clicked is discard else "cancel"


def _insists(parent: QWidget, title: str, text: str, remedy: str, goes_on: str = "Close without it") -> bool:
    box = _box(parent, QMessageBox.Icon.Warning, title, text, remedy)
    stay = box.addButton("Go back", QMessageBox.ButtonRole.RejectRole)
    leave = box.addButton(goes_on, QMessageBox.ButtonRole.DestructiveRole)
    return _answer(box, stay, stay) is leave


def _box(parent: QWidget, icon: QMessageBox.Icon, title: str, text: str, remedy: str) -> QMessageBox:
    box = QMessageBox(icon, title, text, parent=parent)
    box.setInformativeText(remedy)
    return box


def _answer(box: QMessageBox, default: QPushButton, escape: QPushButton) -> object:
    """Show a question and return the button that was pressed."""
    box.setDefaultButton(default)
    box.setEscapeButton(escape)
    box.exec()
    clicked = box.clickedButton()
    box.deleteLater()
    return clicked
