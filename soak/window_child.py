"""The whole program, led into a certain situation; what happens then is the parent's affair.

``python -m soak.window_child SITUATION``; further situations follow as lines on the standard input.
"""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton

from soak.driven import FileDialogs, later, on_line, run
from soak.journal import tell
from soak.places import here
from soak.typing_hands import Typist, accept_offers, all_words
from soak.watching import ErrorWatch
from ui.panels.report.panel import ReportPanel

if TYPE_CHECKING:
    from ui.session import Session
    from ui.state import Notice

_WAYS_OUT = ("finish", "wait", "discard", "close", "don't", "leave", "quit")
_WAYS_BACK = ("restore", "bring", "recover", "continue", "yes", "open")


class Situation:
    """Leads the program into situations, by name.

    Parameters
    ----------
    stem : str
        Beginning of the words that are typed.
    """

    def __init__(self, stem: str) -> None:
        self._stem = stem
        self._dialogs = FileDialogs()
        self._typist: Typist | None = None
        self._answers = _WAYS_OUT

    def begin(self, session: "Session", wanted: str) -> None:
        """Lead there as soon as the data are there; `wanted` may name several, joined by ``+``."""
        self._session = session
        self._answers = _WAYS_BACK if "look" in wanted else _WAYS_OUT
        self._dialogs.install()
        on_line(self.do)
        session.state.noticeRaised.connect(self._hear)
        later(100, self._answer)
        self._when(lambda: session.autosave.is_keeping, lambda: self.do(wanted))

    def _hear(self, notice: "Notice") -> None:
        if notice.text and notice.kind == "error":
            tell("refused", text=notice.text)

    def do(self, line: str) -> None:
        """Lead into the situations of a line."""
        for name in line.split("+"):
            word, _, rest = name.partition(" ")
            getattr(self, f"_do_{word}")(*([rest] if rest else []))
        tell("ready", situation=line)

    # --- situations -------------------------------------------------------------------------------------

    def _do_idle(self) -> None:
        pass

    def _do_start(self) -> None:
        pass

    def _do_training(self) -> None:
        self._session.controller.train()

    def _do_lab(self) -> None:
        self._session.window.panel(ReportPanel).run_lab()

    def _do_export(self, name: str = "report.pdf") -> None:
        self._session.window.panel(ReportPanel).exporter.write(here().out / name)

    def _do_typing(self) -> None:
        self._typist = Typist(self._session, self._stem)
        self._typist.begin()

    def _do_word(self) -> None:
        if self._typist is None:
            self._typist = Typist(self._session, self._stem)
        self._typist.type_word()

    def _do_front(self) -> None:
        self._session.window.panels.show_panel(2)

    def _do_dialog(self) -> None:
        later(0, self._session.exporter.export)

    def _do_look(self) -> None:
        """Take back whatever is offered, and tell all words that can be read then."""
        offers = accept_offers(self._session.window)
        session = self._session

        def look() -> None:
            tell("seen", words=all_words(session.window), offers=offers)

        later(1200, lambda: self._when(lambda: not session.document.restorer.is_busy, look))

    def _do_close(self) -> None:
        self._answers = _WAYS_OUT
        self._session.window.close()

    def _do_quit(self) -> None:
        dialog = QApplication.activeModalWidget()
        if dialog is not None:  # as everywhere, the window takes no keys before the dialog is answered
            QTest.keyClick(dialog, Qt.Key.Key_Escape)
        window = self._session.window
        # A desktop gives the keyboard back to the window under a dialog; without a screen nobody does.
        window.activateWindow()
        self._when(
            window.isActiveWindow,
            lambda: QTest.keyClick(window.windowHandle(), Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier),
        )

    # --- questions --------------------------------------------------------------------------------------

    def _answer(self) -> None:
        """Answer a question about the end so that the program ends, and tell what was asked."""
        later(100, self._answer)
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            return
        buttons = box.findChildren(QPushButton)
        tell("asked", text=f"{box.text()} {box.informativeText()}", buttons=[each.text() for each in buttons])
        # What is still being written is waited for: the window closes by itself then.
        for word in ("go back",) if "being written" in box.text() else self._answers:
            for button in buttons:
                if word in button.text().lower():
                    button.click()
                    return
        box.reject()

    def _when(self, condition: Callable[[], bool], act: Callable[[], object]) -> None:
        if condition():
            act()
        else:
            later(30, lambda: self._when(condition, act))


def main() -> int:
    """Run the program."""
    wanted = sys.argv[1]
    stem = sys.argv[2] if len(sys.argv) > 2 else "word"
    ErrorWatch().install()
    situation = Situation(stem)

    def built(session: "Session") -> None:
        if wanted == "start":
            session.window.firstPainted.connect(lambda: tell("ready", situation="start"))

    # One that names settings is a document of its own; one that looks opens what was left behind.
    arguments = () if wanted == "look" else ("--epochs", "500")
    return run(lambda session: situation.begin(session, wanted), built, arguments)


if __name__ == "__main__":
    sys.exit(main())
