"""Hands that type into the lab report, letter by letter, as a person does."""

import contextlib
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPlainTextEdit, QPushButton, QToolButton, QWidget

from soak.driven import later
from soak.journal import tell
from ui.panels.report.panel import ReportPanel

if TYPE_CHECKING:
    from ui.session import Session

_REPORT = 4
_OFFERS = ("restore", "bring", "recover", "take back", "take over", "keep", "reopen", "open it")


def words_field(session: "Session") -> QPlainTextEdit:
    """Bring the report to the front and return its first field for words, with the keyboard."""
    session.window.panels.show_panel(_REPORT)
    field = session.window.panel(ReportPanel).fields.answers[0].field
    field.setFocus()
    field.moveCursor(field.textCursor().MoveOperation.End)
    return field


class Typist:
    """Types numbered words for ever, and tells the journal of each when it stands there.

    Parameters
    ----------
    session : Session
    stem : str
        Beginning of each word.
    pause : int
        Milliseconds between letters.
    """

    def __init__(self, session: "Session", stem: str, pause: int = 45) -> None:
        self._field = words_field(session)
        self._stem, self._pause = stem, pause
        self._number = 0
        self._letters = ""

    def begin(self) -> None:
        """Type the first letter."""
        self._type()

    def type_word(self) -> None:
        """Type one whole word at once."""
        self._number += 1
        word = f"{self._stem}{self._number:04d}"
        self._field.setFocus()
        QTest.keyClicks(self._field, f"{word} ")
        tell("typed", word=word)

    def _type(self) -> None:
        if not self._letters:
            self._number += 1
            self._letters = f"{self._stem}{self._number:04d} "
        letter, self._letters = self._letters[0], self._letters[1:]
        QTest.keyClick(self._field, letter)
        if not self._letters:
            tell("typed", word=f"{self._stem}{self._number:04d}")
        later(self._pause, self._type)


def all_words(window: QWidget) -> str:
    """Return every text in a window: what was written, and what the program says."""
    texts: list[str] = []
    for each in window.findChildren(QWidget):
        for name in ("toPlainText", "text"):  # labels of the program's own have the second, too
            read = getattr(each, name, None)
            if callable(read):
                with contextlib.suppress(TypeError):
                    texts.append(str(read()))
    return "\n".join(texts)


def accept_offers(window: QWidget) -> list[str]:
    """Press every button by which the program offers something back; return their texts."""
    pressed: list[str] = []
    for kind in (QPushButton, QToolButton):
        for button in window.findChildren(kind):
            text = button.text().lower()
            if button.isVisible() and button.isEnabled() and any(word in text for word in _OFFERS):
                pressed.append(button.text())
                QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    return pressed
