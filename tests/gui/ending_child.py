"""The program in a process of its own, with hands that train, draw and write; it says "ready" when they have.

usage: python -m tests.gui.ending_child <folder of settings and data> [train] [draw] [write WORDS] [kept]

With "kept" it is ready when run and drawing are in their files.
"""

import sys
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

_SESSIONS: list[Session] = []


class _Watched(Session):
    def start(self) -> None:
        super().start()
        _SESSIONS.append(self)


class _Hands:
    def __init__(self, wishes: list[str]) -> None:
        self._wishes = wishes
        self._timer = QTimer()
        self._timer.setInterval(10)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        if not _SESSIONS or not _SESSIONS[0].autosave.is_keeping:
            return
        session = _SESSIONS[0]
        if self._wishes:
            wish = self._wishes.pop(0)
            getattr(self, f"_{wish}")(session, *([self._wishes.pop(0)] if wish == "write" else []))
        elif session.state.run.status is not RunStatus.TRAINING and self._is_kept(session):
            self._timer.stop()
            print("ready", session.state.run.step, flush=True)

    def _is_kept(self, session: Session) -> bool:
        kept = session.folder.path / "document.json"
        return not self._must_be_kept or (kept.is_file() and b'"step":300' in kept.read_bytes())

    _must_be_kept = False

    def _train(self, session: Session) -> None:
        session.controller.train_to(300, 1)

    def _kept(self, _session: Session) -> None:
        self._must_be_kept = True

    def _draw(self, session: Session) -> None:
        pixels = np.full((1, 28, 28), 9, np.uint8)
        session.state.set_sample(Sample(pixels, None, None, "drawn"))

    def _write(self, session: Session, words: str) -> None:
        session.window.panels.show_panel(4)
        field = session.window.panel(ReportPanel).findChildren(QPlainTextEdit)[0]
        field.setFocus()
        QTest.keyClicks(field, words)


def main() -> int:
    folder = Path(sys.argv[1])
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder))
    application.Session = _Watched
    application.begin_slowly = lambda *_: None
    application.make_application()
    hands = _Hands(sys.argv[2:])
    status = application.run(parse_arguments([]))
    del hands
    return status


if __name__ == "__main__":
    sys.exit(main())
