"""The program in a process of its own, with hands that train, draw and write; it says "ready" when they have.

usage: python -m tests.gui.ending_child <folder of settings and data> [train] [draw] [write WORDS] [kept]

With "kept" it is ready when run and drawing are in their files.
"""

import sys
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QSettings, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPlainTextEdit

from cnnviz.cli import parse_arguments
from ui import application
from ui.panels.report.panel import ReportPanel
from ui.session import Session
from ui.state import RunStatus, Sample


def look(session: Session, wishes: list[str], timer: QTimer) -> None:
    """Do the next thing that is wished, and say when all is done."""
    if not session.autosave.is_keeping:
        return
    match wishes:
        case ["train", *_]:
            session.controller.train_to(300, 1)
        case ["draw", *_]:
            pixels = np.full((1, 28, 28), 9, np.uint8)
            session.state.set_sample(Sample(pixels, None, None, "drawn"))
        case ["write", words, *_]:
            session.window.panels.show_panel(4)
            field = session.window.panel(ReportPanel).findChildren(QPlainTextEdit)[0]
            field.setFocus()
            QTest.keyClicks(field, words)
            del wishes[0]
        case ["kept"]:
            kept = session.folder.path / "document.json"
            if not kept.is_file() or b'"step":300' not in kept.read_bytes():
                return
        case _:
            if session.state.run.status is not RunStatus.TRAINING:
                timer.stop()
                print("ready", session.state.run.step, flush=True)
            return
    del wishes[0]


class _Watched(Session):
    def start(self) -> None:
        super().start()
        timer = QTimer(self, interval=10)
        timer.timeout.connect(partial(look, self, sys.argv[2:], timer))
        timer.start()


def main() -> int:
    folder = Path(sys.argv[1])
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder))
    application.Session = _Watched
    application.SlowStart = lambda *_: None
    application.make_application()
    return application.run(parse_arguments([]))


if __name__ == "__main__":
    sys.exit(main())
