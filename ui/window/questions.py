"""Which file to open or to write, and the questions that are asked before something is lost."""

from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QWidget

from ui.settings import remember_folder, remembered_folder

_MOST_DIALOGS = 20


def ask_file(parent: QWidget, settings: QSettings, title: str, kinds: str) -> Path | None:
    """Ask for a file to open, where the last one was; None for none."""
    path, _ = QFileDialog.getOpenFileName(parent, title, str(remembered_folder(settings)), kinds)
    if not path:
        return None
    remember_folder(settings, Path(path))
    return Path(path)


def ask_target(
    parent: QWidget, settings: QSettings, title: str, name: str, ending: str, kinds: str
) -> Path | None:
    """Ask for a file to write, where the last one was; None for none.

    * `name`, `ending`: what the file is called unless the user says otherwise; a name without an
      ending gets this one.
    """
    proposed = remembered_folder(settings) / f"{name}{ending}"
    named, _ = QFileDialog.getSaveFileName(parent, title, str(proposed), kinds)
    if not named:
        return None
    path = Path(named)
    remember_folder(settings, path)
    return path if path.suffix else path.with_name(f"{path.name}{ending}")


def ask_whether_to_save(parent: QWidget, text: str, event: str, lose: str = "Discard") -> str:
    """Ask before something is lost: "save", "discard" or "cancel".

    * `text`: what would be lost, as a sentence.
    * `event`: by what it would be lost, to follow "before"; `lose`: what the button for that says.
    """
    remedy = f"Save the document before {event}?"
    return _ask(parent, "Save the document?", text, remedy, "Save…", lose, "Cancel")


def ask_about_other_run(parent: QWidget, name: str, said: str) -> str:
    """Ask before the run in a file gives way to another: "save" that elsewhere, "discard" it or "cancel"."""
    text = f"{name} holds another run: {said}."
    remedy = "If you replace it, that run is lost. Save the present one under another name to keep both."
    return _ask(parent, "Replace the saved run?", text, remedy, "Save as…", "Replace it", "Cancel")


def ask_about_unkept_work(parent: QWidget) -> bool:
    """Ask before work is lost for which the disk has no room; return whether to close."""
    remedy = "Free some space on the disk, or save the document on another disk."
    return _insists(parent, "Unsaved document", "Your last changes could not be saved.", remedy)


def ask_about_unwritten_files(parent: QWidget) -> bool:
    """Ask before a file that is still being written is given up; return whether to close."""
    remedy = "The window will close when the file is complete."
    return _insists(parent, "Unfinished file", "A file is still being written.", remedy)


def ask_about_changed_file(parent: QWidget, name: str) -> bool:
    """Ask before a file is replaced that has changed since it was opened; return whether to replace it."""
    text = f"{name} was changed by another window or program after you opened it here."
    remedy = "Replace it with this document, or go back and save this one under another name."
    return _insists(parent, "Changed file", text, remedy, "Replace it")


def ask_about_open_predictions(parent: QWidget, *, other_lab: bool = False) -> bool:
    """Ask before results are shown that are still to be predicted; return whether to show them."""
    text, goes_on = "Show everything that the lab covers?", "Show everything"
    if other_lab:
        text, goes_on = "Change to a lab that covers less than this one?", "Change the lab"
    remedy = "Predictions and hypotheses that are still open will then count as late."
    return _insists(parent, "Covered results", text, remedy, goes_on)


def close_dialogs() -> None:
    """Close all dialogs and menus that wait for an answer, as if they had been cancelled."""
    for _ in range(_MOST_DIALOGS):
        waiting = QApplication.activePopupWidget() or QApplication.activeModalWidget()
        if waiting is None:
            return
        waiting.close()


def _insists(parent: QWidget, title: str, text: str, remedy: str, goes_on: str = "Close without it") -> bool:
    return _ask(parent, title, text, remedy, "", goes_on, "Go back") == "discard"


def _ask(parent: QWidget, title: str, text: str, remedy: str, save: str, lose: str, stay: str) -> str:
    """Show a question with a button for each answer: "save", unless that has no name, "discard", "cancel"."""
    icon = QMessageBox.Icon.Question if save else QMessageBox.Icon.Warning
    box, roles = QMessageBox(icon, title, text, parent=parent), QMessageBox.ButtonRole
    box.setInformativeText(remedy)
    named = {"save": (save, roles.AcceptRole), "discard": (lose, roles.DestructiveRole)}
    named["cancel"] = stay, roles.RejectRole  # also what Esc means
    buttons = {box.addButton(*each): answer for answer, each in named.items() if each[0]}
    box.setDefaultButton(next(each for each, answer in buttons.items() if answer != "discard"))
    box.exec()
    box.deleteLater()
    return next((answer for button, answer in buttons.items() if button is box.clickedButton()), "cancel")
