"""The whole program, started as a user starts it, with somebody else at the controls."""

import contextlib
import os
import select
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSocketNotifier, QTimer
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QFileDialog

from soak.places import here

if TYPE_CHECKING:
    from ui.session import Session

type Step = Callable[["Session"], object]


def run(started: Step, built: Step = lambda _session: None, arguments: tuple[str, ...] = ()) -> int:
    """Run the program and return its exit status.

    Parameters
    ----------
    started, built : callable
        Given the session when its panels are there, and when it has just been made.
    arguments : tuple of str
        Command line.
    """
    # An error at import is met again, and told in its own way, by the program itself.
    with contextlib.suppress(Exception):
        import ui.application as application

        class Driven(application.Session):
            def __init__(self, *values: Any, **named: Any) -> None:
                super().__init__(*values, **named)
                built(self)

            def start(self) -> None:
                super().start()
                started(self)

        application.Session = Driven
        application.SlowStart = lambda *_: None  # whoever waits for a network has seen it train
    from main import main

    return main(list(arguments))


class FileDialogs:
    """Answers every file dialog at once with the name in `answer`; none is cancelled."""

    def __init__(self) -> None:
        self.answer = ""

    def install(self) -> None:
        """Take the place of Qt's dialogs, and of the web browser."""
        QFileDialog.getOpenFileName = staticmethod(self._open)
        QFileDialog.getSaveFileName = staticmethod(self._save)
        QFileDialog.getExistingDirectory = staticmethod(lambda *_, **__: self._named(here().out, "folder"))
        QDesktopServices.openUrl = staticmethod(lambda _url: True)

    def _open(self, *_: Any, **__: Any) -> tuple[str, str]:
        return self._named(here().files, self.answer), ""

    def _save(self, *values: Any, **__: Any) -> tuple[str, str]:
        """Use the proposed name with the chosen beginning, and the kind of file by its length."""
        if not self.answer:
            return "", ""
        proposed = Path(str(values[2])) if len(values) > 2 else Path("file")
        kinds = str(values[3]).split(";;") if len(values) > 3 else [""]
        name = f"{self.answer.split('.')[0]}{proposed.suffix}"
        return self._named(here().out, name), kinds[len(self.answer) % len(kinds)]

    def _named(self, folder: Path, name: str) -> str:
        return str(folder / name) if self.answer else ""


def later(milliseconds: int, function: Callable[[], object]) -> None:
    """Call a function once, also while a dialog is open."""
    # PySide keeps a weak reference to each bound method that it is given here: cycles would seem to grow.
    QTimer.singleShot(milliseconds, lambda: function())


def on_line(function: Callable[[str], object]) -> None:
    """Call a function with every line that the parent sends."""
    notifier = QSocketNotifier(0, QSocketNotifier.Type.Read, QApplication.instance())
    rest = bytearray()

    def read() -> None:
        if not select.select([0], [], [], 0)[0]:
            return
        data = os.read(0, 65536)
        if not data:
            notifier.setEnabled(False)
            return
        rest.extend(data)
        while b"\n" in rest:
            line, _, kept = bytes(rest).partition(b"\n")
            rest[:] = kept
            later(0, lambda line=line: function(line.decode()))

    notifier.activated.connect(lambda *_: read())
